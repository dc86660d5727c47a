"""The body of a mail as staff wrote it: cleaned by an allow-list, dressed for mail programs, and told again as plain text.

Liquid passes through all of this unharmed: while HTML is being read, a mark stands for each piece of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser

import nh3

_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
_TAGS = {
    "p", "div", "br", "hr", "h1", "h2", "h3", "h4", "strong", "b", "em", "i", "u", "del", "s", "mark", "a", "img",
    "ul", "ol", "li", "blockquote", "pre", "figure", "figcaption",
}  # fmt: skip
_ATTRIBUTES = {"a": {"href", "title", "class"}, "img": {"src", "alt", "width"}}
_SCHEMES = {"http", "https", "mailto", "tel"}

# Round a link's target in plain text: what stands between them is an address, whatever characters it has.
LINK_OPENS, LINK_CLOSES = "\x02", "\x03"
BARE_LINK = re.compile(r"(?i)\b(?:https?://|www\.)[^\s<>\"“”«»\x02\x03]+")
_TRAILING = ".,;:!?'…"


class Marks:
    """Takes the Liquid out of a text, leaving a mark for each piece, and puts it back."""

    def __init__(self, text: str) -> None:
        self.stem = "liquid"
        while self.stem in text.lower():
            self.stem += "q"
        self.pieces: list[str] = []

    def take(self, html: str) -> str:
        """HTML without its Liquid. What an editor put into it (tags, entities, hard spaces) is undone."""
        return _LIQUID.sub(self._keep, html)

    def _keep(self, found: re.Match[str]) -> str:
        self.pieces.append(unescape(_TAG.sub("", found[0])).replace("\N{NO-BREAK SPACE}", " "))
        return f"{self.stem}{len(self.pieces) - 1}x"

    def give(self, text: str) -> str:
        """The text with its Liquid again."""
        return re.sub(rf"{self.stem}(\d+)x", lambda found: self.pieces[int(found[1])], text)


@dataclass(frozen=True, slots=True)
class Body:
    """A cleaned body: `html` for the mail's layout, `text` as plain text with marked links, both Liquid; `links` as written."""

    html: str
    text: str
    links: tuple[str, ...]


def clean(html: str) -> str:
    """What staff typed, without anything that a mail must not carry; this is what is stored and edited again."""
    marks = Marks(html)
    return marks.give(_cleaned(marks.take(html)))


def body(html: str, *, colour: str) -> Body:
    """A body ready for the layout. colour: of links and buttons, as #rrggbb."""
    marks = Marks(html)
    cleaned = _linked(_cleaned(marks.take(html)))
    reader = _Reader()
    reader.feed(cleaned)
    reader.close()
    links = tuple(dict.fromkeys(marks.give(link) for link in reader.links))
    return Body(marks.give(_dressed(cleaned, colour)), marks.give(reader.told()), links)


def is_empty(html: str) -> bool:
    """Whether nobody would see anything."""
    return not re.sub(r"<(?!img)[^>]*>|&nbsp;|\s", "", html)


def lost_links(links: Iterable[str]) -> list[str]:
    """Links as written that lead nowhere, for want of https:// at their beginning. A link that begins with Liquid is trusted."""
    return [link for link in links if not _LEADS_SOMEWHERE.match(link.strip())]


_LEADS_SOMEWHERE = re.compile(r"(?i)https?://.|www\.|mailto:|tel:|sms:|#|/(?!/)|\{")


def trimmed(address: str) -> tuple[str, str]:
    """An address found in running text, and the punctuation after it that does not belong to it."""
    kept = address.rstrip(_TRAILING)
    while kept.endswith((")", "]", "}")) and kept.count(kept[-1]) > kept.count(
        {")": "(", "]": "[", "}": "{"}[kept[-1]]
    ):
        kept = kept[:-1].rstrip(_TRAILING)
    return kept, address[len(kept) :]


def _cleaned(html: str) -> str:
    return nh3.clean(
        html, tags=_TAGS, attributes=_ATTRIBUTES, url_schemes=_SCHEMES, link_rel=None, clean_content_tags={"script", "style"},
    )  # fmt: skip


def _linked(html: str) -> str:
    """Addresses in running text become links, as every mail program would make them; else nobody's click would be known."""
    inside = 0
    pieces = re.split(r"(<[^>]*>)", html)
    for at, piece in enumerate(pieces):
        if piece.startswith("<"):
            inside += piece.startswith("<a ") - (piece == "</a>")
        elif not inside:
            pieces[at] = BARE_LINK.sub(_link, piece)
    return "".join(pieces)


def _link(found: re.Match[str]) -> str:
    address, rest = trimmed(found[0])
    target = address if address.lower().startswith("http") else f"https://{address}"
    return f'<a href="{target.replace(chr(34), "%22")}">{address}</a>{rest}'


# The editor marks what shall look like a button, inside the link or round it, and perhaps bold besides.
_MARKED_LINK = re.compile(
    r"<a ([^>]*)>((?:(?!</a>).)*<mark>(?:(?!</a>).)*)</a>|<mark>((?:<(?:strong|em)>)*)<a ([^>]*)>(.*?)</a>((?:</(?:strong|em)>)*)</mark>",
    re.DOTALL,
)
_STYLES = {
    "h1": "margin:0 0 16px;font-size:26px;line-height:1.25;font-weight:bold",
    "h2": "margin:24px 0 12px;font-size:21px;line-height:1.3;font-weight:bold",
    "h3": "margin:20px 0 8px;font-size:18px;line-height:1.35;font-weight:bold",
    "h4": "margin:16px 0 8px;font-size:16px;line-height:1.4;font-weight:bold",
    "p": "margin:0 0 16px",
    "ul": "margin:0 0 16px;padding-left:24px",
    "ol": "margin:0 0 16px;padding-left:24px",
    "figure": "margin:0 0 16px",
    "figcaption": "font-size:13px;color:#6b7280",
    "blockquote": "margin:0 0 16px;padding-left:16px;border-left:3px solid #d4d4d8",
    "pre": "margin:0 0 16px;white-space:pre-wrap;font-size:14px",
    "hr": "border:0;border-top:1px solid #d4d4d8;margin:24px 0",
    "img": "max-width:100%;height:auto;border:0",
}
_BUTTON = (
    "display:inline-block;margin:4px 0;padding:12px 24px;border-radius:6px;font-weight:bold;text-decoration:none;"
    "background-color:{colour};color:{ink}"
)
_OPENING = re.compile(r"<(h[1-4]|p|ul|ol|figure|figcaption|blockquote|pre|hr|img|a)(?=[ >/])([^>]*)>")
_BREAKS = re.compile(r"</(?:p|div|h[1-4]|li|ul|ol|figure|blockquote)>|<br>|<hr[^>]*>")


def _dressed(html: str, colour: str) -> str:
    """Styles in place, for mail programs read no other; pictures on our public address; lines that are not endless."""

    def button(found: re.Match[str]) -> str:
        attributes = re.sub(r'\s*class="[^"]*"', "", found[1] or found[4])
        return f'{found[3] or ""}<a class="button" {attributes}>{re.sub("</?mark>", "", found[2] or found[5])}</a>{found[6] or ""}'

    def opened(found: re.Match[str]) -> str:
        name, attributes = found[1], found[2]
        if name == "a":
            style = (
                _BUTTON.format(colour=colour, ink=ink(colour)) if 'class="button"' in attributes else f"color:{colour}"
            )
        else:
            style = _STYLES[name]
        if name == "img":
            attributes = re.sub(r'src="(/[^/"])', r'src="{{ public_address }}\1', attributes)
        return f'<{name}{attributes} style="{style}">'

    html = _OPENING.sub(opened, _MARKED_LINK.sub(button, html))
    return html if "<pre" in html else _BREAKS.sub(r"\g<0>\n", html)


def ink(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour (#rrggbb); W3C's relative luminance."""

    def linear(part: str) -> float:
        share = int(part, 16) / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(colour[at : at + 2]) for at in (1, 3, 5))
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else "#18181b"


_BLOCKS = {"p", "div", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote", "pre", "figure", "figcaption"}
_AIRY = _BLOCKS - {"div", "figcaption"}


class _Reader(HTMLParser):
    """Tells cleaned HTML as plain text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.links: list[str] = []
        self.lists: list[int] = []  # 0 for points, else the next number
        self.link: tuple[str, int] | None = None
        self.verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in _BLOCKS:
            self._break(2 if tag in _AIRY and not self.lists else 1)
        if tag in {"ul", "ol"}:
            self.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self._point()
        elif tag == "a" and given.get("href"):
            self.link = (str(given["href"]), len(self.parts))
        elif tag in {"br", "hr"}:
            self.parts.append("\n" if tag == "br" else "\n\n----\n\n")
        elif tag == "img" and given.get("alt"):
            self.parts.append(f"[{given['alt']}]")
        self.verbatim += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.link:
            self._close_link(*self.link)
            self.link = None
        if tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        if tag in _BLOCKS:
            self._break(2 if tag in _AIRY and not self.lists else 1)
        self.verbatim -= tag == "pre"

    def handle_data(self, data: str) -> None:
        self.parts.append(data if self.verbatim else re.sub(r"[ \t\r\n]+", " ", data))

    def _point(self) -> None:
        self._break(1)
        number = self.lists[-1] if self.lists else 0
        if number:
            self.lists[-1] += 1
        self.parts.append("  " * max(len(self.lists) - 1, 0) + (f"{number}. " if number else "- "))

    def _close_link(self, target: str, since: int) -> None:
        shown = "".join(self.parts[since:]).strip()
        del self.parts[since:]
        plain = target.removeprefix("mailto:").removeprefix("tel:")
        if plain != target:
            self.parts.append(shown if plain in shown.replace(" ", "") else f"{shown} ({plain})".strip())
            return
        self.links.append(target)
        marked = f"{LINK_OPENS}{target}{LINK_CLOSES}"
        same = not shown or shown.rstrip("/") in {target.rstrip("/"), target.removeprefix("https://").rstrip("/")}
        self.parts.append(marked if same else f"{shown}: {marked}")

    def _break(self, lines: int) -> None:
        self.parts.append("\n" * lines)

    def told(self) -> str:
        """The whole, with never more than one empty line."""
        lines = [line.rstrip(" ") for line in "".join(self.parts).replace("\N{NO-BREAK SPACE}", " ").split("\n")]
        text = "\n".join(line.lstrip(" ") if not re.match(r" *(?:-|\d+\.) ", line) else line for line in lines)
        return re.sub(r"\n{3,}", "\n\n", text).strip("\n ")
