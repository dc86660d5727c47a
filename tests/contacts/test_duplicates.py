"""Who is suggested as the same person, with which reasons, and what staff said is remembered."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from contacts.merging.act import merge
from contacts.merging.finding import find, why
from contacts.merging.names import Likeness, likeness
from contacts.merging.reasons import words
from contacts.models import Address, Contact, Duplicate
from contacts.models.contact import fingerprint
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def suggested() -> dict[tuple[str, str], list[str]]:
    find(NOW)
    rows = Duplicate.objects.filter(dismissed_at=None).select_related("first", "second")
    return {(one.first.notes or str(one.first), one.second.notes or str(one.second)): one.reasons for one in rows}


def test_each_reason_is_found_and_said() -> None:
    make_contact("Ana Ruiz", email="ana@example.org", phone="+34600111222", notes="a")
    make_contact("Ana Ruiz", email="ANA@example.org", notes="b")
    make_contact("RUIZ Ána", phone="+34600111222", notes="c")
    make_contact("Eva Sol", phone="+34600111333", notes="d")
    make_contact("Eva", phone="+34600111333", notes="e")
    make_contact("", phone="+34600111333", notes="f")
    make_contact("Léa Gil", birth_date=date(1990, 5, 1), notes="g")
    make_contact("Lea  gil", birth_date=date(1990, 5, 1), notes="h")
    make_contact("Tom Ray", email="tom.ray@gmail.com", notes="i")
    make_contact("T. Ray", email="tomray@googlemail.com", notes="j")
    for address in Address.objects.filter(normal__startswith="ANA"):
        assert address.fingerprint == fingerprint("email", "ana@example.org")
    assert suggested() == {
        ("a", "b"): ["email"], ("a", "c"): ["phone_name"], ("d", "e"): ["phone_similar"], ("d", "f"): ["phone_blank"],
        ("e", "f"): ["phone_blank"], ("g", "h"): ["birth"], ("i", "j"): ["gmail"],
    }  # fmt: skip
    for one in Duplicate.objects.select_related("first", "second"):
        assert why(one.first, one.second) == one.reasons


def test_a_family_that_shares_a_phone_is_not_suggested() -> None:
    for name in ("Mario Gil", "Maria Gil", "Daniel Gil", "Daniela Gil", "Eva Sol"):
        make_contact(name, phone="+34600111222")
    twins = [make_contact(name, birth_date=date(2015, 5, 1), phone="+34600111222") for name in ("Leo Gil", "Teo Gil")]
    assert suggested() == {}
    assert why(*twins) == []


def test_an_email_that_two_of_other_names_share_is_a_weak_hint_that_says_so() -> None:
    make_contact("Eva Sol", email="home@example.org")
    make_contact("Tom Ray", email="home@example.org")
    assert suggested() == {("Eva Sol", "Tom Ray"): ["email_names"]}


def test_who_has_the_same_account_with_a_messenger_is_suggested_and_other_names_are_said() -> None:
    people = [make_contact(name, notes=notes) for name, notes in (("Ana Ruiz", "a"), ("Ana", "b"), ("Eva Sol", "c"))]
    one, other, third = people
    for contact, kind, normal in (
        (one, "telegram", "77"), (other, "telegram", "77"), (one, "viber", "v=="), (third, "viber", "v=="),
        (other, "webpush", "https://push.example.com/1"), (third, "webpush", "https://push.example.com/1"), (third, "vk", "77"),
    ):  # fmt: skip
        contact.addresses.create(kind=kind, value=normal, normal=normal)
    assert suggested() == {("a", "b"): ["account"], ("a", "c"): ["account_names"]}
    assert words(why(one, other)) == ["the same account with a messenger"]
    assert words(why(one, third)) == ["the same account with a messenger, but different names"]
    assert why(other, third) == []


def test_who_is_not_the_same_is_never_suggested_again_also_after_one_became_part_of_another() -> None:
    make_business()
    one, other = (make_contact("Ana Ruiz", email="ana@example.org", notes=notes) for notes in "ab")
    find(NOW)
    Duplicate.objects.update(dismissed_at=NOW)
    assert suggested() == {}
    third = make_contact("Ana Ruiz", phone="+34600111222", notes="c")
    merge(third.pk, other.pk, by=None, now=NOW)
    find(NOW + timedelta(days=1))
    left = Duplicate.objects.get()
    assert (left.first, left.second, left.dismissed_at) == (one, third, NOW)


def test_what_is_no_longer_so_is_no_longer_suggested() -> None:
    make_contact("Ana Ruiz", email="ana@example.org")
    other = make_contact("Ana Ruiz", email="ana@example.org")
    assert len(suggested()) == 1
    other.addresses.update(normal="b@example.org", fingerprint=fingerprint("email", "b@example.org"))
    assert suggested() == {}


def test_a_made_up_number_that_a_crowd_shares_suggests_nobody() -> None:
    for _n in range(31):
        make_contact("Ana Ruiz", phone="+34600000000")
    assert suggested() == {}
    assert Contact.objects.count() == 31


@pytest.mark.parametrize(
    ("one", "other", "like"),
    [
        ("Ana Ruiz", "ruiz  ÁNA", Likeness.SAME), ("A. Ruiz", "Ana Ruiz", Likeness.SIMILAR), ("Ana", "Ana Ruiz", Likeness.SIMILAR),
        ("Jon Smith", "John Smith", Likeness.SIMILAR), ("Cralos Gil", "Carlos Gil", Likeness.SIMILAR), ("", "Ana", Likeness.BLANK),
        ("Paul Gil", "Paula Gil", Likeness.DIFFERENT),
        ("Ana Ruiz", "Eva Ruiz", Likeness.DIFFERENT), ("A. B.", "Ana Bo", Likeness.DIFFERENT),
    ],
)  # fmt: skip
def test_names_are_one_persons_or_not(one: str, other: str, like: Likeness) -> None:
    assert likeness(one, other) == likeness(other, one) == like
