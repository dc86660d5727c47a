"""A file that still speaks of somebody who became part of another: the number of before means the one who is there today."""

from __future__ import annotations

import pytest

from contacts.merging.act import merge
from contacts.models import Contact
from tests.contacts.importing_desk import load, staff, table
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def test_the_number_of_a_merged_contact_changes_the_one_who_goes_on_and_makes_nobody_new() -> None:
    make_business()
    kept = make_contact("Ana Ruiz", email="ana@example.com", external_id="K1")
    gone = make_contact("Anna Ruiz", phone="+34600111222", external_id="K2")
    merge(kept.pk, gone.pk, {}, by=None, now=NOW)
    others = [
        f"N{n},P{n} Gil,p{n}@example.com," for n in range(30)
    ]  # the first few of a file are looked at one by one anyway
    run = load(staff(), table(*others, "K2,Ana Sol,new@example.com,"))
    assert (run.new, run.changed, run.refused) == (30, 1, 0)
    kept.refresh_from_db()
    assert (kept.external_id, kept.last_name) == ("K1", "Sol")
    assert set(kept.addresses.values_list("normal", flat=True)) == {
        "ana@example.com",
        "+34600111222",
        "new@example.com",
    }
    assert Contact.objects.count() == 31
