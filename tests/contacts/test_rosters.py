"""Classes: people put on a roster, moved, cancelled and ticked off together, and joined by what other programs tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import bookings, rosters, tables
from contacts.bookings import Slot
from contacts.models import Booking, Branch, ClassSession, Contact, Event
from contacts.rosters import Plan
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 18, tzinfo=UTC)  # 19:00 in Madrid


@pytest.fixture
def people() -> list[Contact]:
    make_business()
    return [make_contact(name, phone=f"+3460012345{n}") for n, name in enumerate(("Ana Ruiz", "Leo Sanz", "Eva Gil"))]


def plan(**fields: Any) -> Plan:
    starts = fields.pop("starts_at", TUESDAY)
    values = {"title": "Yoga", "teacher": "Marta", "zone": "Europe/Madrid", **fields}
    return Plan(starts_at=starts, ends_at=starts + timedelta(hours=1), **values)


def entered(**fields: Any) -> int:
    return rosters.enter(plan(**fields), now=NOW)[0]


def ids(people: list[Contact]) -> list[int]:
    return [one.pk for one in people]


def told() -> list[str]:
    return sorted(name.removeprefix("booking_") for name in Event.objects.values_list("name", flat=True))


def statuses(session: int) -> dict[str, str]:
    rows = Booking.objects.filter(session=session).values_list("contact__first_name", "status")
    return dict(rows)


def test_a_weekly_class_keeps_its_hour_when_the_clocks_change() -> None:
    make_business()
    made = rosters.enter(plan(starts_at=datetime(2027, 3, 23, 18, tzinfo=UTC)), now=NOW, weeks=2)
    starts = ClassSession.objects.filter(pk__in=made).order_by("starts_at")
    assert [f"{one.local():%a %d %H:%M}" for one in starts] == ["Tue 23 19:00", "Tue 30 19:00"]
    assert len({one.series for one in starts}) == 1
    assert isinstance(starts[0].series, UUID)


def test_people_are_put_on_once_however_often_they_are_chosen(people: list[Contact]) -> None:
    yoga = entered(places=3)
    assert [rosters.put_on(yoga, ids(people), now=NOW) for _ in range(2)] == [3, 0]
    assert told() == ["booked"] * 3
    data = Event.objects.first().data  # type: ignore[union-attr]
    assert (data["kind"], data["class"], data["title"]) == ("class", yoga, "Yoga")


def test_a_full_class_takes_nobody_and_says_how_many_places_are_left(people: list[Contact]) -> None:
    yoga = entered(places=2)
    with pytest.raises(rosters.Full) as full:
        rosters.put_on(yoga, ids(people), now=NOW)
    assert (full.value.free, full.value.asked, Booking.objects.count()) == (2, 3, 0)
    rosters.put_on(yoga, ids(people[:2]), now=NOW)
    bookings.cancel(Booking.objects.filter(contact=people[0]).get().pk, now=NOW)
    assert rosters.put_on(yoga, [people[2].pk], now=NOW) == 1


def test_a_class_is_moved_for_all_with_an_event_for_each_in_as_many_statements_as_for_one(
    people: list[Contact],
) -> None:
    yoga, small = entered(), entered(title="Pilates")
    rosters.put_on(yoga, ids(people), now=NOW)
    rosters.put_on(small, ids(people[:1]), now=NOW)
    mine = Booking.objects.get(session=yoga, contact=people[0])
    bookings.confirm(mine.pk, now=NOW)
    bookings.cancel(Booking.objects.get(session=yoga, contact=people[2]).pk, now=NOW)
    Event.objects.all().delete()
    later = plan(starts_at=TUESDAY + timedelta(days=1))
    with CaptureQueriesContext(connection) as for_two:
        assert rosters.change(yoga, later, now=NOW) == 2
    with CaptureQueriesContext(connection) as for_one:
        rosters.change(small, plan(title="Pilates", starts_at=TUESDAY + timedelta(days=1)), now=NOW)
    assert len(for_two) == len(for_one)
    mine.refresh_from_db()
    assert (mine.starts_at, mine.status, mine.confirmed_at, mine.moved_at) == (later.starts_at, "booked", None, NOW)
    assert statuses(yoga) == {"Ana": "booked", "Leo": "booked", "Eva": "cancelled"}
    assert told() == ["moved"] * 3
    assert {event.data["was"] for event in Event.objects.all()} == {TUESDAY.isoformat()}
    assert rosters.change(yoga, later, now=NOW) == 0
    assert len(told()) == 3


def test_a_course_moves_to_another_weekday_from_one_class_on(people: list[Contact]) -> None:
    first, second, third = rosters.enter(plan(), now=NOW, weeks=3)
    assert rosters.put_on(second, ids(people), now=NOW, following=True) == 6
    wanted = plan(starts_at=TUESDAY + timedelta(days=8, hours=-1), teacher="Olga")
    assert rosters.change(second, wanted, now=NOW, following=True) == 6
    days = {one.pk: f"{one.local():%a %d %H:%M} {one.teacher}" for one in ClassSession.objects.all()}
    assert days == {first: "Tue 24 19:00 Marta", second: "Wed 02 18:00 Olga", third: "Wed 09 18:00 Olga"}
    assert rosters.cancel(second, now=NOW, following=True) == 6
    assert list(ClassSession.objects.filter(cancelled_at=None)) == [ClassSession.objects.get(pk=first)]


def test_another_teacher_is_no_move_and_asks_nobody_anew(people: list[Contact]) -> None:
    yoga = entered()
    rosters.put_on(yoga, ids(people), now=NOW)
    bookings.confirm(Booking.objects.get(contact=people[0]).pk, now=NOW)
    assert rosters.change(yoga, plan(teacher="Olga", place="Room 2"), now=NOW) == 0
    assert statuses(yoga)["Ana"] == "confirmed"
    number = Booking.objects.get(contact=people[0])
    fact = bookings.facts([number.pk])[number.pk]
    assert (fact["teacher"], fact["place"]) == ("Olga", "Room 2")


def test_a_cancelled_class_cancels_each_place_once_and_takes_nobody(people: list[Contact]) -> None:
    yoga = entered()
    rosters.put_on(yoga, ids(people), now=NOW)
    assert [rosters.cancel(yoga, now=NOW) for _ in range(2)] == [3, 0]
    assert told() == ["booked"] * 3 + ["cancelled"] * 3
    with pytest.raises(rosters.Off):
        rosters.put_on(yoga, ids(people), now=NOW)


def test_who_came_is_ticked_off_together_and_another_hands_tick_is_not_undone(people: list[Contact]) -> None:
    yoga = entered()
    rosters.put_on(yoga, ids(people), now=NOW)
    ana, leo, eva = (Booking.objects.get(contact=one).pk for one in people)
    bookings.miss(leo, now=NOW)  # after the page was opened
    said = {ana: ("booked", "attended"), leo: ("booked", "attended"), eva: ("booked", "missed")}
    assert rosters.tick(yoga, said, now=NOW) == rosters.Ticked(done=2, stale=1)
    assert statuses(yoga) == {"Ana": "attended", "Leo": "missed", "Eva": "missed"}
    assert rosters.tick(yoga, {leo: ("missed", "attended")}, now=NOW) == rosters.Ticked(done=1, stale=0)
    assert told() == ["attended"] * 2 + ["booked"] * 3 + ["missed"] * 2


# --- what other programs tell ---


def book(text: str) -> list[tables.Line]:
    head = "Number;Date;Time;Class;Kind;Branch;Phone\n"
    return tables.appointments(BytesIO((head + text).encode()), now=NOW, operator_id=None)


def test_a_table_joins_the_roster_and_a_second_one_moves_and_never_doubles(people: list[Contact]) -> None:
    yoga = entered(places=2)
    rows = "".join(f"B{n};2026-11-24;19:00;YOGA;class;;60012345{n}\n" for n in range(3))
    assert [one.taken for one in book(rows)] == [True] * 3
    assert len(statuses(yoga)) == 3
    again = book(rows)
    assert "3 of 2" in again[2].sentence
    assert (Booking.objects.count(), ClassSession.objects.count()) == (3, 1)
    book(rows.replace("19:00", "20:00"))
    moved = ClassSession.objects.exclude(pk=yoga).get()
    assert (Booking.objects.count(), len(statuses(moved.pk)), statuses(yoga)) == (3, 3, {})
    assert told() == ["booked"] * 3 + ["moved"] * 3
    book(rows)
    assert (len(statuses(yoga)), ClassSession.objects.count()) == (3, 2)


def test_classes_of_two_branches_at_one_hour_are_two(people: list[Contact]) -> None:
    here, there = (Branch.objects.create(name=name).pk for name in ("Here", "There"))
    for n, branch in enumerate((here, there, here)):
        slot = Slot(title="Yoga", starts_at=TUESDAY, kind="class", branch_id=branch)
        bookings.book(people[n].pk, slot, now=NOW, source="till", external_id=str(n))
    assert sorted(len(statuses(one.pk)) for one in ClassSession.objects.all()) == [1, 2]


# --- in the admin ---


def page_of(session: int, name: str = "roster") -> str:
    return reverse(f"admin:contacts_classsession_{name}", args=[session])


def test_the_front_desk_runs_a_class_from_its_first_to_its_last_minute(people: list[Contact]) -> None:
    desk = sign_in("Front desk")
    given = {
        "title": "Yoga", "teacher": "Marta", "starts_at_0": "2027-11-23", "starts_at_1": "19:00", "minutes": "60", "branch": "",
        "place": "", "places": "2", "zone": "", "weeks": "2",
    }  # fmt: skip
    answer = desk.post(reverse("admin:contacts_classsession_add"), given)
    yoga = ClassSession.objects.order_by("starts_at")[0]
    assert (answer.status_code, answer["Location"]) == (302, page_of(yoga.pk))
    group = make_group(contacts=people)
    full = desk.post(page_of(yoga.pk), {"put_on": "1", "group": str(group.pk)})
    assert "has 2 places left, and 3 are asked for" in said_of(full)
    desk.post(page_of(yoga.pk), {"put_on": "1", "people": [str(one.pk) for one in people[:2]], "following": "on"})
    shown = said_of(desk.get(page_of(yoga.pk)))
    assert "Ana Ruiz" in shown
    assert "2 of 2 · full" in shown
    assert "is full. Nobody was put on it." in said_of(
        desk.post(page_of(yoga.pk), {"put_on": "1", "people": str(people[2].pk)})
    )
    listed = said_of(desk.get(reverse("admin:contacts_classsession_changelist")))
    assert listed.count("2 of 2") == 2
    ana = Booking.objects.get(session=yoga, contact=people[0]).pk
    answer = desk.post(
        page_of(yoga.pk), {f"was-{ana}": "booked", f"now-{ana}": "missed", "rest": "attended"}, follow=True
    )
    assert "2 people were ticked off." in said_of(answer)
    assert statuses(yoga.pk) == {"Ana": "missed", "Leo": "attended"}
    change = given | {"starts_at_0": "2027-11-30", "following": "on"}
    second = ClassSession.objects.order_by("starts_at")[1]
    answer = desk.post(page_of(second.pk, "change"), change | {"starts_at_1": "18:00"}, follow=True)
    assert "2 bookings moved with it." in said_of(answer)
    assert desk.get(page_of(second.pk, "cancel")).status_code == 200
    assert "with it 2 bookings" in said_of(desk.post(page_of(second.pk, "cancel"), {"really": "1"}, follow=True))
    assert set(Event.objects.values_list("operator__username", flat=True)) == {"Front desk"}


def test_the_roster_asks_the_database_the_same_for_one_as_for_three(people: list[Contact]) -> None:
    desk, counts = sign_in("Front desk"), []
    for number in (1, 3):
        yoga = entered(title=f"Yoga {number}")
        rosters.put_on(yoga, ids(people[:number]), now=NOW)
        with CaptureQueriesContext(connection) as asked:
            desk.get(page_of(yoga))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_who_may_only_look_sees_the_roster_and_changes_nothing(people: list[Contact]) -> None:
    yoga = entered()
    rosters.put_on(yoga, ids(people), now=NOW)
    viewer = sign_in("Viewer")
    shown = said_of(viewer.get(page_of(yoga)))
    assert "Ana Ruiz" in shown
    assert 'name="tick"' not in shown
    assert 'name="put_on"' not in shown
    assert viewer.post(page_of(yoga), {"rest": "attended"}).status_code == 403
    assert viewer.post(page_of(yoga), {"put_on": "1", "people": str(people[0].pk)}).status_code == 403
    assert viewer.post(page_of(yoga, "cancel"), {"really": "1"}).status_code == 403
    assert told() == ["booked"] * 3


def test_a_booking_by_hand_of_a_full_class_is_refused_with_a_sentence(people: list[Contact]) -> None:
    rosters.put_on(entered(places=1), ids(people[:1]), now=NOW)
    given = {
        "contact": str(people[1].pk), "kind": "class", "title": "yoga", "starts_at_0": "2026-11-24", "starts_at_1": "19:00",
        "ends_at_0": "", "ends_at_1": "", "branch": "", "place": "", "zone": "",
    }  # fmt: skip
    answer = sign_in("Front desk").post("/admin/contacts/booking/add/", given)
    assert "This class is full: 1 of 1 places are taken." in said_of(answer)
    assert not people[1].bookings.exists()
