"""What a text may say of a person and of what it is about, by the names that Liquid sees."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from contacts.consent import Person


def context_for(person: Person, extra: Mapping[str, Any], student: Person | None = None) -> dict[str, Any]:
    """What the Liquid sees: `contact` with the person's fields and other details, `student` with those of whom it is about (the same one,
    unless it goes to a guardian), and what the occasion brings. Blanks are left out."""
    contact = _of(person)
    return {**known(extra), "contact": contact, "student": _of(student) if student else contact}


def _of(person: Person) -> dict[str, Any]:
    own = {
        "first_name": person.first_name, "last_name": person.last_name, "full_name": f"{person.first_name} {person.last_name}".strip(),
        "city": person.city, "birth_date": person.birth_date, "language": person.language, "branch": person.branch_name,
        "number": person.external_id,
    }  # fmt: skip
    details = {detail_name(str(name)): value for name, value in person.attributes.items()}
    return known({**details, **known(own)})


def detail_name(name: str) -> str:
    """A free detail's name as Liquid can write it: "Pet name" is contact.pet_name."""
    return re.sub(r"\W+", "_", name.strip().lower()).strip("_")


def known(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value for name, value in fields.items() if (value.strip() if type(value) is str else not _is_blank(value))
    }


def _is_blank(value: object) -> bool:
    return value is None or (
        isinstance(value, str | list | dict) and not (value.strip() if isinstance(value, str) else value)
    )
