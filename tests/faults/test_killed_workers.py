"""Workers die at random points, fifty times, while a cascade goes over two thousand people."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from cascades.models import Launch
from channels.models import Channel, Delivery
from tests.faults import books, town
from tests.faults.crew import THREADS, Crew, Peer, comes, until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

PEOPLE = 2000
KILLS = 50
READERS = 20  # every so manyth opens the mail as soon as it is there
AT_MOST = 70  # messages taken between two kills
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


class Readers:
    """The people who open their mail. `opened`: the instant at which that was known here, by email address."""

    def __init__(self, mail: Peer) -> None:
        self.mail, self.seen = mail, 0
        self.opened: dict[str, datetime] = {}
        self.addresses = {town.email(number) for number in range(0, PEOPLE, READERS)}

    def read(self) -> None:
        """Fetch the picture of every mail that came since, as a browser does."""
        lines = self.mail.lines()
        for line in lines[self.seen :]:
            if line[0] in self.addresses:
                token = line[1].strip("<>").partition("@")[0]
                assert Client().get(f"/o/{token}.gif", headers={"User-Agent": BROWSER}).status_code == 200
                self.opened[line[0]] = timezone.now()
        self.seen = len(lines)


def test_fifty_killed_workers_send_nobody_a_step_twice_and_lose_nobody(
    environment: dict[str, str], mail: Peer, sms: Peer, workers: int, seed: int, tmp_path: Path
) -> None:
    everyone = town.settle(PEOPLE)
    channels = town.accounts(mail, sms)
    readers = Readers(mail)
    with Crew(environment, tmp_path, seed) as crew:
        crew.begin(workers)
        launch = town.launch(everyone, *channels)
        _kill_again_and_again(crew, lambda: mail.count() + sms.count(), readers.read)
        at_the_last_kill = mail.count() + sms.count()
        assert comes(lambda: _over(readers, launch), 240), f"{books.how_far()}\n{crew.said()}"
    assert at_the_last_kill < mail.count() + sms.count(), "the kills came too late: everything was over"

    _the_promises(launch, mail, sms)
    told = [_accounts(peer, channel, crew.kills, workers) for peer, channel in zip((mail, sms), channels, strict=True)]
    print(f"{crew.kills} kills of {workers} at once. Email: {told[0]}. SMS: {told[1]}.")  # noqa: T201
    _nobody_was_written_to_after_reading(readers, channels[1])


def _kill_again_and_again(crew: Crew, taken: Callable[[], int], meanwhile: Callable[[], None]) -> None:
    """Each time after a random number of messages, or after a random moment in which nothing need happen."""
    until("the first messages leave", taken, 60)
    for _ in range(KILLS):
        target = taken() + crew.chance.randint(1, AT_MOST)
        patience = crew.chance.choice([crew.chance.uniform(0, 1), 5.0, 5.0])
        comes(lambda goal=target: taken() >= goal, patience)  # type: ignore[misc]
        crew.kill_one()
        meanwhile()


def _over(readers: Readers, launch: Launch) -> bool:
    readers.read()
    return books.is_over(launch)


def _the_promises(launch: Launch, *peers: Peer) -> None:
    for peer in peers:
        books.nobody_twice(peer)
    books.nobody_lost(launch, PEOPLE)


def _accounts(peer: Peer, channel: Channel, kills: int, workers: int) -> books.Told:
    told = books.agree(peer, channel, town.WAVE)
    assert told.waves <= kills * THREADS
    assert told.unknown <= kills * town.WAVE * workers
    assert told.sent > 0
    return told


def _nobody_was_written_to_after_reading(readers: Readers, by_sms: Channel) -> None:
    """An opening that was known before the last look stops the SMS, whoever died in between."""
    assert len(readers.opened) > PEOPLE / READERS / 4
    phones = {town.phone(int(address[1:].partition("@")[0])): at for address, at in readers.opened.items()}
    went = Delivery.objects.filter(channel=by_sms, address__in=phones, sending_at__isnull=False)
    late = [(address, at) for address, at in went.values_list("address", "sending_at") if at and at > phones[address]]
    assert not late
