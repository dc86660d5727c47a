"""Out: a delivery is planned, claimed, looked at for the last time, handed over, recorded. See docs/states.md.

    plan.py     writing deliveries, cancelling them, waking those that were put on hold
    checks.py   what the rooms above may say at the last look
    claim.py    taking what is due, with a lease
    pace.py     the account's rate and its breaker, shared by all workers
    prepare.py  texts, made before any lock is taken
    look.py     the last look: pure; who may go, who may not, and why
    wave.py     one wave: look, mark, hand over
    record.py   what became of a wave, in one place
    due.py      the round over all channels
    sweep.py    what a crash left behind, what came too late, and what staff decide
"""

from channels.sending.checks import RunState, TextRefused, register_run_state, register_text_refused
from channels.sending.due import send_due
from channels.sending.plan import Planned, cancel, plan, wake
from channels.sending.sweep import resolve, sweep

__all__ = [
    "Planned",
    "RunState",
    "TextRefused",
    "cancel",
    "plan",
    "register_run_state",
    "register_text_refused",
    "resolve",
    "send_due",
    "sweep",
    "wake",
]
