"""What stands of one person beside what stands of the other, and which of the two the merged person gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from contacts import kinds
from contacts.merging.registry import Pair
from contacts.models import Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KEPT, GONE, BOTH = "kept", "gone", "both"
NAMED = (
    "first_name", "last_name", "birth_date", "city", "language", "time_zone", "preferred_channel", "branch_id", "notes", "external_id",
)  # fmt: skip
NUMBER = "external_id"  # whoever has one keeps one: other programs know the person by it
PLACE = ("latitude", "longitude")
DETAIL = "detail:"  # before the name of one of the other details
FIRST = {"first:email": "email", "first:phone": "phone"}


@dataclass(frozen=True, slots=True)
class Line:
    """One field: its name in the form, what it is called, what either has, as people read it, and which is chosen unless staff say else."""

    name: str
    label: StrOrPromise
    kept: str
    gone: str
    chosen: str
    joins: bool = False

    @property
    def differs(self) -> bool:
        return self.kept != self.gone


def lines(kept: Contact, gone: Contact) -> list[Line]:
    """All fields of which at least one of the two has something. No statement but for branches and addresses."""
    found = [_line(name, _label(name), _shown(kept, name), _shown(gone, name)) for name in NAMED]
    found.append(_line("place", _("place on the map"), _place(kept), _place(gone)))
    found += [_line(name, _FIRSTS[name], _first(kept, kind), _first(gone, kind)) for name, kind in FIRST.items()]
    for key in sorted({*kept.attributes, *gone.attributes}):
        found.append(_line(DETAIL + key, key, _text(kept.attributes.get(key)), _text(gone.attributes.get(key))))
    return [line for line in found if line.kept or line.gone]


def read(posted: Mapping[str, Any], kept: Contact, gone: Contact) -> dict[str, str]:
    """What was chosen, of what there is to choose; what was not said is what the page offers."""
    chosen = {}
    for line in lines(kept, gone):
        said = str(posted.get(line.name, ""))
        chosen[line.name] = said if said in (KEPT, GONE) or (said == BOTH and line.joins) else line.chosen
    return chosen


def apply(pair: Pair) -> None:
    """Put the chosen values into the kept contact, not saved. A number that it does not get becomes an alias (see `act`)."""
    offered = {line.name: line.chosen for line in lines(pair.kept, pair.gone)}
    chosen = {**offered, **pair.choices}
    for name in NAMED:
        if chosen.get(name) == GONE or (name == NUMBER and not pair.kept.external_id):
            setattr(pair.kept, name, getattr(pair.gone, name))
        elif chosen.get(name) == BOTH:
            setattr(pair.kept, name, "\n\n".join(filter(None, (getattr(pair.kept, name), getattr(pair.gone, name)))))
    if chosen.get("place") == GONE:
        for name in PLACE:
            setattr(pair.kept, name, getattr(pair.gone, name))
    theirs = {key: value for key, value in pair.gone.attributes.items() if chosen.get(DETAIL + key) == GONE}
    pair.kept.attributes = {**pair.kept.attributes, **theirs}


_FIRSTS = {"first:email": _("email that comes first"), "first:phone": _("phone that comes first")}


def _line(name: str, label: StrOrPromise, kept: str, gone: str) -> Line:
    joins = name == "notes" and bool(kept and gone) and kept != gone
    return Line(name, label, kept, gone, BOTH if joins else GONE if gone and not kept else KEPT, joins)


def _label(name: str) -> StrOrPromise:
    label: StrOrPromise = next(field.verbose_name for field in Contact._meta.concrete_fields if field.attname == name)
    return label


def _shown(contact: Contact, name: str) -> str:
    if name == "branch_id":
        return str(contact.branch or "")
    if name == "language":
        return str(dict(settings.LANGUAGES).get(contact.language, contact.language))
    if name == "preferred_channel":
        return str(kinds.label(contact.preferred_channel)) if contact.preferred_channel else ""
    if name == "birth_date":
        return date_format(contact.birth_date, "DATE_FORMAT") if contact.birth_date else ""
    return _text(getattr(contact, name))


def _place(contact: Contact) -> str:
    return f"{contact.latitude}, {contact.longitude}" if contact.latitude is not None else ""


def _first(contact: Contact, kind: str) -> str:
    return next(_of_kind(contact, kind), "")


def _of_kind(contact: Contact, kind: str) -> Iterator[str]:
    return (address.shown for address in contact.addresses.all() if address.kind == kind)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
