"""Rows of people who are known: what sets find to say nothing new, and what becomes of all rows, is what the planner makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import consent
from contacts.importing import checking, chunks, loading, runs
from contacts.importing.cleaning import Cleaner
from contacts.importing.familiar import Familiar
from contacts.models import (
    Address,
    Alias,
    Branch,
    Business,
    Consent,
    Contact,
    Group,
    ImportChange,
    Membership,
    Merge,
    Suppression,
)
from contacts.staging import Stage
from tests.contacts.test_import_by_sets import CELLS, ROW, asked, by_the_planner, counted, stored, town
from tests.factories import NOW, make_business, make_contact, make_group
from tests.invented import invented

EDIT = st.tuples(st.integers(0, 30), st.integers(0, len(CELLS) - 1), st.integers(0, 30))


class KnownBySets(TestCase):
    @invented(5)
    @given(
        rows=st.lists(ROW, min_size=4, max_size=9),
        edits=st.lists(EDIT, max_size=5),
        mode=st.sampled_from(["none", "all", "column"]),
        empty=st.sampled_from(["keep", "erase"]),
        at_once=st.sampled_from([1, 3]),
    )
    def test_last_months_file_with_a_few_edits_does_what_the_planner_does(
        self, rows: list[tuple[str, ...]], edits: list[tuple[int, int, int]], mode: str, empty: str, at_once: int
    ) -> None:
        again = [list(row) for row in rows]
        for row, column, cell in edits:
            again[row % len(rows)][column] = CELLS[column][cell % len(CELLS[column])]
        _last_month(rows, mode)
        expected = by_the_planner(asked(again, mode, True, empty))
        there = stored()
        for model in (ImportChange, Consent, Membership, Address, Alias, Merge, Contact, Group, Suppression):
            model._base_manager.all()._raw_delete("default")
        _last_month(rows, mode)
        run = asked(again, mode, True, empty)
        with pytest.MonkeyPatch.context() as few:
            for module, name, number in (
                (chunks, "CHUNK", at_once), (loading, "PORTION", 4), (checking, "EXAMPLES", 2)
            ):  # fmt: skip
                few.setattr(module, name, number)
            runs.work(clock=timezone.now)
            run.refresh_from_db()
            assert counted(run) == expected
            runs.confirm(run)
            runs.work(clock=timezone.now)
        run.refresh_from_db()
        assert (run.state, counted(run)) == ("done", expected)
        assert stored() == there


def _last_month(rows: list[tuple[str, ...]], mode: str) -> None:
    """Everybody of the town, somebody under two numbers, somebody closed; and the file as it was imported then."""
    town()
    kept = make_contact("Zoë Gil", phone="+34600333444", external_id="4", consent=("sms",), groups=[make_group("VIP")])
    merge = Merge.objects.create(kept=kept, gone_id=0, at=NOW)
    Alias.objects.create(merge=merge, contact=kept, external_id="2")
    make_contact("Bea Sol", email="shut@example.com", external_id="A5")
    by_the_planner(asked(rows, mode, True))


ROWS: dict[str, tuple[str, ...]] = {  # id, first, name, email, phone, email 2, born, town, branch, groups, agreed, when, Pet
    "says nothing new": ("N1", "Ana", "", "n1@example.com", "+34600000001", "", "", "Cádiz", "North", "vip", "yes", "", "cat"),
    "says less than we know": ("N2", "", "", "", "", "", "", "", "", "", "", "", ""),
    "is known by email": ("", "Ana", "", "n3@example.com", "", "", "", "", "", "", "yes", "", ""),
    "is known by a phone that only they have": ("", "Ana", "", "", "+34600000004", "", "", "", "", "VIP", "", "", ""),
    "another town": ("N5", "Ana", "", "", "", "", "", "Málaga", "", "", "", "", ""),
    "another phone": ("N6", "", "", "", "+34600999999", "", "", "", "", "", "", "", ""),
    "another group": ("N7", "", "", "", "", "", "", "", "", "VIP; New", "", "", ""),
    "another detail": ("N8", "", "", "", "", "", "", "", "", "", "", "", "dog"),
    "another branch": ("N9", "", "", "", "", "", "", "", "South", "", "", "", ""),
    "a birthday": ("N10", "", "", "", "", "", "01.02.1990", "", "", "", "", "", ""),
    "no longer agrees": ("N11", "", "", "", "", "", "", "", "", "", "no", "", ""),
    "has withdrawn": ("N12", "", "", "", "", "", "", "", "", "", "yes", "", ""),
    "is suppressed": ("N13", "", "", "n13@example.com", "", "", "", "", "", "", "", "", ""),
    "a phone, and another name": ("", "Zoë", "", "", "+34600000014", "", "", "", "", "", "", "", ""),
    "stands twice": ("N15", "", "", "", "", "", "", "", "", "", "", "", ""),
    "stands twice, by email": ("", "", "", "n15@example.com", "", "", "", "Málaga", "", "", "", "", ""),
    "shares its address": ("", "Ana", "", "shared@example.com", "", "", "", "", "", "", "", "", ""),
    "agreed in an import that was undone": ("N18", "", "", "", "", "", "", "", "", "", "yes", "", ""),
    "a number of before": ("OLD", "", "", "", "", "", "", "", "", "", "", "", ""),
}  # fmt: skip
QUIET = [name for name in ROWS if name.startswith(("says", "is known"))]


@pytest.mark.django_db
@pytest.mark.parametrize(("empty", "left"), [("keep", len(QUIET)), ("erase", 1)])
def test_only_rows_that_say_nothing_new_are_not_planned(empty: str, left: int) -> None:
    make_business(country="ES")
    north, _south = (Branch.objects.create(name=name) for name in ("North", "South"))
    vip = make_group("VIP")
    known: dict[str, Any] = {"city": "Cádiz", "branch": north, "attributes": {"Pet": "cat"}, "groups": [vip]}
    made = {
        n: make_contact(
            "Ana", email=f"n{n}@example.com", phone=f"+346000000{n:02d}", external_id=f"N{n}", **known
        )
        for n in range(1, len(ROWS))
    }  # fmt: skip
    consent.withdraw(made[12].pk, "email", source="said so", now=NOW)
    consent.grant(made[18].pk, "email", basis="undone", source="import", now=NOW)
    consent.suppress(kind="email", normal="n13@example.com", scope="all", reason="stop", source="reply", now=NOW)
    for _ in range(2):
        make_contact("Ana", email="shared@example.com")
    merge = Merge.objects.create(kept=made[16], gone_id=0, at=NOW)
    Alias.objects.create(merge=merge, contact=made[16], external_id="OLD")
    run = asked(list(ROWS.values()), "column", False, empty)
    runs.work(clock=timezone.now)
    run.refresh_from_db()

    familiar = Familiar(Stage(run.options["stage"]), Cleaner(run, Business.current(), NOW), run)
    numbers = familiar.stage.to_be_planned()
    planned = [outcome.number for outcome in familiar.decide(numbers).made.outcomes]

    assert numbers == list(range(len(ROWS) + 1))
    assert [name for line, name in enumerate(ROWS, 3) if line not in planned] == QUIET[:left]


@pytest.mark.django_db
def test_who_got_an_address_of_somebody_else_higher_up_in_the_file_makes_the_row_below_unclear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_business(country="ES")
    make_contact("Ana", email="ana@example.com")
    make_contact("Bea", external_id="N1")
    monkeypatch.setattr(chunks, "CHUNK", 1)
    nothing = [""] * 9
    run = asked([("N1", "", "", "ana@example.com", *nothing), ("", "", "", "ana@example.com", *nothing)], "none", False)
    for _ in range(2):
        runs.work(clock=timezone.now)
        run.refresh_from_db()
        assert counted(run) == (1, 1, 0, 0, 1)
        runs.confirm(run)
