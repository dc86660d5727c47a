"""Out: a delivery is planned, claimed, looked at for the last time, handed over, recorded, and swept up after (docs/states.md).

Each file is one of these acts, beside the round over all channels (`due`), what the rooms above may say (`checks`), the rate and the
breaker (`pace`), the texts (`prepare`) and what people had before (`history`).
"""

from channels.sending.checks import RunState, TextRefused, register_run_state, register_text_refused
from channels.sending.due import send_due
from channels.sending.history import Full
from channels.sending.plan import Planned, cancel, plan, wake
from channels.sending.spread import spread
from channels.sending.sweep import resolve, sweep

__all__ = [
    "Full",
    "Planned",
    "RunState",
    "TextRefused",
    "cancel",
    "plan",
    "register_run_state",
    "register_text_refused",
    "resolve",
    "send_due",
    "spread",
    "sweep",
    "wake",
]
