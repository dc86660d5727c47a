"""Bookings: entered once, moved, confirmed and cancelled, and what of it is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from contacts import bookings, timeline
from contacts.bookings import PERSON, STAFF, Outcome, Slot
from contacts.models import Branch, Contact, Event
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_contact

TOMORROW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
LATER = TOMORROW + timedelta(days=1)


@pytest.fixture
def ana(db: None) -> Contact:
    make_business()
    return make_contact("Ana Ruiz", email="ana@mail.example")


def slot(starts_at: datetime = TOMORROW, **fields: Any) -> Slot:
    return Slot(title="Haircut", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=45), **fields)


def booked(ana: Contact, **fields: Any) -> int:
    return bookings.book(ana.pk, slot(**fields), now=NOW).booking.pk


def told() -> list[str]:
    return [name.removeprefix("booking_") for name in Event.objects.order_by("id").values_list("name", flat=True)]


def test_a_booking_keeps_the_clock_of_its_place(ana: Contact) -> None:
    branch = Branch.objects.create(name="Canarias", time_zone="Atlantic/Canary")
    there = bookings.book(ana.pk, slot(branch_id=branch.pk), now=NOW).booking
    here = bookings.book(ana.pk, slot(), now=NOW).booking
    assert (f"{there.local():%H:%M}", f"{here.local():%H:%M}") == ("09:30", "10:30")
    assert there.where == "Canarias"
    assert told() == ["booked", "booked"]


def test_told_again_by_the_other_program_it_moves_and_never_doubles(ana: Contact) -> None:
    def tell(starts_at: datetime) -> Outcome:
        return bookings.book(ana.pk, slot(starts_at), now=NOW, source="till", external_id="17")

    first = tell(TOMORROW)
    bookings.confirm(first.booking.pk, now=NOW)
    assert tell(TOMORROW).changed is False
    moved = tell(LATER)
    assert (moved.booking.pk, moved.booking.status, moved.booking.confirmed_at) == (first.booking.pk, "booked", None)
    assert told() == ["booked", "confirmed", "moved"]
    data = Event.objects.get(name="booking_moved").data
    assert (data["was"], data["starts_at"]) == (TOMORROW.isoformat(), LATER.isoformat())


def test_what_the_person_cancelled_is_not_brought_back_by_an_old_list(ana: Contact) -> None:
    first = bookings.book(ana.pk, slot(), now=NOW, source="till", external_id="17").booking
    bookings.cancel(first.pk, now=NOW)
    assert bookings.book(ana.pk, slot(), now=NOW, source="till", external_id="17").booking.status == "cancelled"
    again = bookings.book(ana.pk, slot(LATER), now=NOW, source="till", external_id="17").booking
    assert (again.status, again.cancelled_at, again.cancelled_by) == ("booked", None, "")


def test_each_act_is_told_once_however_often_it_is_done(ana: Contact) -> None:
    number = booked(ana)
    assert [bookings.confirm(number, now=NOW).changed for _ in range(2)] == [True, False]
    assert [bookings.cancel(number, now=NOW, who=PERSON).changed for _ in range(2)] == [True, False]
    assert bookings.confirm(number, now=NOW).booking.status == "cancelled"
    assert told() == ["booked", "confirmed", "cancelled"]
    assert Event.objects.get(name="booking_cancelled").data["by"] == "person"


def test_after_the_start_the_person_has_no_more_say_but_staff_have(ana: Contact) -> None:
    number, after = booked(ana), TOMORROW + timedelta(minutes=1)
    assert bookings.confirm(number, now=after).changed is False
    assert bookings.cancel(number, now=after).changed is False
    assert bookings.miss(number, now=after).booking.status == "missed"
    assert bookings.attend(number, now=after).booking.status == "attended"
    assert bookings.cancel(number, now=after, who=STAFF).changed is False


def test_who_saw_another_time_confirms_nothing(ana: Contact) -> None:
    number = booked(ana)
    bookings.move(number, slot(LATER), now=NOW)
    outcome = bookings.confirm(number, now=NOW, revision=1)
    assert (outcome.changed, outcome.moved, outcome.booking.status) == (False, True, "booked")
    assert bookings.confirm(number, now=NOW, revision=2).changed is True


def test_the_facts_of_many_bookings_are_one_statement(ana: Contact, django_assert_num_queries: Any) -> None:
    numbers = [booked(ana, place=f"Room {n}") for n in range(3)]
    with django_assert_num_queries(1):
        found = bookings.facts(numbers)
    assert {one["place"] for one in found.values()} == {"Room 0", "Room 1", "Room 2"}
    with django_assert_num_queries(0):
        assert bookings.facts([]) == {}


def test_the_story_of_the_person_tells_of_it(ana: Contact) -> None:
    bookings.cancel(booked(ana), now=NOW)
    story = [(str(entry.title), str(entry.detail)) for entry in timeline.story(ana)]
    assert ("The booking was cancelled", "Haircut · 11/23/2026 10:30 a.m.") in story


@pytest.mark.django_db(transaction=True)
def test_confirmed_and_cancelled_at_the_same_moment_it_ends_in_one_order() -> None:
    make_business()
    number = booked(make_contact("Ana Ruiz"))
    together, failed = threading.Barrier(4), list[Exception]()

    def press(act: Any) -> None:
        together.wait()
        try:
            act(number, now=NOW)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    acts = [bookings.confirm, bookings.cancel] * 2
    threads = [threading.Thread(target=press, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert told() in (["booked", "confirmed", "cancelled"], ["booked", "cancelled"])


# --- in the admin ---


def entered(contact: Contact, **fields: str) -> dict[str, str]:
    return {
        "contact": str(contact.pk), "kind": "class", "title": "Yoga", "starts_at_0": "2026-11-23", "starts_at_1": "10:30",
        "ends_at_0": "", "ends_at_1": "", "branch": "", "place": "", "zone": "", **fields,
    }  # fmt: skip


def test_the_front_desk_enters_moves_and_ticks_off_by_hand(ana: Contact) -> None:
    desk = sign_in("Front desk")
    assert desk.post("/admin/contacts/booking/add/", entered(ana)).status_code == 302
    found = ana.bookings.get()
    assert (found.starts_at, found.zone, found.status) == (TOMORROW, "Europe/Madrid", "booked")
    page = f"/admin/contacts/booking/{found.pk}/"
    assert 'value="10:30' in desk.get(f"{page}change/").content.decode()
    desk.post(f"{page}change/", entered(ana, starts_at_0="2026-11-24"))
    assert desk.get(f"{page}act/confirm/").status_code == 405
    desk.post(f"{page}act/confirm/")
    desk.post("/admin/contacts/booking/", {"action": "mark_attended", "_selected_action": [str(found.pk)]})
    found.refresh_from_db()
    assert (found.starts_at, found.status) == (LATER, "attended")
    assert told() == ["booked", "moved", "confirmed", "attended"]
    assert set(Event.objects.values_list("operator__username", flat=True)) == {"Front desk"}
    listed = desk.get("/admin/contacts/booking/", {"q": "ruiz"}).content.decode()
    assert "Yoga" in listed


def test_an_end_before_the_start_is_refused_with_a_sentence(ana: Contact) -> None:
    given = entered(ana, ends_at_0="2026-11-23", ends_at_1="09:00")
    answer = sign_in("Front desk").post("/admin/contacts/booking/add/", given)
    assert "The end must be after the start." in answer.content.decode()
    assert not ana.bookings.exists()


def test_who_may_only_look_changes_nothing(ana: Contact) -> None:
    number = booked(ana)
    viewer = sign_in("Viewer")
    assert viewer.get(f"/admin/contacts/booking/{number}/change/").status_code == 200
    assert viewer.post(f"/admin/contacts/booking/{number}/act/cancel/").status_code == 403
    assert told() == ["booked"]
