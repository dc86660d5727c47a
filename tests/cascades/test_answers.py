"""What an answer does to a cascade: it stops it or lets it go on, brings its person into a group or out of it, and is seen by staff."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cascades import runner
from cascades.models import Cascade, Outcome, Step
from cascades.publishing import problems
from channels.models import Channel, Conversation, Delivery, DeliveryEvent, Message
from channels.transport import Fact
from contacts.models import Business, Contact, Group
from tests.cascades.story import Story, decisions, messages, outcome, way
from tests.cascades.test_builder import ADD, form, step
from tests.contacts.staff import sign_in
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_group, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chat_kind")]
BUTTONS = [{"label": label, "reply": label.lower(), "url": ""} for label in ("Yes", "No", "Later")]


class Party:
    """A chat with three buttons, then an SMS after a day; "yes" ends it and makes a guest of an undecided one."""

    def __init__(self) -> None:
        make_business()
        self.story = Story()
        self.guests, self.undecided = make_group("Guests"), make_group("Undecided")
        self.chat, self.sms = make_channel("chat"), make_channel("sms")
        self.message = make_message(
            "Party", {("chat", "en"): "Coming?", ("sms", "en"): "Come!"}, purpose="transactional"
        )
        self.message.variants.filter(kind="chat").update(buttons=BUTTONS)
        answers = [
            {"choice": "yes", "then": "stop", "group": self.guests.pk, "from_group": self.undecided.pk},
            {"choice": "no", "then": "stop", "group": None, "from_group": self.guests.pk},
            {"choice": "later", "then": "continue", "group": self.undecided.pk, "from_group": None},
        ]
        self.cascade = make_cascade(
            steps=[
                {"channel": self.chat, "message": self.message, "seen": "replied", "answers": answers},
                {"channel": self.sms, "message": self.message, "seen": "clicked", "wait": timedelta(days=1)},
            ]
        )
        self.ana = self.guest("Ana Ruiz", "+34600000001")

    def guest(self, name: str, phone: str) -> Contact:
        return make_contact(name, phone=phone, groups=[self.undecided])

    def asked(self, contact: Contact | None = None) -> Delivery:
        return (contact or self.ana).deliveries.select_related("channel").get(kind="chat")

    def says(self, choice: str = "", text: str = "", contact: Contact | None = None, *, tick: bool = True) -> None:
        self.story.hear(self.asked(contact), Fact.REPLIED, choice=choice, text=text)
        if tick:
            self.story.tick()

    def groups(self, contact: Contact | None = None) -> set[str]:
        return set((contact or self.ana).groups.values_list("name", flat=True))


@pytest.fixture
def party() -> Party:
    party = Party()
    party.story.start(party.cascade)
    return party


def test_yes_stops_it_and_moves_the_person(party: Party) -> None:
    bo = Contact.objects.count()
    party.says("yes")
    assert outcome(party.ana) == (Outcome.REACHED, "answered_choice")
    assert way(party.ana).reason_params == {"answer": "Yes"}
    assert party.groups() == {"Guests"}
    party.story.later(days=5)
    assert messages(party.ana) == [("chat", "sent")]
    assert Contact.objects.count() == bo
    assert not Conversation.objects.get().open


def test_later_goes_on_as_planned_and_ends_as_one_who_reacted(party: Party) -> None:
    party.story.later(hours=3)
    party.says("later")
    assert (outcome(party.ana)[0], way(party.ana).next_due_at) == ("", party.asked().sent_at + timedelta(days=1))  # type: ignore[operator]
    party.story.later(hours=20)
    assert messages(party.ana) == [("chat", "sent")]
    party.story.later(hours=1)
    assert messages(party.ana) == [("chat", "sent"), ("sms", "sent")]
    party.story.later(days=3)
    assert outcome(party.ana) == (Outcome.REACHED, "answered_went_on")
    assert decisions(party.ana)[1] == ("send", "step_time")


def test_words_that_nobody_named_stop_it_and_wait_in_the_inbox(party: Party) -> None:
    party.says(text="Is there parking?")
    assert outcome(party.ana) == (Outcome.REACHED, "seen_replied")
    assert party.groups() == {"Undecided"}
    assert Conversation.objects.get().unread


def test_a_typed_word_counts_like_the_button(party: Party) -> None:
    party.says(text=" YES ")
    assert outcome(party.ana) == (Outcome.REACHED, "answered_choice")
    assert party.groups() == {"Guests"}


def test_of_several_answers_the_last_one_moves_also_when_all_is_over(party: Party) -> None:
    party.says("yes")
    party.story.later(minutes=1)
    party.says("no")
    assert party.groups() == set()
    party.story.later(days=3)
    party.says("later", tick=False)
    party.story.later(minutes=1, tick=False)
    party.says("yes")
    assert party.groups() == {"Guests"}


def test_the_same_answers_again_and_a_group_that_is_gone_change_nothing(party: Party) -> None:
    party.says("yes")
    DeliveryEvent.objects.update(handled_at=None)
    party.story.tick()
    assert party.groups() == {"Guests"}
    party.guests.delete()
    DeliveryEvent.objects.update(handled_at=None)
    party.story.tick()
    assert party.groups() == set()


def test_an_answer_committed_before_the_last_look_stops_the_next_message(party: Party) -> None:
    party.story.later(hours=24, tick=False)
    runner.advance(party.story.now)
    assert messages(party.ana)[1] == ("sms", "queued")
    party.says("no", tick=False)
    party.story.tick()
    assert messages(party.ana)[1] == ("sms", "cancelled")
    assert party.ana.deliveries.get(kind="sms").reason_params == {"answer": "No"}


def test_a_step_that_ends_by_nothing_seen_still_hears_its_answers(party: Party) -> None:
    Step.objects.update(seen="nothing")
    party.says(text="Who is this?")
    assert outcome(party.ana)[0] == ""
    party.says("no")
    assert outcome(party.ana) == (Outcome.REACHED, "answered_choice")


# The pages


def rows(*answers: tuple[str, str, Any, Any]) -> dict[str, list[Any]]:
    parts = ("choice", "then", "group", "from_group")
    return {f"answers-{part}": [row[place] for row in answers] for place, part in enumerate(parts)}


def build(client: Client, channel: Channel, message: Message, *answers: tuple[str, str, Any, Any], **more: Any) -> str:
    """Save a cascade of one step with these answers; what the page says, "" if it was kept."""
    sent = form(
        step(channel, message, **{"seen": "replied", "wait_from": "start", "wait_0": 0, **rows(*answers), **more})
    )
    answer = client.post(ADD, sent)
    return "" if answer.status_code == 302 else " ".join(answer.content.decode().split())


def test_answers_are_chosen_on_the_card_and_shown_in_words() -> None:
    party, client = Party(), sign_in("Marketer")
    Cascade.objects.all().delete()
    guests = party.guests.pk
    given = [("yes", "stop", guests, ""), ("", "stop", "", ""), ("*", "continue", "", guests)]
    assert build(client, party.chat, party.message, *given) == ""
    made = Step.objects.get()
    assert made.answers == [
        {"choice": "yes", "then": "stop", "group": guests, "from_group": None},
        {"choice": "*", "then": "continue", "group": None, "from_group": guests},
    ]
    page = client.get(reverse("admin:cascades_cascade_change", args=[made.cascade_id])).content.decode()
    assert "“yes”: ends here for them, into “Guests”" in page
    assert "any words: goes on as planned, out of “Guests”" in page
    assert '"answers": {' in page
    assert '["yes", "no", "later"]' in page
    party.guests.delete()
    assert problems(made.cascade, business=Business.current()) == [
        "Step 1: An answer brings people into a group that no longer exists."
    ]


@pytest.mark.parametrize(
    ("answers", "more", "problem"),
    [
        ([("yes", "stop", "", ""), ("Yes", "continue", "", "")], {}, "is there twice"),
        ([("", "stop", "1", "")], {}, "Say which answer it is"),
        ([("yes", "stop", "999999", "")], {}, "no longer exists"),
        ([("yes", "dance", "", "")], {}, "Choose what the answer means"),
        ([("yes", "stop", "", "")], {"seen": "opened"}, "cannot tell whether a message was opened"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_sentence(answers: Any, more: Any, problem: str) -> None:
    party = Party()
    assert problem in build(sign_in("Marketer"), party.chat, party.message, *answers, **more)


def test_a_mail_that_ends_by_being_opened_waits_for_no_answer() -> None:
    party, mail = Party(), make_channel("email")
    said = build(sign_in("Marketer"), mail, make_message(), ("yes", "stop", "", ""), seen="opened")
    assert "before anybody can answer" in said
    assert party.guests.name == "Guests"


def test_staff_see_the_answer_among_the_recipients_and_in_the_person_s_story(party: Party) -> None:
    party.says("later")
    party.says(text="After six <b>")
    client = sign_in("Owner")
    listed = client.get(reverse("admin:cascades_steprun_changelist"), {"outcome": "answered"}).content.decode()
    assert "“After six &lt;b&gt;”" in listed
    table = b"".join(client.get(reverse("admin:cascades_recipients_export")).streaming_content).decode()  # type: ignore[attr-defined]
    assert "After six <b>" in table
    story = client.get(reverse("admin:contacts_contact_change", args=[party.ana.pk])).content.decode()
    assert "Pressed a button by chat sandbox" in story
    assert "Later" in story
    assert Group.objects.count() == 2
