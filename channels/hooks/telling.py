"""The calls: signed, tried again for a day, written down; and an address that fails for days is switched off.

Signed as “Standard Webhooks” says (standardwebhooks.com): base64 of the HMAC-SHA256 of "<id>.<timestamp>.<body>".
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from channels.hooks.posting import Answer, Post, post_all
from channels.models import HookCall, HookState, OutgoingHook
from contacts import bulk

BATCH = 100
LEASE = timedelta(minutes=3)
# Between the attempts: a day and a little in all.
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 300, 480, 600))
PATIENCE = timedelta(days=3)
KEPT = timedelta(days=30)
GONE = 410
_RESULT = ("state", "attempts", "next_attempt", "status", "response", "done_at")


def tell(now: datetime) -> int:
    """Make the calls that are due; returns how many. Nothing is held locked meanwhile."""
    due = HookCall.objects.filter(state=HookState.WAITING, next_attempt__lte=now, hook__active=True)
    taken = bulk.claim(due.order_by("next_attempt"), limit=BATCH, changes={"next_attempt": now + LEASE})
    calls = list(
        HookCall.objects.filter(bulk.Among("id", [pk for (pk,) in taken])).select_related("hook").order_by("id")
    )
    answers = post_all([_post(call, now) for call in calls])
    with transaction.atomic():
        rows = [(call.pk, *_after(call, answer, now)) for call, answer in zip(calls, answers, strict=True)]
        bulk.update(HookCall, _RESULT, rows, only={"state": HookState.WAITING})
        for hook in {call.hook_id: call.hook for call in calls}.values():
            _judge(hook, [answer for call, answer in zip(calls, answers, strict=True) if call.hook_id == hook.pk], now)
    return len(calls)


def send_again(call_ids: Sequence[int], *, now: datetime) -> int:
    """Staff want these told once more, under the same id, so that whoever had them knows; returns how many."""
    again = HookCall.objects.filter(bulk.Among("id", call_ids))
    return again.update(state=HookState.WAITING, attempts=0, next_attempt=now, done_at=None)


def forget(now: datetime) -> int:
    """Calls that ended long ago are deleted; how many. Their facts are settled by then, and are not noticed again."""
    return HookCall.objects.filter(done_at__lt=now - KEPT).delete()[0]


def signature(secret: str, call_id: str, timestamp: int, body: bytes) -> str:
    """The header webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{call_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(digest).decode()}"


def _post(call: HookCall, now: datetime) -> Post:
    body = json.dumps(call.payload, ensure_ascii=False, separators=(",", ":")).encode()
    call_id, timestamp = f"msg_{call.pk}", int(now.timestamp())
    headers = {
        "Content-Type": "application/json", "User-Agent": "Cascada", "webhook-id": call_id, "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(call.hook.secret, call_id, timestamp, body),
    }  # fmt: skip
    return Post(call.hook.url, headers, body)


def _was_taken(answer: Answer) -> bool:
    return 200 <= answer.status < 300


def _after(call: HookCall, answer: Answer, now: datetime) -> tuple[object, ...]:
    """The columns of `_RESULT`."""
    attempts, status = call.attempts + 1, answer.status or None
    if _was_taken(answer):
        return HookState.DONE, attempts, now, status, answer.text, now
    if attempts > len(WAITS):
        return HookState.FAILED, attempts, now, status, answer.text, now
    return HookState.WAITING, attempts, now + WAITS[attempts - 1], status, answer.text, None


def _judge(hook: OutgoingHook, answers: Sequence[Answer], now: datetime) -> None:
    """Whether the address is still worth calling."""
    if any(_was_taken(answer) for answer in answers):
        if hook.failing_since:
            OutgoingHook.objects.filter(pk=hook.pk).update(failing_since=None, problem="")
        return
    since = hook.failing_since or now
    why = ""
    if any(answer.status == GONE for answer in answers):
        why = _("Switched off: the other program says that it no longer wants these calls.")
    elif now - since >= PATIENCE:
        why = _("Switched off: for three days no call was taken. Check the address, then switch it on again.")
    OutgoingHook.objects.filter(pk=hook.pk).update(
        failing_since=since, problem=why, **({"active": False} if why else {})
    )
