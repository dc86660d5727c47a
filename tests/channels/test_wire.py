"""What a marketing mail looks like on the wire: rendered by us, sent over SMTP, read as bytes and as a mail program reads it."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from channels.rendering import Brand, Frame, compile_content, render
from channels.transport import Outgoing
from tests.channels.harness import SmtpHarness

# As long as an unsubscribe address may be: 70 characters in all.
LONGEST = "https://" + "a" * 43
BODY = (
    '<h1>Весна</h1><p>Hello {{ contact.first_name }}, <a href="https://shop.example/offer">see</a></p>'
    + "<p>Text. </p>" * 80
)


@pytest.mark.parametrize("base", ["https://n.example", LONGEST])
def test_the_way_out_reaches_the_mailbox_in_one_piece(base: str) -> None:
    content = compile_content([("email", "en", "News für {{ contact.first_name }}", "", BODY)], Brand("Salon Aurora"))
    frame = Frame(base, "AbCdEfGhIjKlMnOp", "marketing", True, {"source": "cascada"}, "en")
    made = render(content[0], {"contact": {"first_name": "Ana"}}, frame)
    with SmtpHarness() as house:
        transport = house.open()
        list(
            transport.send_many(
                [
                    Outgoing(
                        "AbCdEfGhIjKlMnOp",
                        "email",
                        "ana@mail.example",
                        made.text,
                        made.subject,
                        made.html,
                        headers=made.headers,
                    )
                ]
            )
        )
        transport.close()
        (taken,) = house.peer.messages
    assert f"\r\nList-Unsubscribe: <{base}/u/AbCdEfGhIjKlMnOp>\r\n".encode() in taken.raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in taken.raw
    read = message_from_bytes(taken.raw, policy=policy.default)
    assert read["Subject"] == "News für Ana"
    html = read.get_body(("html",))
    text = read.get_body(("plain",))
    assert html is not None
    assert text is not None
    assert html.get_content().replace("\r\n", "\n").strip() == made.html.strip()
    assert text.get_content().replace("\r\n", "\n").strip() == made.text.strip()
