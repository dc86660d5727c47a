"""What the counting servers took, held against what the program believes: the promises, as assertions."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from cascades import invariant
from cascades.models import Decision, Enrollment, Launch, Outcome, StepRun
from channels.models import Channel, Delivery, DeliveryStatus
from tests.faults.crew import Peer

WENT = {DeliveryStatus.SENT.value, DeliveryStatus.DELIVERED.value}
FATES = WENT | {DeliveryStatus.FAILED.value, DeliveryStatus.BOUNCED.value, DeliveryStatus.UNKNOWN.value}


@dataclass(frozen=True, slots=True)
class Taken:
    """One line of a server's log: to whom, the server's id of it, and when (seconds since 1970)."""

    address: str
    id: str

    @classmethod
    def by(cls, peer: Peer) -> list[Taken]:
        return [cls(line[0], line[1]) for line in peer.lines()]


@dataclass(frozen=True, slots=True)
class Told:
    """What is printed at the end of a run."""

    taken: int
    sent: int
    unknown: int
    unknown_taken: int
    waves: int

    def __str__(self) -> str:
        return (
            f"{self.taken} taken by the server, {self.sent} sent here, {self.unknown} unclear in {self.waves} waves, "
            f"of which the server has {self.unknown_taken}"
        )


def is_over(launch: Launch) -> bool:
    """Everyone is in, nobody is open any more, and nothing is on its way."""
    entered = Launch.objects.filter(pk=launch.pk, enrolled_at__isnull=False).exists()
    going = Delivery.objects.filter(status__in=[DeliveryStatus.QUEUED, DeliveryStatus.SENDING])
    return entered and not Enrollment.objects.filter(outcome=Outcome.OPEN).exists() and not going.exists()


def how_far() -> str:
    """For the message of a run that does not end."""
    channels = Counter(Delivery.objects.values_list("channel__name", "status"))
    ways = Counter(Enrollment.objects.values_list("outcome", "reason"))
    return f"{dict(channels)}; {dict(ways)}"


def nobody_twice(peer: Peer) -> None:
    """No address, and no id, stands twice in the server's log."""
    taken = Taken.by(peer)
    twice = {address: count for address, count in Counter(one.address for one in taken).items() if count > 1}
    assert not twice
    assert len({one.id for one in taken}) == len(taken)


def nobody_lost(launch: Launch, people: int) -> None:
    """Everyone went in, came out with an outcome, and every decision to send has a message with a fate."""
    assert Launch.objects.get(pk=launch.pk).audience == people
    assert Enrollment.objects.filter(launch=launch).exclude(outcome=Outcome.OPEN).count() == people
    assert not StepRun.objects.filter(decision=Decision.SEND, delivery=None).exists()
    ended_early = {Outcome.REACHED, Outcome.STOPPED}
    runs = StepRun.objects.filter(decision=Decision.SEND).exclude(delivery__status__in=FATES)
    left = runs.values_list("delivery__status", "delivery__reason", "enrollment__outcome")
    assert {(status, outcome) for status, _, outcome in left} <= {
        (DeliveryStatus.CANCELLED, one) for one in ended_early
    }, set(left)
    report = invariant.check(timezone.now())
    assert report.is_well, report.problems


def agree(peer: Peer, channel: Channel, wave: int) -> Told:
    """The server's log and our rows agree: what it took is sent or unclear here, what is sent here it took exactly once."""
    taken = {one.address: one.id for one in Taken.by(peer)}
    rows = Delivery.objects.filter(channel=channel).values_list(
        "address", "status", "provider_id", "claim_token", "sending_at", "reason"
    )
    by_status: dict[str, dict[str, str]] = {}
    unclear: list[tuple[object, datetime | None]] = []
    for address, status, provider_id, token, sending_at, reason in rows:
        by_status.setdefault(status, {})[address] = provider_id
        if status == DeliveryStatus.UNKNOWN:
            assert reason == "interrupted", reason
            unclear.append((token, sending_at))
    sent = {address: provider_id for status in WENT for address, provider_id in by_status.get(status, {}).items()}
    unknown = by_status.get(DeliveryStatus.UNKNOWN, {})
    # Whoever opened an unclear mail has proved that it arrived: sent, without the server's word and id.
    strange = {address: one for address, one in sent.items() if address not in taken or one not in ("", taken[address])}
    assert not strange, "sent here, but the server does not have it, or under another id"
    assert taken.keys() <= sent.keys() | unknown.keys(), "the server has it, but here it is neither sent nor unclear"
    waves = Counter(unclear)
    assert all(count <= wave for count in waves.values())
    assert len({token for token, _ in waves}) == len(waves), "a dead worker's claim left more than one wave unclear"
    return Told(len(taken), len(sent), len(unknown), len(unknown.keys() & taken.keys()), len(waves))
