"""What the channels say when a message waits, does not go, or does not arrive."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from contacts import kinds, reasons

SENTENCES = {
    # not sent
    "same_text_same_address": _("The same text goes to the same address for someone else already."),
    "too_late": _("Its validity ended before it could leave."),
    "too_late_capped": _("Its validity ended while the person had had enough: %(messages)s (%(what)s) already."),
    "too_late_budget": _("Its validity ended while the budget of %(amount)s was used up."),
    "too_late_after_quiet_hours": _("Its validity ends before the person's quiet time does."),
    "no_text": _("The message has no text for this channel in a language of this person."),
    "missing_field": _("The text needs “%(field)s”, which is not known of this person."),
    "voucher_expired": _("The person's voucher “%(offer)s” expired on %(when)s."),
    "voucher_used": _("The person redeemed the voucher “%(offer)s” on %(when)s already."),
    "voucher_over": _("The voucher “%(offer)s” is not given out any more."),
    "voucher_none_left": _("No code of the voucher “%(offer)s” is left."),
    "stopped_by_staff": _("Stopped by staff."),
    # waits
    "capped": _(
        "Waits until %(when)s: had %(messages)s (%(what)s) within %(days)s days, which is the most per person."
    ),
    "capped_day": _("Waits until %(when)s: had %(messages)s (%(what)s) that day, which is the most per person."),
    "capped_week": _("Waits until %(when)s: had %(messages)s (%(what)s) that week, which is the most per person."),
    "capped_month": _("Waits until %(when)s: had %(messages)s (%(what)s) that month, which is the most per person."),
    "capped_for_other": _("Waits a moment, because a more important message takes the last place for this person."),
    "budget": _("Waits, because the cascade's budget of %(amount)s is used up."),
    "budget_month": _("Waits until %(when)s, because the month's budget of %(amount)s is used up."),
    "paused": _("Waits, because it was paused."),
    "text_broken": _("Waits, because the text cannot be made: %(why)s"),
    "text_refused": _("Waits, because the provider refuses the text or the sender: %(why)s"),
    "try_again": _("Waits for another attempt, because the provider could not take it: %(why)s"),
    "account_refused": _("Waits, because the provider refuses our account: %(why)s"),
    "channel_off": _("Waits, because the channel is switched off."),
    "channel_broken": _("Waits until %(when)s, because the channel does not work: %(why)s"),
    "daily_limit": _("Waits until %(until)s, because the account has sent all that it may send in a day."),
    "address_not_proven": _("Waits, because the business's public address has not been proven yet."),
    # did not arrive
    "refused_person": _("The provider refused it: %(why)s"),
    "address_dead": _("The address does not exist: %(why)s"),
    "opted_out": _("The person has opted out at the provider."),
    "gave_up": _("The provider could not take it in %(attempts)s attempts: %(why)s"),
    "text_given_up": _("The provider refused the text or the sender: %(why)s"),
    "reported_failed": _("The provider reported that it did not arrive: %(why)s"),
    "reported_expired": _("The provider could not deliver it in time."),
    "staff_says_lost": _("Staff decided that it did not arrive, and sent it again."),
    # unclear
    "unclear": _("It is unclear whether the provider took it: %(why)s"),
    "interrupted": _("It is unclear whether it left, because the program was interrupted while sending."),
    # who opened or clicked (channels.tracking)
    "grade_provider": _("The provider says that it was a program."),
    "grade_hidden_link": _("The same visitor followed a link that no person sees."),
    "grade_head": _("Only the headers were asked for, as link scanners do."),
    "grade_prefetch": _("A program fetched it ahead, before anybody looked."),
    "grade_too_soon": _("It came sooner after the delivery than a person could read."),
    "grade_soon": _("It came within seconds of the delivery, as link scanners do."),
    "grade_all_at_once": _("All links were followed at once."),
    "grade_program": _("The visitor calls itself a program."),
    "grade_preview": _("A messenger fetched it for a preview."),
    "grade_proxy": _("The mail program fetched it for the person who was looking."),
    "grade_no_user_agent": _("The visitor does not say what it is."),
    "grade_bare_user_agent": _("The visitor hides what it is, as prefetching mail programs do."),
    "grade_apple_prefetch": _("Apple fetches pictures ahead for all mails."),
}

# Causes of our own making, where a provider's would stand in a sentence.
WORDS = {
    "messages": _("messages"),
    "needs_template": _(
        "free text goes only to people who wrote within the last day, and this text has no approved template"
    ),
}


def said_of_grade(codes: Iterable[str]) -> str:
    """Why an opening or a click was graded as it was, in sentences."""
    return " ".join(reasons.say(f"grade_{code}") for code in codes if f"grade_{code}" in SENTENCES)


def register() -> None:
    """Called once, when the room is ready."""
    reasons.register(SENTENCES)
    reasons.register_words(WORDS)
    reasons.register_words({f"kind:{kind.name}": kind.label for kind in kinds.all_kinds()})
