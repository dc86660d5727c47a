"""The facts that the cascades have not noticed yet: claimed, read, marked as handled. There is no reading position to lose."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Case, CharField, Field, JSONField, Model, QuerySet, Value, When
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce

from channels.models import DeliveryEvent
from contacts.bulk import Among
from contacts.compiled import Compiled
from contacts.models import Consent, ConsentPurpose, Event


class Fact(NamedTuple):
    """One unhandled fact. what: the event's name, the delivery's fact, or "withdrawn"; token: of the message that carried it, if known;
    choice, text: what was answered; data: the event's details."""

    source: type[Model]
    id: int
    contact_id: int | None
    delivery_id: int | None
    channel_id: int | None
    token: str
    what: str
    at: datetime
    played: bool
    choice: str
    text: str
    data: dict[str, Any]


WITHDRAWN = "withdrawn"
SOURCES: tuple[type[Model], ...] = (Event, DeliveryEvent, Consent)


def is_empty(contact_ids: Collection[int] | None = None) -> bool:
    """Whether nothing waits, for these contacts or for anyone; one statement without locks."""
    return not (_any().exists() if contact_ids is None else any(_ANY.rows(list(contact_ids))))


def _any(contact_ids: Collection[int] | None = None) -> QuerySet[Any, Any]:
    first, *others = (_unhandled(source, contact_ids).values_list("id") for source in SOURCES)
    return first.union(*others, all=True)


_ANY = Compiled(lambda contact_ids: _any(contact_ids)[:1])


def claim(limit: int, contact_ids: Collection[int] | None = None) -> list[Fact]:
    """Lock unhandled facts to the end of the caller's transaction, up to `limit` of each source, oldest first.

    For named contacts (a last look) all of theirs are taken, and another worker's hold on them is waited for: what it decides must be seen.
    Otherwise what another worker holds is left to it.
    """
    found: list[Fact] = []
    for source in SOURCES:
        rows = _unhandled(source, contact_ids).order_by("id")
        rows = rows.select_for_update(of=("self",), skip_locked=contact_ids is None)
        found += _read(source, rows[:limit] if contact_ids is None else rows)
    return found


def done(facts: Collection[Fact], now: datetime) -> None:
    """Mark as handled: one statement for each source."""
    for source in SOURCES:
        if ids := [fact.id for fact in facts if fact.source is source]:
            source._default_manager.filter(Among("id", ids)).update(handled_at=now)


def _unhandled(source: type[Model], contact_ids: Collection[int] | None) -> QuerySet[Any]:
    """Answered by the partial indexes on the unhandled."""
    rows = source._default_manager.filter(handled_at=None).order_by()
    return rows if contact_ids is None else rows.filter(Among("contact_id", contact_ids))


def _read(source: type[Model], rows: QuerySet[Any]) -> Iterator[Fact]:
    for values in rows.values_list("id", *_COLUMNS[source]):
        row_id, contact_id, delivery_id, channel_id, token, what, at, played, choice, text, data = values
        yield Fact(
            source, row_id, contact_id, delivery_id, channel_id, token, what, at, played, choice or "", text, data or {}
        )


def _nothing(column: Field[Any, Any]) -> Cast:
    return Cast(Value(None), column)


_NUMBER, _NO_TEXT, _NO_DATA = _nothing(BigIntegerField()), Value("", CharField()), _nothing(JSONField())
# Who takes back that openings may be tracked still wants the news.
_SAID = Case(When(given=False, purpose=ConsentPurpose.MARKETING, then=Value(WITHDRAWN)), default=Value("other"))
_COLUMNS: dict[type[Model], tuple[Any, ...]] = {
    Event: ("contact_id", _NUMBER, _NUMBER, Value("", CharField()), "name", "at", "played", _NO_TEXT, _NO_TEXT, "data"),
    DeliveryEvent: (
        Coalesce("contact_id", "delivery__contact_id"),
        "delivery_id",
        "channel_id",
        Value("", CharField()),
        "fact",
        "at",
        "played",
        KT("data__choice"),
        "text",
        _NO_DATA,
    ),
    Consent: ("contact_id", _NUMBER, _NUMBER, "delivery_token", _SAID, "at", "played", _NO_TEXT, _NO_TEXT, _NO_DATA),
}
