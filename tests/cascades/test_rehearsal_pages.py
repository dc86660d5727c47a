"""The pages on which staff try a cascade out: people are chosen, the clock is wound, people are played, and nothing is sent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cascades.models import Cascade, Enrollment, Rehearsal
from cascades.rehearsal import Script
from channels.models import Delivery, SandboxMessage
from tests.cascades.story import ana
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, email_then_sms, make_business, make_cascade, make_channel, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon() -> Any:
    make_business()
    with time_machine.travel(NOW, tick=False):
        yield


def url(cascade: Cascade, page: str = "") -> str:
    return reverse(f"admin:cascades_cascade_try{page}", args=[cascade.pk])


def begun(client: Client, cascade: Cascade, **given: Any) -> Any:
    data = {"people": [], "made_up": ["everything"], "day": "2026-11-22", "clock": "13:00", **given}
    return client.post(url(cascade, "_people"), data, follow=True)


def wound(client: Client, cascade: Cascade, **given: Any) -> Any:
    return client.post(url(cascade, "_wind"), given, follow=True)


def played(client: Client, cascade: Cascade, **given: Any) -> Any:
    return client.post(url(cascade, "_play"), given, follow=True)


def test_staff_choose_people_wind_the_clock_and_play_them_and_nothing_is_sent() -> None:
    client, cascade, person = sign_in("Marketer"), email_then_sms(goal=["order"]), ana()
    head = said_of(client.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])))
    assert "Try it out" in head
    choose = client.get(url(cascade), follow=True)
    assert f'value="{person.pk}"' in choose.content.decode()
    assert "Ana Ruiz · Email address, Phone · agreed to Email, SMS" in said_of(choose)

    page = begun(client, cascade, people=[person.pk], made_up=["no_consent"])
    story = page.context["story"]
    assert story.now == NOW
    assert [one.name for one in story.people] == ["Ana Ruiz", "No Consent"]
    assert "No channel was left to reach this person." in said_of(page)
    assert "Next something happens at Sun 22 Nov, 17:00." in said_of(page)
    assert "Hello Ana" in said_of(page)

    page = wound(client, cascade, to=(NOW + timedelta(hours=1)).isoformat())
    assert page.context["story"].now == NOW + timedelta(hours=1)
    step = cascade.steps.order_by("position").first()
    assert step is not None
    page = played(client, cascade, who="0", step=step.key, act="open")
    assert page.context["story"].people[0].reason == "seen_opened"
    assert "played: opened" in said_of(page)
    page = client.post(url(cascade, "_play"), {"undo": "1"}, follow=True)
    assert page.context["story"].people[0].outcome == ""

    page = wound(client, cascade, to="end")
    assert "It is over for everybody." in said_of(page)
    assert [model.objects.count() for model in (Delivery, Enrollment, SandboxMessage)] == [0, 0, 0]


def test_winding_back_forgets_what_was_played_after_it() -> None:
    client, cascade = sign_in("Owner"), email_then_sms(goal=["order"])
    begun(client, cascade)
    wound(client, cascade, moment="2026-11-22T15:00")
    played(client, cascade, who="0", act="goal", text="order")
    kept = Script.from_json(Rehearsal.objects.get().script)
    assert [(play.at, play.act, play.text) for play in kept.plays] == [(NOW + timedelta(hours=2), "goal", "order")]
    page = wound(client, cascade, moment="2026-11-22T14:00")
    assert page.context["script"].plays == ()
    assert page.context["story"].now == NOW + timedelta(hours=1)


def test_people_are_found_by_name_and_nonsense_is_answered_with_a_sentence() -> None:
    client, cascade = sign_in("Owner"), email_then_sms()
    for _ in range(7):
        ana(email="", phone="")
    zoe = ana(email="zoe@example.org", phone="")
    page = client.post(url(cascade, "_people"), {"find": "1", "search": "zoe@", "day": "2026-11-22", "clock": "13:00"})
    assert f'value="{zoe.pk}"' in page.content.decode()
    assert "Choose somebody" in said_of(begun(client, cascade, made_up=[]))
    begun(client, cascade)
    assert "Choose a day and a time" in said_of(wound(client, cascade, moment="soon"))
    for given in (
        {"who": "9", "act": "open"},
        {"who": "0"},
        {"who": "x", "act": "goal"},
        {"who": "0", "act": "move", "text": "soon"},
    ):
        assert "Say what the person does." in said_of(played(client, cascade, **given))
    assert "There is no such act." in said_of(
        played(client, cascade, who="0", act="dance", step=cascade.steps.all()[0].key)
    )


def test_a_booking_is_asked_for_its_day_and_can_be_cancelled_by_the_person() -> None:
    client = sign_in("Marketer")
    text = make_message(texts={("sms", "en"): "See you"})
    steps = [{"channel": make_channel("sms"), "message": text, "seen": "nothing"}]
    cascade = make_cascade("Reminder", steps, trigger="booking", trigger_params={"by": 86_400})
    assert "The booking is on" in said_of(client.get(url(cascade), follow=True))
    page = begun(client, cascade, about_day="2026-11-25", about_clock="10:00")
    assert page.context["script"].about == datetime.fromisoformat("2026-11-25T10:00:00+01:00")
    page = played(client, cascade, who="0", act="booking", text="cancel")
    assert page.context["story"].people[0].reason == "booking_cancelled"


def test_a_draft_that_is_not_ready_says_what_is_missing() -> None:
    client, cascade = sign_in("Owner"), email_then_sms()
    begun(client, cascade)
    cascade.steps.all().delete()
    assert "The cascade has no steps yet." in said_of(client.get(url(cascade)))


@pytest.mark.parametrize("role", ["Front desk", "Viewer"])
def test_who_may_not_start_cascades_may_not_try_them_out(role: str) -> None:
    client, cascade = sign_in(role), email_then_sms()
    assert "Try it out" not in said_of(client.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])))
    assert client.get(url(cascade)).status_code == 403
    assert client.post(url(cascade, "_play"), {"who": "0", "act": "open"}).status_code == 403


def test_each_member_of_staff_has_a_rehearsal_of_their_own() -> None:
    cascade, one, other = email_then_sms(), sign_in("Owner"), sign_in("Marketer")
    begun(one, cascade)
    assert "Who takes part" in said_of(other.get(url(cascade), follow=True))
    assert Rehearsal.objects.get().script["people"] == ["everything"]
