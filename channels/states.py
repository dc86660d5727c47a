"""The states of a delivery and the moves between them: pure, and the only place that says what may follow what.

docs/states.md draws this table; a test compares the two.
"""

from __future__ import annotations

from channels.models import DeliveryStatus as S
from channels.transport import Fact

# What sending itself may do.
OWN_MOVES: dict[S, frozenset[S]] = {
    S.QUEUED: frozenset({S.SENDING, S.CANCELLED, S.EXPIRED}),
    S.SENDING: frozenset({S.SENT, S.QUEUED, S.FAILED, S.BOUNCED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.SENT, S.QUEUED, S.FAILED, S.BOUNCED}),
}

# How much a state says about the message's fate. What came back only ever raises it, so the order in which facts arrive does not matter.
# A bounce after a delivery is an out-of-band bounce: the mailbox was never reached. A delivery after a failure: the provider tried again.
_RANKS = (S.UNKNOWN, S.SENT, S.EXPIRED, S.FAILED, S.DELIVERED, S.BOUNCED)
RANK: dict[str, int] = {status: rank for rank, status in enumerate(_RANKS, start=1)}

# The state that a fact speaks for. Facts that are not here (deferred, opened ...) change no state.
SPEAKS_FOR: dict[str, S] = {
    Fact.SENT: S.SENT,
    Fact.ACCEPTED: S.SENT,
    Fact.DELIVERED: S.DELIVERED,
    Fact.FAILED: S.FAILED,
    Fact.BOUNCED: S.BOUNCED,
    Fact.EXPIRED: S.EXPIRED,
    # Whoever reacted was surely sent something: it clears up an unclear fate, and says no more than that.
    Fact.OPENED: S.SENT,
    Fact.READ: S.SENT,
    Fact.CLICKED: S.SENT,
    Fact.REPLIED: S.SENT,
}


def after(status: str, fact: str) -> S:
    """The state in which a fact that came back leaves a delivery."""
    spoken = SPEAKS_FOR.get(fact)
    if spoken is None or RANK[spoken] <= rank(status):
        return S(status)
    return spoken


def rank(status: str) -> int:
    """0 for a message that has not been handed over, as far as we know."""
    return RANK.get(status, 0)


def moves() -> set[tuple[S, S]]:
    """Every move there is: ours, and those that facts make."""
    ours = {(old, new) for old, targets in OWN_MOVES.items() for new in targets}
    return ours | {(old, after(old, fact)) for old in S for fact in SPEAKS_FOR if after(old, fact) != old}
