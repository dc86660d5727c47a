"""What is known of another program's export: how its file is recognised, and where its columns go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from contacts.importing.mapping import plain

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Profile:
    """One kind of export.

    label: as staff know the program; columns: header -> a key of `mapping.LABELS`, "#" standing for any number;
    marks: header sets, the file is one of these when it has all of any one set; names: what the file's name must match, a regular
    expression for the name in small letters; several: field -> what stands between several values in a cell;
    consent: how the form on consent is filled in at first; note: a sentence on what staff should know of such a file;
    rest: where columns go that are not named, "" for guessing.
    """

    key: str
    label: StrOrPromise
    marks: Sequence[Sequence[str]]
    columns: Mapping[str, str]
    names: str = ""
    several: Mapping[str, str] = field(default_factory=dict)
    consent: Mapping[str, Any] = field(default_factory=dict)
    note: StrOrPromise = ""
    rest: str = ""

    def is_of(self, headers: Sequence[str], filename: str) -> bool:
        there = {plain(header) for header in headers}
        named = not self.names or re.search(self.names, filename.casefold()) is not None
        return named and any({plain(one) for one in marks} <= there for marks in self.marks)

    def field_of(self, header: str) -> str:
        """Where the column goes, or what `rest` says where the profile does not name it."""
        return {_form(name): goes_to for name, goes_to in self.columns.items()}.get(_form(header), self.rest)


def _form(header: str) -> str:
    """A header as it is compared, whatever number stands in it."""
    return _NUMBERS.sub("0", plain(header.replace("#", "0")))
