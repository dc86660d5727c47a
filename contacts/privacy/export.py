"""All that is known of a person, as data for programs and as a page for the person, in the person's language."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts import reasons, timeline, timezones
from contacts.bulk import Among
from contacts.models import Business, Contact
from contacts.privacy.holdings import Holding, Subject, all_holdings
from contacts.privacy.needles import Needles

PORTION = 2000
MOST_SCANNED = 500  # rows of imports in which the person stands


@dataclass(frozen=True, slots=True)
class Section:
    """One table on the page: its name, its columns, and a row of texts for each thing that is known."""

    title: str
    heads: list[str]
    rows: list[list[str]]


def archive(contact: Contact, *, now: datetime) -> bytes:
    """A zip with both: `data.json` and the page."""
    found = list(_found(contact))
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("data.json", _data(found, now))
        book.writestr("person.html", _page(contact, found, now))
    return packed.getvalue()


def data(contact: Contact, *, now: datetime) -> str:
    """As JSON: {"exported_at", "business": {...}, "holdings": {table: [row, ...]}}; a row is field -> value."""
    return _data(list(_found(contact)), now)


def page(contact: Contact, *, now: datetime) -> str:
    """As one HTML file that needs nothing else."""
    return _page(contact, list(_found(contact)), now)


def _found(contact: Contact) -> Iterator[tuple[Holding, list[Any]]]:
    """What is handed out, with its rows: one statement for each table."""
    subject = Subject.of(contact)
    for holding in all_holdings():
        if holding.shown:
            rows = holding.rows(subject) if holding.whose else _scanned(holding, subject)
            foreign = [name for name in holding.shown if isinstance(_field(holding.model, name), ForeignKey)]
            related = (*foreign, *holding.related)
            yield holding, list(rows.select_related(*related) if related else rows)


def _scanned(holding: Holding, subject: Subject) -> QuerySet[Any]:
    """Rows in which the person stands, where no key leads to them."""
    rows, needles = holding.all().order_by("pk"), Needles.of(subject.addresses)
    found: list[int] = []
    for pk, *values in rows.values_list("pk", *holding.scanned).iterator(chunk_size=PORTION):
        if needles.stand_in(*values):
            found.append(pk)
            if len(found) >= MOST_SCANNED:
                break
    return rows.filter(Among("id", found)) if found else rows.none()


def _field(model: type[Model], name: str) -> Field[Any, Any]:
    found: Any = model._meta.get_field(name)
    return found  # type: ignore[no-any-return]


def _data(found: list[tuple[Holding, list[Any]]], now: datetime) -> str:
    business = Business.current()
    told = {
        "exported_at": now,
        "business": {"name": business.name, "postal_address": business.postal_address, "website": business.website},
        "holdings": {
            holding.model._meta.model_name: [{name: _plain(row, name) for name in holding.shown} for row in rows]
            for holding, rows in found
            if rows
        },
    }
    return json.dumps(told, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _plain(row: Any, name: str) -> Any:
    value = getattr(row, name)
    return str(value) if isinstance(value, Model) else value


def language_of(contact: Contact, business: Business) -> str:
    """The person's, where the house speaks it, else the business's."""
    wanted = contact.language.split("-")[0]
    return wanted if wanted in dict(settings.LANGUAGES) else business.language


def _page(contact: Contact, found: list[tuple[Holding, list[Any]]], now: datetime) -> str:
    business = Business.current()
    zone = timezones.named(contact.time_zone) or timezones.named(business.time_zone) or timezones.UTC
    with translation.override(language_of(contact, business)), timezone.override(zone):
        sections = [_section(holding, rows) for holding, rows in found if rows]
        context = {
            "contact": contact, "business": business, "sections": sections, "story": timeline.story(contact), "now": now,
            "language": translation.get_language(),
        }  # fmt: skip
        return render_to_string("contacts/person_export.html", context)


def _section(holding: Holding, rows: list[Any]) -> Section:
    """Columns in which nothing stands are left out."""
    columns = [(str(_label(holding.model, name)), [_said(row, name) for row in rows]) for name in holding.shown]
    filled = [(head, cells) for head, cells in columns if any(cells)]
    texts = [list(row) for row in zip(*(cells for _head, cells in filled), strict=True)]
    return Section(holding.title, [head for head, _cells in filled], texts)


def _label(model: type[Model], name: str) -> Any:
    return _field(model, name).verbose_name


def _said(row: Any, name: str) -> str:
    """A value as people read it."""
    shown = getattr(row, f"get_{name}_display", None)
    value = shown() if shown else getattr(row, name)
    if name == "reason":
        return reasons.say(str(value), getattr(row, "reason_params", None))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return "" if value is None else _spread(value)


def _spread(value: Any) -> str:
    """JSON as lines: "pet: cat"."""
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_spread(one)}" for key, one in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(_spread(one) for one in value)
    return str(value)
