"""Segments by what people did with our messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels.models import Channel, Delivery, MessageVersion
from contacts import segments
from contacts.models import Contact
from contacts.segments import query
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


def found(op: str, kind: str = "engagement", *, played: bool = False, **params: Any) -> str:
    rules = segments.clean({"all": [{"kind": kind, "op": op, **params}]})
    people = query.matching(rules, query.scope_of(rules, NOW, played=played))
    for contact in Contact.objects.filter(first_name="Ana"):
        assert segments.why(rules, contact, NOW, played=played).holds == (contact in people), contact
    return " ".join(sorted(contact.first_name for contact in people))


@pytest.fixture(autouse=True)
def _four_people() -> None:
    make_business()
    version = MessageVersion.objects.create(message=make_message(), number=1, digest="x")
    channels = {kind: make_channel(kind) for kind in ("email", "sms")}
    people = {name: make_contact(name) for name in ("Ana", "Bo", "Cy", "Di")}

    def sent(name: str, kind: str, days: float, *, sandbox: bool = False, **marks: Any) -> None:
        at = NOW - timedelta(days=days)
        done = {mark: at for mark in ("opened_at", "clicked_at", "replied_at") if marks.pop(mark[:-3], False)}
        channel: Channel = channels[kind]
        Delivery.objects.create(
            contact=people[name], channel=channel, message_version=version, kind=kind, purpose="marketing", status="delivered",
            not_before=at, created_at=at, sending_at=at, sent_at=at, sandbox=sandbox, **done, **marks,
        )  # fmt: skip

    sent("Ana", "email", 1, opened=True, opened_grade="human", clicked=True, clicked_grade="human")
    sent("Ana", "email", 5, opened=True, opened_grade="human")
    sent("Ana", "sms", 6, clicked=True, clicked_grade="human", replied=True)
    sent("Bo", "email", 2, opened=True, opened_grade="machine", clicked=True, clicked_grade="unsure")
    sent("Bo", "sms", 40, replied=True)
    sent("Cy", "email", 3, sandbox=True, opened=True, opened_grade="human", clicked=True, clicked_grade="human")


def test_what_a_person_did_counts_a_program_does_not() -> None:
    assert found("at_least", what="opened", times=1, days=30) == "Ana"
    assert found("at_least", what="opened", times=2, days=5) == ""
    assert found("at_least", what="opened", times=2, days=6) == "Ana"
    assert found("at_least", what="sent", times=1, days=30) == "Ana Bo"
    assert found("at_least", what="sent", times=1, days=30, channel="sms") == "Ana"
    assert found("fewer", what="clicked", times=2, days=30) == "Bo Cy Di"
    assert found("never", what="replied", days=30) == "Bo Cy Di"
    assert found("never", what="replied", days=60, channel="sms") == "Cy Di"


def test_what_was_played_counts_where_the_segment_says_so() -> None:
    assert found("at_least", what="opened", times=1, days=30, played=True) == "Ana Cy"


def test_the_channel_that_people_really_use_is_that_of_most_clicks_and_answers() -> None:
    assert found("is", "real_channel", channel="sms", days=30) == "Ana"
    assert found("is", "real_channel", channel="email", days=30) == ""
    assert found("is", "real_channel", channel="email", days=5) == "Ana"
    assert found("is", "real_channel", channel="sms", days=60) == "Ana Bo"
    assert found("none", "real_channel", days=30) == "Bo Cy Di"
