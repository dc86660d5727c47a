"""Consent recorded of many at once holds by the same rules as that which a file brings, person by person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from contacts import consent
from contacts.consent import Line
from contacts.models import Consent, Contact
from tests.factories import NOW, make_contact

pytestmark = pytest.mark.django_db
AGREED = Line(0, "email", given=True, basis="express", source="paper list", wording="Yes.", at=NOW, language="es")


def said(contact: Contact, *, given: bool = True, **more: object) -> int:
    more = {"basis": "staff"} | more
    return consent.record([Line(contact.pk, "email", given=given, source="x", **more)], now=NOW)  # type: ignore[arg-type]


def closed(contact: Contact, reason: str, channel: str = "") -> None:
    normal = contact.addresses.get(kind="email").normal
    consent.suppress(kind="email", normal=normal, channel=channel, scope="all", reason=reason, source="x", now=NOW)


CASES: dict[str, Callable[[Contact], object]] = {
    "nothing said": lambda _: None,
    "agreed": said,
    "agreed for a while": lambda one: said(one, expires_at=NOW + timedelta(days=3)),
    "agreed until yesterday": lambda one: said(one, expires_at=NOW - timedelta(days=1)),
    "withdrew": lambda one: said(one, given=False),
    "withdrew, then agreed": lambda one: [said(one, given=given) for given in (False, True)],
    "the import that said so was undone": lambda one: [said(one), said(one, given=False, basis="undone")],
    "another channel": lambda one: consent.withdraw(one.pk, "sms", source="x", now=NOW),
    "another purpose": lambda one: said(one, purpose="tracking", given=False),
    "closed by staff": lambda one: closed(one, "staff"),
    "closed for SMS": lambda one: closed(one, "stop", "sms"),
    "the mailbox is gone": lambda one: closed(one, "bounce"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_whoever_is_refused_by_a_file_is_refused_here_and_nobody_else(case: str) -> None:
    by_file, at_once = (make_contact(f"P{n}", email=f"p{n}@example.com", consent=()) for n in range(2))
    CASES[case](by_file)
    CASES[case](at_once)
    before = Consent.objects.count()
    refused = consent.record_imported([replace(AGREED, contact_id=by_file.pk)], now=NOW)
    written = Consent.objects.count() - before
    found = consent.record_alike([at_once.pk], AGREED, now=NOW)
    assert Consent.objects.count() - before == 2 * written
    reasons = {one.reason: 1 for one in refused} or ({} if written else {"already": 1})
    assert found == (written, reasons)


def test_the_line_holds_all_that_was_said_and_whoever_is_gone_is_left_out() -> None:
    ana = make_contact("Ana", email="a@example.com", consent=())
    mail_less = make_contact("Bo", consent=())
    assert consent.record_alike([ana.pk, mail_less.pk, 10**9], AGREED, now=NOW) == (1, {"no_address": 1})
    line = Consent.objects.get()
    assert {name: getattr(line, name) for name in _fields()} == _fields()
    assert (line.contact_id, line.recorded_at, line.handled_at) == (ana.pk, NOW, None)


def _fields() -> dict[str, object]:
    return {name: getattr(AGREED, name) for name in AGREED.__slots__ if name != "contact_id"}
