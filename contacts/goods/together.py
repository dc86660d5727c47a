"""What was bought together, found anew from time to time: one statement reads all orders. What was played does not count."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection, transaction

from contacts import bulk
from contacts.models import BoughtTogether

LOOKED_AT = timedelta(days=365)
OFTEN = 2  # orders in which two things must have been together
KEPT = 8  # others for each thing
_ROWS = 1000
_COLUMNS = ("thing", "of_category", "other", "times", "name", "sku", "category", "link", "image", "price")
_LENGTHS = (160, 120, 160, None, 160, 100, 120, 500, 500, 20)

# An order of many things tells little about what goes together, and has a pair for each two of them.
_THINGS = {
    "postgresql": """
        SELECT e.id AS event, e.at AS at, i.value->>'sku' AS sku, i.value->>'name' AS name, i.value->>'category' AS category,
               i.value->>'link' AS link, i.value->>'image' AS image, i.value->>'price' AS price
        FROM contacts_event e CROSS JOIN LATERAL jsonb_array_elements(
            CASE WHEN jsonb_typeof(e.data->'items') = 'array' AND jsonb_array_length(e.data->'items') <= 30 THEN e.data->'items' END
        ) AS i(value)
        WHERE e.name = 'order' AND NOT e.played AND e.at > %s AND jsonb_typeof(i.value) = 'object'
    """,
    "sqlite": """
        SELECT e.id AS event, e.at AS at, json_extract(i.value, '$.sku') AS sku, json_extract(i.value, '$.name') AS name,
               json_extract(i.value, '$.category') AS category, json_extract(i.value, '$.link') AS link,
               json_extract(i.value, '$.image') AS image, json_extract(i.value, '$.price') AS price
        FROM contacts_event e, json_each(e.data, '$.items') AS i
        WHERE e.name = 'order' AND NOT e.played AND e.at > %s AND json_type(e.data, '$.items') = 'array'
          AND json_array_length(e.data, '$.items') <= 30 AND i.type = 'object'
    """,
}
_PAIRS = """
    , named AS (SELECT *, COALESCE(NULLIF(sku, ''), name) AS thing FROM things WHERE name <> ''),
    pairs AS (
        SELECT a.thing AS thing, b.thing AS other, count(DISTINCT a.event) AS times
        FROM named a JOIN named b ON a.event = b.event AND a.thing <> b.thing
        GROUP BY a.thing, b.thing HAVING count(DISTINCT a.event) >= %s
    ),
    best AS (SELECT *, row_number() OVER (PARTITION BY thing ORDER BY times DESC, other) AS place FROM pairs),
    newest AS (SELECT *, row_number() OVER (PARTITION BY thing ORDER BY at DESC, event DESC) AS place FROM named)
    SELECT best.thing, mine.category, best.other, best.times, n.name, n.sku, n.category, n.link, n.image, n.price
    FROM best JOIN newest n ON n.thing = best.other AND n.place = 1 JOIN newest mine ON mine.thing = best.thing AND mine.place = 1
    WHERE best.place <= %s ORDER BY best.thing, best.place
"""


def find(now: datetime) -> int:
    """Read the orders of a year and keep what was bought together; returns how many pairs."""
    since = connection.ops.adapt_datetimefield_value(now - LOOKED_AT)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH things AS ({_THINGS[connection.vendor]}){_PAIRS}", [since, OFTEN, KEPT])
        rows = [
            tuple(_cut(value, most) for value, most in zip(row, _LENGTHS, strict=True)) for row in cursor.fetchall()
        ]
    with transaction.atomic():
        BoughtTogether.objects.all().delete()
        for start in range(0, len(rows), _ROWS):
            bulk.insert(BoughtTogether, _COLUMNS, rows[start : start + _ROWS], ignore_conflicts=True)
    return len(rows)


def _cut(value: object, most: int | None) -> object:
    """As its column holds it."""
    return value if most is None else ("" if value is None else str(value))[:most]
