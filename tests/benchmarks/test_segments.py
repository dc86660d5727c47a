"""The blueprints' segments, counted over a crowd; beside the bare count of everyone, which nothing can be quicker than."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from cascades.blueprints.s09_goes_with import BLUEPRINT, BOUGHT, GOES_WITH
from contacts import segments
from contacts.models import Branch, Contact
from tests.benchmarks.crowd import settle
from tests.benchmarks.happenings import happen
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]


def _silent(days: int) -> list[dict[str, Any]]:
    """Registered so long ago, and no sign of life since."""
    return [
        {"kind": "registered", "op": "longer_ago", "days": days},
        *({"kind": "event", "op": "never", "event": name, "days": days} for name in ("visit", "page_viewed", "order")),
        {"kind": "engagement", "op": "never", "what": "clicked", "days": days},
    ]


def _goes_with(bought: str, other: str) -> list[dict[str, Any]]:
    """The blueprint's own rules, with other categories."""
    assert BLUEPRINT.segment
    words = json.dumps(BLUEPRINT.segment.rules).replace(BOUGHT, bought).replace(GOES_WITH, other)
    found: list[dict[str, Any]] = json.loads(words)["all"]
    return found


def _rules(branch: Branch) -> dict[str, list[dict[str, Any]]]:
    return {
        "S09 would like what goes with it": _goes_with("category 3", "category 4"),
        "S10 best 20 % by money in a year": [{"kind": "best", "op": "money", "share": 20, "days": 365}],
        "S10 best 20 % by purchases, ever": [{"kind": "best", "op": "times", "share": 20}],
        "S11 silent for 15 days": _silent(15),
        "S11 no purchase for 90 days": [{"kind": "last_purchase", "op": "longer_ago", "ago": 90}],
        "S12 within 5 km of a branch": [{"kind": "distance", "op": "branch", "km": 5, "branches": [branch.pk]}],
        "S17 without email": [{"kind": "reach", "op": "missing", "channel": "email"}, {"kind": "reach", "op": "works", "channel": "sms"}],
        "S19 readers of a topic": [
            {
                "kind": "event", "op": "at_least", "event": "page_viewed", "times": 2, "days": 30, "detail": "topic", "compare": "is",
                "value": "topic 5",
            }
        ],
        "S20 three visits in 60 days": [{"kind": "event", "op": "at_least", "event": "visit", "times": 3, "days": 60}],
        "S20 left it": [{"kind": "event", "op": "fewer", "event": "visit", "times": 3, "days": 60}],
    }  # fmt: skip


def test_counting_the_segments_of_the_blueprints() -> None:
    people = sized(100_000)
    make_business()
    settle(people)
    happen(people * 10)
    found = measure(people)
    assert all(count < people for count in found.values())
    assert all(found.values()) or people < 50_000  # a small crowd may have nobody of the rarest kind
    assert found["S20 three visits in 60 days"] + found["S20 left it"] == people


def measure(people: int) -> dict[str, int]:
    """Of a crowd that is there already; returns how many each segment has."""
    sizes: dict[str, int] = {}
    branch = Branch.objects.create(name="Sol", latitude="40.4168", longitude="-3.7038")
    now = timezone.now()

    def everyone(watch: Watch) -> None:
        with watch(people):
            assert Contact.objects.count() == people

    def counted(name: str, tree: list[dict[str, Any]]) -> Any:
        def variant(watch: Watch) -> None:
            with watch(people):
                sizes[name] = segments.count({"all": tree}, now)

        return variant

    variants = {"all of them": everyone, **{name: counted(name, tree) for name, tree in _rules(branch).items()}}
    watch = compare(f"Segments over {people:,} people with {people * 10:,} events", "people/s", variants)
    for name, rates in watch.rates.items():
        print(f"{name}: {people / min(rates):.2f} s at worst")
    return sizes
