"""Email over SMTP and over services: bytes on the wire, what each refusal means, and hard bounces told from soft ones."""

from __future__ import annotations

import binascii
import quopri
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.transport import (
    Account,
    BadSignature,
    Fault,
    Outgoing,
    RawCall,
    Receipt,
    Refused,
    transport_class,
)
from channels.transports.email import mime
from channels.transports.email.smtp import is_dead_address, refusal
from tests.channels.harness import HOOK, SmtpHarness
from tests.channels.mails import AURORA, LINK, ONE_CLICK, mail
from tests.peers.smtp import SmtpPeer


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip("\n")


@pytest.fixture
def house() -> Iterator[SmtpHarness]:
    with SmtpHarness() as opened:
        yield opened


MAILS = [
    mail(),
    mail(html=""),
    mail(
        subject="Ваша запись на завтра: стрижка и окрашивание, мастер Ольга, ждём вас 💇 в салоне на улице Садовой",
        text="Привет, Иван!\n",
    ),
    mail(
        subject="Ñandú, señora",
        recipient_name="José Núñez",
        text="Mañana, ¿verdad?  \ntrailing \n.\n..dots\nFrom the start\n",
    ),
    mail(recipient_name='Ana "La Jefa" Ruiz, S.L.', subject="a" * 250, text="x" * 3000 + "\n" + "y = z" * 400),
    mail(subject="two\nlines", text="one\r\ntwo\rthree\n", html="<p>" + "é" * 5 + "a" * 2000 + "</p>"),
    mail(recipient_name="Иван", html="<p>" + "Очень длинный текст. " * 300 + "</p>", headers=ONE_CLICK),
    mail(text="\n", html="<p>tab\there =3D and = signs \t\n</p>\n\n"),
]


@pytest.mark.parametrize("message", MAILS, ids=range(len(MAILS)))
def test_our_own_mail_reads_like_one_that_django_built(message: Outgoing) -> None:
    identifier = mime.message_id(message, AURORA)
    ours, djangos = parsed(mime.build(message, AURORA, identifier)), parsed(mime.by_django(message, AURORA, identifier))
    for name in ("From", "To", "Subject", "Reply-To", "Message-ID", "MIME-Version", *message.headers):
        assert str(ours[name]).strip() == str(djangos[name]).strip(), name  # Django may fold before the first word
    assert not ours.defects
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in djangos.walk()]
    for kind in ("plain", "html") if message.html else ("plain",):
        assert text_of(ours, kind) == text_of(djangos, kind)


@pytest.mark.parametrize("message", MAILS, ids=range(len(MAILS)))
def test_no_line_is_longer_than_the_standard_allows_and_every_line_ends_with_crlf(message: Outgoing) -> None:
    raw = mime.build(message, AURORA, mime.message_id(message, AURORA))
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")


LINES = st.lists(
    st.text(alphabet=st.sampled_from("ab=. \t\x01é💇\xa0"), max_size=9) | st.just("word é= " * 200), max_size=6
)


@given(LINES)
def test_quoted_printable_line_by_line_is_what_the_library_makes_of_the_whole(lines: list[str]) -> None:
    data = "".join(f"{line}\r\n" for line in lines).encode()
    written = mime.quoted_printable(data)
    assert written == binascii.b2a_qp(data, istext=True)
    assert quopri.decodestring(written) == data


def test_one_click_unsubscribe_reaches_the_wire_as_it_was_written(house: SmtpHarness) -> None:
    """Django 6 makes an encoded word of an address longer than 72 characters, and mailbox providers then show no button."""
    transport = house.open()
    list(transport.send_many([mail(headers=ONE_CLICK)]))
    transport.close()
    (taken,) = house.peer.messages
    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in taken.raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in taken.raw


def test_a_header_cannot_be_smuggled_in() -> None:
    message = mail(
        subject="Hello\r\nBcc: x@example.com",
        recipient_name="A\nBcc: y@example.com",
        headers={"X-One": "1\r\nBcc: z@example.com"},
    )
    read = parsed(mime.build(message, replace(AURORA, name="N\r\nBcc: q@example.com"), "<1@example.com>"))
    assert read["Bcc"] is None


def test_a_header_too_long_for_one_line_goes_to_django() -> None:
    raw = mime.build(mail(headers={"X-Long": "word " * 300}), AURORA, "<1@example.com>")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert parsed(raw)["X-Long"].split() == ["word"] * 300


def test_dots_at_the_start_of_a_line_arrive_as_they_are(house: SmtpHarness) -> None:
    transport = house.open()
    list(transport.send_many([mail(text=".\n..two\n.end", html="")]))
    transport.close()
    assert text_of(house.peer.messages[0].parsed, "plain") == ".\n..two\n.end"


def test_the_providers_id_is_the_message_id_with_our_key(house: SmtpHarness) -> None:
    transport = house.open()
    ((key, result),) = transport.send_many([mail()])
    transport.close()
    assert result == Receipt(f"<{key}@aurora.example>")
    assert house.peer.messages[0].header("Message-ID") == f"<{key}@aurora.example>"


@pytest.mark.parametrize(
    ("code", "words", "stage", "fault", "dead"),
    [
        (421, "4.7.0 too many connections", "recipient", Fault.TEMPORARY, False),
        (450, "4.2.1 mailbox busy", "recipient", Fault.TEMPORARY, False),
        (452, "4.2.2 mailbox full", "recipient", Fault.TEMPORARY, False),
        (550, "5.1.1 no mailbox here by that name", "recipient", Fault.PERSON, True),
        (550, "5.1.10 domain takes no mail", "recipient", Fault.PERSON, True),
        (550, "No such user here", "recipient", Fault.PERSON, True),
        (553, "sorry, user does not exist", "recipient", Fault.PERSON, True),
        (550, "5.7.1 no such user, says our policy", "recipient", Fault.PERSON, False),
        (550, "5.2.1 mailbox disabled", "recipient", Fault.PERSON, False),
        (552, "5.2.2 mailbox full", "recipient", Fault.PERSON, False),
        (550, "scripted", "recipient", Fault.PERSON, False),
        (554, "5.7.1 relay access denied", "recipient", Fault.ACCOUNT, False),
        (530, "5.7.0 must issue STARTTLS first", "sender", Fault.ACCOUNT, False),
        (535, "5.7.8 bad credentials", "login", Fault.ACCOUNT, False),
        (553, "5.1.8 sender not allowed", "sender", Fault.TEXT, False),
        (554, "5.7.1 message looks like spam", "body", Fault.TEXT, False),
        (552, "5.3.4 message too big", "body", Fault.TEXT, False),
        (554, "5.0.0 transaction failed", "body", Fault.PERSON, False),
    ],
)
def test_each_answer_of_a_server_is_sorted_by_whose_fault_it_is(
    code: int, words: str, stage: str, fault: Fault, dead: bool
) -> None:
    found = refusal(code, words, stage=stage, secrets={})
    assert (found.fault, found.address_dead) == (fault, dead)


def test_a_wrong_password_is_the_accounts_fault(house: SmtpHarness) -> None:
    transport = house.open(secrets={"password": "wrong"})
    ((_, result),) = transport.send_many([house.message(0)])
    assert isinstance(result, Refused)
    assert (result.fault, result.reason) == (Fault.ACCOUNT, "535 5.7.8")
    with pytest.raises(Refused):
        transport.check()
    house.open().check()


def test_over_starttls_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with SmtpPeer(tls=True) as peer:
        settings = {
            "service": "smtp",
            "host": peer.host,
            "port": str(peer.port),
            "security": "starttls",
            "timeout": "2",
        }
        transport = transport_class("email")(Account(1, "email", AURORA, settings))
        ((_, result),) = transport.send_many([mail()])
        assert isinstance(result, Refused)
        assert result.fault is Fault.ACCOUNT
        assert peer.messages == []


def test_an_international_domain_is_written_as_idna_and_other_letters_before_the_at_are_refused(
    house: SmtpHarness,
) -> None:
    transport = house.open()
    results = dict(
        transport.send_many([mail(key="one", to="ana@пример.example"), mail(key="two", to="иван@example.com")])
    )
    transport.close()
    assert isinstance(results["one"], Receipt)
    assert house.peer.messages[0].recipients == ("ana@xn--e1afmkfd.example",)
    two = results["two"]
    assert isinstance(two, Refused)
    assert two.fault is Fault.PERSON


def test_over_smtp_nobody_can_call_us(house: SmtpHarness) -> None:
    with pytest.raises(BadSignature):
        house.open().verify(RawCall("POST", HOOK, {}, b"{}"))


def test_a_dead_address_is_recognised_by_its_enhanced_code_first() -> None:
    assert is_dead_address(550, "5.1.1 whatever")
    assert not is_dead_address(550, "5.7.1 user unknown to our policy")
    assert not is_dead_address(450, "user unknown")
