"""Nudges received: a hint to the worker that there is something to do before the next tick. A lost one costs seconds."""

from __future__ import annotations

from typing import Any

from cascades import signals, tasks
from contacts import hints
from contacts.signals import facts_recorded


def connect() -> None:
    """Called once, when the room is ready."""
    signals.launch_planned.connect(on_launch_planned)
    signals.people_entered.connect(on_people_entered)
    facts_recorded.connect(on_facts)


def on_launch_planned(**_: Any) -> None:
    hints.give(tasks.launch)


def on_people_entered(**_: Any) -> None:
    hints.give(tasks.advance)


def on_facts(**_: Any) -> None:
    hints.give(tasks.wake)
