"""Finding people by parts of their names, addresses and numbers, through an index of three-letter pieces (pg_trgm, or FTS5 on SQLite).

`prepare()` makes it after each migrate, not a migration: Django builds SQLite's tables anew when they change, and drops their triggers; and
where PostgreSQL refuses the extension, the index comes once somebody has installed it. Without it the search finds the same, slowly.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.core import checks
from django.db import DatabaseError, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from contacts.models import Contact
from contacts.models.contact import fold

INDEX, TABLE = "contact_search_parts", "contacts_search"
NUMBER_MARKS = set("0123456789+-(). ")
PIECE = 3  # letters; what is shorter has no piece of its own, and is looked for at the beginnings of words

log = logging.getLogger(__name__)


def found_by(people: QuerySet[Contact], term: str) -> QuerySet[Contact]:
    """The people in whose names, city, number or addresses every word of the term occurs, whatever its case and accents."""
    return people.filter(matching(term, connections[people.db]))


def matching(term: str, connection: BaseDatabaseWrapper | None = None) -> Q:
    """The same as a condition on contacts. Words of one or two letters count at the beginning of a word only."""
    found, using = Q(), connection or connections["default"]
    words = _words(term)
    long = [word for word in words if len(word) >= PIECE]
    if long and using.vendor == "sqlite" and is_ready(using):
        pieces = " ".join('"' + word.replace('"', '""') + '"' for word in long)
        found = Q(pk__in=RawSQL(_MATCH, [pieces]))  # noqa: S611 - a constant, with a parameter
    else:
        for word in long:
            found &= Q(search__contains=word)
    for word in words:
        if len(word) < PIECE:
            found &= Q(search__startswith=word) | Q(search__contains=f" {word}") | Q(search__contains=f" +{word}")
    return found


def _words(term: str) -> list[str]:
    """A phone number is one word, however it is grouped."""
    if set(term) <= NUMBER_MARKS and any(mark.isdigit() for mark in term):
        return ["".join(mark for mark in term if mark.isdigit())]
    return fold(term.replace("\x00", "")).split()


_MATCH = f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s"
_ON_SQLITE = (
    f"CREATE VIRTUAL TABLE {TABLE} USING fts5(search, content='contacts_contact', content_rowid='id', tokenize='trigram case_sensitive 1')",
    f"INSERT INTO {TABLE}({TABLE}) VALUES ('rebuild')",
)
_TAKE_OUT = f"INSERT INTO {TABLE}({TABLE}, rowid, search) VALUES ('delete', old.id, old.search);"
_PUT_IN = f"INSERT INTO {TABLE}(rowid, search) VALUES (new.id, new.search);"
_TRIGGERS = {
    f"{TABLE}_added": f"AFTER INSERT ON contacts_contact BEGIN {_PUT_IN} END",
    f"{TABLE}_deleted": f"AFTER DELETE ON contacts_contact BEGIN {_TAKE_OUT} END",
    f"{TABLE}_changed": "AFTER UPDATE OF id, search ON contacts_contact WHEN old.search <> new.search OR old.id <> new.id "
    f"BEGIN {_TAKE_OUT} {_PUT_IN} END",
}
_REFUSED = (
    "The search reads through all contacts, which takes long where there are many: PostgreSQL's extension pg_trgm is missing. "
    "Let an administrator of the database run CREATE EXTENSION pg_trgm in it, then run migrate once more."
)


def is_ready(connection: BaseDatabaseWrapper) -> bool:
    """Whether the index is there."""
    if connection.vendor == "postgresql":
        return _there(connection, "SELECT to_regclass(%s) IS NOT NULL", [INDEX])
    kept = [TABLE, *_TRIGGERS]
    marks = ", ".join(["%s"] * len(kept))
    return _there(connection, f"SELECT count(*) = {len(kept)} FROM sqlite_master WHERE name IN ({marks})", kept)


def prepare(using: str, **_: Any) -> None:
    """Receiver of post_migrate: make the index where it is missing; where the database refuses, say what is to be done."""
    connection = connections[using]
    if is_ready(connection) or Contact._meta.db_table not in connection.introspection.table_names():
        return
    try:
        with transaction.atomic(using=using):
            _make(connection)
    except DatabaseError as refused:
        log.warning("%s (%s)", _REFUSED if connection.vendor == "postgresql" else "SQLite has no FTS5.", refused)


def check(*, databases: Iterable[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """A system check of the databases: says on each migrate that the search has no index."""
    there = [connections[name] for name in databases or ()]
    slow = [one for one in there if one.vendor == "postgresql" and _has_people(one) and not is_ready(one)]
    return [checks.Warning(_REFUSED, id="contacts.W001")] if slow else []


def _has_people(connection: BaseDatabaseWrapper) -> bool:
    return _there(connection, "SELECT to_regclass(%s) IS NOT NULL", [Contact._meta.db_table])


def _make(connection: BaseDatabaseWrapper) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f"CREATE INDEX IF NOT EXISTS {INDEX} ON contacts_contact USING gin (search gin_trgm_ops)")
            return
        for statement in (
            *(f"DROP TRIGGER IF EXISTS {name}" for name in _TRIGGERS), f"DROP TABLE IF EXISTS {TABLE}", *_ON_SQLITE,
            *(f"CREATE TRIGGER {name} {text}" for name, text in _TRIGGERS.items()),
        ):  # fmt: skip
            cursor.execute(statement)


def _there(connection: BaseDatabaseWrapper, question: str, params: list[str]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, params)
        return bool(cursor.fetchone()[0])
