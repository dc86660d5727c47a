"""Texts as one person gets them, for the tests of rendering."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

from channels.rendering import (
    Brand,
    Frame,
    Rendered,
    compile_content,
    render,
)

BRAND = Brand("Salon Aurora", "#6d28d9", "/media/brand/logo.png", "https://aurora.example", "Calle Mayor 1, Madrid")


BASE = "https://news.aurora.example"


UTM = {"source": "cascada", "campaign": "Spring sale", "content": "First mail"}


ANA = {"contact": {"first_name": "Ana", "city": "Madrid"}}


def frame(**fields: Any) -> Frame:
    return Frame(
        **{
            "base_url": BASE,
            "token": "AbCdEfGhIjKlMnOp",
            "purpose": "marketing",
            "utm": UTM,
            "language": "en",
            **fields,
        }
    )


def mail(
    body: str, context: dict[str, Any] | None = None, *, subject: str = "News", language: str = "en", **framing: Any
) -> Rendered:
    content = compile_content([("email", language, subject, "", body)], BRAND)
    return render(content[0], ANA if context is None else context, frame(**framing))


def sms(body: str, context: dict[str, Any] | None = None, **framing: Any) -> Rendered:
    return render(
        compile_content([("sms", "en", "", "", body)], BRAND)[0], ANA if context is None else context, frame(**framing)
    )


def query(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)
