"""What is written by sets is what planning row by row would have written: the planner itself is asked, over files that Hypothesis makes."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import consent
from contacts.importing import checking, chunks, loading, reading, runs, uploads, writing
from contacts.importing.chunks import opened, shape_of
from contacts.importing.cleaning import Cleaner
from contacts.importing.people import People, Row
from contacts.importing.planning import plan
from contacts.models import (
    Address,
    Branch,
    Business,
    Consent,
    Contact,
    Group,
    ImportChange,
    ImportRun,
    Membership,
    Suppression,
)
from tests.contacts.importing_desk import STATEMENT
from tests.factories import NOW, make_business, make_contact
from tests.invented import invented

HEADERS = [
    "id",
    "first",
    "name",
    "email",
    "phone",
    "email 2",
    "born",
    "town",
    "branch",
    "groups",
    "agreed",
    "when",
    "Pet",
]
COLUMNS = [
    "external_id", "first_name", "full_name", "email", "phone", "email", "birth_date", "city", "branch", "groups", "consent",
    "consented_at", "detail",
]  # fmt: skip
# What is good stands in most cells: rows that are refused mean nobody.
CELLS: list[list[str]] = [
    ["", "", "1", "2", "'3", " 4 ", "A5"],
    ["", "Ana", "ANA", "Bea", "Zoë", "Ана"],
    ["", "", "", "", "Ana Ruiz", "Ruiz, Ana", "Bea Sol", "x" * 130],
    [
        "",
        "a@example.com",
        "A@Example.com",
        "b@пример.рф",
        "shut@example.com",
        "Bea <c@example.com>",
        "d@example.com",
        "e@example.com",
    ],
    ["", "", "", "600111222", "+34600111222", "'+34600333444", "600 555 666", "-"],
    ["", "", "", "", "a@example.com", "e@example.com"],
    ["", "", "", "01.02.1990", "--05-12", "1985-05-05"],
    ["", "Cádiz", " Cádiz ", 'a "b"\tc\\d'],
    ["", "", "north", "South"],
    ["", "VIP", "vip; New", "* all, Old"],
    ["", "yes", "yes", "no"],
    ["", "", "", "", "", "2025-03-01 10:00:00", "2999-01-01"],
    ["", "cat\ndog", "Ана\x1fb", "N/A"],
]
ROW = st.tuples(*(st.sampled_from(cells) for cells in CELLS))


class BySets(TestCase):
    @invented(12)
    @given(
        rows=st.lists(ROW, min_size=5, max_size=14),
        mode=st.sampled_from(["none", "all", "column"]),
        group=st.booleans(),
    )
    def test_outcomes_and_all_that_is_stored_are_the_planners(
        self, rows: list[tuple[str, ...]], mode: str, group: bool
    ) -> None:
        town()
        planned = asked(rows, mode, group)
        expected = by_the_planner(planned)
        there = stored()
        for model in (ImportChange, Consent, Membership, Address, Contact, Group, Suppression):
            model._base_manager.all()._raw_delete("default")
        town()
        by_sets = asked(rows, mode, group)
        with pytest.MonkeyPatch.context() as few:
            for module, name, number in ((chunks, "CHUNK", 1), (loading, "PORTION", 4), (checking, "EXAMPLES", 2)):
                few.setattr(module, name, number)
            runs.work(clock=timezone.now)
            by_sets.refresh_from_db()
            assert counted(by_sets) == expected
            runs.confirm(by_sets)
            runs.work(clock=timezone.now)
        by_sets.refresh_from_db()
        assert (by_sets.state, counted(by_sets)) == ("done", expected)
        assert stored() == there


def town() -> None:
    make_business(country="ES") if not Business.objects.exists() else None
    for name in ("North", "South"):
        Branch.objects.get_or_create(name=name)
    Group.objects.get_or_create(name="VIP")
    made = make_contact("Ana Ruiz", email="a@example.com", external_id="1", city="Cádiz", consent=("email",))
    consent.withdraw(made.pk, "email", source="said so", now=NOW)
    make_contact("Bea Sol", email="d@example.com", phone="+34600555666")
    make_contact("Ana Ruiz", phone="+34600555666")
    if not consent.is_suppressed("email", "shut@example.com"):
        consent.suppress(kind="email", normal="shut@example.com", scope="all", reason="stop", source="reply", now=NOW)


def asked(rows: Sequence[Sequence[str]], mode: str, group: bool, empty: str = "keep") -> ImportRun:
    """An import of these rows that waits to be checked."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([HEADERS, ["E9", *[""] * 12], *rows])
    run = uploads.begin(SimpleUploadedFile("clients.csv", out.getvalue().encode()), "clients.csv", None)
    run.mapping = run.mapping | {"columns": COLUMNS, "dates": {"6": "day"}}
    said: dict[str, Any] = {} if mode == "none" else STATEMENT | {"mode": mode}
    run.options = run.options | {"consent": said, "language": "en", "empty": empty}
    run.group = Group.objects.get_or_create(name="Everyone")[0] if group else None
    run.save()
    runs.ask_for_check(run)
    return run


def by_the_planner(run: ImportRun) -> tuple[int, ...]:
    """Each row planned and written by itself, as they stand in the file."""
    cleaner = Cleaner(run, Business.current(), timezone.now())
    with opened(run) as stream:
        cleaned = [(raw, cleaner.clean(raw)) for raw in reading.rows(stream, shape_of(run))]
    found = []
    for one in cleaned:
        people = People.for_rows(
            [one[1]] if isinstance(one[1], Row) else [], consents=cleaner.listens, erasing=cleaner.erasing()
        )
        made = plan([one], people, cleaner.branches)
        writing.write(made.touched, run, now=timezone.now())
        found.append(made.outcomes[0].outcome.value)
    run.delete()
    return tuple(found.count(name) for name in ("new", "changed", "unchanged", "refused", "conflict"))


def counted(run: ImportRun) -> tuple[int, ...]:
    return run.new, run.changed, run.unchanged, run.refused, run.conflict


def stored() -> list[Any]:
    """Everybody, without ids and hours, in an order of their own."""
    fields = ("external_id", "first_name", "last_name", "birth_date", "city", "branch__name", "attributes", "search")
    found = []
    for contact in Contact.objects.all():
        own = Contact.objects.values_list(*fields).get(pk=contact.pk)
        ways = contact.addresses.order_by("kind", "position", "normal").values_list(
            "kind", "value", "normal", "fingerprint", "position"
        )
        lines = contact.consents.order_by("kind", "id").values_list(
            "kind", "given", "basis", "source", "wording", "address", "purpose"
        )
        groups = contact.groups.order_by("name").values_list("name", flat=True)
        own = (*own[:-1], sorted(own[-1].split()))  # addresses of one order may stand in any
        found.append((own, list(ways), list(lines), list(groups)))
    return sorted(found, key=repr)
