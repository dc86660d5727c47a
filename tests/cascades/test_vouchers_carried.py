"""A voucher in a cascade: the same code on every channel, gone past its last day, and the redemption ends the cascade that carried it."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse

from cascades import forecast
from cascades.models import Cascade, Outcome
from channels.models import SandboxMessage
from channels.sandbox_play import Act, CannotPlay, Operator, acts_for, play
from contacts import vouchers
from contacts.models import Contact, Voucher, VoucherOffer
from tests.cascades.story import Story, ana, decisions, last, messages, outcome
from tests.contacts.staff import said_of, sign_in
from tests.factories import email_then_sms, make_business, make_cascade, make_contact, make_message

pytestmark = pytest.mark.django_db
TEXT = "{{ contact.first_name }}: {{ voucher.birthday.gives }} with {{ voucher.birthday }} until {{ voucher.birthday.until }}."
CODE = re.compile(r"BD-\w{4}-\w{4}")
STAFF = Operator(None, "test")


@pytest.fixture
def story() -> Story:
    make_business()
    VoucherOffer.objects.create(slug="birthday", name="Birthday", gives="10 %", pattern="BD-####-####", valid_days=7)
    return Story()


def wishes(**more: Any) -> Cascade:
    message = make_message("Wishes", {("email", "en"): f"<p>{TEXT}</p>", ("sms", "en"): TEXT})
    return email_then_sms(message, goal=["redeemed"], **more)


def texts(contact: Contact) -> list[str]:
    keys = contact.deliveries.order_by("id").values_list("token", flat=True)
    return [SandboxMessage.objects.get(key=key).text for key in keys]


def test_the_same_code_stands_in_the_email_and_in_the_sms_and_its_redemption_ends_the_cascade(story: Story) -> None:
    one, other = ana(), make_contact("Bo", email="bo@example.org", phone="+34600333444", language="en")
    story.start(wishes())
    story.later(hours=5)
    (mail, sms), (code,) = texts(one), {code for text in texts(one) for code in CODE.findall(text)}
    assert "Ana: 10 % with BD-" in mail
    assert sms.endswith("until Nov. 29, 2026.")
    assert set(CODE.findall("".join(texts(other)))) != {code}
    assert Voucher.objects.count() == 2
    found = vouchers.look_up(code, now=story.now)
    assert found
    assert found.voucher
    vouchers.redeem(found.voucher, now=story.now, where="Centro")
    story.tick()
    assert outcome(one) == (Outcome.REACHED, "goal_redeemed")
    assert outcome(other)[0] == Outcome.OPEN


def test_a_redemption_ends_no_other_cascade_that_waits_for_one(story: Story) -> None:
    one = ana()
    first = wishes(name="Birthday")
    story.start(first)
    again = first.steps.filter(version=None).earliest("position")
    step = {"channel": again.channel, "message": again.message, "seen": again.seen}
    story.start(make_cascade("Another", [step, {**step, "wait": timedelta(days=2)}], goal=["redeemed"]))
    assert len({code for text in texts(one) for code in CODE.findall(text)}) == 2
    vouchers.redeem(Voucher.objects.earliest("id"), now=story.now, where="Centro")
    story.tick()
    ends = {way.cascade.name: way.outcome for way in one.enrollments.select_related("cascade")}
    assert ends == {"Birthday": Outcome.REACHED, "Another": Outcome.OPEN}


def test_what_was_redeemed_before_the_next_message_stops_it_and_what_expired_is_left_out_with_a_sentence(
    story: Story,
) -> None:
    one = ana()
    VoucherOffer.objects.update(valid_until=date(2026, 11, 22))
    story.start(wishes())
    story.later(hours=15)
    assert messages(one) == [("email", "sent"), ("sms", "cancelled")]
    delivery = last(one)
    assert delivery.reason == "voucher_expired"
    assert decisions(one)[-1][0] == "send"
    page = said_of(sign_in("Marketer").get(reverse("admin:channels_delivery_change", args=[delivery.pk])))
    assert "The person&#x27;s voucher “Birthday” expired on Nov. 23, 2026 00:00" in page


def test_redeeming_is_played_in_the_sandbox_and_ends_the_cascade_that_was_played(story: Story) -> None:
    one = ana()
    story.start(wishes())
    message = SandboxMessage.objects.get()
    assert Act.REDEEM in acts_for(message)
    play(message, "redeem", now=story.now, operator=STAFF)
    story.tick()
    assert outcome(one) == (Outcome.REACHED, "goal_redeemed")
    assert one.events.get().played
    assert Act.REDEEM not in acts_for(message)
    with pytest.raises(CannotPlay):
        play(message, "redeem", now=story.now + timedelta(hours=1), operator=STAFF)


def test_the_forecast_counts_the_segments_with_a_code_in_the_text_and_gives_none_out(story: Story) -> None:
    ana()
    message = make_message("Long", {("email", "en"): "<p>x</p>", ("sms", "en"): "x" * 125 + TEXT})
    cascade = email_then_sms(message)
    Contact.objects.get().addresses.filter(kind="email").delete()
    told = forecast.forecast(cascade, {"contacts": [Contact.objects.get().pk]}, unknown_goes_on=True, now=story.now)
    assert not Voucher.objects.exists()
    assert told.cost_with == 2 * cascade.steps.get(position=1).channel.price
