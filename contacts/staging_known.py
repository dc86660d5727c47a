"""Staged rows that mean one person whom we know, beyond doubt, and say nothing new of them: found by one statement for thousands.

Raw SQL for both databases, beside `staging`. Whatever is in doubt here is left to the planner, which knows more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence

from contacts.models import Address, Basis, Consent, ConsentPurpose, Contact, Membership, Suppression
from contacts.staging import PLAIN, Stage

_TEXTS = ("first_name", "last_name", "language", "time_zone", "city", "notes")
_OTHERS = ("birth_date", "branch_id")
_CONTACT, _ADDRESS, _MEMBERSHIP, _CONSENT, _CLOSED = (
    model._meta.db_table for model in (Contact, Address, Membership, Consent, Suppression)
)
_NAMES = "s.first_name IS NOT DISTINCT FROM nullif(c.first_name, '') AND s.last_name IS NOT DISTINCT FROM nullif(c.last_name, '')"


class KnownRows(Stage):
    """The same stage, asked about people who are known."""

    def to_be_planned(self) -> list[int]:
        """The numbers of all rows that are set apart, in the order of the file."""
        return [n for (n,) in self._run(f"SELECT n FROM {self._apart} ORDER BY n")]

    def unchanged(
        self, numbers: Sequence[int], group_ids: Callable[[], dict[str, int]], fold: Callable[[str], str],
        fields: Collection[str] = (), details: Collection[str] = (),
    ) -> dict[int, int]:  # fmt: skip
        """Those of the rows that say nothing new: number of the row -> id of the one contact that it means.

        A row that shares a number or an address with another row of the file is never among them, nor one of whose addresses is suppressed.
        group_ids: by folded name; fields, details: those that an empty cell empties.
        """
        if not numbers:
            return {}
        names = {name for text in self.groups(numbers) for name in json.loads(text)}
        known = group_ids() if names else {}
        listed, groups = self._listed(
            "l", ("id", "bigint"), ("name", "text"), [(known.get(fold(name), 0), name) for name in names]
        )
        among, many = self._among("s.n", numbers)
        mine = f"{among} AND s.kind = '{PLAIN}' AND NOT EXISTS (SELECT 1 FROM {self._apart} AS x WHERE x.n = s.n AND NOT x.alone)"
        emptied, params = self._details(details)
        found = self._run(
            f"WITH g AS MATERIALIZED (SELECT id, name FROM {listed}), p(n, id) AS MATERIALIZED ("
            f"SELECT s.n, c.id FROM {self._rows} AS s JOIN {_CONTACT} AS c ON c.external_id = s.external_id WHERE {mine} "
            f"UNION ALL SELECT s.n, a.contact_id FROM {self._rows} AS s "
            f"JOIN {_ADDRESS} AS a ON a.fingerprint = coalesce(s.email_mark, s.phone_mark) WHERE {mine} AND s.external_id IS NULL "
            f"AND NOT EXISTS (SELECT 1 FROM {_ADDRESS} AS o WHERE o.fingerprint = a.fingerprint AND o.contact_id <> a.contact_id)) "
            f"SELECT s.n, c.id FROM p JOIN {self._rows} AS s ON s.n = p.n JOIN {_CONTACT} AS c ON c.id = p.id "
            f"WHERE {' AND '.join([*self._same(fields), *emptied])}",
            [*groups, *many, *many, *params],
        )  # fmt: skip
        return dict(found)

    def _same(self, fields: Collection[str]) -> list[str]:
        """What holds where the row `s` says nothing new of the contact `c`."""
        array, value = ("jsonb_array_elements_text(s.groups::jsonb) AS w(value)", "w.value") if self._is_postgres else (
            "json_each(s.groups) AS w", "w.value")  # fmt: skip
        kept = [name for name in (*_TEXTS, *_OTHERS) if name not in fields]
        return [
            # By a phone alone only where the names do not differ: families share phones.
            f"(s.external_id IS NOT NULL OR s.email_mark IS NOT NULL OR (s.first_name IS NULL AND s.last_name IS NULL) OR ({_NAMES}))",
            *(f"(s.{name} IS NULL OR s.{name} = c.{name})" for name in kept),
            *(f"coalesce(s.{name}, '') = c.{name}" for name in _TEXTS if name in fields),
            *(f"s.{name} IS NOT DISTINCT FROM c.{name}" for name in _OTHERS if name in fields),
            f"(s.attributes IS NULL OR {self._holds_details})",
            *(_has_address(kind) for kind in ("email", "phone")),
            (f"NOT EXISTS (SELECT 1 FROM {array} WHERE NOT EXISTS (SELECT 1 FROM g JOIN {_MEMBERSHIP} AS m ON m.group_id = g.id "
            f"WHERE g.name = {value} AND m.contact_id = c.id))"),
            *(_said(kind, address) for kind, address in (("email", "email"), ("sms", "phone"))),
        ]  # fmt: skip

    @property
    def _holds_details(self) -> str:
        if self._is_postgres:
            return "c.attributes @> s.attributes::jsonb"
        held = (
            "SELECT 1 FROM json_each(c.attributes) AS o WHERE o.key = r.key AND o.type = r.type AND o.value = r.value"
        )
        return f"NOT EXISTS (SELECT 1 FROM json_each(s.attributes) AS r WHERE NOT EXISTS ({held}))"

    def _details(self, names: Collection[str]) -> tuple[list[str], list[str]]:
        """Nothing is held under these names of which the row says nothing."""
        if not names:
            return [], []
        told = "SELECT r.key FROM json_each(coalesce(s.attributes, '{}')) AS r"
        each = "json_each(c.attributes) AS o WHERE o.key IN (SELECT value FROM json_each(%s))"
        if self._is_postgres:
            told = "SELECT r.key FROM jsonb_each(coalesce(s.attributes, '{}')::jsonb) AS r"
            each = "jsonb_each(c.attributes) AS o WHERE o.key IN (SELECT jsonb_array_elements_text(%s::jsonb))"
        return [f"NOT EXISTS (SELECT 1 FROM {each} AND o.key NOT IN ({told}))"], [json.dumps(sorted(names))]


def _has_address(kind: str) -> str:
    """The address of the row is one of the contact's, and open."""
    owned = f"SELECT 1 FROM {_ADDRESS} AS a WHERE a.fingerprint = s.{kind}_mark AND a.contact_id = c.id"
    closed = f"SELECT 1 FROM {_CLOSED} AS x WHERE x.fingerprint = s.{kind}_mark AND x.lifted_at IS NULL"
    return f"(s.{kind}_mark IS NULL OR (EXISTS ({owned}) AND NOT EXISTS ({closed})))"


def _said(kind: str, address: str) -> str:
    """What the row says of consent is what the newest line of the ledger says, or there is no address that it could be about."""
    lines = (
        f"FROM {_CONSENT} AS k WHERE k.contact_id = c.id AND k.kind = '{kind}' AND k.purpose = '{ConsentPurpose.MARKETING.value}' "
        "ORDER BY k.id DESC LIMIT 1"
    )
    said = f"k.basis <> '{Basis.UNDONE.value}'"  # what an import said that was undone, nobody said
    owned = f"SELECT 1 FROM {_ADDRESS} AS a WHERE a.contact_id = c.id AND a.kind = '{address}'"
    return (
        f"CASE WHEN s.said_{kind} IS NULL THEN true "
        f"WHEN s.said_{kind} THEN (SELECT k.given AND k.expires_at IS NULL AND {said} {lines}) IS TRUE OR NOT EXISTS ({owned}) "
        f"ELSE (SELECT k.given AND {said} {lines}) IS NOT TRUE END"
    )
