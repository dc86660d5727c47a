"""What the rooms above may say at the last look, set-based, and what they are told when a text is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

# (delivery ids, contact ids, now) -> for each delivery that must not go: (reason code, its parameters). Called inside the transaction of
# the last look, after the contacts were locked; it first applies their unhandled facts. At most three statements for any number of ids.
RunState = Callable[[Sequence[int], Sequence[int], datetime], Mapping[int, tuple[str, Mapping[str, Any]]]]

# (delivery id -> why, now): the provider refuses this text or this sender, or the text cannot be made. Called inside the transaction that
# puts these deliveries back to wait, so that whoever planned them can put on a brake.
TextRefused = Callable[[Mapping[int, str], datetime], None]

# A delivery that must not go for one of these reasons waits; for any other it is cancelled.
HOLDS = frozenset({"paused", "step_paused"})
# What keeps a message only for a while, and what is said when its validity ends meanwhile.
CAPPED = frozenset({"capped", "capped_day", "capped_week", "capped_month", "capped_for_other"})
BUDGET = frozenset({"budget", "budget_month"})
LATE = {**dict.fromkeys(CAPPED, "too_late_capped"), **dict.fromkeys(BUDGET, "too_late_budget")}
QUIET = frozenset({"quiet_hours", "quiet_hours_unknown_zone", "closed_day", "no_hour_left"})
LIMITED = CAPPED | BUDGET | QUIET
# What `wake()` lets be looked at again: holds, what limits keep, and texts that may have been put right or given free.
WOKEN = HOLDS | LIMITED | {"text_refused", "text_broken", "daily_limit"}

_run_states: list[RunState] = []
_text_refused: list[TextRefused] = []


def register_run_state(check: RunState) -> None:
    """Have `check` asked at every last look."""
    if check not in _run_states:
        _run_states.append(check)


def register_text_refused(callback: TextRefused) -> None:
    """Have `callback` told whenever a text or its sender is refused."""
    if callback not in _text_refused:
        _text_refused.append(callback)


def must_not_go(
    deliveries: Sequence[int], contacts: Sequence[int], now: datetime
) -> dict[int, tuple[str, Mapping[str, Any]]]:
    """Every check's objections; the first one to object to a delivery gives its reason."""
    objections: dict[int, tuple[str, Mapping[str, Any]]] = {}
    for check in _run_states:
        for delivery, objection in check(deliveries, contacts, now).items():
            objections.setdefault(delivery, objection)
    return objections


def tell_text_refused(why: Mapping[int, str], now: datetime) -> None:
    """Tell everyone who asked to be told; nothing for nothing."""
    if why:
        for callback in _text_refused:
            callback(why, now)
