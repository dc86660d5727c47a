"""The mail server of the tests is itself worth trusting: it counts, refuses, hangs and drops as told."""

from __future__ import annotations

import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.smtp import Act, SmtpPeer, drop, hang, refuse

MAIL = "Subject: Hello\r\nX-Key: k1\r\n\r\nHi\r\n.starts with a dot\r\n"


@pytest.fixture
def peer() -> Iterator[SmtpPeer]:
    with SmtpPeer() as running:
        yield running


def client(peer: SmtpPeer, timeout: float = 5) -> smtplib.SMTP:
    return smtplib.SMTP(peer.host, peer.port, local_hostname="test", timeout=timeout)


def send(peer: SmtpPeer, *recipients: str, timeout: float = 5) -> None:
    with client(peer, timeout) as connection:
        connection.sendmail("shop@example.com", list(recipients) or ["ana@example.com"], MAIL)


def test_a_mail_arrives_with_its_envelope_and_its_very_bytes(peer: SmtpPeer) -> None:
    send(peer, "Ana@example.com", "bea@example.com")
    (mail,) = peer.wait_for(1)
    assert mail.sender == "shop@example.com"
    assert mail.recipients == ("Ana@example.com", "bea@example.com")
    assert mail.raw == MAIL.encode()
    assert mail.header("x-key") == mail.parsed["X-Key"] == "k1"
    assert peer.counts == {"ana@example.com": 1, "bea@example.com": 1}
    assert peer.to("ANA@example.com") == [mail]


def test_one_connection_carries_many_mails(peer: SmtpPeer) -> None:
    with client(peer) as connection:
        for _ in range(3):
            connection.sendmail("shop@example.com", ["ana@example.com"], MAIL)
    assert peer.counts["ana@example.com"] == 3
    assert peer.connections == 1


def test_commands_that_come_in_one_write_are_all_answered(peer: SmtpPeer) -> None:
    with socket.create_connection((peer.host, peer.port)) as line, line.makefile("rb") as answers:
        line.sendall(
            b"EHLO t\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<a@example.com>\r\nDATA\r\n.\r\n"
            b"MAIL FROM:<s@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nX: 1\r\n\r\nhi\r\n.\r\nQUIT\r\n"
        )
        codes = [answer[:3] for answer in answers if answer[3:4] == b" "]
    assert codes == [b"220", b"250", b"250", b"250", b"354", b"250", b"250", b"250", b"354", b"250", b"221"]
    assert [mail.raw for mail in peer.messages] == [b"", b"X: 1\r\n\r\nhi\r\n"]


@pytest.mark.parametrize("code", [421, 450, 451, 550, 552])
def test_a_scripted_recipient_is_refused_and_others_are_not(peer: SmtpPeer, code: int) -> None:
    peer.on("bad*@example.com", refuse(code, "body" if code == 552 else "rcpt"))
    with pytest.raises((smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError)) as refused:
        send(peer, "bad1@example.com")
    assert str(code) in str(refused.value)
    send(peer, "good@example.com")
    assert peer.counts == {"good@example.com": 1}


def test_an_act_can_be_limited_to_some_times(peer: SmtpPeer) -> None:
    peer.on(None, refuse(451), times=1)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(peer)
    send(peer)
    assert peer.counts["ana@example.com"] == 1


@pytest.mark.parametrize(
    ("act", "counted"),
    [(drop("connect"), 0), (drop("data"), 0), (drop("body", taken=False), 0), (drop("body"), 1)],
)
def test_a_dropped_line_leaves_the_sender_in_doubt_and_the_count_knows(peer: SmtpPeer, act: Act, counted: int) -> None:
    peer.on(None, act, times=1)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(peer)
    assert peer.counts["ana@example.com"] == counted
    send(peer)


def test_a_hanging_server_answers_once_it_is_released(peer: SmtpPeer) -> None:
    peer.on("slow@example.com", hang("body", taken=False))
    talk = b"EHLO t\r\nMAIL FROM:<s@example.com>\r\nRCPT TO:<slow@example.com>\r\nDATA\r\n"
    with socket.create_connection((peer.host, peer.port)) as line:
        line.settimeout(0.2)
        line.sendall(talk + b"hi\r\n.\r\n")
        heard = b""
        while not heard.endswith(b"354 go on\r\n"):
            heard += line.recv(4096)
        with pytest.raises(TimeoutError):
            line.recv(4096)
        assert peer.messages == []
        peer.release()
        line.settimeout(5)
        assert line.recv(4096) == b"250 taken\r\n"
    assert peer.counts["slow@example.com"] == 1


def test_a_silent_server_runs_the_sender_into_its_time_out(peer: SmtpPeer) -> None:
    peer.on(None, hang("body"))
    with pytest.raises((TimeoutError, smtplib.SMTPServerDisconnected), match="timed out"):
        send(peer, timeout=0.1)
    assert peer.counts["ana@example.com"] == 1


def test_a_server_with_a_login_takes_mail_only_after_it() -> None:
    with SmtpPeer(login=("shop", "secret")) as peer:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(peer)
        with client(peer) as line, pytest.raises(smtplib.SMTPAuthenticationError) as refused:
            line.login("shop", "wrong")
        assert refused.value.smtp_code == 535
        with client(peer) as line:
            line.login("shop", "secret")
            line.sendmail("shop@example.com", ["ana@example.com"], MAIL)
        assert peer.counts["ana@example.com"] == 1


def test_a_server_with_tls_shows_a_certificate_that_can_be_checked() -> None:
    with SmtpPeer(tls=True, login=("shop", "secret")) as peer, client(peer) as line:
        line.starttls(context=ssl.create_default_context(cafile=peer.certificate))
        line.login("shop", "secret")
        line.sendmail("shop@example.com", ["ana@example.com"], MAIL)
        assert peer.counts["ana@example.com"] == 1


def test_the_server_of_its_own_logs_each_taken_mail_before_it_says_yes(tmp_path: Path) -> None:
    log = tmp_path / "taken.tsv"
    command = [sys.executable, "-m", "tests.peers.smtp", "--log", str(log), "--header", "X-Key", "--refuse", "bad*=550"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().rsplit(":", 1)[1])
            with smtplib.SMTP("127.0.0.1", port, local_hostname="test", timeout=5) as line:
                line.sendmail("s@example.com", ["a@example.com", "bad@example.com"], "Message-ID: <1@x>\n" + MAIL)
                recipient, message_id, key, seconds = log.read_text(encoding="utf-8").rstrip("\n").split("\t")
        finally:
            process.kill()
    assert (recipient, message_id, key) == ("a@example.com", "<1@x>", "k1")
    assert float(seconds) > 0
