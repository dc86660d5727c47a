"""The proof of one person's consent: every line of the ledger with all that makes it one, and what other rooms know beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import TYPE_CHECKING

from django.utils.formats import date_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from contacts import kinds, timezones
from contacts.models import Business, Consent, Contact, Suppression

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Statement:
    """One line for the page. facts: (what, value), those that are known; wording: what was read; given: None for what is no consent."""

    at: datetime
    title: StrOrPromise
    facts: tuple[tuple[StrOrPromise, str], ...]
    wording: str = ""
    given: bool | None = None


# All that a room can prove about a contact's consent beside the ledger; zone: of the person's clock.
Witness = Callable[[Contact, tzinfo], Iterable[Statement]]
_witnesses: list[Witness] = []


def register(witness: Witness) -> None:
    """Let a room testify; called when the room is ready."""
    if witness not in _witnesses:
        _witnesses.append(witness)


def statements(contact: Contact) -> list[Statement]:
    """Oldest first; one statement for the ledger, one for suppressions, and what the witnesses ask for."""
    zone = zone_of(contact)
    lines = Consent.objects.filter(contact=contact).select_related("operator").order_by("id")
    found = [_of_line(line, zone) for line in lines]
    found += [_of_suppression(row, zone) for row in _closed(contact)]
    found += [one for witness in _witnesses for one in witness(contact, zone)]
    return sorted(found, key=lambda one: one.at)


def zone_of(contact: Contact) -> tzinfo:
    """The person's clock as far as it is known, else the business's."""
    branch = contact.branch.time_zone if contact.branch else ""
    names = (contact.time_zone, branch, Business.current().time_zone)
    return next((zone for name in names if (zone := timezones.named(name))), timezones.UTC)


def both_clocks(at: datetime, zone: tzinfo) -> str:
    """An instant in UTC and by a clock on the wall."""
    local = at.astimezone(zone)
    utc = at.astimezone(UTC)
    return f"{utc:%Y-%m-%d %H:%M:%S} UTC · {date_format(local, 'DATE_FORMAT')} {local:%H:%M:%S} ({local:%Z}, {zone})"


def version_of(wording: str) -> str:
    """Which version of a wording it was: the beginning of its hash, the same for the same words."""
    return sha256(" ".join(wording.split()).encode()).hexdigest()[:12]


def _of_line(line: Consent, zone: tzinfo) -> Statement:
    operator = line.operator.get_full_name() or line.operator.get_username() if line.operator else ""
    facts: list[tuple[StrOrPromise, str]] = [
        (_("purpose"), line.get_purpose_display()), (_("channel"), str(kinds.label(line.kind))),
        (_("when"), both_clocks(line.at, zone)), (_("recorded"), both_clocks(line.recorded_at, zone)),
        (_("basis"), line.get_basis_display()), (_("how"), line.source), (_("address"), _address(line)),
        (_("language"), _language(line.language)), (_("version of the wording"), version_of(line.wording) if line.wording else ""),
        (_("holds until"), both_clocks(line.expires_at, zone) if line.expires_at else ""), (_("entered by"), operator),
        (_("IP address"), line.ip or ""), (_("browser"), line.user_agent),
        (_("carried by message"), line.delivery_token), (_("line of the ledger"), str(line.pk)),
        (_("remark"), _("played in the sandbox, not said by a person") if line.played else ""),
    ]  # fmt: skip
    title = _("The person agreed") if line.given else _("The person withdrew")
    return Statement(line.at, title, tuple(fact for fact in facts if fact[1]), line.wording, line.given)


def _address(line: Consent) -> str:
    return kinds.shown(kinds.address_of(line.kind), line.address) if line.address else ""


def _language(code: str) -> str:
    if not code:
        return ""
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


def _closed(contact: Contact) -> Iterable[Suppression]:
    marks = contact.addresses.order_by().values("fingerprint")
    return Suppression.objects.filter(fingerprint__in=marks).order_by("id")


def _of_suppression(row: Suppression, zone: tzinfo) -> Statement:
    facts: list[tuple[StrOrPromise, str]] = [
        (_("when"), both_clocks(row.at, zone)), (_("address"), row.hint), (_("reason"), row.get_reason_display()),
        (_("holds for"), row.get_scope_display()), (_("channel"), str(kinds.label(row.channel)) if row.channel else _("every channel")),
        (_("how"), row.source), (_("lifted"), both_clocks(row.lifted_at, zone) if row.lifted_at else ""),
    ]  # fmt: skip
    return Statement(row.at, _("The address was suppressed"), tuple(fact for fact in facts if fact[1]))
