"""What this room tells of a person: consent, events, groups, and the day they were added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts import kinds, timeline, timezones
from contacts.models import Consent, ConsentPurpose, Contact, Event, Membership, Suppression
from contacts.models.event import OF_BOOKINGS
from contacts.timeline import Entry


def register() -> None:
    """Called once, when the room is ready."""
    for teller in (consent_lines, happenings, groups_joined, suppressions, added):
        timeline.register(teller)


def consent_lines(contact: Contact) -> Iterator[Entry]:
    """Every line of the ledger."""
    for line in Consent.objects.filter(contact=contact).select_related("operator"):
        yield Entry(
            line.at, _consent_title(line), _joined(line.source, line.get_basis_display(), _by(line.operator), _played(line.played)),
            tone="good" if line.given else "bad", icon="check_circle" if line.given else "block",
        )  # fmt: skip


def happenings(contact: Contact) -> Iterator[Entry]:
    """Orders, visits, answers and whatever else was recorded."""
    for event in Event.objects.filter(contact=contact).select_related("operator"):
        if isinstance(event.data, dict) and event.data.get("told_by"):
            continue  # another room tells it in full
        detail = _joined(*event_details(event), _by(event.operator), _played(event.played))
        icon, tone = _ICONS.get(event.name, "bolt"), "bad" if event.name in _SAD else "good"
        yield Entry(event.at, event_title(event.name), detail, tone=tone, icon=icon)


_ICONS = {
    "order": "shopping_bag", "visit": "storefront", "answer": "reply", "booking_booked": "event", "booking_confirmed": "event_available",
    "booking_moved": "event_repeat", "booking_cancelled": "event_busy", "booking_attended": "storefront", "booking_missed": "event_busy",
    "address_left": "contact_mail", "order_paid": "payments", "order_shipped": "local_shipping", "order_delivered": "package_2",
    "order_cancelled": "remove_shopping_cart", "cart_changed": "shopping_cart", "cart_emptied": "remove_shopping_cart",
    "page_viewed": "visibility", "redeemed": "redeem", "redemption_undone": "undo",
}  # fmt: skip
_SAD = ("booking_cancelled", "booking_missed", "order_cancelled", "redemption_undone")


def groups_joined(contact: Contact) -> Iterator[Entry]:
    for membership in Membership.objects.filter(contact=contact).select_related("group"):
        title = _("Joined the group “%(group)s”") % {"group": membership.group.name}
        yield Entry(membership.added_at, title, icon="group")


def suppressions(contact: Contact) -> Iterator[Entry]:
    """What was closed, and opened again, for any of the person's addresses."""
    marks = contact.addresses.order_by().values("fingerprint")
    for row in Suppression.objects.filter(fingerprint__in=marks):
        detail = _joined(
            row.get_reason_display(), row.get_scope_display(), str(kinds.label(row.channel)) if row.channel else ""
        )
        yield Entry(
            row.at,
            _("%(address)s was suppressed") % {"address": row.hint},
            detail,
            tone="bad",
            icon="do_not_disturb_on",
        )
        if row.lifted_at:
            yield Entry(
                row.lifted_at,
                _("%(address)s may be written to again") % {"address": row.hint},
                icon="do_not_disturb_off",
            )


def added(contact: Contact) -> Iterable[Entry]:
    return [Entry(contact.created_at, _("Added to the contacts"), icon="person_add")]


def event_title(name: str) -> str:
    """What happened, as the beginning of a sentence."""
    titles = {
        "order": _("Bought"), "visit": _("Came"), "answer": _("Answered"), "booking_booked": _("Booked"),
        "booking_confirmed": _("Confirmed the booking"), "booking_moved": _("The booking was moved"),
        "booking_cancelled": _("The booking was cancelled"), "booking_attended": _("Came to what was booked"),
        "booking_missed": _("Did not come to what was booked"), "address_left": _("Left an address"),
        "order_paid": _("Paid the order"), "order_shipped": _("The order is on its way"), "order_delivered": _("The order was delivered"),
        "order_cancelled": _("The order was cancelled"), "cart_changed": _("Changed the cart"), "cart_emptied": _("Emptied the cart"),
        "page_viewed": _("Looked at a page"), "redeemed": _("Redeemed a voucher"),
        "redemption_undone": _("The redemption of a voucher was undone"),
    }  # fmt: skip
    return titles.get(name, name)


def event_details(event: Event) -> list[str]:
    """What was noted about it: title and time of a booking, amount, note, and where it was told."""
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    told = [str(data[field]) for field in ("order", "amount", "note", "title", "where") if data.get(field)]
    return [*told, *_when(data), *([] if event.name in OF_BOOKINGS else [str(event.source)])]


def _when(data: dict[str, Any]) -> Iterator[str]:
    """The start of a booking by the clock of its place, as it was then."""
    zone = timezones.named(str(data.get("zone", "")))
    if zone and data.get("starts_at"):
        yield date_format(datetime.fromisoformat(str(data["starts_at"])).astimezone(zone), "SHORT_DATETIME_FORMAT")


def _consent_title(line: Consent) -> str:
    kind = str(kinds.label(line.kind))
    if line.purpose == ConsentPurpose.TRACKING:
        title = (
            _("Agreed that openings are tracked: %(channel)s")
            if line.given
            else _("Withdrew the tracking of openings: %(channel)s")
        )
    else:
        title = _("Agreed to marketing: %(channel)s") if line.given else _("Withdrew from marketing: %(channel)s")
    return title % {"channel": kind}


def _by(operator: Any) -> str:
    return _("entered by %(name)s") % {"name": operator.get_full_name() or operator.get_username()} if operator else ""


def _played(played: bool) -> str:
    return _("played in the sandbox") if played else ""


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
