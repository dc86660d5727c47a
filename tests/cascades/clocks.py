"""Clocks of people in many zones, for tests that hold quiet hours against them."""

from __future__ import annotations

from datetime import time

ZONES = [
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kolkata",
    "America/St_Johns",
    "Africa/Casablanca",
]


def is_quiet(clock: time, start: time, end: time) -> bool:
    if start == end:
        return False
    return start <= clock < end if start < end else clock >= start or clock < end
