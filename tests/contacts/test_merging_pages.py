"""Possible duplicates and two contacts side by side, as staff use the pages; who may do what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import consent
from contacts.merging.act import merge
from contacts.merging.finding import find
from contacts.models import Contact, Duplicate, Merge
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
LIST = "admin:contacts_duplicate_changelist"


def two() -> tuple[Contact, Contact]:
    make_business()
    return (
        make_contact("Ana Ruiz", email="ana@example.org", phone="+34600111222", city="Madrid"),
        make_contact("Ana Ruiz García", email="ana@example.org", phone="+34600333444", city="Toledo"),
    )


def page_of(kept: Contact, gone: Contact) -> str:
    return reverse("admin:contacts_duplicate_compare", args=[kept.pk, gone.pk])


def answer(client: Any, kept: Contact, gone: Contact, **more: str) -> Any:
    found = client.get(page_of(kept, gone)).context["found"]
    return client.post(page_of(kept, gone), {"mark": found.mark, **more}, follow=True)


def test_the_list_shows_both_and_why_with_the_same_statements_however_many() -> None:
    kept, gone = two()
    find(NOW)
    client = sign_in("Front desk")
    text = client.get(reverse(LIST)).content.decode()
    assert "the same email" in text
    assert "ana@example.org" in text
    with CaptureQueriesContext(connection) as few:
        client.get(reverse(LIST))
    for n in range(6):
        make_contact(f"Eva {n}", email=f"eva{n // 2}@example.org")
    find(NOW)
    with CaptureQueriesContext(connection) as many:
        assert client.get(reverse(LIST)).content.decode().count("compare") >= 0
    assert len(many) == len(few)
    row = Duplicate.objects.get(first=kept)
    assert client.get(reverse("admin:contacts_duplicate_change", args=[row.pk])).headers["Location"] == page_of(
        kept, gone
    )


def test_staff_choose_field_by_field_and_read_before_what_becomes_of_consent() -> None:
    kept, gone = two()
    consent.withdraw(gone.pk, "email", source="reply STOP", now=NOW)
    client = sign_in("Front desk")
    text = client.get(page_of(kept, gone)).content.decode()
    assert "<strong>withdrawn</strong>" in text
    assert "the same email" in text
    said = answer(client, kept, gone, city="gone", last_name="gone", merge="1").content.decode()
    assert "The two are one person now." in said
    assert "Made one with Ana Ruiz García" in said
    kept.refresh_from_db()
    assert (kept.city, kept.last_name, Contact.objects.count()) == ("Toledo", "Ruiz García", 1)


def test_two_of_whom_only_a_phone_is_the_same_are_made_one_only_where_staff_say_that_they_know() -> None:
    make_business()
    mother, son = (make_contact(name, phone="+34600111222") for name in ("Eva Gil", "Leo Gil"))
    client = sign_in("Owner")
    said = answer(client, mother, son, merge="1").content.decode()
    assert "Tick that you know that this is one person" in said
    assert Contact.objects.count() == 2
    answer(client, mother, son, merge="1", sure="1")
    assert Contact.objects.count() == 1


def test_what_somebody_changed_meanwhile_is_shown_once_more_with_what_was_chosen() -> None:
    kept, gone = two()
    client = sign_in("Owner")
    mark = client.get(page_of(kept, gone)).context["found"].mark
    Contact.objects.filter(pk=gone.pk).update(city="Lugo", updated_at=NOW + timedelta(hours=1))
    page = client.post(page_of(kept, gone), {"mark": mark, "city": "gone", "merge": "1"})
    assert "Somebody changed one of the two meanwhile." in page.content.decode()
    assert {line.name: chosen for line, chosen in page.context["lines"]}["city"] == "gone"
    assert Contact.objects.count() == 2


def test_staff_say_that_two_are_not_the_same_and_it_is_remembered() -> None:
    kept, gone = two()
    find(NOW)
    client = sign_in("Front desk")
    answer(client, kept, gone, differ="1")
    find(NOW)
    assert Duplicate.objects.get().dismissed_at is not None
    assert "Ana Ruiz García" not in client.get(reverse(LIST)).content.decode()
    assert "Ana Ruiz García" in client.get(reverse(LIST), {"decided": "dismissed"}).content.decode()


def test_two_chosen_in_the_list_of_contacts_are_laid_side_by_side() -> None:
    kept, gone = two()
    client = sign_in("Front desk")
    where = reverse("admin:contacts_contact_changelist")
    chosen = {"action": "compare_two", "_selected_action": [kept.pk, gone.pk]}
    assert client.post(where, chosen).headers["Location"] == page_of(kept, gone)
    said = client.post(where, {**chosen, "_selected_action": [kept.pk]}, follow=True).content.decode()
    assert "Choose exactly two contacts." in said


def test_undoing_says_what_stands_against_it_and_is_not_for_the_front_desk() -> None:
    kept, gone = two()
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    page = reverse("admin:contacts_merge_change", args=[done.pk])
    assert sign_in("Front desk").post(page).status_code == 403
    client = sign_in("Marketer")
    assert "Make them two again" in client.get(page).content.decode()
    consent.withdraw(kept.pk, "email", source="reply STOP", now=NOW)
    assert "Their consent changed since." in client.post(page).content.decode()
    assert Contact.objects.count() == 1
    other, more = two()
    again = merge(other.pk, more.pk, by=None, now=NOW)
    said = client.post(reverse("admin:contacts_merge_change", args=[again.pk]), follow=True).content.decode()
    assert "two contacts again" in said
    assert "Merged contacts" in client.get(reverse("admin:contacts_merge_changelist")).content.decode()
    assert Merge.objects.filter(undone_at=None).count() == 1


def test_a_viewer_looks_and_changes_nothing() -> None:
    kept, gone = two()
    client = sign_in("Viewer")
    page = client.get(page_of(kept, gone))
    assert "Make them one" not in page.content.decode()
    assert client.post(page_of(kept, gone), {"mark": page.context["found"].mark, "merge": "1"}).status_code == 403
    assert client.post(page_of(kept, gone), {"differ": "1"}).status_code == 403
    assert Contact.objects.count() == 2
