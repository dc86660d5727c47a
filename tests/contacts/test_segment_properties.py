"""Random rules over random people: what the database finds, what `why` says and what plain Python reckons are one and the same."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts import segments
from contacts.models import Address, Consent, Contact, Event, Group, Membership
from contacts.segments import query
from tests.contacts.segment_oracle import Someone, ago, holds
from tests.factories import NOW, make_business

pytestmark = pytest.mark.django_db

LANGUAGES, CITIES, HAIR = ("", "en", "es"), ("", "Madrid", "Paris"), ("", "red", "brown")
_days = st.sampled_from((1.5, 29.5, 30.5, 100.5))
_someone = st.builds(
    Someone,
    language=st.sampled_from(LANGUAGES), city=st.sampled_from(CITIES), hair=st.sampled_from(HAIR),
    groups=st.frozensets(st.sampled_from((1, 2))), visits=st.lists(_days, max_size=3).map(tuple),
    orders=st.lists(st.tuples(_days, st.integers(1, 9)), max_size=2).map(tuple), emails=st.lists(st.booleans(), max_size=2).map(tuple),
    said=st.lists(st.booleans(), max_size=2).map(tuple),
)  # fmt: skip


def _line(kind: str, op: str, **values: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"kind": st.just(kind), "op": st.sampled_from(op.split()), **values})


_lines = st.one_of(
    _line(
        "language",
        "is is_not",
        languages=st.lists(st.sampled_from(("en", "es", "fr")), min_size=1, max_size=2, unique=True),
    ),
    _line("city", "is is_not missing", city=st.sampled_from(("Madrid", "paris"))),
    _line("attribute", "is missing", detail=st.just("hair"), text=st.just("red")),
    _line(
        "groups", "any all none", groups=st.lists(st.sampled_from((1, 2, 2, 999)), min_size=1, max_size=2, unique=True)
    ),
    _line(
        "event",
        "at_least fewer never",
        event=st.just("visit"),
        times=st.integers(1, 3),
        days=st.sampled_from((30, 101)),
    ),
    _line("spent", "at_least less", money=st.integers(1, 12), days=st.sampled_from((30, 101))),
    _line("best", "money", share=st.sampled_from((20, 50, 100))),
    _line("reach", "works broken missing", channel=st.just("email")),
    _line("consent", "given withdrawn never", channel=st.just("email")),
)
_trees = st.recursive(
    _lines,
    lambda nodes: st.builds(
        lambda word, inside, turned: {word: inside, **({"not": True} if turned else {})},
        st.sampled_from(("all", "any")), st.lists(nodes, min_size=1, max_size=3), st.booleans(),
    ),
    max_leaves=6,
).map(lambda tree: {"all": [tree]} if "kind" in tree else tree)  # fmt: skip


def settle(people: list[Someone]) -> list[Contact]:
    """The people as rows, in their order; whoever was there before is gone. One statement for each table."""
    for model in (Event, Address, Membership):
        model._default_manager.all().delete()
    Consent.objects.all()._raw_delete("default")
    Contact.objects.all().delete()
    made = Contact.objects.bulk_create(
        Contact(language=one.language, city=one.city, attributes={"hair": one.hair} if one.hair else {})
        for one in people
    )
    both = list(zip(made, people, strict=True))
    Membership.objects.bulk_create(Membership(contact=c, group_id=group) for c, one in both for group in one.groups)
    Event.objects.bulk_create(
        Event(contact=c, name=name, at=ago(NOW, days), recorded_at=NOW, amount=much)
        for c, one in both
        for name, facts in (("visit", [(days, None) for days in one.visits]), ("order", one.orders))
        for days, much in facts
    )
    Address.objects.bulk_create(
        Address(
            contact=c, kind="email", value=f"{c.pk}-{n}", normal=f"{c.pk}-{n}", validity="ok" if works else "invalid"
        )
        for c, one in both
        for n, works in enumerate(one.emails)
    )
    Consent.objects.bulk_create(
        Consent(
            contact=c,
            kind="email",
            purpose="marketing",
            given=given_,
            basis="express",
            source="t",
            at=NOW,
            recorded_at=NOW,
        )
        for c, one in both
        for given_ in one.said
    )
    return made


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(people=st.lists(_someone, min_size=1, max_size=6), trees=st.lists(_trees, min_size=4, max_size=4))
def test_what_is_found_is_what_the_rules_mean(people: list[Someone], trees: list[dict[str, Any]]) -> None:
    make_business(language="en")
    Group.objects.bulk_create([Group(pk=1, name="1"), Group(pk=2, name="2")], ignore_conflicts=True)
    made = settle(people)
    for number, tree in enumerate(trees):
        scope = query.scope_of(tree, NOW)
        found = {contact.pk for contact in query.matching(tree, scope)}
        meant = {contact.pk for contact, one in zip(made, people, strict=True) if holds(tree, one, people)}
        assert found == meant
        contact = made[number % len(made)]
        assert segments.why(tree, contact, NOW).holds == (contact.pk in found)
