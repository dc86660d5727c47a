"""What staff read before they make two contacts one: the reasons, the fields, what becomes of consent and of running cascades."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts import kinds
from contacts.merging import fields, finding, own
from contacts.merging.names import Likeness, likeness
from contacts.merging.reasons import words
from contacts.merging.registry import Pair, parts, sentences
from contacts.models import Consent, ConsentPurpose, Contact


@dataclass(frozen=True, slots=True)
class Word:
    """What either said of one channel and purpose, and what holds afterwards."""

    label: str
    kept: str
    gone: str
    after: str
    stricter: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """reasons: sentences, empty where nothing speaks for it; sure: staff must say that they know, for all that speaks for it is a phone,
    or nothing; happens: what becomes of cascades and of what there is of the one who goes; mark: changes when either changes."""

    kept: Contact
    gone: Contact
    reasons: list[str]
    must_confirm: bool
    lines: list[fields.Line]
    addresses: list[str]
    groups: list[str]
    words: list[Word]
    happens: list[str]
    mark: str


def compare(kept: Contact, gone: Contact, now: datetime) -> Comparison:
    """A dozen statements and a few for each cascade that both are in. The addresses and groups of both should be prefetched."""
    reasons = finding.why(kept, gone)
    different = likeness(kept.full_name, gone.full_name) == Likeness.DIFFERENT
    shown = dict.fromkeys(way.shown for one in (kept, gone) for way in one.addresses.all() if kinds.typed(way.kind))
    groups = dict.fromkeys(str(group) for one in (kept, gone) for group in one.groups.all())
    return Comparison(
        kept, gone, words(reasons), different or not reasons, fields.lines(kept, gone), list(shown), sorted(groups), _words(kept, gone),
        [*_history(gone), *sentences(part.foresee(Pair(kept, gone, now)) for part in parts())], mark(kept, gone),
    )  # fmt: skip


def mark(kept: Contact, gone: Contact) -> str:
    """By which a page knows that what it showed has changed since."""
    return f"{kept.pk}:{kept.updated_at.isoformat()}:{gone.pk}:{gone.updated_at.isoformat()}"


def _words(kept: Contact, gone: Contact) -> list[Word]:
    ours, theirs = own.held(kept.pk), own.held(gone.pk)
    against = {(no.kind, no.purpose, no.played) for no, _yes in own.disagreements(ours, theirs)}
    found = []
    for key in sorted(ours.keys() | theirs.keys()):
        kind, purpose, played = key
        if played:
            continue
        newest = max((line for line in (ours.get(key), theirs.get(key)) if line), key=lambda line: line.pk)
        label = f"{kinds.label(kind)}, {ConsentPurpose(purpose).label}"
        after = _("withdrawn") if key in against else _said(newest)
        found.append(Word(label, _said(ours.get(key)), _said(theirs.get(key)), after, key in against))
    return found


def _said(line: Consent | None) -> str:
    if line is None:
        return _("never asked")
    return _("agreed") if line.given else _("withdrawn")


def _history(gone: Contact) -> list[str]:
    """How much there is of the one who becomes part of the other."""
    counts = {
        "messages": gone.deliveries.count(), "events": gone.events.count(), "bookings": gone.bookings.count(),
        "vouchers": gone.vouchers.count(),
    }  # fmt: skip
    said = {
        "messages": ngettext("%(count)s message", "%(count)s messages", counts["messages"]),
        "events": ngettext("%(count)s event", "%(count)s events", counts["events"]),
        "bookings": ngettext("%(count)s booking", "%(count)s bookings", counts["bookings"]),
        "vouchers": ngettext("%(count)s voucher", "%(count)s vouchers", counts["vouchers"]),
    }  # fmt: skip
    there = ", ".join(said[name] % {"count": count} for name, count in counts.items() if count)
    return [_("The history becomes one: %(what)s come along.") % {"what": there}] if there else []
