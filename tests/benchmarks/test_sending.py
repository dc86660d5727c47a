"""Sending over SMTP, two worker processes: claim, last look, text, hand-over, record; beside two bare clients with the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection, connections
from django.utils import timezone

from cascades import runner
from cascades.models import CascadeStatus, CascadeVersion, Seen
from cascades.publishing import freeze
from cascades.trigger import Entry
from channels import accounts, sending
from channels.models import Delivery
from contacts.models import Contact
from tests.benchmarks.crew import mail_server, together
from tests.benchmarks.crowd import empty, settle
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import make_business, make_cascade, make_channel, make_message
from tests.peers.smtp import SmtpPeer

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

BODY = """<h2>Hello {{ contact.first_name | default: "there" }}</h2>
<p>From Monday on we are back in {{ contact.city | default: "town" }}, with the lamps repaired, the coffee machine too, and two new
colleagues: Marta, who colours, and Julie, who cuts curls dry. Whoever comes before the end of the month pays what it cost last year.</p>
<p><a href="https://shop.example/offer">See the offer</a> or <a href="https://shop.example/book?who=marta">book with Marta</a>.
If the evening suits you better: on Thursdays we stay until nine.</p>
<p>Until soon, {{ business.name }}</p>"""


def cascade_by(port: int) -> CascadeVersion:
    server = {"service": "smtp", "host": "127.0.0.1", "port": str(port), "security": "none"}
    channel = make_channel("email", "email", settings=server, rate=1_000_000.0, name=f"mail at {port}")
    message = make_message(
        texts={("email", "en"): BODY}, subject='{{ contact.first_name | default: "You" }}, the lamps burn again'
    )
    step = {"channel": channel, "message": message, "seen": Seen.OPENED}
    return freeze(make_cascade(steps=[step], status=CascadeStatus.RUNNING), user=None, now=timezone.now())


def plan(version: CascadeVersion, people: int) -> None:
    """A message for everyone in the outbox."""
    empty("cascades_enrollment", "channels_delivery")
    now = timezone.now()
    runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=now)
    assert runner.advance(timezone.now(), rounds=people // 1000 + 1) == people
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_delivery")
    connections.close_all()


def one_mail() -> bytes:
    """A mail as the house sends it, as bytes."""
    with SmtpPeer() as peer:
        version = cascade_by(peer.port)
        settle(1)
        plan(version, 1)
        assert sending.send_due(clock=timezone.now) == 1
        accounts.let_go()
        return peer.wait_for(1)[0].raw


def test_sending(process_environment: dict[str, str], tmp_path: Path) -> None:
    people = sized(6_000)
    make_business()
    mail, log = tmp_path / "mail", tmp_path / "taken.tsv"
    mail.write_bytes(one_mail())
    settle(people)
    with mail_server(log) as port:
        version = cascade_by(port)

        def bare(watch: Watch) -> None:
            log.write_text("")
            half = ["tests.benchmarks.bare_client", str(port), str(mail), str(people // 2)]
            work = together([half, half], process_environment)
            watch.took(people, work.seconds)
            watch.took(people, work.busy, ": per second of a processor that a client has to itself")
            assert _lines(log) == people

        def sent(watch: Watch) -> None:
            plan(version, people)
            log.write_text("")
            work = together([["tests.benchmarks.send_worker"]] * 2, process_environment)
            watch.took(people, work.seconds)
            watch.took(people, work.busy, ": per second of a processor that a worker has to itself")
            assert sum(work.done) == people == Delivery.objects.filter(status="sent").count()
            assert _lines(log) == people == len({line.split("\t")[0] for line in log.read_text().splitlines()})
            assert min(work.done) > 0 or people < 4000

        size = f"{len(mail.read_bytes()) / 1000:.1f} kB each on the wire"
        compare(
            f"Sending {people:,} mails over SMTP, two processes, {size}, HTML and text", "mails/s",
            {"bare smtplib, kept connections": bare, "claimed, checked, rendered, sent, recorded": sent},
        )  # fmt: skip


def _lines(log: Path) -> int:
    return log.read_text().count("\n")
