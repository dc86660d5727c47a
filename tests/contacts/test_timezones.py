"""The zone of a person is the best that is known of them, and a doubt counts for the person."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

import pytest

from contacts import timezones
from contacts.timezones import zones_for


def names(contact: str = "", branch: str = "", business: str = "Europe/Madrid", phone: str | None = None) -> set[str]:
    found = zones_for(contact=contact, branch=branch, business=business, phone=phone, business_country="ES")
    return {zone.key for zone in found}


def test_what_the_contact_said_comes_first() -> None:
    assert names("Asia/Tokyo", "Europe/Paris", phone="+79161234567") == {"Asia/Tokyo"}


def test_then_the_branch_that_the_person_goes_to() -> None:
    assert names("", "Atlantic/Canary", phone="+79161234567") == {"Atlantic/Canary"}


@pytest.mark.parametrize("phone", [None, "", "+34600123456", "+80012345678", "nonsense"])
def test_then_the_business_where_the_phone_says_nothing_else(phone: str | None) -> None:
    assert names(phone=phone) == {"Europe/Madrid"}


def test_a_foreign_phone_gives_all_the_zones_that_it_may_be_in() -> None:
    assert names(phone="+4915123456789") == {"Europe/Berlin"}
    assert {"Europe/Moscow", "Asia/Vladivostok"} < names(phone="+79161234567")
    assert "Europe/Madrid" not in names(phone="+79161234567")


@pytest.mark.parametrize("bad", ["Mars/Olympus", "Europe", "../etc/passwd", "/etc/localtime", " ", "GMT+25", "a\0b"])
def test_a_name_that_is_no_zone_counts_as_none_given(bad: str) -> None:
    assert names(bad, bad) == {"Europe/Madrid"}
    assert names(bad, bad, business=bad) == {"UTC"}


def test_the_country_of_the_business_is_read_in_either_case() -> None:
    found = zones_for(contact="", branch="", business="Asia/Tokyo", phone="+34600123456", business_country="es")
    assert found == (ZoneInfo("Asia/Tokyo"),)


def test_forms_offer_zones_that_exist_and_no_aliases() -> None:
    offered = dict(timezones.choices())
    assert set(offered) <= available_timezones()
    assert {"UTC", "Europe/Madrid", "America/Argentina/Buenos_Aires"} <= set(offered)
    assert "America/Buenos_Aires" not in offered
    assert offered["America/New_York"] == "America / New York"
