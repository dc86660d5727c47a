"""Looking for possible duplicates through a crowd, beside the bare count of its addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from contacts.merging import finding
from contacts.models import Address, Duplicate
from tests.benchmarks.crowd import settle
from tests.benchmarks.rounds import Watch, compare, sized

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
# Every thousandth has the phone of the one before; all have a birth date, some 30 to each day.
_PLANT = (
    "UPDATE contacts_contact SET birth_date = date '1930-01-01' + (id % 30000)::int",
    """
    UPDATE contacts_address a SET normal = b.normal, value = b.value, fingerprint = b.fingerprint
    FROM contacts_address b
    WHERE a.kind = 'phone' AND b.kind = 'phone' AND b.contact_id = a.contact_id - 1 AND a.contact_id % 1000 = 0
    """,
    "UPDATE contacts_contact c SET first_name = b.first_name FROM contacts_contact b WHERE b.id = c.id - 1 AND c.id % 1000 = 0",
    "ANALYZE contacts_contact", "ANALYZE contacts_address",
)  # fmt: skip


def test_looking_for_duplicates_through_a_crowd() -> None:
    people = sized(100_000)
    settle(people)
    with connection.cursor() as cursor:
        for statement in _PLANT:
            cursor.execute(statement)
    found: list[int] = []

    def everyone(watch: Watch) -> None:
        with watch(people):
            assert Address.objects.count() == people * 2

    def search(watch: Watch) -> None:
        with watch(people):
            found.append(finding.find(timezone.now()))

    variants: dict[str, Any] = {"count of all addresses": everyone, "find": search}
    watch = compare(f"Possible duplicates among {people:,} people", "people/s", variants)
    print(f"find: {people / min(watch.rates['find']):.2f} s at worst, {found[-1]} pairs")
    assert abs(found[-1] - people // 1000) <= 1
    assert set(Duplicate.objects.values_list("reasons", flat=True)[0]) == {"phone_name"}
