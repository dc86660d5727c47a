"""A real-sized day: ten thousand rows in three languages, every twentieth bad, and one cascade over all who came in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contacts import csv_files
from tests.scenarios.conftest import Clock
from tests.scenarios.staff import HOURS, MINUTES, Staff
from tests.scenarios.test_s01_announcement import TEXTS

pytestmark = pytest.mark.volume
ROWS, BAD = 10_000, 500


def test_all_good_rows_come_in_all_bad_rows_are_explained_and_everyone_is_accounted_for(
    staff: Staff, clock: Clock
) -> None:
    staff.set_up_shop()
    made = csv_files.people(ROWS)
    refused = staff.import_people(clock, made.text(";"), group="From the old system")
    assert len(refused) == BAD
    assert all(row["Reason"] for row in refused)
    assert {int(row["Line"]) for row in refused} == {made.lines(number) for number in made.bad}

    staff.write("Autumn", TEXTS)
    cascade = staff.build(
        "Announcement",
        [
            {"channel": "Email", "message": "Autumn", "wait": (0, MINUTES)},
            {"channel": "SMS", "message": "Autumn", "wait": (4, HOURS), "seen": "clicked"},
        ],
        goal=["order"],
        wait=(1, HOURS),
    )
    staff.start(cascade, "From the old system")
    for _ in range(5):
        clock.go(timedelta(minutes=1))
    # A Russian mobile may be in any of eleven zones: its people hear of it only in the three hours that suit all of them.
    for _ in range(60):
        clock.go(timedelta(hours=1))

    numbers = staff.see(f"/admin/cascades/cascade/{cascade}/results/")
    assert "finished" in numbers
    assert "9500" in numbers.replace(",", "").replace(" ", "")
    assert "Everyone who was to be reached is accounted for" in staff.see("/admin/cascades/enrollment/health/")
    steps = staff.recipients(cascade)
    first = {person: outcome for (person, step), (outcome, _why) in steps.items() if step == "Autumn/Email"}
    assert set(first.values()) <= {"sent", "skipped"}
    assert all(why for outcome, why in steps.values() if outcome == "skipped")
