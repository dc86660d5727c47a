"""The keys of other programs: made, renewed, recognised and counted. A key is shown once, when it is made; only its hash is kept."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from django.db.models import Case, F, IntegerField, Value, When

from contacts.models import AnsweredCall, Integration

PREFIX = "csc_"
KEPT = timedelta(hours=24)  # answers to calls with an Idempotency-Key
MINUTE = 60


def create(
    name: str, scopes: Collection[str], *, per_minute: int, operator_id: int | None, now: datetime
) -> tuple[Integration, str]:
    """A new integration and its key, which is nowhere else."""
    token = _mint()
    made = Integration.objects.create(
        name=name, source=_free(name), token_hash=_hash(token), hint=token[-4:], scopes=sorted(scopes), per_minute=per_minute,
        created_by_id=operator_id, created_at=now, rotated_at=now,
    )  # fmt: skip
    return made, token


def rotate(integration_id: int, *, now: datetime) -> str:
    """A new key; the old one is worth nothing from now on."""
    token = _mint()
    Integration.objects.filter(pk=integration_id).update(token_hash=_hash(token), hint=token[-4:], rotated_at=now)
    return token


def revoke(integration_id: int) -> None:
    """The key opens nothing any more. What the program told stays."""
    Integration.objects.filter(pk=integration_id).update(active=False)


def recognise(token: str, *, now: datetime) -> Integration | None:
    """Whose key it is, with this call counted; None for a key that opens nothing. Two statements.

    The key is looked up by its hash, so that nothing can be learned from how long a wrong one takes.
    """
    minute, today = int(now.timestamp()) // MINUTE, now.astimezone(UTC).date()
    theirs = Integration.objects.filter(token_hash=_hash(token), active=True)
    one = Value(1, IntegerField())
    counted = theirs.update(
        minute_calls=Case(When(minute=minute, then=F("minute_calls") + 1), default=one), minute=minute,
        day_calls=Case(When(day=today, then=F("day_calls") + 1), default=one), day=today, last_used_at=now,
    )  # fmt: skip
    return theirs.first() if counted else None


def charge(integration_id: int, calls: int) -> None:
    """Let a call count for more than one, as where somebody tries codes; one statement."""
    Integration.objects.filter(pk=integration_id).update(minute_calls=F("minute_calls") + calls)


def wait(integration: Integration, *, now: datetime) -> int:
    """Seconds until it may call again; 0 while it is within its measure."""
    return 0 if integration.minute_calls <= integration.per_minute else MINUTE - int(now.timestamp()) % MINUTE


def forget(now: datetime) -> int:
    """Answers that are older than a day; how many."""
    return AnsweredCall.objects.filter(at__lt=now - KEPT).delete()[0]


def _mint() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _free(name: str) -> str:
    """What it tells is marked with its name, or where one of that name was there before, with the name and a number."""
    taken = set(Integration.objects.filter(source__startswith=name[:50]).values_list("source", flat=True))
    tries = (name[:60], *(f"{name[:50]} {n}" for n in range(2, len(taken) + 3)))
    return next(one for one in tries if one not in taken)
