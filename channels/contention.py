"""Transactions that are done again when another one was in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError

_Answer = TypeVar("_Answer")
_IN_THE_WAY = ("40P01", "40001")  # PostgreSQL's deadlock and serialization failure
TRIES = 4


def insist(act: Callable[[], _Answer]) -> _Answer:
    """Do a whole transaction, up to four times, when two workers locked each other out or reached for the same unique key at once.

    Nothing of a failed try was kept, so the next one sees what the other worker wrote.
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) not in _IN_THE_WAY:
                raise
    return act()
