"""A house after some years: many people with names in two alphabets, and all that was sent to them, written by the database itself.

Everything stands in the order in which it came about, as it would: the newest has the highest number.
"""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.utils import timezone

from cascades import publishing
from channels.models import Channel
from contacts.models import Group
from tests.benchmarks.crowd import empty
from tests.factories import make_cascade, make_channel, make_message

# 40 first names by 250 last names; one of a thousand lives in Cádiz, and one of two hundred thousand is called Xochitl.
_PEOPLE = """
INSERT INTO contacts_contact(external_id, first_name, last_name, language, time_zone, preferred_channel, city, notes, attributes, search,
                             created_at, updated_at)
SELECT 'n' || n, first, last, language, '', '', city, '', '{}',
    lower(first || ' ' || last || ' ' || translate(city, 'áé', 'ae') || ' n' || n || ' n' || n ||
        '@example.org +346' || lpad((n * 7919 %% 99999989)::text, 8, '0')),
    now() - interval '700 days' * (1 - n / %(count)s::float), now()
FROM (
    SELECT n,
        CASE WHEN n %% 200000 = 77 THEN 'Xochitl' ELSE (ARRAY['Ana','Maria','Jose','Ivan','Elena','Иван','Мария','Пётр','Ольга','Carmen',
            'Luis','Javier','Lucia','Sofia','Pablo','Marta','Diego','Laura','Sara','Raul','Jorge','Irene','Hugo','Julia','Alba','Mario',
            'Ines','Leo','Nora','Vera','Adam','Emma','Noah','Liam','Zoe','Eva','Ian','Max','Tom','Ben'])[1 + n * 7919 %% 40] END AS first,
        CASE WHEN n %% 7 = 0 THEN 'Garcia' ELSE (ARRAY['Ruiz','Lopez','Петров','Иванова','Berg'])[1 + n %% 5] || (n * 31 %% 50) END AS last,
        CASE WHEN n %% 1000 = 5 THEN 'Cádiz' WHEN n %% 3 = 0 THEN '' WHEN n %% 3 = 1 THEN 'Madrid' ELSE 'Bilbao' END AS city,
        CASE WHEN n %% 5000 = 9 THEN 'fr' WHEN n %% 2 = 0 THEN '' ELSE 'es' END AS language
    FROM generate_series(1::bigint, %(count)s) n
) named
"""
_ADDRESSES = """
INSERT INTO contacts_address(contact_id, kind, value, normal, fingerprint, validity, invalid_reason, bad_hits, position, created_at)
SELECT id, kind, place, place, md5(kind || place), CASE WHEN kind = 'email' AND id %% 2000 = 3 THEN 'invalid' ELSE 'ok' END, '', 0, 0, now()
FROM (
    SELECT id, 'email' AS kind, external_id || '@example.org' AS place FROM contacts_contact WHERE id %% 3000 <> 1
    UNION ALL SELECT id, 'phone', '+346' || lpad((substr(external_id, 2)::bigint * 7919 %% 99999989)::text, 8, '0') FROM contacts_contact
) given ORDER BY id
"""
_CONSENTS = """
INSERT INTO contacts_consent(contact_id, kind, purpose, given, basis, source, wording, language, address, delivery_token, played,
                             at, recorded_at, handled_at)
SELECT id, kind, 'marketing', given, 'express', 'benchmark', 'Yes.', 'en', '', '', false, past, past, past
FROM (
    SELECT id, 1 AS turn, 'email' AS kind, true AS given FROM contacts_contact WHERE id %% 4000 <> 2
    UNION ALL SELECT id, 1, 'sms', true FROM contacts_contact
    UNION ALL SELECT id, 2, 'email', false FROM contacts_contact WHERE id %% 2500 = 7
) said, (SELECT now() - interval '30 days' AS past) long_ago ORDER BY turn, id
"""
_MEMBERS = """
INSERT INTO contacts_membership(contact_id, group_id, added_at)
SELECT id, %(big)s, now() FROM contacts_contact WHERE id %% 2 = 0
UNION ALL SELECT id, %(small)s, now() FROM contacts_contact WHERE id %% 50000 = 3
"""
# The first cascade is from the first year, the third had a handful of people.
_ENROLLMENTS = """
INSERT INTO cascades_enrollment(cascade_id, version_id, contact_id, occasion, shared, unknown_goes_on, outcome, reason, reason_params,
    started_at, context, max_until, prefers, prolonged, ended_at)
SELECT cascade, version, id, 'o', false, false,
    CASE WHEN place %% 3000 = 5 THEN 'failed' WHEN place %% 4 = 0 THEN 'reached' ELSE 'exhausted' END, '', '{}', at, '{}', at, '', '', at
FROM (
    SELECT id, row_number() OVER (ORDER BY id) AS place, created_at AS at FROM contacts_contact
) one, LATERAL (SELECT CASE WHEN place %% 200000 = 8 THEN 2 WHEN place < %(count)s / 3 THEN 0 ELSE 1 END AS which) chosen,
LATERAL (SELECT (%(cascades)s::bigint[])[which + 1] AS cascade, (%(versions)s::bigint[])[which + 1] AS version) pinned
ORDER BY id
"""
_DELIVERIES = """
INSERT INTO channels_delivery(token, contact_id, channel_id, message_version_id, kind, purpose, priority, urgent, sandbox, scope, campaign,
    step_name, context, pinned, address, unconfirmed, language, status, reason, reason_params, attempts, not_before, provider_id, cost,
    tracked, links, subject, created_at, sending_at, sent_at, delivered_at, ended_at, opened_grade, clicked_grade)
SELECT substr(md5(n::text), 1, 16), contact, CASE WHEN kind = 'email' THEN %(email)s ELSE %(sms)s END, %(message)s, kind,
    CASE WHEN n %% 10000 = 1 THEN 'transactional' ELSE 'marketing' END, 1, false, false, '', '',
    '', '{}', false, '', false, 'en', status, '', '{}', 1, at, '', 0.01, true, '[]', 'News', at, at, at, at, at, '', ''
FROM (
    SELECT n, (SELECT min(id) FROM contacts_contact) + (n - 1) / 3 AS contact, CASE WHEN n %% 3 = 0 THEN 'sms' ELSE 'email' END AS kind,
        CASE WHEN n %% 50000 = 9 THEN 'unknown' WHEN n %% 2000 = 6 THEN 'failed' WHEN n %% 20000 = 7 THEN 'expired'
             WHEN n %% 5000 = 4 THEN 'bounced' WHEN n %% 8 = 0 THEN 'sent' ELSE 'delivered' END AS status,
        now() - interval '700 days' * (1 - n / %(count)s::float) AS at
    FROM generate_series(1::bigint, %(count)s) n
) planned
"""
_RUNS = """
INSERT INTO cascades_steprun(enrollment_id, step_id, step_key, decision, reason, reason_params, decided_at, delivery_id)
SELECT e.id, (%(steps)s::bigint[])[turn], (%(keys)s::text[])[turn], 'send', '', '{}', d.created_at, d.id
FROM (SELECT id, contact_id, created_at, 1 + (id - min(id) OVER ()) %% 3 AS turn FROM channels_delivery) d
JOIN cascades_enrollment e ON e.contact_id = d.contact_id ORDER BY d.id
"""
_EVENTS = """
INSERT INTO contacts_event(contact_id, name, key, at, recorded_at, data, amount, source, played, handled_at)
SELECT first + n * 7919 %% people, CASE WHEN n %% 100000 = 4 THEN 'answer' WHEN n %% 3 = 0 THEN 'order' ELSE 'visit' END,
    NULL, at, at, '{}', NULL,
    'benchmark', false, at
FROM (SELECT n, now() - interval '700 days' * (1 - n / %(count)s::float) AS at FROM generate_series(1::bigint, %(count)s) n) told,
    (SELECT min(id) AS first, count(*) AS people FROM contacts_contact) crowd
"""
_BOOKINGS = """
INSERT INTO contacts_booking(contact_id, source, kind, title, starts_at, zone, place, status, cancelled_by, revision, created_at,
    updated_at)
SELECT id, '', 'appointment', 'Cut', now() + interval '200 days' * ((id * 7919 %% 999983) / 999983.0 - 0.5), 'Europe/Madrid', '',
    CASE WHEN id %% 30000 = 3 THEN 'missed' ELSE 'booked' END, '', 1, now(), now()
FROM contacts_contact WHERE id %% 3 = 0
"""
_CALLS = """
INSERT INTO channels_inboundcall(channel_id, call_key, method, url, headers, body, received_at, state, problem)
SELECT %(email)s, n::text, 'POST', '/', '{}', 'x', now() - interval '1 minute' * (%(count)s - n),
    CASE WHEN n %% 20000 = 3 THEN 'unreadable' ELSE 'applied' END, ''
FROM generate_series(1::bigint, %(count)s) n
"""
_ANALYZED = (
    "contacts_contact", "contacts_address", "contacts_consent", "contacts_membership", "contacts_event", "contacts_booking",
    "cascades_enrollment", "cascades_steprun", "channels_delivery", "channels_inboundcall",
)  # fmt: skip


def fill(people: int) -> dict[str, Any]:
    """So many people, with three messages each; returns what lists are narrowed by."""
    channels = {kind: make_channel(kind) for kind in ("email", "sms")}
    cascades = [_cascade(f"Cascade {n}", channels["email"]) for n in range(3)]
    steps = list(cascades[1].steps.filter(version__isnull=False).order_by("position"))
    groups = {name: Group.objects.create(name=name).pk for name in ("big", "small")}
    known: dict[str, Any] = {
        "count": people, **{kind: channel.pk for kind, channel in channels.items()}, **groups,
        "cascades": [cascade.pk for cascade in cascades],
        "versions": [cascade.versions.get().pk for cascade in cascades], "steps": [step.pk for step in steps],
        "keys": [step.key for step in steps], "message": steps[0].message_version_id,
    }  # fmt: skip
    with connection.cursor() as cursor:
        empty("contacts_contact")
        for statement in (_PEOPLE, _ADDRESSES, _CONSENTS, _MEMBERS, _ENROLLMENTS):
            cursor.execute(statement, known)
        cursor.execute(_DELIVERIES, known | {"count": 3 * people})
        cursor.execute("ANALYZE channels_delivery; ANALYZE cascades_enrollment")
        for statement in (_RUNS, _EVENTS, _BOOKINGS, _CALLS):
            cursor.execute(statement, known)
        for table in _ANALYZED:
            cursor.execute(f"VACUUM ANALYZE {table}")
    return known


def _cascade(name: str, channel: Channel) -> Any:
    """Frozen as for a start, with three steps."""
    cascade = make_cascade(name, [{"channel": channel, "message": make_message(f"{name}, {n}")} for n in range(3)])
    publishing.freeze(cascade, user=None, now=timezone.now())
    return cascade
