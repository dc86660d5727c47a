"""What a crowd did in two years, written by the database itself: events spread over its people and over time, and messages."""

from __future__ import annotations

from django.db import connection

# Everyone has a place, in a square of some 110 km around Madrid; one in ten has no email.
_PLACES = """
UPDATE contacts_contact SET latitude = 40.4168 + (id * 7919 %% 997 - 498) / 1000.0, longitude = -3.7038 + (id * 5417 %% 991 - 495) / 1000.0,
    created_at = now() - interval '1 day' * (id %% 730)
"""
_NO_EMAIL = "DELETE FROM contacts_address WHERE kind = 'email' AND contact_id %% 10 = 0"
# Six of ten look at pages, two come, one and a half buy, the rest is something else. Few people do much, many do little.
_EVENTS = """
INSERT INTO contacts_event(contact_id, name, key, at, recorded_at, data, amount, source, played, handled_at)
SELECT first + (random() * random() * (people - 1))::bigint, name, NULL, at, at,
    CASE name WHEN 'page_viewed' THEN jsonb_build_object('topic', 'topic ' || n %% 40, 'url', 'https://shop.example/' || n %% 5000)
              WHEN 'order' THEN jsonb_build_object('total', n %% 200 + 5, 'category', 'category ' || n %% 20) ELSE '{}'::jsonb END,
    CASE name WHEN 'order' THEN n %% 200 + 5 END, 'benchmark', false, at
FROM (
    SELECT n, now() - interval '730 days' * (1 - n / %(count)s::float) AS at,
        (ARRAY['page_viewed', 'page_viewed', 'page_viewed', 'page_viewed', 'page_viewed', 'page_viewed', 'visit', 'visit', 'order',
               CASE WHEN n %% 2 = 0 THEN 'order' ELSE 'answer' END])[1 + n %% 10] AS name
    FROM generate_series(1, %(count)s) n
) told, (SELECT min(id) AS first, count(*) AS people FROM contacts_contact) crowd
"""


def happen(count: int) -> None:
    """So many events over the last two years, to whoever is there."""
    with connection.cursor() as cursor:
        cursor.execute(_PLACES.replace("%%", "%"))
        cursor.execute(_NO_EMAIL.replace("%%", "%"))
        cursor.execute(_EVENTS, {"count": count})
        for part in ("contacts_contact", "contacts_address", "contacts_event"):
            cursor.execute(f"VACUUM ANALYZE {part}")
