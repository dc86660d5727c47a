"""The dry run says what will happen: checked against what does happen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades.forecast import Forecast, forecast
from cascades.models import Cascade, Enrollment, Mode, Step, Who
from channels.models import Delivery
from contacts import consent
from contacts.models import Contact
from tests.cascades.story import Story
from tests.factories import NOW, email_then_sms, make_business, make_contact, make_message

pytestmark = pytest.mark.django_db


def everyone() -> dict[str, Any]:
    return {"contacts": list(Contact.objects.values_list("pk", flat=True))}


def told(cascade: Cascade, *, unknown_goes_on: bool = False) -> Forecast:
    return forecast(cascade, everyone(), unknown_goes_on=unknown_goes_on, now=NOW)


@pytest.fixture(autouse=True)
def _business() -> None:
    make_business()


def test_people_are_told_by_their_first_channel_and_the_lost_ones_by_their_reason() -> None:
    make_contact("Ana", email="ana@example.org", phone="+34600111222")
    make_contact("Bo", phone="+34600111333")
    make_contact("Cy")
    make_contact("Di", email="di@example.org", consent=[])
    consent.withdraw(make_contact("Ed", email="ed@example.org").pk, "email", source="x", now=NOW)
    found = told(email_then_sms())
    assert (found.people, found.reachable, found.unreachable) == (5, 2, 3)
    assert dict(found.first_by_channel) == {"email sandbox": 1, "sms sandbox": 1}
    assert dict(found.reasons) == {
        "No address for this channel.": 1, "No consent to marketing on this channel.": 1, "Consent was withdrawn.": 1,
    }  # fmt: skip


def test_the_cost_is_the_most_that_it_can_be_and_is_what_it_costs_when_nobody_reacts() -> None:
    for n in range(3):
        make_contact(f"P{n}", email=f"p{n}@example.org", phone=f"+3460011122{n}")
    cascade = email_then_sms(make_message(texts={("email", "en"): "<p>Hi</p>", ("sms", "en"): "Ж" * 71}))
    Step.objects.filter(position=1).update(who=Who.EVERYONE)
    found = told(cascade)
    assert found.cost == found.cost_with == found.cost_without
    story = Story()
    story.start(cascade)
    story.later(hours=4)
    spent = sum(Delivery.objects.values_list("cost", flat=True))
    # The dry run counts a text without names once for each address.
    assert found.cost == spent == Decimal("0.05") * 2 * 3


def test_the_tracking_link_counts_into_the_segments() -> None:
    make_contact("Ana", phone="+34600111222")
    room = 160 - len("http://127.0.0.1:8000/c/") - 16 - len("/0") - len(" ")
    cascade = email_then_sms(
        make_message(texts={("sms", "en"): "a" * room + " http://a.es", ("email", "en"): "<p>x</p>"})
    )
    assert told(cascade).cost == Decimal("0.05")
    cascade.steps.get(position=1).message.variants.filter(kind="sms").update(body="a" * (room + 1) + " http://a.es")
    assert told(cascade).cost == Decimal("0.10")


def test_those_whose_opening_cannot_be_known_are_counted_with_both_costs() -> None:
    make_business(tracking="consent")
    make_contact("Ana", email="ana@example.org", phone="+34600111222", tracking=True)
    make_contact("Bo", email="bo@example.org", phone="+34600111333")
    make_contact("Cy", phone="+34600111444")
    cascade = email_then_sms()
    found = told(cascade)
    assert found.unknown == 1
    assert (found.cost_without, found.cost_with) == (Decimal("0.10"), Decimal("0.15"))
    assert found.cost == found.cost_without
    assert told(cascade, unknown_goes_on=True).cost == found.cost_with
    story = Story()
    story.start(cascade, everyone())
    story.later(hours=5)
    assert Delivery.objects.filter(kind="sms", status="sent").count() == 2


def test_people_who_share_an_address_get_one_copy_of_what_says_nothing_of_them() -> None:
    for name in ("Lia", "Leo", "Sol"):
        make_contact(name, phone="+34600999888")
    plain = email_then_sms(make_message(texts={("sms", "en"): "We are closed.", ("email", "en"): "<p>x</p>"}))
    found = told(plain)
    assert (found.reachable, found.shared, found.cost) == (3, 2, Decimal("0.05"))


def test_people_who_share_an_address_each_get_what_is_personal() -> None:
    for name in ("Lia", "Leo", "Sol"):
        make_contact(name, phone="+34600999888")
    personal = email_then_sms()
    assert (told(personal).shared, told(personal).cost) == (0, Decimal("0.15"))


def test_nothing_is_written_and_the_statements_do_not_grow_with_the_people() -> None:
    cascade = email_then_sms()
    counts = []
    for size in (3, 40):
        for n in range(size):
            make_contact(f"P{n}", email=f"p{size}x{n}@example.org")
        with CaptureQueriesContext(connection) as seen:
            told(cascade)
        counts.append(len(seen))
    assert counts[0] == counts[1] <= 10
    assert not Enrollment.objects.exists()
    assert not Delivery.objects.exists()


def test_a_draft_without_steps_and_a_selection_without_people_are_told_too() -> None:
    empty = Cascade.objects.create(name="Empty")
    make_contact("Ana", email="ana@example.org")
    assert told(empty).reachable == 0
    assert forecast(email_then_sms(), {}, unknown_goes_on=False, now=NOW).people == 0


def test_where_only_the_first_channel_gets_it_only_that_is_paid_for_and_a_preferred_one_is_the_first() -> None:
    make_contact("Ana", email="ana@example.org", phone="+34600111222")
    make_contact("Bo", email="bo@example.org", phone="+34600111333", preferred_channel="sms")
    cascade = email_then_sms(mode=Mode.FIRST)
    assert [step.people for step in told(cascade).steps] == [2, 0]
    Cascade.objects.update(preferred_first=True)
    cascade.refresh_from_db()
    found = told(cascade)
    assert [step.people for step in found.steps] == [1, 1]
    assert dict(found.first_by_channel) == {"email sandbox": 1, "sms sandbox": 1}
    story = Story()
    story.start(cascade)
    story.later(days=4)
    assert sorted(Delivery.objects.values_list("contact__first_name", "kind")) == [("Ana", "email"), ("Bo", "sms")]


def test_where_nothing_ends_it_but_the_goal_an_opening_that_cannot_be_known_leaves_nobody_out() -> None:
    make_contact("Ana", email="ana@example.org", phone="+34600111222")
    cascade = email_then_sms(mode=Mode.GOAL, goal=["order"])
    Step.objects.filter(position=0).update(channel=Step.objects.get(position=1).channel)
    assert told(cascade).unknown == 0
