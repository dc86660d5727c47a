"""Codes that a till or a shop made, taken in from a list: one in each line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO

from django.utils.translation import gettext as _

from contacts import bulk
from contacts.importing import encoding, reading
from contacts.models import CodeKind, Voucher, VoucherOffer
from contacts.models.voucher import LONGEST_CODE
from contacts.vouchers.codes import normal
from contacts.vouchers.issuing import COLUMNS

MOST = 100_000
SHORTEST = 4
_HEADERS = {"CODE", "CODES", "VOUCHER", "CODIGO", "CÓDIGO", "КОД", "BON"}


class BadList(ValueError):
    """The whole list cannot be taken; str() is the sentence."""


@dataclass(slots=True)
class Listed:
    """How many codes were taken in, and the lines that were not: (line, sentence)."""

    taken: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def take_in(offer: VoucherOffer, file: BinaryIO) -> Listed:
    """Add the codes of a file to the offer's list. A code that is here already, in this list or another, is refused with its line."""
    try:
        shape = reading.Shape(encoding.detect(file), ";", has_header=False)
        rows = [(raw.line, raw.cells[0].split(",")[0].strip()) for raw in reading.rows(file, shape)]
    except (encoding.NotATable, encoding.BadEncoding) as error:
        raise BadList(str(error) or _("This is no list of codes.")) from None
    if rows and normal(rows[0][1]) in _HEADERS:
        rows = rows[1:]
    if not 0 < len(rows) <= MOST:
        raise BadList(_("A list has one code in each line, and at most %(most)s.") % {"most": MOST})
    listed = Listed()
    good = dict(_readable(rows, listed))
    written = _write(offer, {code: text for code, (_line, text) in good.items()})
    for code, (line, text) in good.items():
        if code not in written:
            listed.refused.append((line, _("“%(code)s” is here already.") % {"code": text}))
    listed.taken = len(written)
    listed.refused.sort()
    return listed


def _readable(rows: list[tuple[int, str]], listed: Listed) -> dict[str, tuple[int, str]]:
    """Each code once, with its line; what cannot be a code is refused."""
    fixed = {normal(one) for one in VoucherOffer.objects.filter(kind=CodeKind.FIXED).values_list("code", flat=True)}
    found: dict[str, tuple[int, str]] = {}
    for line, text in rows:
        code = normal(text)
        if code in found:
            said = _("“%(code)s” stands in line %(line)s already.") % {"code": text, "line": found[code][0]}
        elif not len(code) >= SHORTEST or len(text) > LONGEST_CODE or "\0" in text:
            said = _("A code has %(least)s to %(most)s characters.") % {"least": SHORTEST, "most": LONGEST_CODE}
        elif code in fixed:
            said = _("“%(code)s” is the code of another offer, for everybody.") % {"code": text}
        else:
            found[code] = (line, text)
            continue
        listed.refused.append((line, said))
    return found


def _write(offer: VoucherOffer, texts: dict[str, str]) -> set[str]:
    rows = [
        (offer.pk, None, "", text, code, True, False, None, None, None, "", "", None) for code, text in texts.items()
    ]
    made = bulk.insert(Voucher, COLUMNS, rows, ignore_conflicts=True, returning=["normal"])
    return {code for (code,) in made}
