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


def rows(prefix: str, *given: dict[str, Any]) -> dict[str, Any]:
    """New rows of one table on the page, as the browser posts them."""
    posted = {f"{prefix}-{number}-{name}": value for number, row in enumerate(given) for name, value in row.items()}
    return {**posted, f"{prefix}-TOTAL_FORMS": str(len(given))}


def test_further_hours_days_and_caps_are_kept_as_they_were_entered() -> None:
    make_business()
    entered = filled(
        **rows("quiet_rules", {"kind": "sms", "weekdays": ["5", "6"], "start": "18:00", "end": "10:00", "holidays": "on"}),
        **rows("closed_days", {"day": "2026-12-25", "yearly": "on", "name": "Christmas"}, {"day": "2026-08-17", "name": "Works"}),
        **rows("caps", {"messages": "1", "kind": "sms", "period": "week", "days": "7"}),
    )  # fmt: skip
    answer = sign_in("Owner").post(reverse(PAGE, args=[1]), entered, follow=True)
    assert "Saved." in answer.content.decode()
    business = Business.current()
    rule = business.quiet_rules.get()
    assert (rule.kind, rule.weekdays, rule.start.hour, rule.end.hour, rule.holidays) == ("sms", 0b1100000, 18, 10, True)
    days = business.closed_days.order_by("day").values_list("day__month", "yearly", "name")
    assert list(days) == [(8, False, "Works"), (12, True, "Christmas")]
    assert list(business.caps.values_list("kind", "messages", "period")) == [("sms", 1, "week")]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (rows("quiet_rules", {"kind": "", "start": "18:00", "end": "10:00"}), "Tick at least one day, or the public holidays."),
        (
            rows("quiet_rules", {"kind": "sms", "weekdays": list("0123456"), "start": "09:00", "end": "22:00"}),
            "These hours leave none in which",
        ),
        (rows("caps", {"messages": "0", "kind": "", "period": "day", "days": "7"}), "greater than or equal to 1"),
        (rows("caps", {"messages": "1", "kind": "", "period": "rolling", "days": "400"}), "less than or equal to 366"),
        (rows("closed_days", {"day": "tomorrow"}), "Enter a valid date."),
    ],
)  # fmt: skip
def test_a_limit_that_cannot_be_is_refused_with_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    make_business()
    answer = sign_in("Owner").post(reverse(PAGE, args=[1]), filled(**wrong))
    assert sentence in answer.content.decode()
    business = Business.current()
    for kept in (business.quiet_rules, business.closed_days, business.caps):
        assert not kept.exists()
