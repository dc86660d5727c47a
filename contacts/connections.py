"""Taking in what shops and booking programs call: proven, stored as it came, answered; and applied by a task."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import OperationalError, transaction
from django.utils.translation import gettext_noop as _

from contacts import adapter, audit, bookings, events, intake
from contacts.adapter import BadSignature, Booked, Call, Happened, News, Unreadable
from contacts.events import Fact
from contacts.intake import Cleaner, Found
from contacts.models import By, Connection, Received, ReceivedState

_log = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000  # bytes
BATCH = 100
OK, FORBIDDEN, TOO_LARGE = 200, 403, 413
_KEPT_HEADERS = ("x-wc-", "x-shopify-", "content-type", "user-agent")


def accept(connection: Connection, headers: Mapping[str, str], body: bytes, *, now: datetime) -> int:
    """Take a call in; the status to answer. One that was stored before is answered the same and stored once."""
    if len(body) > LARGEST_BODY:
        return TOO_LARGE
    call = Call(headers, body)
    try:
        reader = adapter.adapter(connection.adapter)
        if reader.is_greeting(call):
            return OK
        reader.verify(call, connection.secret)
    except (BadSignature, LookupError):
        return FORBIDDEN
    kept = {name: value[:300] for name, value in headers.items() if name.startswith(_KEPT_HEADERS)}
    stored = Received(connection=connection, call_key=reader.call_key(call), headers=kept, body=body, received_at=now)
    Received.objects.bulk_create([stored], ignore_conflicts=True)
    return OK


def apply_received(now: datetime) -> int:
    """Apply what waits, in the order in which it came; returns how many.

    Told again, a call changes nothing, so a crash on the way does no harm.
    """
    waiting = Received.objects.filter(state=ReceivedState.STORED).select_related("connection").order_by("id")
    calls = list(waiting[:BATCH])
    for call in calls:
        problem = _apply(call, now)
        call.state = ReceivedState.REFUSED if problem else ReceivedState.APPLIED
        call.problem, call.applied_at = problem[:255], now
        call.save(update_fields=["state", "problem", "applied_at"])
    return len(calls)


def _apply(call: Received, now: datetime) -> str:
    """What is wrong with it, as a sentence; "" when it is taken in."""
    connection = call.connection
    try:
        news = list(adapter.adapter(connection.adapter).read(Call(call.headers, bytes(call.body))))
    except Unreadable as error:
        return str(error)
    except Exception:  # noqa: BLE001 - a body that is not as the manual says, whatever it does to the reader
        _log.warning("a call of connection %s cannot be read", connection.pk, exc_info=True)
        return _("The call is not as the program's manual says.")
    try:
        with transaction.atomic(), audit.acting(audit.Actor(By.PROGRAM, connection.name)):
            return _take(connection, news, now)
    except OperationalError:
        raise  # the database is away for a moment: the call waits
    except Exception:  # noqa: BLE001 - one call that cannot be kept holds up no other; it stays with its body
        _log.exception("a call of connection %s cannot be applied", connection.pk)
        return _("The call could not be taken in.")


def _take(connection: Connection, news: Sequence[News], now: datetime) -> str:
    cleaner = Cleaner(now)
    rows = [cleaner.row(n, one.who.told()) for n, one in enumerate(news)]
    create = [connection.create_people] * len(rows)
    met = list(zip(news, intake.find(rows, now=now, create=create, cleaner=cleaner), strict=True))
    facts = [_fact(one, who, connection.source) for one, who in met if isinstance(one, Happened) and who.contact_id]
    if facts:
        events.record_many(facts, now=now)
    for one, who in met:
        if isinstance(one, Booked) and who.contact_id:
            bookings.follow(
                who.contact_id, one.slot, one.status, source=connection.source, external_id=one.number, now=now
            )
    return next((who.problem for _one, who in met if who.problem), "")


def _fact(one: Happened, who: Found, source: str) -> Fact:
    return Fact(who.contact_id or 0, one.name, one.at, one.key[:120], one.data, source)
