"""Rules as a tree: what is refused, what becomes of what was deleted, and how groups and NOT are meant."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import segments
from contacts.models import Branch, Contact, Segment
from contacts.segments import query, rules
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db

SPANISH = {"kind": "language", "op": "is", "languages": ["es"]}
MADRID = {"kind": "city", "op": "is", "city": "Madrid"}
CAME = {"kind": "event", "op": "at_least", "event": "visit", "times": 1}


@pytest.fixture(autouse=True)
def _people() -> None:
    make_business(language="en")
    make_contact("Ana", language="es", city="Madrid")
    make_contact("Bo", language="es")
    make_contact("Cy", city="Madrid")
    make_contact("Di")


def found(tree: Any) -> str:
    people = query.matching(tree, query.scope_of(tree, NOW))
    for contact in Contact.objects.all():
        assert segments.why(tree, contact, NOW).holds == (contact in people), contact
    return " ".join(sorted(contact.first_name for contact in people))


def segment(name: str, tree: dict[str, Any]) -> Segment:
    return Segment.objects.create(name=name, rules=segments.clean(tree))


def test_groups_join_and_turn_round_what_stands_in_them() -> None:
    regulars = {"kind": "groups", "op": "any", "groups": [make_group("R", Contact.objects.filter(first_name="Di")).pk]}
    assert found({"all": [SPANISH, MADRID]}) == "Ana"
    assert found({"any": [SPANISH, MADRID]}) == "Ana Bo Cy"
    assert found({"any": [SPANISH, MADRID], "not": True}) == "Di"
    assert found({"all": [SPANISH, MADRID], "not": True}) == "Bo Cy Di"
    assert found({"any": [SPANISH, regulars]}) == "Ana Bo Di"
    assert found({"any": [{"all": [SPANISH, MADRID]}, regulars, CAME], "not": True}) == "Bo Cy"
    assert found({"all": [{"any": [MADRID, regulars]}, {"any": [SPANISH, CAME], "not": True}]}) == "Cy Di"


def test_rules_that_say_nothing_find_nobody_and_so_does_a_segment_that_is_gone() -> None:
    nothings: list[dict[str, Any]] = [{}, {"all": []}, {"any": []}, {"all": [], "not": True}, {"any": [{"all": []}]}]
    for nothing in nothings:
        assert found(nothing) == ""
    assert segments.clean({"all": [SPANISH, {"any": []}]}) == {"all": [SPANISH]}
    assert not segments.people(4711, NOW).exists()


def test_what_was_deleted_finds_nobody_under_whatever_stands_above_it_and_the_page_says_so() -> None:
    gone = make_group("Gone", Contact.objects.all())
    branch = Branch.objects.create(name="Gone")
    lines: list[dict[str, Any]] = [
        {"kind": "groups", "op": "any", "groups": [gone.pk]}, {"kind": "groups", "op": "none", "groups": [gone.pk]},
        {"kind": "branch", "op": "is_not", "branches": [branch.pk]}, {"kind": "sundial", "op": "is"},
        {"kind": "consent", "op": "never", "channel": "carrier_pigeon"},
    ]  # fmt: skip
    gone.delete()
    branch.delete()
    for line in lines:
        assert found({"all": [line]}) == found({"any": [line], "not": True}) == found({"all": [SPANISH, line]}) == ""
        assert found({"any": [line, MADRID]}) == "Ana Cy"
        assert found({"all": [{"any": [line, MADRID], "not": True}]}) == ""
    said = rules.problems({"all": [SPANISH, *lines]}, query.scope_of({"all": lines}, NOW))
    assert [number for number, _sentence in said] == [2, 3, 4, 5, 6]
    assert said[0][1] == "Line 2: The group that was chosen here was deleted."


def test_a_segment_in_a_segment_is_its_rules_and_a_circle_is_refused() -> None:
    inner = segment("Spanish", {"all": [SPANISH]})
    outer = segment("Of Madrid", {"all": [{"kind": "segment", "op": "in", "segment": inner.pk}, MADRID]})
    assert found(outer.rules) == "Ana"
    assert found({"all": [{"kind": "segment", "op": "not_in", "segment": outer.pk}]}) == "Bo Cy Di"
    circle = {"all": [{"kind": "segment", "op": "in", "segment": outer.pk}]}
    with pytest.raises(ValueError, match=r"Line 1 .Another segment.: A segment cannot be part of itself"):
        segments.clean(circle, own=inner.pk)
    inner.rules = circle  # as two people might save at the same moment
    inner.save()
    assert found(outer.rules) == ""
    assert segments.uses(outer.pk) == ["segment “Spanish”"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"kind": "age", "op": "at_least", "years": "old"}, "“years” must be a number from 0 to 130."),
        ({"kind": "age", "op": "at_least", "years": 1.5}, "“years” must be a whole number."),
        ({"kind": "age", "op": "at_least"}, "“years” is empty."),
        ({"kind": "age", "op": "sideways", "years": 1}, "Choose what is asked."),
        ({"kind": "birth_date", "op": "since", "day": "31.12.1990"}, "“day” is not a date."),
        ({"kind": "language", "op": "is", "languages": [7]}, "what was chosen does not exist any more"),
        ({"kind": "groups", "op": "any", "groups": [99]}, "The group that was chosen here was deleted."),
        ({"kind": "groups", "op": "any", "groups": ["x"]}, "what was chosen does not exist any more"),
        ({**CAME, "detail": "total"}, "say which one, how, and its value"),
        ({**CAME, "detail": "total", "compare": "at_least", "value": "much"}, "Only a number"),
        ("nonsense", "does not exist any more"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_line_and_a_sentence(line: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^Line 2") as refused:
        segments.clean({"all": [{"any": [SPANISH]}, {"all": [line]}]})
    assert sentence in str(refused.value)


def test_rules_keep_nothing_but_what_their_operator_needs_and_are_bounded() -> None:
    kept = segments.clean({"all": [{**MADRID, "op": "missing", "city": "x", "__class__": 1}], "strange": 1})
    assert kept == {"all": [{"kind": "city", "op": "missing"}]}
    with pytest.raises(ValueError, match="too many"):
        segments.clean({"all": [SPANISH] * 41})
    deep: dict[str, Any] = {"all": [SPANISH]}
    for _level in range(6):
        deep = {"all": [deep]}
    with pytest.raises(ValueError, match="too deep"):
        segments.clean(deep)
    nonsense: tuple[Any, ...] = (7, "all", {"kind": "age"}, [1])
    for tree in nonsense:
        with pytest.raises(ValueError, match="cannot be read"):
            segments.clean(tree)


def test_people_asks_for_the_named_few_only_and_with_few_statements() -> None:
    group = make_group("R", Contact.objects.all())
    inner = segment("Spanish", {"all": [SPANISH]})
    tree = {
        "all": [
            {"kind": "groups", "op": "any", "groups": [group.pk]},
            {"kind": "segment", "op": "in", "segment": inner.pk},
        ]
    }
    outer = segment("Both", tree)
    ana, cy = Contact.objects.get(first_name="Ana"), Contact.objects.get(first_name="Cy")
    with CaptureQueriesContext(connection) as asked:
        assert list(segments.people(outer, NOW, among=[ana.pk, cy.pk])) == [ana]
    assert len(asked) == 4  # the business, groups, segments, people


def test_why_tells_each_line_with_what_is_known_of_the_person() -> None:
    told = segments.why({"any": [SPANISH, {"all": [MADRID], "not": True}]}, Contact.objects.get(first_name="Cy"), NOW)
    assert (told.sentence, told.holds) == ("At least one of these holds", False)
    first, second = told.below
    assert (first.number, first.sentence, first.holds, first.known) == (1, "language is: Spanish", False, "English")
    assert (second.sentence, second.holds) == ("Not all of these hold", False)
    assert (second.below[0].number, second.below[0].holds, second.below[0].known) == (2, True, "Madrid")


def test_rules_are_told_in_one_line() -> None:
    tree = {"all": [SPANISH, {"any": [MADRID, CAME]}]}
    assert segments.describe(tree, NOW) == "language is: Spanish and (city is Madrid or “came” ever)"
