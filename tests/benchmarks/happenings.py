"""What a crowd did in two years, written by the database itself: events spread over its people and over time, and messages."""

from __future__ import annotations

from django.db import connection

from tests.benchmarks.crowd import unhindered

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
    CASE name WHEN 'page_viewed' THEN jsonb_build_object('topic', 'topic ' || n %% 40, 'category', 'category ' || n %% 17, 'url',
                                                         'https://shop.example/' || n %% 5000)
              WHEN 'order' THEN jsonb_build_object('total', n %% 200 + 5, 'category', 'category ' || n / 10 %% 20, 'items',
            jsonb_build_array(jsonb_build_object('sku', 'sku ' || n / 10 %% 700, 'category', 'category ' || n / 10 %% 20),
                              jsonb_build_object('sku', 'sku ' || n / 10 %% 900, 'category', 'category ' || n / 10 %% 17)))
        ELSE '{}'::jsonb END,
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
        with unhindered("contacts_event"):
            cursor.execute(_EVENTS, {"count": count})
        for part in ("contacts_contact", "contacts_address", "contacts_event"):
            cursor.execute(f"VACUUM ANALYZE {part}")


# One appointment for each of them, some of them sixty days ago, some in sixty days; everyone has a birthday.
_BOOKINGS = """
INSERT INTO contacts_booking(contact_id, source, kind, title, starts_at, zone, place, status, cancelled_by, revision, created_at,
    updated_at)
SELECT id, '', 'appointment', 'Cut', now() + interval '120 days' * ((id * 7919 % 999983) / 999983.0 - 0.5), 'Europe/Madrid', '',
    'booked', '', 1, now() - interval '90 days', now() - interval '90 days'
FROM contacts_contact
"""
_BIRTHDAYS = "UPDATE contacts_contact SET birth_date = date '1970-01-01' + (id * 7919 % 9990)::int"
# What was ordered in the last month is fetched three days later.
_PICK_UPS = """
UPDATE contacts_event SET data = data || jsonb_build_object('pickup_on', to_char(at + interval '3 days', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"'))
WHERE name = 'order' AND at > now() - interval '30 days'
"""
_MEMBERS = """
INSERT INTO contacts_membership(contact_id, group_id, added_at) SELECT id, %s, now() FROM contacts_contact WHERE id %% 100 = 0
"""


def prepare_ways_in(group_id: int) -> None:
    """Appointments, birthdays, pick-ups, and a hundredth of the people in a group: something for every way in to find."""
    with connection.cursor() as cursor, unhindered("contacts_booking"):
        for statement in (_BOOKINGS, _BIRTHDAYS, _PICK_UPS):
            cursor.execute(statement)
        cursor.execute(_MEMBERS, [group_id])
        for part in ("contacts_contact", "contacts_booking", "contacts_event", "contacts_membership"):
            cursor.execute(f"VACUUM ANALYZE {part}")
