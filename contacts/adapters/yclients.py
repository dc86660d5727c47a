"""YCLIENTS: appointments and places in classes, by the webhook of a record.

Source: the YCLIENTS API's record and its webhook {company_id, resource, resource_id, status, data}. Nothing is signed there: the address
that staff paste is the secret.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from django.utils.translation import gettext_noop as _

from contacts.adapter import Adapter, Booked, Call, News, Unreadable, Who, instant, number
from contacts.bookings import Slot

# `attendance` of a record.
_STATUS = {1: "attended", -1: "missed", 2: "confirmed", 0: "booked"}
_TITLE = "…"


class Yclients(Adapter):
    name = "yclients"
    label = "YCLIENTS"
    secret: ClassVar[bool] = False

    def verify(self, call: Call, secret: str) -> None:
        """Whoever knows the address is YCLIENTS."""

    def read(self, call: Call) -> Iterator[News]:
        told = call.json()
        record = told.get("data")
        if told.get("resource") != "record":
            return
        if not isinstance(record, dict):
            raise Unreadable(_("The call holds no record."))
        client = record.get("client") or {}
        first, _space, last = str(client.get("name") or "").strip().partition(" ")
        who = Who(
            str(client.get("email") or ""), str(client.get("phone") or ""), first, str(client.get("surname") or last)
        )
        if not (who.email or who.phone):
            return  # a pause of the staff, or a visitor without a name
        gone = told.get("status") == "delete" or bool(record.get("deleted"))
        status = "cancelled" if gone else _STATUS.get(record.get("attendance", 0), "booked")
        yield Booked(who, str(told.get("resource_id") or record["id"])[:100], status, _slot(record))


def _slot(record: dict[str, Any]) -> Slot:
    starts = instant(record.get("datetime") or record["date"])
    titles = [str(one.get("title") or "") for one in record.get("services") or [] if isinstance(one, dict)]
    staff = record.get("staff")
    by = str(staff.get("name") or "") if isinstance(staff, dict) else ""
    long = number(record.get("seance_length") or record.get("length")) or 0
    return Slot(
        title=(", ".join(title for title in titles if title) or by or _TITLE)[:160], starts_at=starts,
        ends_at=starts + timedelta(seconds=long) if 0 < long < 10**6 else None,
        kind="class" if record.get("activity_id") else "appointment",
    )  # fmt: skip
