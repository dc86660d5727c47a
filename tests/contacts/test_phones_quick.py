"""Plainly written numbers are read without the library's full reading, and come out the same, in every country."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts import phones
from contacts.phones import BadPhone, normalise


def full(raw: str, country: str) -> str:
    """The same without the quick way."""
    try:
        return phones._fully(raw, country)
    except BadPhone as bad:
        return bad.code


def read(raw: str, country: str) -> str:
    try:
        return normalise(raw, country)
    except BadPhone as bad:
        return bad.code


def spellings(region: str) -> list[str]:
    """Examples of each kind of number of the region, as written at home and abroad, and each with something wrong."""
    found = []
    kinds = phonenumbers.PhoneNumberType
    for kind in (kinds.FIXED_LINE, kinds.MOBILE, kinds.TOLL_FREE, kinds.VOIP):
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        styles = phonenumbers.PhoneNumberFormat
        right = [phonenumbers.format_number(number, style) for style in (styles.E164, styles.NATIONAL)]
        right += [f"00{right[0][1:]}", phonenumbers.national_significant_number(number)]
        found += [*right, right[0][:-1], f"{right[0]}5", right[0][1:]]
    return found


@pytest.mark.parametrize("home", ["ES", "GB", "RU", "US", "IT", "MX", "FR", "AR", "BR", "DE"])
def test_the_quick_way_says_what_the_full_reading_says_for_numbers_of_all_countries(home: str) -> None:
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    mine = ["ES", "GB", "RU", "US", "IT", "MX", "FR", "AR", "BR", "DE"].index(home)
    for region in {*regions[mine::10], home}:
        for raw in spellings(region):
            assert read(raw, home) == full(raw, home), (raw, home)


@example("+", "04930000", "ES")  # no country code begins with 0, as 049 would
@given(
    st.sampled_from(["", "+", "00", "+34", "+44", "+7", "+1", "+39", "8", "0"]),
    st.from_regex(r"[0-9]{1,4}[ ()-]?[0-9]{2,4}[ -]?[0-9]{2,6}", fullmatch=True),
    st.sampled_from(["ES", "GB", "RU", "US", "IT", "MX", "JE", "KZ", "XX"]),
)
def test_the_quick_way_says_what_the_full_reading_says_for_any_digits(prefix: str, digits: str, home: str) -> None:
    assert read(prefix + digits, home) == full(prefix + digits, home)


@pytest.mark.parametrize(
    ("raw", "country"),
    [
        ("600 12 34 56", "ES"),
        ("34600123456", "ES"),
        ("+7 916 123-45-67", "ES"),
        ("89161234567", "RU"),
        ("79161234567", "RU"),
        ("'+447400123456", "GB"),
        ("+44 (0)7400 123456", "ES"),
        ("07400 123456", "GB"),
        ("0034 600 123456", "FR"),
    ],
)
def test_what_most_lists_hold_takes_the_quick_way(raw: str, country: str) -> None:
    assert phones.quickly(raw, country) == full(raw, country) != ""
