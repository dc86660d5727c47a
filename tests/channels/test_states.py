"""The diagram in docs/states.md and the table in the code are one."""

from __future__ import annotations

import re
from pathlib import Path

from channels import states
from channels.models import DeliveryStatus

DIAGRAM = Path(__file__).resolve().parents[2] / "docs" / "states.md"


def test_the_diagram_shows_every_move_there_is_and_no_other() -> None:
    drawn = set(re.findall(r"^ +(\w+) --> (\w+) :", DIAGRAM.read_text("utf-8"), re.MULTILINE))
    assert drawn == {(str(old), str(new)) for old, new in states.moves()}


def test_every_state_is_in_the_table_of_meanings() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", DIAGRAM.read_text("utf-8"), re.MULTILINE))
    assert told == {str(status) for status in DeliveryStatus}


def test_facts_never_lead_back() -> None:
    for status in DeliveryStatus:
        for fact in states.SPEAKS_FOR:
            assert states.rank(states.after(status, fact)) >= states.rank(status)
