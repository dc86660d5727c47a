"""“I will come” and “Cancel”, as a person sees them, and what a message says of a booking."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Delivery, DeliveryEvent, Grade
from channels.transport import Fact
from contacts import bookings
from contacts.bookings import Slot
from contacts.models import Booking, Event
from tests.channels.letters import delivered, safe, said, stranger
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
START = datetime(2027, 3, 9, 9, 30, tzinfo=UTC)


@pytest.fixture
def visitor() -> Client:
    return stranger()


def slot(starts_at: datetime = START, **fields: Any) -> Slot:
    return Slot(
        title="Haircut", starts_at=starts_at, ends_at=starts_at + timedelta(minutes=45), place="Calle Mayor 1", **fields
    )


def invited(language: str = "en", starts_at: datetime | None = None) -> tuple[Delivery, Booking]:
    """A reminder of an appointment that is still to come, on some tomorrow."""
    delivery = delivered(language=language)
    starts_at = starts_at or timezone.now().replace(microsecond=0) + timedelta(days=1)
    booking = bookings.book(delivery.contact_id, slot(starts_at), now=timezone.now() - timedelta(hours=2)).booking
    Delivery.objects.filter(pk=delivery.pk).update(context={"booking": booking.pk})
    return delivery, booking


def names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_looking_changes_nothing_and_says_what_when_and_where(visitor: Client) -> None:
    delivery, booking = invited()
    for address in (f"/b/{delivery.token}/", f"/b/{delivery.token}/cancel"):
        answer = visitor.get(address)
        safe(answer)
        page = said(answer)
        assert "Haircut" in page
        assert f"{booking.local():%H:%M}" in page
        assert "(Madrid)" in page
        assert "Calle Mayor 1" in page
        visitor.head(address)
    assert names() == ["booking_booked"]
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Tuesday, 9 March 2027, 10:30"), ("es", "martes, 9 de marzo de 2027, 10:30"), ("fr", "mardi 9 mars 2027, 10:30"),
        ("ru", "вторник, 9 марта 2027 г., 10:30"),
    ],
)  # fmt: skip
def test_the_day_is_written_in_the_persons_language(visitor: Client, language: str, words: str) -> None:
    delivery, _booking = invited(language, START)
    page = said(visitor.get(f"/b/{delivery.token}/"))
    assert f'<html lang="{language}">' in page
    assert words in page


def test_to_confirm_is_heard_as_a_click_of_a_person_and_twice_is_fine(visitor: Client) -> None:
    delivery, booking = invited()
    for _ in range(2):
        answer = visitor.post(f"/b/{delivery.token}/", {"revision": "1"})
        safe(answer)
        assert answer.status_code == 200
        assert "See you soon" in said(answer)
    booking.refresh_from_db()
    assert (booking.status, booking.confirmed_at is not None) == ("confirmed", True)
    assert names() == ["booking_booked", "booking_confirmed"]
    assert list(DeliveryEvent.objects.values_list("fact", "grade")) == [(Fact.CLICKED, Grade.HUMAN)]


def test_cancelling_is_asked_about_once_more(visitor: Client) -> None:
    delivery, booking = invited()
    assert f"/b/{delivery.token}/cancel" in said(visitor.get(f"/b/{delivery.token}/"))
    assert "Yes, cancel it" in said(visitor.get(f"/b/{delivery.token}/cancel"))
    answer = visitor.post(f"/b/{delivery.token}/cancel", {"revision": "1"})
    assert "This booking is cancelled" in said(answer)
    booking.refresh_from_db()
    assert (booking.status, booking.cancelled_by) == ("cancelled", "person")
    for address in (f"/b/{delivery.token}/", f"/b/{delivery.token}/cancel"):
        page = said(visitor.get(address))
        assert "This booking is cancelled" in page
        assert "<button" not in page


def test_a_booking_that_is_over_says_so_and_takes_nothing(visitor: Client) -> None:
    delivery, booking = invited(starts_at=timezone.now() - timedelta(minutes=1))
    assert "is over" in said(visitor.get(f"/b/{delivery.token}/"))
    assert "is over" in said(visitor.post(f"/b/{delivery.token}/cancel"))
    booking.refresh_from_db()
    assert booking.status == "booked"


def test_one_that_was_moved_says_so_and_an_old_page_confirms_nothing(visitor: Client) -> None:
    delivery, booking = invited()
    bookings.move(booking.pk, slot(booking.starts_at + timedelta(days=2)), now=timezone.now())
    assert "was moved after we wrote to you" in said(visitor.get(f"/b/{delivery.token}/"))
    answer = visitor.post(f"/b/{delivery.token}/", {"revision": "1"})
    assert answer.status_code == 409
    assert "was changed while this page was open" in said(answer)
    booking.refresh_from_db()
    assert booking.status == "booked"
    assert visitor.post(f"/b/{delivery.token}/", {"revision": "2"}).status_code == 200


def test_without_a_booking_of_this_person_the_page_leads_nowhere(visitor: Client) -> None:
    delivery, _booking = invited()
    other = bookings.book(make_contact("Eva").pk, slot(), now=NOW).booking
    unfit: list[Any] = ["x", 999_999, True, None, [1], other.pk]
    for known in ({}, *({"booking": one} for one in unfit)):
        Delivery.objects.filter(pk=delivery.pk).update(context=known)
        for call in (visitor.get, visitor.post):
            answer = call(f"/b/{delivery.token}/")
            assert (answer.status_code, "This link leads nowhere" in said(answer)) == (404, True)
    assert visitor.get("/b/AAAAAAAAAAAAAAAA/").status_code == 404


def test_nonsense_in_the_page_is_no_error(visitor: Client) -> None:
    delivery, _booking = invited()
    for revision in ("-1", "1e9", "٣", "9" * 400, "0x1", ""):
        assert visitor.post(f"/b/{delivery.token}/", {"revision": revision}).status_code in (200, 409)


# --- in messages ---


@pytest.mark.usefixtures("scripted")
def test_a_message_says_the_time_that_holds_when_it_leaves(scripted: type[ScriptedTransport]) -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    texts = {
        ("sms", "en"): "{{ booking.title }}, {{ booking.starts_at | date: '%H:%M' }}: {{ booking_url }}",
        ("sms", "es"): "{{ booking.title }}, {{ booking.starts_at | date }}, {{ booking.place }}",
    }
    version = frozen(make_message(texts=texts, purpose="transactional"))
    ana, eva = make_contact(phone="+34600000001"), make_contact("Eva", phone="+34600000002", language="es")
    mine, hers = (bookings.book(person.pk, slot(), now=NOW).booking for person in (ana, eva))
    first = queue(ana, channel, version, context={"booking": mine.pk})
    queue(eva, channel, version, context={"booking": hers.pk})
    stolen = queue(ana, channel, version, context={"booking": hers.pk})
    bookings.move(mine.pk, slot(START + timedelta(hours=2)), now=NOW)
    with CaptureQueriesContext(connection) as captured:
        send()
    texts_sent = {message.to: message.text for message in scripted.handed}
    assert texts_sent == {
        "+34600000001": f"Haircut, 12:30: http://127.0.0.1:8000/c/{first.token}/0",
        "+34600000002": "Haircut, martes, 9 de marzo de 2027, 10:30, Calle Mayor 1",
    }
    assert reread(first).links == [f"http://127.0.0.1:8000/b/{first.token}/"]
    assert (reread(stolen).status, reread(stolen).reason) == ("cancelled", "missing_field")
    asked = [query["sql"] for query in captured if 'FROM "contacts_booking"' in query["sql"]]
    assert len(asked) == 1


@pytest.mark.usefixtures("scripted")
def test_messages_without_a_booking_ask_for_none(scripted: type[ScriptedTransport]) -> None:
    make_business()
    version = frozen(make_message(texts={("sms", "en"): "Hi"}, purpose="transactional"))
    queue(make_contact(phone="+34600000001"), make_channel("sms", "scripted"), version, context={"code": "X1"})
    with CaptureQueriesContext(connection) as captured:
        assert send() == 1
    assert not [query for query in captured if "contacts_booking" in query["sql"]]
