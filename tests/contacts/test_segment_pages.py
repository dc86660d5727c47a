"""The pages of segments: rules are kept or refused with a sentence, counted while staff edit, and told for any person."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import segments
from contacts.admin import segment as pages
from contacts.forms.segment import for_browser
from contacts.models import Branch, Contact, Segment
from tests.contacts.staff import said_of, sign_in
from tests.factories import make_business, make_contact, make_group

pytestmark = pytest.mark.django_db

MADRID = {"all": [{"kind": "city", "op": "is", "city": "Madrid"}]}


@pytest.fixture(autouse=True)
def _people() -> None:
    make_business()
    make_contact("Ana Ruiz", city="Madrid")
    make_contact("<b>Bo</b>", city="Madrid")
    make_contact("Cy", city="Paris")


@pytest.fixture
def client() -> Client:
    return sign_in("Marketer")


def made(name: str = "Madrid", rules: Any = MADRID) -> Segment:
    return Segment.objects.create(name=name, rules=segments.clean(rules))


def look(client: Client, rules: Any, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = client.post(
        reverse("admin:contacts_segment_look"), {"rules": json.dumps(rules), **more}
    ).json()
    return found


def test_a_marketer_saves_rules_and_finds_them_again(client: Client) -> None:
    page = client.get(reverse("admin:contacts_segment_add"))
    assert 'id="segment-builder"' in said_of(page)
    answer = client.post(page.request["PATH_INFO"], {"name": "Near", "rules": json.dumps(MADRID)})
    assert answer.status_code == 302, said_of(answer)
    saved = Segment.objects.get()
    assert saved.rules == MADRID
    page = client.get(reverse("admin:contacts_segment_change", args=[saved.pk]))
    assert json.loads(page.context["adminform"].form["rules"].value()) == MADRID


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('{"all": [{"kind": "city", "op": "is"}]}', "Line 1 (City): “city (several with commas)” is empty."),
        ("{", "These rules cannot be read."),
        ("[" * 20_000, "These rules cannot be read."),
        ('{"all": []}', "There is no condition yet, so nobody is found. Add one."),
    ],
)
def test_rules_that_say_nothing_whole_are_refused_with_the_line(client: Client, rules: str, sentence: str) -> None:
    answer = client.post(reverse("admin:contacts_segment_add"), {"name": "Near", "rules": rules})
    assert sentence in said_of(answer)
    assert not Segment.objects.exists()
    assert client.post(reverse("admin:contacts_segment_look"), {"rules": rules}).json() == {"problem": sentence}


def test_the_builder_hears_how_many_and_who_while_staff_edit(client: Client) -> None:
    found = look(client, MADRID)
    assert (found["count"], found["said"], found["warnings"]) == (2, "2 people now", [])
    assert [name for name, _city, _url in found["people"]] == ["<b>Bo</b>", "Ana Ruiz"]
    bare = Branch.objects.create(name="Bare")
    found = look(client, {"all": [{"kind": "distance", "op": "branch", "km": 3, "branches": [bare.pk]}]})
    assert found["warnings"] == ["Line 1: No branch that is meant here has coordinates. Enter them on its page."]


def test_counting_ends_with_a_sentence_when_it_takes_too_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "PATIENCE", 0.001)
    make_contact("Di", city="Madrid")
    Contact.objects.bulk_create([Contact(first_name="x", city="Madrid" * 15, search="y" * 2000) for _n in range(3000)])
    slow = {"any": [{"kind": "name", "op": "contains", "text": f"zz{n}"} for n in range(40)]}
    assert look(client, slow) == {
        "problem": "There is too much to count while you wait. The segment can be saved and used all the same."
    }
    assert Contact.objects.count() == 3004  # the limit is gone again


def test_why_in_and_why_not_for_whomever_staff_search(client: Client) -> None:
    segment = made()
    url = reverse("admin:contacts_segment_why", args=[segment.pk])
    assert "Cy" in said_of(client.get(url, {"q": "cy"}))
    cy, bo = Contact.objects.get(first_name="Cy"), Contact.objects.get(city="Madrid", last_name="")
    said = said_of(client.get(url, {"person": cy.pk}))
    assert "Cy is not in this segment" in said
    assert "1. city is Madrid" in said
    assert "(Paris)" in said
    said = said_of(client.get(url, {"person": bo.pk}))
    assert "&lt;b&gt;Bo&lt;/b&gt; is in this segment" in said
    assert client.get(url, {"person": "9" * 40}).status_code == 200


def test_a_segment_in_use_is_not_deleted_silently(client: Client) -> None:
    inner = made()
    made("Outer", {"all": [{"kind": "segment", "op": "in", "segment": inner.pk}]})
    page = client.post(reverse("admin:contacts_segment_delete", args=[inner.pk]), {"post": "yes"})
    assert "Madrid: used by segment “Outer”" in said_of(page)
    assert Segment.objects.count() == 2


def test_what_was_deleted_is_told_on_the_page(client: Client) -> None:
    group = make_group("Gone")
    segment = made("Of a group", {"all": [{"kind": "groups", "op": "none", "groups": [group.pk]}]})
    group.delete()
    found = look(client, segment.rules, own=str(segment.pk))
    assert found == {"problem": "Line 1 (Groups): The group that was chosen here was deleted."}
    said = said_of(sign_in("Viewer").get(reverse("admin:contacts_segment_change", args=[segment.pk])))
    assert "The group that was chosen here was deleted." in said


def test_who_may_only_look_reads_sentences_and_who_may_not_look_is_refused() -> None:
    segment = made()
    viewer = sign_in("Viewer")
    said = said_of(viewer.get(reverse("admin:contacts_segment_change", args=[segment.pk])))
    assert "city is Madrid" in said
    assert "segment-builder" not in said
    assert look(viewer, MADRID)["count"] == 2
    stranger = Client()
    assert stranger.post(reverse("admin:contacts_segment_look"), {"rules": "{}"}).status_code == 302
    assert stranger.get(reverse("admin:contacts_segment_why", args=[segment.pk])).status_code == 302
    assert viewer.get(reverse("admin:contacts_segment_look")).status_code == 405


def test_the_list_asks_no_more_for_twenty_segments_than_for_two(client: Client) -> None:
    url = reverse("admin:contacts_segment_changelist")

    def statements(count: int) -> int:
        Segment.objects.bulk_create([Segment(name=f"{count} {n}", rules=MADRID) for n in range(count)])
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        return len(asked)

    statements(1)
    assert statements(2) == statements(20)


def test_contacts_are_listed_by_segment(client: Client) -> None:
    segment = made()
    url = reverse("admin:contacts_contact_changelist")
    page = client.get(url, {"segment": segment.pk})
    assert {str(one) for one in page.context["cl"].result_list} == {"Ana Ruiz", "<b>Bo</b>"}
    assert client.get(url, {"segment": "x" * 50}).status_code == 200


def test_every_kind_tells_the_builder_all_that_it_needs() -> None:
    told = json.loads(json.dumps(for_browser(None)))
    for kind in told["kinds"]:
        assert kind["label"]
        assert kind["operators"]
        for operator in kind["operators"]:
            assert set(operator["fields"]) <= set(kind["fields"]), kind["name"]


def test_a_branch_keeps_its_hours_and_its_place() -> None:
    owner = sign_in("Owner")
    url = reverse("admin:contacts_branch_add")
    filled = {
        "name": "Sol",
        "latitude": "40.416775",
        "longitude": "-3.70379",
        "hours_mon": "9-13, 15:30–20",
        "hours_sun": "",
    }
    assert owner.post(url, filled).status_code == 302
    branch = Branch.objects.get()
    assert branch.opening_hours == {"mon": [["09:00", "13:00"], ["15:30", "20:00"]]}
    page = said_of(owner.get(reverse("admin:contacts_branch_change", args=[branch.pk])))
    assert "09:00-13:00, 15:30-20:00" in page
    for wrong, sentence in (
        ({"hours_tue": "morning"}, "Write the times like"), ({"hours_tue": "18-9"}, "must end after it begins"),
        ({"hours_tue": "9-25"}, "Write the times like"), ({"longitude": ""}, "needs both latitude and longitude"),
    ):  # fmt: skip
        assert sentence in said_of(owner.post(url, {**filled, "name": "Other", **wrong}))
