"""Other programs bring people into cascades, take them out, and read what was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import Cascade, CascadeStatus, Enrollment
from channels.models import Delivery
from contacts.models import Contact
from tests.cascades.story import Story, messages, outcome
from tests.contacts.api_caller import Caller, error
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def running() -> Cascade:
    make_business()
    channel, message = make_channel("sms"), make_message(texts={("sms", "en"): "Come in"})
    again = {
        "channel": channel,
        "message": make_message("Again", {("sms", "en"): "Come again"}),
        "wait": timedelta(hours=4),
    }
    cascade = make_cascade(steps=[{"channel": channel, "message": message}, again], campaign="trial")
    Story().start(cascade, {"contacts": [make_contact("First", phone="+34600123455").pk]})
    return cascade


@pytest.fixture
def ana(running: Cascade) -> Contact:
    return make_contact("Ana Ruiz", phone="+34600123456", external_id="7")


def enroll(shop: Caller, cascade: Cascade, *people: dict[str, Any], occasion: str = "trial") -> Any:
    with time_machine.travel(NOW, tick=False):
        return shop.say(f"cascades/{cascade.pk}/enroll", {"people": list(people), "occasion": occasion})


def statuses(answer: Any) -> list[str]:
    return [one["status"] for one in answer.json()["results"]]


def test_people_enter_once_for_an_occasion_and_get_their_message(running: Cascade, ana: Contact) -> None:
    shop = Caller()
    found = enroll(shop, running, {"external_id": "7"}, {"email": "nobody@example.org"}, {"colour": "red"})
    assert statuses(found) == ["done", "refused", "refused"]
    assert statuses(enroll(shop, running, {"id": ana.pk})) == ["known"]
    Story().tick()
    assert messages(ana) == [("sms", "sent")]
    assert statuses(enroll(shop, running, {"id": ana.pk}, occasion="another")) == ["done"]


def test_nobody_enters_a_cascade_that_does_not_run(running: Cascade, ana: Contact) -> None:
    shop = Caller()
    runner.pause(running.pk, now=NOW)
    assert error(enroll(shop, running, {"id": ana.pk})) == (409, "not_running")
    running.pk += 10
    assert error(enroll(shop, running, {"id": ana.pk})) == (404, "not_found")
    assert not Enrollment.objects.filter(contact=ana).exists()


def test_who_is_taken_out_gets_nothing_more_and_the_others_go_on(running: Cascade, ana: Contact) -> None:
    shop, leo = Caller(), make_contact("Leo", phone="+34600123457")
    enroll(shop, running, {"id": ana.pk}, {"id": leo.pk})
    runner.advance(NOW)
    with time_machine.travel(NOW, tick=False):
        assert statuses(shop.say("stop", {"people": [{"id": ana.pk}], "cascade": running.pk + 1})) == ["known"]
        assert statuses(shop.say("stop", {"people": [{"id": ana.pk}, {"id": ana.pk}]})) == ["done", "done"]
        assert statuses(shop.say("stop", {"people": [{"id": ana.pk}]})) == ["known"]
    story = Story()
    story.tick()
    story.later(hours=5)
    assert (outcome(ana), messages(ana)) == (("stopped", "taken_out"), [("sms", "cancelled")])
    assert messages(leo) == [("sms", "sent"), ("sms", "sent")]


def test_deliveries_are_read_by_person_and_by_cascade_page_by_page(running: Cascade, ana: Contact) -> None:
    shop = Caller()
    enroll(shop, running, {"id": ana.pk})
    story = Story()
    story.tick()
    story.later(hours=5)
    mine = shop.ask("deliveries", external_id="7").json()
    assert [(one["channel"], one["status"], one["campaign"]) for one in mine["deliveries"]] == [
        ("sms", "sent", "trial"),
        ("sms", "sent", "trial"),
    ]
    assert mine["next"] == ""
    seen: list[str] = []
    cursor = ""
    while True:
        page = shop.ask(f"cascades/{running.pk}/deliveries", limit=2, cursor=cursor).json()
        seen += [one["id"] for one in page["deliveries"]]
        if not (cursor := page["next"]):
            break
    assert sorted(seen) == sorted(Delivery.objects.values_list("token", flat=True))
    first = shop.ask("deliveries", id=ana.pk, limit=1).json()
    assert len(shop.ask("deliveries", id=ana.pk, cursor=first["next"]).json()["deliveries"]) == 1
    for cursor in ("nonsense", "é", "MTIz!", "LTU"):
        assert error(shop.ask("deliveries", id=ana.pk, cursor=cursor)) == (422, "bad_cursor")
    assert error(shop.ask("deliveries", id=ana.pk, limit=9999)) == (422, "invalid")


def test_reading_many_deliveries_asks_no_more_than_reading_one(running: Cascade, ana: Contact) -> None:
    shop = Caller()
    enroll(shop, running, {"id": ana.pk})
    Story().tick()

    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            shop.ask("deliveries", id=ana.pk)
        return len(queries)

    statements()  # the first reading of a day begins its line among the exports
    few = statements()
    for n in range(5):
        enroll(shop, running, {"id": ana.pk}, occasion=f"o{n}")
    Story().tick()
    assert Delivery.objects.filter(contact=ana).count() > 3
    assert statements() == few


def test_cascades_are_listed_without_drafts(running: Cascade) -> None:
    Cascade.objects.create(name="Draft")
    found = Caller().ask("cascades").json()["cascades"]
    assert found == [{"id": running.pk, "name": running.name, "status": CascadeStatus.RUNNING}]
