"""Where the rows of an import lie between the file and the contacts: in a table of its own, filled by COPY, read by sets.

Raw SQL for both databases, as in `bulk`. The tables are unlogged: after a crash of the database the file is read again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.contrib.auth import get_user_model
from django.db import connections, router, transaction

from contacts import arrays
from contacts.bulk import Among
from contacts.models import Address, Alias, Branch, Consent, Contact, Group, Membership, Suppression

# Every value travels as text, and "" is nothing. `mark`: fingerprints; `key`: 60 bits by which rows are compared with each other.
COLUMNS = {
    "n": "integer", "line": "integer", "kind": "text", "external_id": "text", "first_name": "text", "last_name": "text", "language": "text",
    "time_zone": "text", "birth_date": "date", "city": "text", "notes": "text", "branch_id": "bigint", "attributes": "text",
    "email": "text", "email_normal": "text", "email_mark": "text", "phone": "text", "phone_normal": "text", "phone_mark": "text",
    "groups": "text", "said_email": "boolean", "said_sms": "boolean", "said_at": "timestamptz", "search": "text",
    "key_number": "bigint", "key_email": "bigint", "key_phone": "bigint", "whole": "text", "cells": "text",
}  # fmt: skip
KEYS = ("key_number", "key_email", "key_phone")
# Kinds of rows: of one person with an address of each kind at most; of more; and no row to import.
PLAIN, SEVERAL, REFUSED = "p", "s", "r"
_WAYS = (("email", "email"), ("sms", "phone"))  # channels, and the address that each needs
_TEXTS = ("first_name", "last_name", "language", "time_zone", "city", "notes")
_AS_TEXT = ("date", "timestamptz")
_STEADY = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin", "jit")

Packed = bytes | list[list[str | None]]  # rows as COPY reads them, or as values


@dataclass(frozen=True, slots=True)
class Stage:
    """The staged rows of one import, in tables by its name. `n` numbers the rows of the file from 0, refused ones too."""

    name: str

    @property
    def _connection(self) -> Any:
        return connections[router.db_for_write(Contact)]

    @property
    def _is_postgres(self) -> bool:
        return cast(bool, self._connection.vendor == "postgresql")

    # The rows; those planned one by one; and the keys of further addresses of rows.
    @property
    def _rows(self) -> str:
        return f"import_rows_{self.name}"

    @property
    def _apart(self) -> str:
        return f"import_apart_{self.name}"

    @property
    def _more(self) -> str:
        return f"import_more_{self.name}"

    # --- fill -----------------------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Empty tables."""
        self.drop()
        table = "CREATE UNLOGGED TABLE" if self._is_postgres else "CREATE TABLE"
        shape = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        self._run(f"{table} {self._rows} ({shape})")
        self._run(f"{table} {self._more} (n integer, kind text, key bigint)")
        self._run(f"{table} {self._apart} (n integer PRIMARY KEY, alone boolean NOT NULL)")

    def drop(self) -> None:
        for name in (self._rows, self._more, self._apart):
            self._run(f"DROP TABLE IF EXISTS {name}")

    @property
    def by_copy(self) -> bool:
        """How `add` takes its rows."""
        return self._is_postgres

    def add(self, rows: Packed) -> None:
        """One more portion of rows, as `packed` makes them."""
        names = ", ".join(COLUMNS)
        with self._connection.cursor() as cursor:
            if isinstance(rows, bytes):
                with cursor.copy(f"COPY {self._rows} ({names}) FROM STDIN WITH (NULL '')") as copy:
                    copy.write(rows)
            else:
                holes = ", ".join(["%s"] * len(COLUMNS))
                cursor.executemany(f"INSERT INTO {self._rows} ({names}) VALUES ({holes})", rows)

    def add_keys(self, keys: Sequence[tuple[int, str, int]]) -> None:
        """Further keys of rows: `(n, name of the key column, key)`."""
        if keys:
            with self._connection.cursor() as cursor:
                cursor.executemany(f"INSERT INTO {self._more} VALUES (%s, %s, %s)", keys)

    def filled(self) -> Iterator[None]:
        """All rows are there: make them findable, and set those apart that may mean each other. Yields between its statements."""
        self._run(f"CREATE UNIQUE INDEX {self._rows}_n ON {self._rows} (n)")
        if self._is_postgres:
            self._run(f"ANALYZE {self._rows}")
        yield
        self._set_apart(f"SELECT n FROM {self._rows} WHERE kind = '{SEVERAL}'", alone=False)
        for key in KEYS:
            yield
            own = f"SELECT {key} AS key FROM {self._rows} WHERE {key} IS NOT NULL"
            both = f"{own} UNION ALL SELECT key FROM {self._more} WHERE kind = '{key}'"
            often = f"SELECT key FROM ({both}) AS k GROUP BY key HAVING count(*) > 1"
            self._set_apart(f"SELECT n FROM {self._rows} WHERE {key} IN ({often})", alone=False)

    def count(self) -> int:
        """How many rows lie there; 0 where the table is gone or was emptied by a crash of the database."""
        if self._rows not in self._connection.introspection.table_names():
            return 0
        return cast(int, self._run(f"SELECT count(*) FROM {self._rows}")[0][0])

    # --- ask ------------------------------------------------------------------------------------------------------------

    def set_apart_known(self, examples: int) -> Iterator[None]:
        """Set apart who is known to us, who is suppressed, and the first few, whom staff are shown. Yields between its statements."""
        for table, condition in _KNOWN:
            self._set_apart(f"SELECT s.n FROM {self._rows} AS s JOIN {table} WHERE {condition}")
            yield
        apart = f"SELECT 1 FROM {self._apart} AS x WHERE x.n = s.n"
        rows = f"SELECT n FROM {self._rows} AS s WHERE kind = '{PLAIN}' AND NOT EXISTS ({apart})"
        self._set_apart(f"{rows} ORDER BY n LIMIT {int(examples)}")

    def _set_apart(self, query: str, *, alone: bool = True) -> None:
        """alone: no other row of the file has the number or an address of one of them."""
        with transaction.atomic():
            if self._is_postgres:
                self._run("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
            self._run(
                f"INSERT INTO {self._apart} SELECT n, {alone} FROM ({query}) AS q WHERE true ON CONFLICT DO NOTHING"
            )

    def counts(self) -> tuple[int, int]:
        """How many rows are refused, and how many are planned one by one."""
        refused = self._run(f"SELECT count(*) FROM {self._rows} WHERE kind = '{REFUSED}'")[0][0]
        return refused, self._run(f"SELECT count(*) FROM {self._apart}")[0][0]

    def consents(self) -> int:
        """How many consents are given by rows that are not set apart."""
        given = [f"(CASE WHEN s.said_{kind} AND s.{way}_mark IS NOT NULL THEN 1 ELSE 0 END)" for kind, way in _WAYS]
        apart = f"SELECT 1 FROM {self._apart} AS x WHERE x.n = s.n"
        rows = f"FROM {self._rows} AS s WHERE s.kind = '{PLAIN}' AND NOT EXISTS ({apart})"
        return self._run(f"SELECT coalesce(sum({' + '.join(given)}), 0) {rows}")[0][0] or 0

    def repeated_keys(self) -> set[int]:
        """The keys that stand in more than one row."""
        found: set[int] = set()
        for key in KEYS:
            own = f"SELECT s.{key} AS key FROM {self._rows} AS s JOIN {self._apart} AS x ON x.n = s.n WHERE s.{key} IS NOT NULL"
            both = f"{own} UNION ALL SELECT key FROM {self._more} WHERE kind = '{key}'"
            rows = self._run(f"SELECT key FROM ({both}) AS k GROUP BY key HAVING count(*) > 1")
            found.update(one for (one,) in rows)
        return found

    def read(self, numbers: Sequence[int]) -> list[tuple[Any, ...]]:
        """These rows, in the order of the file and of COLUMNS."""
        among, many = self._among("n", numbers)
        # Instants and days as text: what reads it remembers those that come again.
        names = ", ".join(f"CAST({name} AS text)" if kind in _AS_TEXT else name for name, kind in COLUMNS.items())
        return self._run(f"SELECT {names} FROM {self._rows} WHERE {among} ORDER BY n", many)

    def steady(self) -> None:
        """To the end of this transaction, rows are looked up through indexes, however large a table was when it was last measured."""
        if self._is_postgres:
            self._run("; ".join(f"SET LOCAL {name} = off" for name in _STEADY))

    def split(self, first: int, end: int) -> tuple[list[int], list[int]]:
        """Of the rows first..end-1: those of people who are new beyond doubt, and those to be planned one by one."""
        # One look through an index for each: of NOT EXISTS, PostgreSQL may make a table of everybody we know, for every portion.
        owners = (*_OWNERS, f"{self._apart} AS x WHERE x.n = s.n")
        unknown = " AND ".join(f"(SELECT 1 FROM {table} LIMIT 1) IS NULL" for table in owners)
        rows = self._run(
            f"SELECT s.n, {unknown} FROM {self._rows} AS s "
            f"WHERE s.n >= %s AND s.n < %s AND s.kind <> '{REFUSED}' ORDER BY s.n", [first, end],
        )  # fmt: skip
        return [n for n, new in rows if new], [n for n, new in rows if not new]

    def refused(self, first: int, end: int) -> list[tuple[int, str, str]]:
        """Of the rows first..end-1 those that are refused: line, sentences, cells."""
        query = (
            f"SELECT line, notes, cells FROM {self._rows} WHERE n >= %s AND n < %s AND kind = '{REFUSED}' ORDER BY n"
        )
        return self._run(query, [first, end])

    @contextmanager
    def trusted(self) -> Iterator[None]:
        """What is written within refers to rows that this transaction wrote or holds. Where the database user may say so, PostgreSQL does
        not look each of them up again, which is two fifths of an import's time."""
        allowed = self._is_postgres and self._run(_may_trust(self._connection.pg_version))[0][0]
        if allowed:
            self._run("SET LOCAL session_replication_role = replica")
        yield
        if allowed:
            self._run("SET LOCAL session_replication_role = origin")

    def settle(self) -> None:
        """Look up now what is otherwise looked up at the commit, so that nobody waits for it behind the locks that come next."""
        if self._is_postgres:
            self._run("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")

    def hold(self, operator_id: int | None) -> None:
        """Whom new contacts will refer to must stay until this transaction ends: groups, branches, the member of staff."""
        if self._is_postgres:
            for table in (Group._meta.db_table, Branch._meta.db_table):
                self._run(f"SELECT 1 FROM {table} FOR KEY SHARE")
            self._run(f"SELECT 1 FROM {get_user_model()._meta.db_table} WHERE id = %s FOR KEY SHARE", [operator_id])

    def groups(self, numbers: Sequence[int]) -> list[str]:
        """The different contents of the column of groups, each a JSON list of names."""
        among, many = self._among("n", numbers)
        query = f"SELECT DISTINCT groups FROM {self._rows} WHERE groups IS NOT NULL AND {among}"
        return [found for (found,) in self._run(query, many)]

    def ids(self, count: int) -> list[int]:
        """Numbers for new contacts, which nobody else gets."""
        if self._is_postgres:
            name = self._run("SELECT pg_get_serial_sequence('contacts_contact', 'id')")[0][0]
            return [
                pk for (pk,) in self._run("SELECT nextval(%s::regclass) FROM generate_series(1, %s)", [name, count])
            ]
        last = self._run("SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'contacts_contact'")[0][0]
        return list(range(last + 1, last + 1 + count))

    def write_contacts(self, people: _People, now: datetime) -> None:
        """The people as contacts, with their search text."""
        attributes = "coalesce(s.attributes, '{}')" + ("::jsonb" if self._is_postgres else "")
        plain = [(name, f"coalesce(s.{name}, '')") for name in _TEXTS]
        own = [(name, f"s.{name}") for name in ("external_id", "birth_date", "branch_id", "search")]
        columns = dict([("id", "f.id"), *plain, *own, ("attributes", attributes)])
        self._insert(Contact, columns | {"created_at": "%s", "updated_at": "%s"}, people, [now, now])

    def write_addresses(self, kind: str, people: _People, now: datetime) -> None:
        """Their addresses of one kind, "email" or "phone"."""
        columns = {
            "contact_id": "f.id", "kind": f"'{kind}'", "value": f"s.{kind}", "normal": f"s.{kind}_normal", "fingerprint": f"s.{kind}_mark",
            "validity": "'ok'", "invalid_reason": "''", "bad_hits": "0", "position": "0", "created_at": "%s",
        }  # fmt: skip
        self._insert(Address, columns, people, [now], f"s.{kind}_mark IS NOT NULL")

    def write_memberships(self, groups: Sequence[tuple[str, int]], people: _People, now: datetime) -> None:
        """groups: `(content of the column of groups, id of one group in it)`."""
        columns = {"contact_id": "f.id", "group_id": "g.id", "added_at": "%s"}
        listed, params = self._listed("g", ("id", "bigint"), ("name", "text"), [(pk, name) for name, pk in groups])
        self._insert(Membership, columns, people, [now], join=(f"{listed} ON g.name = s.groups", params))

    def write_consents(self, kind: str, address: str, people: _People, said: dict[str, Any], now: datetime) -> int:
        """Lines of the ledger for those who agree to a kind of channel and have an address for it; only `consent` calls this.

        said: the further columns, the same for all; "{line}" in `source` becomes the line of the file.
        """
        before, after = said["source"].split("{line}")
        same = {name: "%s" for name in said if name != "source"}
        columns = {
            "contact_id": "f.id", "kind": f"'{kind}'", "address": f"s.{address}_normal", "at": "coalesce(s.said_at, %s)",
            "source": "%s || s.line || %s",
        } | same  # fmt: skip
        params = [now, before, after, *(value for name, value in said.items() if name != "source")]
        return self._insert(Consent, columns, people, params, f"s.said_{kind} AND s.{address}_mark IS NOT NULL")

    def _insert(
        self, model: Any, columns: dict[str, str], people: _People, params: Sequence[Any], where: str = "true",
        join: tuple[str, list[Any]] = ("", []),
    ) -> int:  # fmt: skip
        """The rows of `people`, as `f` with their ids, beside their staged rows `s`."""
        listed, many = self._listed("f", ("n", "integer"), ("id", "bigint"), people)
        names = ", ".join(f'"{name}"' for name in columns)
        values = [self._adapted(model, value) for value in params]
        joined = f"JOIN {join[0]}" if join[0] else ""
        with self._connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({names}) SELECT {', '.join(columns.values())} "
                f"FROM {listed} JOIN {self._rows} AS s ON s.n = f.n {joined} WHERE {where} ORDER BY f.n",
                [*values, *many, *join[1]],
            )
            return cast(int, cursor.rowcount)

    def _adapted(self, model: Any, value: Any) -> Any:
        return self._connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value

    def _listed(
        self, alias: str, one: tuple[str, str], other: tuple[str, str], rows: Sequence[tuple[Any, Any]]
    ) -> tuple[str, list[Any]]:
        """Pairs as a table of two columns, and its parameters."""
        firsts, seconds = [row[0] for row in rows], [row[1] for row in rows]
        if self._is_postgres:
            text = f"unnest(%s::{one[1]}[], %s::{other[1]}[]) AS {alias}({one[0]}, {other[0]})"
            return text, [arrays.written(firsts), arrays.written(seconds)]
        pairs = json.dumps(list(zip(firsts, seconds, strict=True)))
        names = ", ".join(f"json_extract(value, '$[{n}]') AS {name}" for n, (name, _) in enumerate((one, other)))
        return f"(SELECT {names} FROM json_each(%s)) AS {alias}", [pairs]

    def _among(self, column: str, numbers: Sequence[int]) -> tuple[str, list[Any]]:
        own = "= ANY(%s::bigint[])" if self._is_postgres else "IN (SELECT value FROM json_each(%s))"
        return f"{column} {own}", [Among.written(numbers, self._connection)]

    def _run(self, statement: str, params: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(statement, list(params))
            return cursor.fetchall() if cursor.description else []


# Triggers of ours on the tables would not fire either: then nothing is trusted.
_MAY_TRUST = """
    SELECT (rolsuper OR {granted})
        AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE NOT tgisinternal AND tgrelid = ANY(ARRAY['contacts_contact'::regclass,
            'contacts_address'::regclass, 'contacts_membership'::regclass, 'contacts_consent'::regclass]))
    FROM pg_roles WHERE rolname = current_user
"""


def _may_trust(version: int) -> str:
    """Before 15, PostgreSQL could not grant it."""
    granted = "has_parameter_privilege(rolname, 'session_replication_role', 'SET')" if version >= 150000 else "false"
    return _MAY_TRUST.format(granted=granted)


_People = Sequence[tuple[int, int]]  # n of the row, id of the contact

_KNOWN = [
    (f"{Contact._meta.db_table} AS c ON c.external_id = s.external_id", f"s.kind = '{PLAIN}'"),
    (f"{Alias._meta.db_table} AS l ON l.external_id = s.external_id", f"s.kind = '{PLAIN}'"),
    *(
        (f"{table} AS a ON a.fingerprint = s.{kind}_mark{open_}", f"s.kind = '{PLAIN}'")
        for kind in ("email", "phone")
        for table, open_ in ((Address._meta.db_table, ""), (Suppression._meta.db_table, " AND a.lifted_at IS NULL"))
    ),
]
_OWNERS = [table.replace(" ON ", " WHERE ", 1) for table, _ in _KNOWN]
