"""How often one visitor may ask: counted over all processes, told in a page, and never in the way of who wants to leave."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from channels import limits
from channels.models import Tally
from tests.channels.test_public_pages import sent
from tests.factories import make_business

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def test_a_visitor_has_a_measure_that_begins_anew_after_its_window() -> None:
    asked = [limits.too_many(["1.2.3.4"], posts=True, now=START) for _ in range(limits.POSTS + 2)]
    assert asked == [0] * limits.POSTS + [600, 600]
    assert limits.too_many(["1.2.3.5"], posts=True, now=START) == 0
    assert limits.too_many(["1.2.3.4"], posts=False, now=START) == 0
    assert limits.too_many(["1.2.3.4"], posts=True, now=START + limits.WINDOW) == 0
    assert limits.forget(START + limits.WINDOW + timedelta(seconds=1)) == 3
    assert Tally.objects.count() == 1


def test_a_token_has_a_measure_whoever_asks_for_it() -> None:
    answers = [limits.too_many([f"10.0.0.{n}", "token"], posts=True, now=START) for n in range(limits.POSTS + 1)]
    assert (answers[-2], answers[-1]) == (0, 600)


@pytest.mark.parametrize(
    ("ip", "network"),
    [
        ("1.2.3.4", "1.2.3.4"), ("::ffff:1.2.3.4", "1.2.3.4"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"), ("", ""), ("nonsense", ""),
    ],
)  # fmt: skip
def test_a_household_with_ipv6_is_one_visitor(ip: str, network: str) -> None:
    assert limits.network_of(ip) == network


def test_whoever_guesses_tokens_is_asked_to_wait_in_their_language(client: Client) -> None:
    make_business()
    with time_machine.travel(START, tick=False):
        for _ in range(limits.POSTS):
            assert client.post("/u/AAAAAAAAAAAAAAAA").status_code == 404
        answer = client.post("/u/AAAAAAAAAAAAAAAB", headers={"Accept-Language": "en"})
    assert (answer.status_code, answer["Retry-After"]) == (429, "600")
    assert b"try again in 10 minutes" in answer.content
    assert "no-store" in answer["Cache-Control"]


def test_no_measure_keeps_anybody_from_leaving(client: Client) -> None:
    """Google's machines send the one-click of all their people, and some people click often."""
    delivery = sent()
    with time_machine.travel(timezone.now(), tick=False):
        for _ in range(limits.POSTS + 5):
            assert client.post(f"/u/{delivery.token}", {"List-Unsubscribe": "One-Click"}).status_code == 200
