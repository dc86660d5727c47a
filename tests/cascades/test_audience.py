"""Whom a selection means, and how it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cascades import audience, trigger
from cascades.trigger import Check
from cascades.triggers.manual import Manual
from contacts import segments
from contacts.models import Contact, Segment
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db


def names(selection: dict[str, Any]) -> list[str]:
    return sorted(audience.people(selection, NOW).values_list("first_name", flat=True))


@pytest.fixture(autouse=True)
def _people() -> None:
    make_business(language="en")
    ana = make_contact("Ana", language="es", city="Madrid")
    bo = make_contact("Bo", language="en", city="Лион")
    make_contact("Cy", city="Madrid")
    make_group("Regulars", [ana, bo])
    make_group("Students", [bo])


def group(name: str) -> int:
    return make_group(name).pk


def contact(name: str) -> int:
    return Contact.objects.get(first_name=name).pk


def test_an_empty_selection_is_nobody_and_not_everyone() -> None:
    nothings: tuple[dict[str, Any], ...] = (
        {},
        {"groups": []},
        {"contacts": None},
        {"filter": {}},
        {"filter": {"language": "", "city": None}},
    )
    for nothing in nothings:
        assert names(nothing) == []


def test_groups_and_chosen_contacts_add_up_and_each_person_is_in_once() -> None:
    assert names({"groups": [group("Regulars"), group("Students")]}) == ["Ana", "Bo"]
    assert names({"groups": [group("Students")], "contacts": [contact("Cy"), contact("Bo")]}) == ["Bo", "Cy"]


def test_the_filter_narrows_a_group_or_everyone() -> None:
    assert names({"filter": {"city": "Madrid"}}) == ["Ana", "Cy"]
    assert names({"groups": [group("Regulars")], "filter": {"city": "Madrid"}}) == ["Ana"]
    assert names({"filter": {"search": "ЛИОН bo"}}) == ["Bo"]


def test_whoever_has_no_language_of_their_own_speaks_the_businesss() -> None:
    assert names({"filter": {"language": "en"}}) == ["Bo", "Cy"]
    assert names({"filter": {"language": "es"}}) == ["Ana"]


def test_people_are_found_by_when_they_were_added() -> None:
    Contact.objects.filter(first_name="Ana").update(created_at=NOW - timedelta(days=9))
    Contact.objects.exclude(first_name="Ana").update(created_at=NOW)
    since = (NOW - timedelta(days=1)).isoformat()
    assert names({"filter": {"added_since": since}}) == ["Bo", "Cy"]
    assert names({"filter": {"added_before": since}}) == ["Ana"]


@pytest.mark.parametrize(
    "strange", [{"segment": 1}, {"filter": {"citty": "Madrid"}}, {"filter": {"added_since": "2026-11-22T10:00"}}]
)
def test_what_cannot_be_understood_widens_nothing(strange: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a selection|an instant"):
        audience.people(strange, NOW)


def test_segments_add_up_with_groups_and_one_that_was_deleted_is_nobody() -> None:
    tree = {"all": [{"kind": "city", "op": "is", "city": "madrid"}]}
    madrid = Segment.objects.create(name="Madrid", rules=segments.clean(tree))
    assert names({"segments": [madrid.pk]}) == ["Ana", "Cy"]
    assert names({"segments": [madrid.pk], "filter": {"language": "en"}}) == ["Cy"]
    assert names({"segments": [madrid.pk], "groups": [group("Students")], "contacts": [contact("Cy")]}) == [
        "Ana",
        "Bo",
        "Cy",
    ]
    assert names({"segments": [4711]}) == []
    assert audience.describe({"segments": [madrid.pk, 4711]}) == "segments Madrid, (deleted)"


def test_many_thousand_chosen_contacts_are_no_trouble() -> None:
    assert names({"contacts": [contact("Cy"), *range(10**6, 10**6 + 40_000)]}) == ["Cy"]


def test_a_selection_is_told_in_words() -> None:
    chosen = {
        "groups": [group("Regulars")],
        "contacts": [1, 2],
        "filter": {"language": "es", "city": "Madrid", "search": "ana"},
    }
    assert (
        audience.describe(chosen) == "group Regulars; 2 chosen contacts; language Spanish; city Madrid; found by “ana”"
    )
    assert audience.describe({}) == "nobody"


def test_every_registered_trigger_is_found_by_its_name_and_says_what_it_is() -> None:
    assert trigger.names()[0] == "manual"
    for name in trigger.names():
        found = trigger.trigger(name)
        assert found.name == name
        assert str(found.label)
    with pytest.raises(LookupError):
        trigger.trigger("astrology")


def test_the_start_by_hand_is_one_occasion_for_all_its_people() -> None:
    (entry,) = Manual().due({"launch": "8f", "selection": {"groups": [group("Regulars")]}}, Check(NOW, NOW))
    assert (entry.occasion, entry.shared, entry.people.count()) == ("launch:8f", True, 2)


def test_an_occasion_is_never_empty() -> None:
    with pytest.raises(ValueError, match="occasion"):
        trigger.Entry(Contact.objects.all(), "")
