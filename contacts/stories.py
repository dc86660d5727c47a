"""What this room tells of a person: consent, events, groups, and the day they were added."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.translation import gettext as _

from contacts import kinds, timeline
from contacts.models import Consent, ConsentPurpose, Contact, Event, Membership, Suppression
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
        icon = {"order": "shopping_bag", "visit": "storefront", "answer": "reply"}.get(event.name, "bolt")
        detail = _joined(*event_details(event), _by(event.operator), _played(event.played))
        yield Entry(event.at, event_title(event.name), detail, tone="good", icon=icon)


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
    titles = {"order": _("Bought"), "visit": _("Came"), "answer": _("Answered")}
    return titles.get(name, name)


def event_details(event: Event) -> list[str]:
    """What was noted about it: amount, note, and where it was told."""
    data: dict[str, Any] = event.data if isinstance(event.data, dict) else {}
    return [str(data[field]) for field in ("amount", "note") if data.get(field)] + [str(event.source)]


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
