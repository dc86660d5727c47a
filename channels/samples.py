"""A person and a booking that do not exist, of whom everything is known: for trying a text out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext


def sample_context(*, born: date = date(1990, 5, 17)) -> dict[str, Any]:
    """A person who does not exist, of whom everything is known: for trying a text out."""
    contact = {
        "first_name": "Ana", "last_name": "Ruiz", "full_name": "Ana Ruiz", "city": "Madrid", "birth_date": born, "language": "en",
        "branch": "Centro", "number": "1001",
    }  # fmt: skip
    return {"contact": contact, "booking": sample_booking()}


def sample_booking() -> dict[str, Any]:
    """A booking that does not exist, with all its fields."""
    starts, ends = datetime(2027, 3, 9, 10, 30, tzinfo=UTC), datetime(2027, 3, 9, 11, 15, tzinfo=UTC)
    return {
        "title": gettext("Haircut"), "kind": gettext("appointment"), "starts_at": starts, "ends_at": ends, "place": "Calle Mayor 1",
        "branch": "Centro", "status": "booked",
    }  # fmt: skip
