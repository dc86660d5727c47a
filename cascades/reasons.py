"""What the cascades say: why a step was taken, left out or waits, and how it ended for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from contacts import reasons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django_stubs_ext import StrOrPromise

SENTENCES: Mapping[str, StrOrPromise] = {
    # a step's time
    "step_time": _("The step's time."),
    "preferred_first": _("The step's time; first by the channel that this person prefers."),
    "previous_did_not_go": _("Nothing could be sent at the step before, so this one follows at once."),
    "previous_on_its_way": _("Waits for news of the message before."),
    "waits_delivered": _("Waits for the message before to be delivered."),
    "waits_opened": _("Waits for the message before to be opened."),
    "waits_clicked": _("Waits for a click in the message before."),
    "unsure_opening": _("Waits once more: it was opened, perhaps not by a person."),
    "step_paused": _("Waits, because the step is on hold."),
    "awaits_reactions": _("All messages are out; waits for reactions."),
    "waits_hour": _("Waits for its hour or its day on the person's own clock."),
    "before_quiet_hours": _("Leaves before the quiet hours, or it would come too late."),
    "could_not_decide": _("Waits, because the program failed here; it tries again."),
    # whom a step is not for
    "not_for_sent": _("Only for those whom the message before did not reach."),
    "not_for_reached": _("Only for those whom nothing has reached."),
    "not_for_opened": _("Only for those who opened nothing."),
    "not_for_clicked": _("Only for those who clicked nothing."),
    "opening_unknown": _("Whether this person opened cannot be known, and staff chose not to go on with them."),
    "only_opened": _("Only for those who opened “%(step)s”."),
    "only_not_opened": _("Only for those who did not open “%(step)s”."),
    "only_clicked": _("Only for those who clicked in “%(step)s”."),
    "only_not_clicked": _("Only for those who did not click in “%(step)s”."),
    "only_opened_not_clicked": _("Only for those who opened “%(step)s” and did not click."),
    "only_delivered": _("Only for those to whom “%(step)s” was delivered."),
    "only_not_delivered": _("Only for those to whom “%(step)s” was not delivered."),
    "only_answered": _("Only for those who gave this answer to “%(step)s”: %(answer)s."),
    "only_not_answered": _("Only for those who did not give this answer to “%(step)s”: %(answer)s."),
    "only_answered_any": _("Only for those who answered “%(step)s”."),
    "only_not_answered_any": _("Only for those who did not answer “%(step)s”."),
    "only_failed": _("Only for those to whom “%(step)s” could not be sent."),
    "only_in": _("Only for those who are in the segment “%(segment)s”."),
    "only_not_in": _("Only for those who are not in the segment “%(segment)s”."),
    "came_later": _("The step was put in when the person was past this place."),
    "not_in_time": _("It would be quiet time for this person until the message is no longer valid."),
    "time_was_past": _("Its time had passed when the person came in."),
    "date_has_passed": _("The date it is about has passed."),
    # how it ended
    "nothing_for_them": _("No step was meant for this person."),
    "came_too_late": _("It came up too late for any of the messages."),
    "deadline_over": _("The time that staff gave this cascade was over."),
    "booking_moved": _("The booking was moved; it goes on for the new time."),
    "booking_has_moved": _("What it was about was moved to another time, so it is over."),
    "date_moved": _("The date was moved; it goes on for the new one."),
    "date_cancelled": _("What it was about has no date any more."),
    "booking_cancelled": _("The booking was cancelled."),
    "left_segment": _("Left the segment."),
    "seen_opened": _("Opened."),
    "seen_clicked": _("Clicked."),
    "seen_replied": _("Answered."),
    "seen_delivered": _("A message was delivered."),
    "seen_accepted": _("The provider took a message; it tells no more than that."),
    "got_message": _("Got the message, with no reaction to it."),
    "none_delivered": _("It is not known that a message was delivered."),
    "goal_not_reached": _("The goal was not reached."),
    "answered_choice": _("Answered “%(answer)s”."),
    "answered_went_on": _("Answered, and went on to the end."),
    "goal": _("The goal was reached: %(name)s."),
    "goal_order": _("Bought."),
    "goal_order_paid": _("Paid an order."),
    "goal_order_shipped": _("The order is on its way."),
    "goal_order_delivered": _("The order was delivered."),
    "goal_order_cancelled": _("The order was cancelled."),
    "goal_cart_changed": _("Changed the cart."),
    "goal_cart_emptied": _("Emptied the cart."),
    "goal_page_viewed": _("Looked at a page."),
    "goal_redeemed": _("Redeemed a voucher."),
    "goal_visit": _("Came."),
    "goal_answer": _("Answered."),
    "goal_address_left": _("Left an address."),
    "goal_booking_booked": _("Booked."),
    "goal_booking_confirmed": _("Confirmed the booking."),
    "goal_booking_moved": _("The booking was moved."),
    "goal_booking_cancelled": _("The booking was cancelled."),
    "goal_booking_attended": _("Came to what was booked."),
    "goal_booking_missed": _("Did not come to what was booked."),
    "opt_out": _("Wants no more of this."),
    "complained": _("Marked the message as spam."),
    "cascade_stopped": _("Staff stopped the cascade."),
    "version_replaced": _("Staff published a new version and ended the old one for those who were in it."),
    "through_guardians": _("The messages go to those who answer for this person."),
    "guardian_no_more": _("Does not answer for the student any more, or gets no messages for them."),
    "other_guardian": _("Another one who answers for the same student has answered, or did what it was for."),
    "merged": _("Two contacts were made one, and the person goes on from the further step."),
    "taken_out": _("Another program took this person out."),
    "no_reaction": _("No reaction to any message."),
    "no_channel_left": _("No channel was left to reach this person."),
    "all_failed": _("Every message failed."),
    "time_over": _("The longest time for this cascade was over."),
}

# Where people are counted together, a sentence with one person's date or cause in it says too much.
TOGETHER: Mapping[str, StrOrPromise] = {
    "address_invalid": _("The address does not work."),
    "consent_withdrawn": _("Consent was withdrawn."),
    "consent_expired": _("Consent expired."),
    "suppressed": _("The address is suppressed."),
    "quiet_hours": _("For the end of quiet hours where the people live."),
    "quiet_hours_unknown_zone": _("For the end of quiet hours, of people whose time zone cannot be told."),
    "closed_day": _("For the end of a holiday or a closed day."),
    "no_hour_left": _("The quiet hours and closed days leave no hour for a fortnight."),
    "capped": _("Their people have had the most per person."),
    "capped_day": _("Their people have had the most per person for that day."),
    "capped_week": _("Their people have had the most per person for that week."),
    "capped_month": _("Their people have had the most per person for that month."),
    "budget": _("The budget of their cascade is used up. Raise it, and they go on."),
    "budget_month": _("The month's budget is used up. Raise it on the business's page, and they go on."),
    "daily_limit": _("Their account has sent all that it may send in a day."),
    "try_again": _("For another attempt, because the provider could not take them."),
    "account_refused": _("The provider refuses our account."),
    "text_refused": _("The provider refuses the text or the sender."),
    "text_broken": _("The text cannot be made."),
}


def register() -> None:
    """Called once, when the room is ready."""
    reasons.register(SENTENCES)


def say_together(code: str) -> str:
    """The sentence for many people at once."""
    return str(TOGETHER[code]) if code in TOGETHER else reasons.say(code)
