"""The same call twice is done once: a call with an Idempotency-Key keeps its answer for a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import BaseModel

from contacts import bulk
from contacts.api.door import Problem
from contacts.integrations import KEPT
from contacts.models import AnsweredCall

HEADER = "Idempotency-Key"
LONGEST = 255
AT_WORK = timedelta(minutes=2)  # a call that has not answered by then was cut off, and may be made again
_COLUMNS = ("integration_id", "key", "asked", "status", "body", "at")


def once(view: Callable[..., BaseModel]) -> Callable[..., HttpResponse]:
    """An operation that may be told twice. It answers 200 with what `view` returns, and with the same for the same key and body."""

    @wraps(view)
    def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = request.headers.get(HEADER, "").strip()
        if not key:
            return _json(_text(view(request, *args, **kwargs)))
        if len(key) > LONGEST or not key.isprintable():
            raise Problem(422, "bad_key", _("An Idempotency-Key has at most 255 printable characters."), field=HEADER)
        return _kept(request, key, lambda: view(request, *args, **kwargs))

    return told


def _kept(request: Any, key: str, work: Callable[[], BaseModel]) -> HttpResponse:
    now = timezone.now()
    asked = sha256(f"{request.method} {request.get_full_path()}\0".encode() + request.body).hexdigest()
    mine = AnsweredCall.objects.filter(integration_id=request.auth.pk, key=key)
    row = (request.auth.pk, key, asked, None, "", now)
    if not bulk.insert(AnsweredCall, _COLUMNS, [row], ignore_conflicts=True, returning=["id"]):
        before = mine.first()
        if before is not None and (answer := _before(before, asked, now)):
            return answer
        took_over = before is not None and mine.filter(pk=before.pk, status=before.status, at=before.at)
        if not took_over or not took_over.update(asked=asked, status=None, body="", at=now):
            raise _busy()
    try:
        body = _text(work())
    except BaseException:
        mine.filter(status=None, at=now).delete()  # nothing was answered, so the caller may try again
        raise
    mine.filter(status=None, at=now).update(status=200, body=body)
    return _json(body)


def _before(before: AnsweredCall, asked: str, now: datetime) -> HttpResponse | None:
    """What to answer to a key that was there before; None where it is too old to count."""
    if before.at <= now - (KEPT if before.status else AT_WORK):
        return None
    if before.asked != asked:
        sentence = _("This Idempotency-Key came with another body before. Use a new key for a new call.")
        raise Problem(422, "key_used", sentence, field=HEADER)
    if before.status is None:
        raise _busy()
    return _json(before.body)


def _busy() -> Problem:
    sentence = _("The call with this Idempotency-Key is still at work. Ask again in a moment.")
    return Problem(409, "at_work", sentence, field=HEADER, headers={"Retry-After": "2"})


def _text(answer: BaseModel) -> str:
    return answer.model_dump_json(exclude_none=True)


def _json(body: str) -> HttpResponse:
    return HttpResponse(body, content_type="application/json; charset=utf-8")
