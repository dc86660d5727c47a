"""Many people at once, written by the database itself."""

from __future__ import annotations

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
