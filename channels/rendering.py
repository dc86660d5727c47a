"""From a frozen message and what is known of a person to the text that leaves. No database here.

`compile_content` works once per message, `render` once per person: it fills the Liquid in, and leads every link through /c/.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from html import escape, unescape
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.utils import translation

from channels import liquid, richtext, segments
from channels.context import context_for, detail_name, known
from channels.liquid import BadTemplate, MissingField
from channels.mail_layout import Brand, footer, page
from channels.samples import sample_booking, sample_context
from channels.transport import Button
from contacts import kinds

__all__ = [
    "BadTemplate", "Brand", "Frame", "MissingField", "Rendered", "Written", "choose", "compile_content", "context_for", "detail_name",
    "render",    "sample_booking", "sample_context", "text_digest", "try_plain", "unsubscribe_fits",
]  # fmt: skip

MARKETING = "marketing"
# Longer ones are folded into an encoded word by some mail libraries, and the mailbox shows no button (RFC 8058, RFC 2047).
LONGEST_UNSUBSCRIBE = 70
_TOKEN_LENGTH = 16
GOES_WITH = "goes_with"  # what goes with what was bought: {% for item in goes_with %}
VOUCHER = "voucher"  # what stands before the name of an offer: {{ voucher.birthday }}
JOIN = "join"  # what stands before the name of a channel in a text: {{ join.telegram }}
# The number of the hidden link: no message has as many.
TRAP = 9999


@dataclass(frozen=True, slots=True)
class Frame:
    """What a message needs beside its text and its person. base_url: the public address without a slash at its end.

    token: the delivery's; without one of the two, links are left as they are. tracked: the opening of a mail may be known.
    utm: values for source, medium, campaign, content; a blank one is left out, `medium` is the kind of channel unless given.
    """

    base_url: str
    token: str
    purpose: str = MARKETING
    tracked: bool = False
    utm: Mapping[str, str] = field(default_factory=dict)
    language: str = ""

    def own(self, page: str) -> str:
        """One of our pages for this very message, such as "p" for the person's choices; "" where there is no link to it."""
        return f"{self.base_url}/{page}/{self.token}" if self.base_url and self.token else ""

    @property
    def unsubscribe_url(self) -> str:
        """The way out, for marketing only; "" for all else."""
        return self.own("u") if self.purpose == MARKETING else ""

    @property
    def trap_url(self) -> str:
        """The link that no person sees; "" where there are no links of ours."""
        return f"{self.base_url}/c/{self.token}/{TRAP}" if self.base_url and self.token else ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message for one person. links: the targets behind /c/<token>/<n>, in order of n; segments: SMS it needs, 0 for no SMS;
    buttons, template, template_values: as in `channels.transport.Outgoing`."""

    subject: str
    html: str
    text: str
    links: list[str]
    headers: dict[str, str]
    segments: int
    buttons: tuple[Button, ...] = ()
    template: str = ""
    template_values: Mapping[str, str] = field(default_factory=dict)


class Written(NamedTuple):
    """A variant as staff wrote it: see `channels.models.MessageVariant`."""

    kind: str
    language: str
    subject: str
    preheader: str
    body: str
    buttons: Sequence[Mapping[str, str]] = ()
    template: str = ""
    template_values: Mapping[str, str] = MappingProxyType({})


def unsubscribe_fits(base_url: str) -> bool:
    """Whether the whole unsubscribe address stays short enough to be a button in every mailbox."""
    return len(f"{base_url.rstrip('/')}/u/") + _TOKEN_LENGTH <= LONGEST_UNSUBSCRIBE


def compile_content(variants: Iterable[tuple[Any, ...]], brand: Brand) -> list[dict[str, Any]]:
    """The content of a frozen message, from the parts of a `Written` each; `BadTemplate` for a text that cannot be read.

    Each entry: kind, language, subject, preheader, body, text, html ("" for plain kinds), links as written, business, buttons, template,
    template_values, and where there are any, joins (see `joins_in`), vouchers (names after `voucher.`), goes_with.
    """
    return [_compiled(Written(*variant), brand) for variant in variants]


def _compiled(written: Written, brand: Brand) -> dict[str, Any]:
    made: dict[str, Any] = {
        "kind": written.kind, "language": written.language, "subject": written.subject, "preheader": written.preheader,
        "body": written.body, "text": written.body, "html": "", "links": [], "template": written.template,
        "buttons": [dict(button) for button in written.buttons], "template_values": dict(written.template_values),
        "business": {"name": brand.name, "website": brand.website, "address": brand.postal_address},
    }  # fmt: skip
    if kinds.get(written.kind).rich:
        body = richtext.body(written.body, colour=brand.colour)
        made["html"] = page(body.html, written.preheader, brand, written.language)
        made["text"] = f"{body.text}\n\n{footer(brand, written.language).text}"
        made["links"] = list(body.links)
    liquid.compiled(made["html"], escape=True)
    short = [part for button in written.buttons for part in (button["label"], button.get("url", ""))]
    plain = (made["subject"], made["text"], *short, *written.template_values.values())
    for part in plain:
        liquid.compiled(part, escape=False)
    every = (made["html"], *plain)
    vouchers, goods = liquid.named_in(every, VOUCHER), liquid.used(every, GOES_WITH)
    named = {"joins": joins_in(every), "vouchers": vouchers, "goes_with": goods}
    made |= {what: sorted(names) for what, names in named.items() if names}
    return made


def joins_in(sources: Iterable[str]) -> set[str]:
    """The names after `join.` in these texts: links by which the person joins a channel. `BadTemplate`."""
    return liquid.named_in(sources, JOIN)


def choose(content: Iterable[Mapping[str, Any]], kind: str, language: str, fallback: str) -> dict[str, Any] | None:
    """The variant for a person: in their language (es for es-MX too), else in the business's; None when there is neither."""
    known = {variant["language"]: variant for variant in content if variant["kind"] == kind}
    for wanted in (language, language.split("-", maxsplit=1)[0], fallback, fallback.split("-", maxsplit=1)[0]):
        if wanted in known:
            return dict(known[wanted])
    return None


def render(variant: Mapping[str, Any], context: Mapping[str, Any], frame: Frame) -> Rendered:
    """The text for one person; `MissingField` when it needs what is not known of them."""
    html_source = variant["html"]
    values = _values(variant, context, frame, rich=bool(html_source))
    links = _Links(
        variant["kind"], frame, tuple(context[JOIN].values()) if variant.get("joins") and JOIN in context else ()
    )
    with translation.override(variant["language"]):
        subject = " ".join(liquid.render(variant["subject"], values, escape=False).split())
        html = links.in_html(liquid.render(html_source, values, escape=True)) if html_source else ""
        text = liquid.render(variant["text"], values, escape=False)
        buttons = tuple(_button(button, values, links) for button in variant.get("buttons", ()))
        filled = {
            name: liquid.render(part, values, escape=False) for name, part in variant.get("template_values", {}).items()
        }
    text = links.in_marked(text) if html_source else links.in_plain(text)
    kind = kinds.get(variant["kind"])
    count = segments.count(text).count if kind.segmented else 0
    headers = _headers(frame) if html_source else {}
    filled = {name: links.in_plain(part) for name, part in filled.items()}
    return Rendered(subject, html, text, links.targets, headers, count, buttons, variant.get("template", ""), filled)


def _button(button: Mapping[str, str], values: Mapping[str, Any], links: _Links) -> Button:
    label, url = (liquid.render(button.get(part, ""), values, escape=False).strip() for part in ("label", "url"))
    return Button(label, button.get("reply", ""), links.address(url) if url else "")


def _values(variant: Mapping[str, Any], context: Mapping[str, Any], frame: Frame, *, rich: bool) -> dict[str, Any]:
    values = {**context, "business": known(variant["business"]), "public_address": frame.base_url}
    if frame.unsubscribe_url:
        values["unsubscribe_url"] = frame.unsubscribe_url
    values |= _pages(context, frame)
    if rich and frame.tracked and frame.token:
        values["pixel_url"] = f"{frame.base_url}/o/{frame.token}.gif"
    if rich and frame.trap_url:
        values["trap_url"] = frame.trap_url
    return values


def _pages(context: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """The pages that are this person's own by the delivery's token: what they get, a missing address, every form, and the booking where
    the message is about one."""
    if not (frame.base_url and frame.token):
        return {}
    own = {"preferences_url": frame.own("p"), "address_page": frame.own("a")}
    booking = {"booking_url": f"{frame.base_url}/b/{frame.token}/"} if "booking" in context else {}
    return {"forms": FormAddresses(frame.base_url, frame.token), **own, **booking}


class FormAddresses(Mapping[str, str]):
    """`forms.<slug>`: the address of a form for one person. Whether there is such a form is asked where the text is written."""

    def __init__(self, base_url: str, token: str) -> None:
        self.base_url, self.token = base_url, token

    def __getitem__(self, slug: str) -> str:
        return f"{self.base_url}/f/{self.token}/{slug}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1  # never blank


def _headers(frame: Frame) -> dict[str, str]:
    """One click and nothing else, as RFC 8058 asks of every marketing mail."""
    if not frame.unsubscribe_url:
        return {}
    return {"List-Unsubscribe": f"<{frame.unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


_HREF = re.compile(r'(<a\s[^>]*?\bhref=")([^"]*)"')
_MARKED = re.compile(f"{richtext.LINK_OPENS}([^{richtext.LINK_CLOSES}]*){richtext.LINK_CLOSES}")
_LEFT_ALONE = ("mailto:", "tel:", "sms:", "#")


class _Links:
    """The links of one message: each target once, in the order in which it is first met."""

    def __init__(self, kind: str, frame: Frame, joins: tuple[str, ...] = ()) -> None:
        self.frame = frame
        self.targets: list[str] = []
        tags = {"medium": kind, **frame.utm} if frame.purpose == MARKETING else {}
        self.utm = tuple((f"utm_{name}", value) for name, value in tags.items() if value)
        # These lead where they say, and nobody is to know who followed them.
        pages = [f"{frame.base_url}/{page}/" for page in ("u", "p", "confirm")] if frame.base_url else []
        self.untouched = (*pages, *joins, *([frame.trap_url] if frame.trap_url else []))

    def in_html(self, html: str) -> str:
        return _HREF.sub(lambda found: f'{found[1]}{escape(self.address(unescape(found[2])))}"', html)

    def in_marked(self, text: str) -> str:
        return _MARKED.sub(lambda found: self.address(found[1]), text)

    def in_plain(self, text: str) -> str:
        return richtext.BARE_LINK.sub(self._bare, text)

    def _bare(self, found: re.Match[str]) -> str:
        target, rest = richtext.trimmed(found[0])
        return self.address(target) + rest

    def address(self, written: str) -> str:
        """What stands in the message for a link: our own address, or the link itself where nothing is to be known of it."""
        target = _absolute(written.strip(), self.frame.base_url)
        if target.startswith((*_LEFT_ALONE, *self.untouched)):
            return target
        tagged = _tagged(target, self.utm)
        if not (self.frame.token and self.frame.base_url):
            return tagged
        if tagged not in self.targets:
            self.targets.append(tagged)
        return f"{self.frame.base_url}/c/{self.frame.token}/{self.targets.index(tagged)}"


@lru_cache(maxsize=4096)
def _absolute(written: str, base_url: str) -> str:
    """A link that leads somewhere: http(s), mail, telephone, or a place in the text; "#" for anything else, such as javascript:."""
    low = written.lower()
    if low.startswith(("http://", "https://", *_LEFT_ALONE)):
        return "".join(written.split())
    if low.startswith("www."):
        return "https://" + "".join(written.split())
    return base_url + written if low.startswith("/") and not low.startswith("//") else "#"


@lru_cache(maxsize=4096)
def _tagged(target: str, utm: tuple[tuple[str, str], ...]) -> str:
    """The target with our utm_ values; those that it has already stay as they are."""
    if not utm:
        return target
    try:
        parts = urlsplit(target)
        has = {name.lower() for name, _value in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:  # not an address that anybody could open; it stays what it is
        return target
    ours = urlencode([(name, value) for name, value in utm if name not in has])
    return urlunsplit(
        (parts.scheme, parts.netloc, parts.path, "&".join(part for part in (parts.query, ours) if part), parts.fragment)
    )


def try_plain(kind: str, body: str, frame: Frame, joins: Mapping[str, str], given: Mapping[str, Any]) -> str:
    """A plain text for an invented person, links as they will be; for counting while somebody is still writing. `BadTemplate`.

    joins: what stands for `join.<name>`; given: for `voucher.<name>`.
    """
    sample = sample_context()
    values = {
        **sample,
        JOIN: joins,
        VOUCHER: given,
        "unsubscribe_url": frame.unsubscribe_url,
        "public_address": frame.base_url,
        **_pages(sample, frame),
    }
    return _Links(kind, frame, tuple(joins.values())).in_plain(liquid.try_out(body, values, escape=False))


_ADDRESS = re.compile(r"https?://\S+")


def text_digest(rendered: Rendered) -> str:
    """Hash of subject and text without links: two people who would read the same have the same digest."""
    said = _ADDRESS.sub("", f"{rendered.subject}\0{rendered.text}")
    return sha256(" ".join(said.split()).encode()).hexdigest()
