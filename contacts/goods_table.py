"""What goes with what, from a table that staff upload. A line that is here already is changed, never doubled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import islice
from typing import BinaryIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from contacts import events
from contacts.goods.offering import fold
from contacts.importing import mapping, reading
from contacts.importing.cells import strip
from contacts.importing.encoding import BadEncoding, NotATable
from contacts.models import GoesBy, GoesWith
from contacts.tables import MOST, BadTable, Line

_NAMES = {
    "category": "category|bought category|categoria|categorie|категория",
    "sku": "sku|bought sku|bought|article|ref|referencia|артикул",
    "product": "bought name|for|para|pour|для",
    "name": "goes with|name|offer|product|producto|produit|nombre|nom|название|товар",
    "their_sku": "goes with sku|offer sku",
    "their_category": "goes with category|offer category",
    "link": "link|url|enlace|lien|ссылка",
    "image": "image|picture|photo|imagen|foto|картинка|фото",
    "price": "price|precio|prix|цена",
    "position": "place|position|order|orden|место",
}
_COLUMNS = {mapping.plain(name): column for column, names in _NAMES.items() for name in names.split("|")}
_BY = {"sku": GoesBy.SKU, "product": GoesBy.NAME, "category": GoesBy.CATEGORY}


def read(stream: BinaryIO, *, now: datetime, operator_id: int | None) -> list[Line]:  # noqa: ARG001 - as all readers of tables
    """One line for each row, in the caller's transaction. BadTable."""
    try:
        look = reading.look(stream)
        stream.seek(0)
        raws = list(islice(reading.rows(stream, look.shape), MOST + 1))
    except (NotATable, BadEncoding) as error:
        raise BadTable(str(error)) from None
    if len(raws) > MOST:
        raise BadTable(_("A table here has at most %(most)d rows. Divide it.") % {"most": MOST})
    columns = [_COLUMNS.get(mapping.plain(header), "") for header in look.headers]
    if "name" not in columns or not _BY.keys() & set(columns):
        raise BadTable(
            _("There must be a column “category” or “sku” for what was bought, and “goes with” for what is offered.")
        )
    known = {(row.by, row.folded, row.name): row for row in GoesWith.objects.all()}
    lines = []
    for raw in raws:
        row = {
            column: text for column, cell in zip(columns, raw.cells, strict=False) if column and (text := strip(cell))
        }
        try:
            lines.append(Line(raw.line, taken=True, sentence=_take(row, known)))
        except ValueError as error:
            lines.append(Line(raw.line, taken=False, sentence=str(error)))
    return lines


def _take(row: Mapping[str, str], known: dict[tuple[str, str, str], GoesWith]) -> str:
    by = next((by for column, by in _BY.items() if column in row), None)
    if by is None or "name" not in row:
        raise ValueError(_("Say what was bought, and what goes with it."))
    what = row[next(column for column, one in _BY.items() if one is by)]
    price = events.amount({"total": row["price"]}) if "price" in row else None
    if "price" in row and price is None:
        raise ValueError(_("“%(text)s” is not a price.") % {"text": row["price"][:40]})
    key = (by.value, fold(what), row["name"])
    thing = known.get(key) or GoesWith(by=by.value, what=what, folded=key[1], name=row["name"])
    fresh = thing.pk is None
    thing.sku, thing.category = row.get("their_sku", ""), row.get("their_category", "")
    thing.link, thing.image, thing.price = row.get("link", ""), row.get("image", ""), price
    thing.position = int(row["position"]) if row.get("position", "").isdecimal() else 10
    try:
        thing.full_clean(validate_unique=False, validate_constraints=False)
    except ValidationError as error:
        raise ValueError(" ".join(error.messages)) from None
    thing.save()
    known[key] = thing
    return _("Entered.") if fresh else _("Was here already, and was brought up to date.")
