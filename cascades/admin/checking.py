"""What the last page before a start says: numbers as sentences, what is not ready and where to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import NoReverseMatch, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cascades import audience, publishing, spending
from cascades.admin import picture
from cascades.admin.drafts import Draft
from cascades.admin.selecting import whom
from cascades.forecast import Forecast
from cascades.models import Cascade, Enrollment, Step
from contacts import calendar
from contacts.models import Business


@dataclass(frozen=True, slots=True)
class Problem:
    """A sentence, and the page on which it is mended."""

    sentence: str
    url: str
    where: str


def problems(cascade: Cascade, business: Business) -> list[Problem]:
    """What stands against a start, each with where to go."""
    steps = publishing.draft_steps(cascade)
    return [Problem(said, *_where(said, steps, cascade)) for said in publishing.problems(cascade, business=business)]


def _where(said: str, steps: list[Step], cascade: Cascade) -> tuple[str, str]:
    """(address, name) of the page on which this is put right: the message's, the channel's, the business's, else the builder."""
    for step in _named(said, steps):
        unproven = _("The business's public address must be set and checked before “%(channel)s” can send.") % {
            "channel": step.channel
        }
        places = (
            ([unproven], "contacts_business", 1, _("Business")),
            (_quoted(step.message), "channels_message", step.message_id, str(step.message)),
            (_quoted(step.channel), "channels_channel", step.channel_id, str(step.channel)),
        )
        for words, page, pk, name in places:
            if any(one in said for one in words) and (url := _address(page, pk)):
                return url, name
    return reverse("admin:cascades_cascade_change", args=[cascade.pk]), _("the steps")


def _quoted(name: object) -> list[str]:
    """The name as the languages of the house put it into a sentence."""
    return [f"{before}{name}{after}" for before, after in ("“”", "«»", ("«\u00a0", "\u00a0»"), ("« ", " »"))]


def _named(said: str, steps: list[Step]) -> Iterator[Step]:
    for number, step in enumerate(steps, start=1):
        if said.startswith(_("Step %(number)s: %(problem)s") % {"number": number, "problem": ""}):
            yield step


def _address(page: str, pk: int) -> str:
    try:
        return reverse(f"admin:{page}_change", args=[pk])
    except NoReverseMatch:
        return ""


def context(
    cascade: Cascade, draft: Draft, found: Forecast, business: Business, now: datetime, *, published: bool = False
) -> dict[str, Any]:  # fmt: skip
    """What the template says beside the forecast itself. published: of what was published; nothing of the draft stands against that."""
    steps = publishing.steps_of(cascade, published=published)
    start_at = draft.at.instant() if draft.at else now
    return {
        "whom": whom(draft.selection, business),
        "when": local(start_at, draft.zone) if draft.at else _("now"),
        "moved": draft.at is not None and localtime(start_at, ZoneInfo(draft.zone)).replace(tzinfo=None) != draft.at.reading,
        "passed": draft.at is not None and start_at < now,
        "quiet_until": _quiet_until(start_at, steps, business),
        "remarks": _remarks(cascade, draft, found, business, now),
        "quiet": (business.quiet_from, business.quiet_until),
        "problems": [] if published else problems(cascade, business),
        "again": _again(cascade, draft, now),
        "sandbox": bool(steps) and all(_in_sandbox(step) for step in steps),
        "cost_with": picture.money(found.cost_with, business.currency),
        "cost_without": picture.money(found.cost_without, business.currency),
        "unreachable": [{"sentence": said, "count": count} for said, count in found.reasons],
        "first": [{"channel": name, "count": count} for name, count in found.first_by_channel],
        "rows": [
            (step.number, step.channel, step.message, step.people, picture.money(step.cost, business.currency))
            for step in found.steps
        ],
    }  # fmt: skip


def local(instant: datetime, zone: str) -> str:
    """An instant on the wall clock of a zone, with the zone named."""
    return _("%(when)s (time of %(zone)s)") % {
        "when": date_format(localtime(instant, ZoneInfo(zone)), "DATETIME_FORMAT"), "zone": zone.rsplit("/", 1)[-1].replace("_", " "),
    }  # fmt: skip


def _quiet_until(start_at: datetime, steps: list[Step], business: Business) -> str:
    """When the first messages may leave, where it is quiet time at the business's own place; people elsewhere have their own hours."""
    if not steps or steps[0].message.urgent:
        return ""
    first, zones, kind = start_at + steps[0].wait, (ZoneInfo(business.time_zone),), steps[0].channel.kind
    still = business.hours.still_days(kind, zones, first)
    opens = calendar.next_allowed(first, zones, business.hours.windows(kind), still)
    return local(opens, business.time_zone) if opens and opens > first else ""


def _remarks(cascade: Cascade, draft: Draft, found: Forecast, business: Business, now: datetime) -> list[str]:
    """What the limits of the house mean for this start, in sentences."""
    said: list[str] = []
    if found.waiting and not draft.at:
        text = ngettext(
            "For %(count)s person it is quiet time or a closed day now: the first message waits for its end.",
            "For %(count)s people it is quiet time or a closed day now: their first message waits for its end.", found.waiting,
        )  # fmt: skip
        said.append(text % {"count": found.waiting})
    if found.capped:
        text = ngettext(
            "%(count)s person has had the most per person already: the first message waits for a free place as long as it is valid.",
            "%(count)s people have had the most per person already: their first message waits for a free place as long as it is valid.",
            found.capped,
        )  # fmt: skip
        said.append(text % {"count": found.capped})
    for left in spending.left(cascade, business, now):
        if left < found.cost_with:
            shown = {"left": picture.money(max(left, Decimal(0)), business.currency)}
            said.append(
                _("Of the budget %(left)s are left, which may not be enough: what it does not pay for waits.") % shown
            )
    return said


def _again(cascade: Cascade, draft: Draft, now: datetime) -> int:
    """How many of these people have been in this cascade before: a new start is a new occasion, and they would get it again."""
    before = Enrollment.objects.filter(cascade=cascade)
    if not before.exists():
        return 0
    return (
        before.filter(contact__in=audience.people(draft.selection, now)).order_by().values("contact").distinct().count()
    )


def _in_sandbox(step: Step) -> bool:
    try:
        return step.channel.is_sandbox
    except LookupError:
        return False
