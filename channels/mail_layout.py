"""The one MJML layout of every mail: the shop's name, logo and colour above, why one gets it and the way out below.

It is compiled when a message is frozen, once per language; what differs by person in it is Liquid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import mjml
from django.utils import translation
from django.utils.translation import gettext as _

from channels.richtext import LINK_CLOSES, LINK_OPENS, Marks


@dataclass(frozen=True, slots=True)
class Brand:
    """The shop as its mails show it. colour: #rrggbb; logo: path or address of a picture, "" for the name in letters."""

    name: str
    colour: str = "#6d28d9"
    logo: str = ""
    website: str = ""
    postal_address: str = ""


_MJML = """<mjml lang="{language}"><mj-head><mj-title>{name}</mj-title><mj-preview>PREHEADERMARK</mj-preview>
<mj-attributes><mj-all font-family="-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"/></mj-attributes>
<mj-raw><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"></mj-raw>
<mj-style>div p:last-child {{ margin-bottom: 0 }} a.button:hover {{ opacity: .9 }}</mj-style></mj-head>
<mj-body background-color="#f4f4f5" width="600px">
<mj-section background-color="#ffffff" border-top="4px solid {colour}" padding="24px 0 0"><mj-column>{head}</mj-column></mj-section>
<mj-section background-color="#ffffff" padding="8px 0 24px"><mj-column>
<mj-text font-size="16px" line-height="1.55" color="#27272a">BODYMARK</mj-text></mj-column></mj-section>
<mj-section padding="16px 0 32px"><mj-column>
<mj-text font-size="13px" line-height="1.5" color="#5b5b66" align="center">FOOTERMARK</mj-text></mj-column></mj-section>
</mj-body></mjml>"""
_LOGO = '<mj-image src="LOGOMARK" alt="{name}" width="160px" align="left" padding="0 25px 8px"/>'
_NAME = '<mj-text font-size="20px" font-weight="bold" color="{colour}" padding="0 25px 8px">{name}</mj-text>'
# A link that no person, screen reader or keyboard meets; only programs that follow every link do.
_TRAP = (
    '{% if trap_url %}<div style="display:none" aria-hidden="true"><a href="{{ trap_url }}" tabindex="-1" rel="nofollow"></a></div>'
    "{% endif %}"
)
_PIXEL = '{% if pixel_url %}<img src="{{ pixel_url }}" width="1" height="1" alt="" style="border:0;height:1px;width:1px">{% endif %}</body>'


@dataclass(frozen=True, slots=True)
class Footer:
    """The foot of a mail in one language: `html` and `text`, both Liquid."""

    html: str
    text: str


def page(body: str, preheader: str, brand: Brand, language: str) -> str:
    """The whole mail as HTML with Liquid: a cleaned and dressed body in the layout."""
    filled = _frame(brand, language)
    marks = {
        "PREHEADERMARK": _literal(preheader), "LOGOMARK": _public(brand.logo), "FOOTERMARK": footer(brand, language).html,
        "BODYMARK": body,
    }  # fmt: skip
    for mark, content in marks.items():
        filled = filled.replace(mark, content, 1)
    return filled


@lru_cache(maxsize=32)
def _frame(brand: Brand, language: str) -> str:
    name = escape(_unbraced(brand.name))
    head = (_LOGO if brand.logo else _NAME).format(name=name, colour=brand.colour)
    source = _MJML.format(language=escape(language), name=name, colour=brand.colour, head=head)
    compiled = mjml.mjml2html(source, fonts={})
    return compiled.replace("</body>", _TRAP + _PIXEL, 1).replace("><!--[if", ">\n<!--[if").replace("<tr>", "\n<tr>")


def footer(brand: Brand, language: str) -> Footer:
    """Who writes, why, and how it ends. A marketing mail has `unsubscribe_url` in its context, any other has not."""
    with translation.override(language):
        shop = {"shop": _unbraced(brand.name)}
        wanted = _("You receive this email because you agreed to news from %(shop)s.") % shop
        needed = _("You receive this email because of an order, a booking or a contract with %(shop)s.") % shop
        leave, choose = _("Unsubscribe"), _("Choose what you get")
    link = f"<br>\n{_link('unsubscribe_url', leave)} · {_link('preferences_url', choose)}"
    imprint = " · ".join(_unbraced(part) for part in (brand.name, brand.postal_address) if part)
    html = _either(escape(wanted, quote=False) + link, escape(needed, quote=False))
    ways = f"{leave}: {{{{ unsubscribe_url }}}}\n{choose}: {{{{ preferences_url }}}}"
    text = _either(f"{wanted}\n{ways}", needed)
    return Footer(f"{html}<br>\n{escape(imprint, quote=False)}", f"--\n{text}\n{imprint}")


def _link(variable: str, label: str) -> str:
    return f'<a href="{{{{ {variable} }}}}" style="color:#5b5b66;text-decoration:underline">{escape(label)}</a>'


def _either(marketing: str, other: str) -> str:
    return f"{{% if unsubscribe_url %}}{marketing}{{% else %}}{other}{{% endif %}}"


def _public(path: str) -> str:
    """A picture of ours lies on the public address, wherever that is when the mail leaves."""
    safe = escape(path)
    return f"{{{{ public_address }}}}{safe}" if path.startswith("/") else safe


def _literal(source: str) -> str:
    """A line with Liquid inside HTML: its letters escaped, its Liquid untouched."""
    marks = Marks(source)
    return marks.give(escape(marks.take(source), quote=False))


def _unbraced(text: str) -> str:
    """The shop's own data is no Liquid, and no place for our marks."""
    for mark in ("{{", "{%", LINK_OPENS, LINK_CLOSES):
        text = text.replace(mark, mark[:1])
    return text
