"""Files that nobody would make on purpose: none ends in an error page, and every row of each is accounted for."""

from __future__ import annotations

import csv
import io
from typing import Any

from django.contrib.auth import get_user_model
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.importing import mapping
from contacts.models import Contact, ImportRun, ImportState, RowOutcome
from contacts.tasks import work_imports
from tests.contacts.exports import EXPORTS
from tests.contacts.importing_desk import LIST, STATEMENT, columns, counts, newest, upload
from tests.contacts.workbooks import book
from tests.factories import make_business
from tests.invented import invented

REAL = st.sampled_from(
    [
        "ana@example.com", "ANA@example.com", "bea@example.com ::: eva@example.com", "a@x.example, b@x.example", "600111222",
        "+34600111222", "'+34600111222", "600111222 / 600111333", "7.91612E+10", "=1+1", "", " ", "31.12.1990",
        "12/31/1990", "05-31", "60", "32874", "x@y",
        "1.234,50", "$1,234.50", "yes", "no", "unsubscribed", "cleaned", "203.0.113.7", "2021-03-04 10:15:00", "2999-01-01", "VIP; Blog",
        '"', "a\nb", "Zoé", "Иван",
    ]
)  # fmt: skip
ANY = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
ROWS = st.lists(st.lists(REAL | REAL | ANY, max_size=8), min_size=1, max_size=10)
FORMS = ("utf-8-sig", "utf-16", "cp1252", "xlsx", "pasted")


def written(table: list[list[str]], form: str) -> bytes:
    if form == "xlsx":
        return book({"Sheet": table})
    out = io.StringIO(newline="")
    csv.writer(out, delimiter={"cp1252": ";", "utf-8-sig": ","}.get(form, "\t")).writerows(table)
    return out.getvalue().encode("utf-8" if form == "pasted" else form, "replace")


class AnyFile(TestCase):
    def desk(self) -> Client:
        make_business(country="ES")
        client = Client()
        client.force_login(get_user_model().objects.get_or_create(username="o", is_staff=True, is_superuser=True)[0])
        return client

    def begun(self, client: Client, data: bytes, form: str, name: str) -> ImportRun | None:
        """The run, or None where the file was refused with a sentence and nothing was kept."""
        pasted = form == "pasted"
        answer = client.post(f"{LIST}add/", {"pasted": data.decode()}) if pasted else upload(client, data, name)
        if answer.status_code == 302:
            return newest()
        assert answer.status_code == 200
        assert answer.context["form"].errors
        assert not ImportRun.objects.exists()
        return None

    def carried_through(self, client: Client, run: ImportRun, order: str, mode: str) -> ImportRun:
        """Checked, confirmed and imported; the import does what the check promised."""
        given: dict[str, Any] = columns(run, **STATEMENT | {"mode": mode})
        given |= {name: "point" if order == "point" else "day" for name in given if name.startswith("order_")}
        for number, asked in run.mapping["asked"].items():
            given[f"order_{number}"] = "comma" if asked["kind"] == "number" else order
        if not set(run.mapping["columns"]) & mapping.RECOGNISING:
            given["column_0"] = "email"
        if mode == "column" and not set(run.mapping["columns"]) & set(mapping.CONSENT):
            given["mode"] = "none"
        answer = client.post(f"{LIST}{run.pk}/change/", given)
        assert answer.status_code == 302, answer.context["form"].errors
        work_imports()
        run.refresh_from_db()
        assert run.state == ImportState.CHECKED, run.problem
        promised, before = counts(run), Contact.objects.count()
        assert sum(promised) == run.total
        client.get(f"{LIST}{run.pk}/change/")
        client.post(f"{LIST}{run.pk}/confirm/")
        work_imports()
        run.refresh_from_db()
        assert (run.state, *counts(run)) == (ImportState.DONE, *promised)
        assert Contact.objects.count() == before + run.new
        assert all(row.reason for row in run.rows.filter(outcome=RowOutcome.REFUSED))
        return run

    @invented(8)
    @given(
        key=st.sampled_from(sorted(EXPORTS)), rows=ROWS, form=st.sampled_from(FORMS),
        order=st.sampled_from([mapping.DAY_FIRST, mapping.MONTH_FIRST, mapping.SERIAL_1900]),
        mode=st.sampled_from(["none", "all", "column", "left", "cleaned"]),
    )  # fmt: skip
    def test_of_a_generated_file_no_row_is_lost(
        self, key: str, rows: list[list[str]], form: str, order: str, mode: str
    ) -> None:
        client = self.desk()
        data = written([EXPORTS[key].headers, *rows], form)
        run = self.begun(client, data, form, f"x.{'xlsx' if form == 'xlsx' else 'csv'}")
        there = sum(any(cell.strip() for cell in row) for row in rows)
        if run is None:
            assert not there
            return
        assert self.carried_through(client, run, order, mode).total == there

    @invented(10)
    @given(
        key=st.sampled_from(sorted(EXPORTS)), form=st.sampled_from(FORMS[:-1]), cut=st.floats(0, 1),
        changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=4),
    )  # fmt: skip
    def test_a_file_that_was_cut_or_spoiled_on_its_way_is_read_or_refused(
        self, key: str, form: str, cut: float, changes: list[tuple[float, int]]
    ) -> None:
        client = self.desk()
        data = bytearray(written(EXPORTS[key].table() * 2, form))
        for where, byte in changes:
            data[int(where * len(data))] = byte
        there = Contact.objects.count()
        run = self.begun(client, bytes(data[: int(len(data) * cut)]), form, "x")
        new = self.carried_through(client, run, mapping.DAY_FIRST, "none").new if run is not None else 0
        assert Contact.objects.count() == there + new  # nobody of a file that was refused
