"""Many people at once, written by the database itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

_PEOPLE = """
INSERT INTO contacts_contact(external_id, first_name, last_name, language, time_zone, city, notes, attributes, search, created_at,
                             updated_at)
SELECT 'n' || n, 'Person' || n, 'Ruiz', 'en', '', 'Madrid', '', '{}', 'person' || n || ' ruiz', now(), now() FROM generate_series(1, %s) n
"""
_ADDRESSES = """
INSERT INTO contacts_address(contact_id, kind, value, normal, fingerprint, validity, invalid_reason, bad_hits, position, created_at)
SELECT id, kind, place, place, encode(sha256((kind || place)::bytea), 'hex'), 'ok', '', 0, 0, now()
FROM (
    SELECT id, 'email' AS kind, external_id || '@example.org' AS place FROM contacts_contact
    UNION ALL SELECT id, 'phone', '+346' || lpad(substr(external_id, 2), 8, '0') FROM contacts_contact
) given
"""
_CONSENTS = """
INSERT INTO contacts_consent(contact_id, kind, purpose, given, basis, source, wording, language, address, delivery_token, played,
                             at, recorded_at, handled_at)
SELECT id, kind, 'marketing', true, 'express', 'benchmark', 'Yes.', 'en', '', '', false, past, past, past
FROM contacts_contact, unnest(ARRAY['email', 'sms']) kind, (SELECT now() - interval '30 days' AS past) long_ago
"""
_PARTS = ("contacts_contact", "contacts_address", "contacts_consent")


def settle(count: int) -> None:
    """So many people with an email address, a phone and consent to both; whoever was there before is gone, with all that was sent."""
    with connection.cursor() as cursor:
        empty("contacts_contact")
        cursor.execute(_PEOPLE, [count])
        cursor.execute(_ADDRESSES)
        cursor.execute(_CONSENTS)
        for part in _PARTS:
            cursor.execute(f"ANALYZE {part}")


def empty(*tables: str) -> None:
    """Empty the tables and whatever refers to them."""
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")
        cursor.execute("CHECKPOINT")


@contextmanager
def unhindered(*tables: str) -> Iterator[None]:
    """Fill tables as a restored dump is filled: foreign keys are not asked row by row, and other indexes than the keys made afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '1GB'")
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes JOIN pg_index ON indexrelid = (quote_ident(indexname))::regclass"
            " WHERE schemaname = current_schema() AND tablename = ANY(%s) AND NOT indisunique",
            [list(tables)],
        )
        found = cursor.fetchall()
        for name, _how in found:
            cursor.execute(f'DROP INDEX "{name}"')
        yield
        for _name, how in found:
            cursor.execute(how)
        cursor.execute("RESET session_replication_role")
        cursor.execute("RESET maintenance_work_mem")
