"""Transactions that are done again when another one was in the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, IntegrityError, InterfaceError, OperationalError, connection

_Answer = TypeVar("_Answer")
_IN_THE_WAY = ("40P01", "40001")  # PostgreSQL's deadlock and serialization failure
TRIES = 4


def insist(act: Callable[[], _Answer]) -> _Answer:
    """Do a whole transaction, up to four times, when two workers locked each other out, reached for the same unique key at once, or
    when the database hung up.

    Nothing of a failed try was kept, so the next one sees what the other worker wrote. Only where the line broke in the very moment of the
    commit it may have been: `act` must be such that doing it again then changes nothing (its writes carry the claim's token).
    """
    for _ in range(TRIES - 1):
        try:
            return act()
        except IntegrityError:
            continue
        except (OperationalError, InterfaceError) as error:
            if not (_was_in_the_way(error) or _hung_up(error)):
                raise
    return act()


def _was_in_the_way(error: DatabaseError | InterfaceError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _IN_THE_WAY


def _hung_up(error: DatabaseError | InterfaceError) -> bool:
    """Whether the database ended our connection; if so, the next statement opens another one.

    The error says so, not the connection: on its way out of a transaction Django may have opened a new one already.
    """
    if connection.in_atomic_block:
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    cut = connection.vendor == "postgresql" and (state is None or state.startswith(("08", "57P")))
    if not cut and connection.is_usable():
        return False
    connection.close()
    return True
