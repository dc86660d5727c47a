"""What the sandbox shows of one person: the mail as a mailbox shows it, short messages as bubbles on a phone."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels import sandbox_play
from channels.models import Delivery, SandboxMessage
from contacts import kinds, territory

AT_MOST = 60
_PREVIEW = 140
_NOT_TEXT = re.compile(r"<(head|style|title|script)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_SPACE = re.compile(r"[\s\u00ad\u034f\u200b-\u200d\ufeff]+")
_BUTTONS = {
    sandbox_play.Act.DELIVERED: (_("Delivered"), "mark_email_read"),
    sandbox_play.Act.OPEN: (_("Open"), "drafts"),
    sandbox_play.Act.ORDER: (_("Order"), "shopping_cart"),
    sandbox_play.Act.REDEEM: (_("Redeem the voucher"), "redeem"),
    sandbox_play.Act.BOUNCE: (_("Bounce"), "block"),
    sandbox_play.Act.OPT_OUT: (_("Opt out"), "unsubscribe"),
}


@dataclass(frozen=True, slots=True)
class Bubble:
    """One short message: ours, or an answer that was played."""

    text: str
    at: datetime
    id: int = 0
    is_answer: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows. `html` is safe only inside a frame without rights."""

    message: SandboxMessage
    rich: bool
    html: str
    preview: str
    bubbles: list[Bubble]
    others: list[SandboxMessage]
    contact_id: int | None
    buttons: list[tuple[str, Any, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    presses: list[str] = field(default_factory=list)
    may_answer: bool = True


def page(message: SandboxMessage, user: Any) -> Page:
    """The page of one message, with what else this person got: three queries, whatever their number."""
    contact_id = (
        Delivery.objects.filter(token=message.key).values_list("contact_id", flat=True).first() if message.key else None
    )
    theirs = Q(to=message.to)
    if contact_id is not None:
        theirs |= Q(key__in=Delivery.objects.filter(contact_id=contact_id).values("token"))
    thread = list(
        territory.visible(SandboxMessage.objects.filter(theirs), user)
        .defer("html", "headers")
        .order_by("-id")[:AT_MOST]
    )[::-1]
    acts = sandbox_play.acts_for(message)
    rich = is_rich(message)
    return Page(
        message=message,
        rich=rich,
        html=as_shown(message),
        preview=preview(message),
        bubbles=[] if rich else _bubbles([one for one in thread if one.to == message.to and one.kind == message.kind]),
        others=[one for one in thread if one.pk != message.pk and (rich or one.kind != message.kind)],
        contact_id=contact_id,
        buttons=[(act.value, *_BUTTONS[act]) for act in acts if act in _BUTTONS],
        links=sandbox_play.links(message) if sandbox_play.Act.CLICK in acts else [],
        presses=[str(button["label"]) for button in message.buttons],
    )


def is_rich(message: SandboxMessage) -> bool:
    """Mail and its kin, also when what brought the kind is no longer installed."""
    try:
        return kinds.get(message.kind).rich
    except LookupError:
        return bool(message.html)


def as_shown(message: SandboxMessage) -> str:
    """The mail without our own pixel: staff who look at it are not the person who opens it."""
    if not message.key:
        return message.html
    return re.sub(rf"<img\b[^>]*/o/{re.escape(message.key)}\.gif[^>]*>", "", message.html, flags=re.IGNORECASE)


def preview(message: SandboxMessage) -> str:
    """The line beside the subject, as mailboxes make it: the first words of the mail, hidden ones too."""
    words = _TAG.sub(" ", _NOT_TEXT.sub(" ", message.html)) if message.html else message.text
    return _SPACE.sub(" ", unescape(words)).strip()[:_PREVIEW]


def _bubbles(thread: list[SandboxMessage]) -> list[Bubble]:
    found = [Bubble(one.text, one.sent_at, one.pk) for one in thread]
    for one in thread:
        for act in one.played:
            text = {"answer": act.get("text", ""), "press": act.get("text", ""), "opt_out": "STOP"}.get(
                act.get("act", "")
            )
            if text:
                found.append(Bubble(text, datetime.fromisoformat(act["at"]), is_answer=True))
    return sorted(found, key=lambda bubble: bubble.at)
