"""A program whose key is limited to a branch reads and writes that branch's people, and hears nothing of others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from channels.models import Delivery
from contacts import territory
from contacts.models import Contact
from tests.contacts.api_caller import Caller, error
from tests.factories import NOW
from tests.territories import house as houses
from tests.territories.house import OTHERS, House
from tests.territories.test_nothing_is_forgotten import api_operations

pytestmark = pytest.mark.django_db
NOBODY = "Nobody here has this number or address."


@pytest.fixture
def house() -> Iterator[House]:
    with time_machine.travel(NOW, tick=False):
        yield houses.build()


@pytest.fixture
def till(house: House) -> Caller:
    caller = Caller()
    territory.replace(caller.integration, [house.branch])
    return caller


def whose(person: Contact) -> list[dict[str, Any]]:
    """Every way to name somebody."""
    ways = {one.kind: one.normal for one in person.addresses.all()}
    return [{"id": person.pk}, {"email": ways["email"]}, {"phone": ways["phone"]}]


def test_every_call_refuses_others_as_if_there_were_nobody_and_does_its_work_for_theirs(
    house: House, till: Caller
) -> None:
    at = NOW.isoformat()
    calls: dict[tuple[str, str], Any] = {
        ("POST", "/events"): lambda who: till.results("events", [{"event": "visit", "person": who, "key": str(who)}])[0],
        ("POST", "/consents"): lambda who: till.results(
            "consents", [{"person": who, "channel": "email", "given": False, "source": "till", "at": at}]
        )[0],
        ("POST", "/bookings"): lambda who: till.results(
            "bookings", [{"person": who, "number": str(who), "title": "Cut", "starts_at": at}]
        )[0],
        ("POST", "/cascades/{cascade}/enroll"): lambda who: till.say(
            f"cascades/{house.cascade.pk}/enroll", {"people": [who], "occasion": "x"}
        ).json()["results"][0],
        ("POST", "/stop"): lambda who: till.say("stop", {"people": [who]}).json()["results"][0],
    }  # fmt: skip
    before = houses.snapshot()
    for (_method, path), call in calls.items():
        for who in [one for person in (house.other, house.homeless) for one in whose(person)]:
            told = call(who)
            assert told["status"] == "refused", (path, who)
            assert told["error"]["message"] in {NOBODY, "There is no contact with this number."}, path
    after = houses.snapshot()
    for name in ("contacts.Event", "contacts.Consent", "contacts.Booking", "cascades.Enrollment"):
        assert after[name] == before[name], name
    for (_method, path), call in calls.items():
        assert call(whose(house.theirs)[1])["status"] != "refused", path
    asked_otherwise = {
        ("POST", "/contacts"), ("GET", "/consents"), ("GET", "/vouchers/{code}"), ("POST", "/vouchers/{code}/redeem"), ("GET", "/cascades"),
        ("GET", "/cascades/{cascade}/deliveries"), ("GET", "/deliveries"),
    }  # fmt: skip
    every = {(method, path) for path, one in api_operations() for method in one.methods}
    assert every == set(calls) | asked_otherwise, "ask the new call with another branch's people too"


def test_reading_shows_only_theirs(house: House, till: Caller) -> None:
    for path in ("consents", "deliveries"):
        for who in [one for person in (house.other, house.homeless) for one in whose(person)]:
            assert error(till.ask(path, **who)) == (404, "nobody"), path
        assert till.ask(path, id=house.theirs.pk).status_code == 200
    listed = till.ask(f"cascades/{house.cascade.pk}/deliveries").json()["deliveries"]
    assert [one["contact"] for one in listed] == [house.theirs.pk]
    assert Delivery.objects.count() == 3
    names = till.ask("cascades")
    assert not [mark for mark in OTHERS if mark in names.content.decode()]


def test_a_voucher_of_others_is_a_code_that_there_is_not(house: House, till: Caller) -> None:
    code = house.other.vouchers.get().code
    assert error(till.ask(f"vouchers/{code}")) == (404, "unknown_code")
    assert error(till.say(f"vouchers/{code}/redeem", {})) == (404, "unknown_code")
    assert house.other.vouchers.get().redeemed_at is None
    assert till.say(f"vouchers/{house.theirs.vouchers.get().code}/redeem", {}).status_code == 200


def test_contacts_are_made_and_changed_in_their_branch_only(house: House, till: Caller) -> None:
    before = Contact.objects.filter(pk__in=[house.other.pk, house.homeless.pk]).values()
    kept = list(before.all())
    made, changed, theirs, away, elsewhere = till.results("contacts", [
        {"email": "nora@x.example", "first_name": "Nora"},
        {"email": "zoila@x.example", "last_name": "Gil"},
        {"email": "wanda@x.example", "last_name": "Gil"},
        {"email": "zoila@x.example", "branch": "Norte"},
        {"email": "olga@x.example", "branch": "Norte"},
    ])  # fmt: skip
    assert Contact.objects.get(pk=made["contact"]).branch_id == house.branch.pk
    assert changed["status"] == "changed"
    assert theirs["error"]["message"].startswith(
        "This person can be added or changed only by somebody who looks after all branches."
    )
    for refused in (away, elsewhere):
        assert "not one of your branches" in refused["error"]["message"]
    assert list(before.all()) == kept
    territory.replace(till.integration, [house.branch, house.elsewhere])
    unsaid = till.results("contacts", [{"email": "pia@x.example"}])[0]
    assert "say which of your branches" in unsaid["error"]["message"]
    assert till.results("contacts", [{"email": "pia@x.example", "branch": "norte"}])[0]["status"] == "created"


def test_who_is_made_by_an_event_comes_into_the_one_branch(house: House, till: Caller) -> None:
    told = till.results("events", [{"event": "visit", "person": {"email": "rosa@x.example"}, "create": True}])[0]
    assert Contact.objects.get(pk=told["contact"]).branch_id == house.branch.pk
    others = till.results("events", [{"event": "visit", "person": {"email": "wanda@x.example"}, "create": True}])[0]
    assert others["status"] == "refused"
    booked = {
        "person": {"id": house.theirs.pk},
        "number": "9",
        "title": "Cut",
        "starts_at": NOW.isoformat(),
        "branch": "Norte",
    }
    assert "There is no branch" in till.results("bookings", [booked])[0]["error"]["message"]


def test_the_owner_limits_a_key_on_its_page(house: House) -> None:
    boss, caller = houses.sign_in(name="boss"), Caller("Till of Centro")
    page = reverse("admin:contacts_integration_change", args=[caller.integration.pk])
    kept = {"name": "Till of Centro", "scopes": caller.integration.scopes, "per_minute": "60"}
    assert boss.post(page, {**kept, "branches": [house.branch.pk]}).status_code == 302
    assert territory.of(caller.fresh()) == (house.branch.pk,)
    assert caller.ask("consents", id=house.other.pk).status_code == 404
    assert boss.post(page, kept).status_code == 302
    assert caller.ask("consents", id=house.other.pk).status_code == 200
