"""Mails as they go over the wire, weighed by SpamAssassin with its own rules; nothing is asked of any server."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from channels.transport import Outgoing, Sender
from channels.transports.email import mime
from tests.channels.rendered import mail

pytestmark = pytest.mark.skipif(
    not shutil.which("spamassassin"), reason="SpamAssassin is not installed here (Debian's package spamassassin; CI installs it)"
)  # fmt: skip

SENDER = Sender("Salon Aurora", "hello@aurora.example", "desk@aurora.example")
PICTURE = '<p><img src="/media/mail/autumn.jpg" alt="{alt}"></p>'
BUTTON = '<p><a class="button" href="https://aurora.example/book">{label}</a></p>'
TEXTS = {
    "en": (
        "New hours and a new colourist",
        "<h2>Autumn at the salon</h2><p>Hello {{ contact.first_name }}, from October we open at eight, and Marta joins us.</p>"
        + PICTURE.format(alt="Our salon in autumn")
        + "<p>Come by for a cut in October and the treatment is on us. Just answer this mail with questions.</p>"
        + BUTTON.format(label="Book a visit"),
    ),
    "es": (
        "Nuevo horario y nueva colorista",
        "<h2>Otoño en el salón</h2><p>Hola, {{ contact.first_name }}: desde octubre abrimos a las ocho y llega Marta, de Valencia.</p>"
        + PICTURE.format(alt="Nuestro salón en otoño")
        + "<p>Si vienes en octubre a cortarte el pelo, el tratamiento corre de nuestra cuenta. Responde a este correo si tienes dudas.</p>"
        + BUTTON.format(label="Reservar una cita"),
    ),
    "ru": (
        "Новое расписание и новый мастер",
        "<h2>Осень в салоне</h2><p>Здравствуйте, {{ contact.first_name }}! С октября мы открываемся в восемь, и к нам приходит Марта.</p>"
        + PICTURE.format(alt="Наш салон осенью")
        + "<p>Приходите в октябре на стрижку, уход мы сделаем в подарок. С вопросами просто ответьте на это письмо.</p>"
        + BUTTON.format(label="Записаться"),
    ),
}
KNOWN_SPAM = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def bytes_of(language: str, subject: str, body: str) -> bytes:
    made = mail(body, subject=subject, language=language, tracked=True)
    message = Outgoing(
        "AbCdEfGhIjKlMnOp", "email", "ana@mail.example", made.text, made.subject, made.html, language, headers=made.headers,
        recipient_name="Ana Ruiz",
    )  # fmt: skip
    return mime.build(message, SENDER, mime.message_id(message, SENDER))


def weighed(mails: list[bytes], folder: Path) -> list[tuple[float, str]]:
    """Score of each mail, and the rules that spoke; all in one process."""
    paths = [folder / f"{n}.eml" for n in range(len(mails))]
    for path, content in zip(paths, mails, strict=True):
        path.write_bytes(content)
    command = ["spamassassin", "--local", "--test-mode", "--nocreate-prefs", *map(str, paths)]
    run = subprocess.run(command, env={**os.environ, "HOME": str(folder)}, capture_output=True, check=True, timeout=120)
    told = re.findall(
        r"^X-Spam-Status: .*?score=(-?[\d.]+).*?tests=(.*?)\s+autolearn",
        run.stdout.decode("utf-8", "replace"),
        re.MULTILINE | re.DOTALL,
    )
    return [(float(score), "".join(rules.split())) for score, rules in told]


def test_our_mails_are_clean_in_every_language_and_spam_is_not(tmp_path: Path) -> None:
    mails = [bytes_of(language, subject, body) for language, (subject, body) in TEXTS.items()]
    spam = bytes_of("en", "Buy now", f"<p>{KNOWN_SPAM}</p>")
    *ours, (worst, _) = weighed([*mails, spam], tmp_path)
    assert worst > 5  # it really weighs
    assert len(ours) == len(TEXTS)
    for (score, rules), language in zip(ours, TEXTS, strict=True):
        assert score <= 1, (language, rules)  # 5 is what mailboxes take for spam
