"""Events told by another program, many at once, each counted once by its key."""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from contacts import audit, events, territory
from contacts.api import slots
from contacts.api.door import Key
from contacts.api.happenings import AnyHappening, BookingTold, Happening, data_of, name_of
from contacts.api.once import HEADER, once
from contacts.api.shapes import MOST, Lenient, Refusal, Result, Results, Shape, find, refused, sorted_out
from contacts.events import Fact
from contacts.intake import Found
from contacts.models import Event, Scope

router = Router(tags=["events"])
_CLOCKS = timedelta(minutes=10)  # so far another clock may be ahead of ours

Met = list[tuple[int, Any, Found]]


class EventsIn(Shape):
    """At most 1,000 events."""

    events: Annotated[list[Annotated[AnyHappening, Lenient]], Field(min_length=1, max_length=MOST)]


@router.post(
    "/events",
    auth=Key(Scope.EVENTS_WRITE, by_branch=True),
    response={200: Results, 422: Refusal},
    summary="Report what happened",
)
@once
def tell(request: HttpRequest, told: EventsIn) -> Results:
    """Orders, carts, pages, answers, bookings, or anything by a name of your own. "known": it was told before under the same key."""
    now, source = timezone.now(), request.auth.source  # type: ignore[attr-defined]
    results, good = sorted_out(told.events, Happening)
    late = [n for n, one in good if one.at is not None and one.at > now + _CLOCKS]
    results += [refused(n, _("It cannot have happened in the future."), field="at") for n in late]
    good = [(n, one) for n, one in good if n not in late]
    mine = territory.of(request.auth)  # type: ignore[attr-defined]
    people = find([one.person for _n, one in good], now=now, mine=mine, create=[one.create for _n, one in good])
    met = [(n, one, who) for (n, one), who in zip(good, people, strict=True)]
    results += [refused(n, who.problem, field="person") for n, _one, who in met if who.contact_id is None]
    met = [one for one in met if one[2].contact_id]
    results += _book([one for one in met if isinstance(one[1], BookingTold)], source, now, mine)
    results += _record(
        [one for one in met if not isinstance(one[1], BookingTold)], source, request.headers.get(HEADER, ""), now
    )
    answer = Results.of(sorted(results, key=lambda one: one.index))
    audit.told(Event, _("Reported what happened."), answer.changed)
    return answer


def _book(met: Met, source: str, now: datetime, mine: territory.Territory) -> list[Result]:
    return slots.apply([slots.Kept(n, one.booking, one.status, who) for n, one, who in met], source, now=now, mine=mine)


def _record(met: Met, source: str, call: str, now: datetime) -> list[Result]:
    facts = [
        Fact(
            who.contact_id or 0, name_of(one), one.at or now, one.key_of_it() or _of_call(call, n), data_of(one), source
        )
        for n, one, who in met
    ]
    new = events.record_each(facts, now=now) if facts else []
    return [
        Result(index=n, status="done" if fresh else "known", contact=who.contact_id)
        for (n, _one, who), fresh in zip(met, new, strict=True)
    ]


def _of_call(call: str, n: int) -> str | None:
    """Where the call has a key, its items have one too: a call that was cut off and is made again counts once."""
    return f"call:{sha256(call.encode()).hexdigest()[:40]}:{n}" if call else None
