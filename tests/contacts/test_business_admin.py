"""The business is one page: always there, never twice, never gone."""

from typing import Any

import pytest
from django.urls import reverse

from contacts.models import Business
from tests.contacts.staff import READY, sign_in
from tests.factories import NOW, make_business

pytestmark = pytest.mark.django_db

PAGE = "admin:contacts_business_change"


def filled(**fields: Any) -> dict[str, Any]:
    rows = {
        f"{name}-{part}_FORMS": "0" for name in ("quiet_rules", "closed_days", "caps") for part in ("TOTAL", "INITIAL")
    }
    return {
        **rows, "name": "Salon Aurora", "country": "ES", "language": "es", "time_zone": "Europe/Madrid", "currency": "eur",
        "postal_address": "Calle Mayor 1", "website": "", "colour": "#6d28d9", "quiet_from": "22:00", "quiet_until": "9:00",
        "cap_messages": "", "cap_days": "7", "confirm_days": 7, "tracking": "law", "utm_source": "aurora", "public_address": "", **fields,
    }  # fmt: skip


@pytest.mark.parametrize("role", READY)
def test_the_list_leads_to_the_one_page_for_everyone(role: str) -> None:
    answer = sign_in(role).get(reverse("admin:contacts_business_changelist"), follow=True)
    assert answer.redirect_chain[-1][0] == reverse(PAGE, args=[1])
    assert answer.status_code == 200
    assert (reverse("admin:contacts_business_check") in answer.content.decode()) == (role == "Owner")


def test_what_the_owner_sets_is_kept() -> None:
    make_business()
    answer = sign_in("Owner").post(reverse(PAGE, args=[1]), filled(public_address="news.aurora.example/"), follow=True)
    assert "Saved." in answer.content.decode()
    business = Business.current()
    assert (business.language, business.currency, business.cap_messages) == ("es", "EUR", None)
    assert (business.quiet_from.hour, business.quiet_until.hour) == (22, 9)
    assert business.public_address == "https://news.aurora.example"


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"currency": "euro"}, "Ensure this value has at most 3 characters"),
        ({"currency": "E1"}, "Write the currency with three letters, for example EUR."),
        ({"colour": "red"}, "Write the colour as # and six digits"),
        ({"country": "XX"}, "Select a valid choice."),
        ({"time_zone": "Mars/Base"}, "Select a valid choice."),
        ({"quiet_from": "noon"}, "Enter a valid time."),
        ({"public_address": "https://aurora.example/?q=1"}, "Write only the address itself"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(wrong: dict[str, str], sentence: str) -> None:
    make_business()
    answer = sign_in("Owner").post(reverse(PAGE, args=[1]), filled(**wrong))
    assert sentence in answer.content.decode()
    assert Business.current().utm_source == "cascada"


def test_nobody_adds_or_deletes_it_and_only_those_who_may_change_it_check_the_address() -> None:
    owner, marketer = sign_in("Owner"), sign_in("Marketer")
    assert owner.get(reverse("admin:contacts_business_add")).status_code == 403
    assert owner.post(reverse("admin:contacts_business_delete", args=[1])).status_code == 403
    assert marketer.post(reverse(PAGE, args=[1]), filled()).status_code == 403
    assert marketer.post(reverse("admin:contacts_business_check")).status_code == 403
    assert owner.get(reverse("admin:contacts_business_check")).status_code == 403


def test_the_button_says_what_is_wrong_with_the_address() -> None:
    make_business(public_address="")
    answer = sign_in("Owner").post(reverse("admin:contacts_business_check"), follow=True)
    assert "The business has no public address yet." in answer.content.decode()


def test_a_proven_address_shows_since_when() -> None:
    make_business(public_address="https://a.example", public_checked_address="https://a.example", public_checked_at=NOW)
    assert "It answered on" in sign_in("Viewer").get(reverse(PAGE, args=[1])).content.decode()
    Business.objects.update(public_address="https://b.example")
    assert "Not checked yet" in sign_in("Marketer").get(reverse(PAGE, args=[1])).content.decode()
