"""The broker dies and comes again, the database hangs up on everyone, while a cascade goes on: nothing is lost but seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import gt
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connection

from cascades.models import Launch
from channels.models import Channel
from config.broker import EmbeddedBroker
from tests.faults import books, town
from tests.faults.crew import Crew, Peer, Process, comes, until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PEOPLE = 300
RATE = 20.0
BROKER_DEATHS = 2
HANG_UPS = 10


class MortalBroker:
    """A broker that can be killed and comes back at the same address, having forgotten everything."""

    def __init__(self, socket: Path) -> None:
        self.broker = EmbeddedBroker(socket)
        self.broker.__enter__()

    def die(self) -> None:
        assert self.broker._process is not None
        self.broker._process.kill()
        self.broker._process.wait(10)

    def come_back(self) -> None:
        self.broker.__enter__()

    def listeners(self) -> int:
        """How many workers wait for tasks at this moment."""
        with self.broker._client() as client:
            return sum(one["cmd"] == "brpop" for one in client.client_list())


@pytest.fixture
def broker() -> Iterator[MortalBroker]:
    with TemporaryDirectory(prefix="cb-") as folder:
        mortal = MortalBroker(Path(folder) / "b" / "s")
        yield mortal
        mortal.broker.__exit__(None, None, None)


def test_a_broker_that_is_killed_and_comes_back_costs_nothing_but_seconds(
    environment: dict[str, str], broker: MortalBroker, mail: Peer, sms: Peer, workers: int, seed: int, tmp_path: Path
) -> None:
    everyone, channels = town.settle(PEOPLE), town.accounts(mail, sms, RATE)

    def taken() -> int:
        return mail.count() + sms.count()

    with Crew({**environment, "CELERY_BROKER_URL": broker.broker.url}, tmp_path, seed) as crew:
        crew.begin(workers)
        there = [one.pid for one in crew.everyone]
        launch = town.launch(everyone, *channels)
        for _ in range(BROKER_DEATHS):
            _some_more(taken, crew)
            assert not books.is_over(launch)
            felt = [_losses(one) for one in crew.workers]
            broker.die()
            until("every worker feels it", lambda before=felt: all(map(gt, map(_losses, crew.workers), before)), 60)  # type: ignore[misc]
            broker.come_back()
            until("all workers listen again", lambda: broker.listeners() >= workers, 60)
        _wait_for_the_end(launch, crew)
        assert [one.pid for one in crew.everyone if one.is_alive] == there, "a process ended with the broker"
    _nothing_is_lost_or_unclear(launch, (mail, sms), channels)


def test_a_database_that_hangs_up_on_everyone_costs_nothing_but_seconds(
    environment: dict[str, str], mail: Peer, sms: Peer, workers: int, seed: int, tmp_path: Path
) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections that could be cut")
    everyone, channels = town.settle(PEOPLE), town.accounts(mail, sms, RATE)
    with Crew(environment, tmp_path, seed) as crew:
        crew.begin(workers)
        there = [one.pid for one in crew.everyone]
        launch = town.launch(everyone, *channels)
        cut = 0
        for _ in range(HANG_UPS):
            _some_more(lambda: mail.count() + sms.count(), crew)
            cut += _hang_up()
        _wait_for_the_end(launch, crew)
        assert [one.pid for one in crew.everyone if one.is_alive] == there, "a process ended with its connection"
    assert cut >= HANG_UPS
    _nothing_is_lost_or_unclear(launch, (mail, sms), channels)


def _losses(worker: Process) -> int:
    return worker.log.read_text().count("Connection to broker lost")


def _some_more(taken: Callable[[], int], crew: Crew) -> None:
    goal = taken() + crew.chance.randint(1, 40)
    assert comes(lambda: taken() >= goal, 60), f"nothing leaves any more. {books.how_far()}\n{crew.said()}"


def _hang_up() -> int:
    """End every connection to this database but our own; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


def _wait_for_the_end(launch: Launch, crew: Crew) -> None:
    assert comes(lambda: books.is_over(launch), 120), f"{books.how_far()}\n{crew.said()}"


def _nothing_is_lost_or_unclear(launch: Launch, peers: tuple[Peer, Peer], channels: tuple[Channel, Channel]) -> None:
    books.nobody_lost(launch, PEOPLE)
    for peer, channel in zip(peers, channels, strict=True):
        books.nobody_twice(peer)
        told = books.agree(peer, channel, int(2 * RATE))
        print(f"{channel}: {told}")  # noqa: T201
        assert (told.sent, told.unknown) == (PEOPLE, 0)
