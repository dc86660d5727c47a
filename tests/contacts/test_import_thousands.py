"""Real-sized files: thousands of people in three languages, every twentieth row bad; ten thousand in the volume suite."""

from __future__ import annotations

import csv
import io

import pytest

from contacts.models import Address, Consent, Contact, RowOutcome
from tests.contacts import csv_files
from tests.contacts.importing_desk import LIST, STATEMENT, check, counts, load, staff
from tests.factories import make_business


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [2_000, pytest.param(10_000, marks=pytest.mark.volume)])
def test_of_thousands_of_rows_all_good_ones_get_in_and_all_bad_ones_are_explained(rows: int) -> None:
    make_business(country="ES")
    client = staff()
    made = csv_files.people(rows)
    good, bad = rows * 95 // 100, rows * 5 // 100
    data = made.text(";").encode("utf-8-sig")

    first = load(client, data, **STATEMENT, new_group="From the old system")

    assert first.state == "done"
    assert (first.total, *counts(first)) == (rows, good, 0, 0, bad)
    refused = {row.line: row.reason for row in first.rows.filter(outcome=RowOutcome.REFUSED)}
    assert set(refused) == {made.lines(number) for number in made.bad}
    assert all(len(reason) > 20 for reason in refused.values())
    assert Contact.objects.count() == good
    assert Contact.objects.filter(groups__name="From the old system").count() == good
    held = {(kind, owner) for kind, owner in Address.objects.values_list("kind", "contact_id")}
    assert Consent.objects.filter(given=True).count() == len(held)
    line = Consent.objects.first()
    assert line is not None
    assert (line.basis, line.operator_id, line.at.date().isoformat()) == ("express", first.created_by_id, "2026-01-31")
    assert "Olga Petrova" in line.wording
    assert line.source.startswith("import clients.csv, line ")

    answer = client.get(f"{LIST}{first.pk}/refused/")
    lines = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig")), delimiter=";"))
    assert lines[0][: len(csv_files.HEADERS)] == csv_files.HEADERS
    assert len(lines) == bad + 1
    assert all(row[-1] for row in lines[1:])


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing() -> None:
    make_business(country="ES")
    client = staff()
    data = csv_files.people(600).text(";").encode("utf-8-sig")
    load(client, data, **STATEMENT, new_group="From the old system")

    again = check(client, data, **STATEMENT, new_group="From the old system")

    assert counts(again) == (0, 0, 570, 30)
