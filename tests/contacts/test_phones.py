"""Phone numbers as real lists hold them become E.164 or a sentence that says what to do."""

from __future__ import annotations

import pickle

import phonenumbers
import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from contacts import phones
from contacts.phones import BadPhone, normalise
from tests.invented import invented


@pytest.mark.parametrize(
    ("raw", "country", "expected"),
    [
        ("600 12 34 56", "ES", "+34600123456"),
        ("600-123-456", "es", "+34600123456"),
        ("+34 600 123 456", "GB", "+34600123456"),
        ("34600123456", "ES", "+34600123456"),
        ("0034 600 123 456", "ES", "+34600123456"),
        ("0034 600 123 456", "RU", "+34600123456"),
        ("8 (916) 123-45-67", "RU", "+79161234567"),
        ("79161234567", "RU", "+79161234567"),
        ("9161234567", "RU", "+79161234567"),
        ("'+39 348 123 4567", "ES", "+393481234567"),
        ("’+39 348 123 4567", "ES", "+393481234567"),
        ('="600123456"', "ES", "+34600123456"),
        ("+34600123456", "ES", "+34600123456"),
        ("\u202a+34 600 123 456\u202c", "ES", "+34600123456"),
        ("+34\u00a0600\u00a0123\u00a0456", "ES", "+34600123456"),
        ("79161234567.0", "RU", "+79161234567"),
        ("600123456,00", "ES", "+34600123456"),
        ("7.9161234567E+10", "RU", "+79161234567"),
        ("Tel: 600 123 456", "ES", "+34600123456"),
        ("тел. 8 916 123 45 67", "RU", "+79161234567"),
        ("030/1234567", "DE", "+49301234567"),
        ("600 123 456;", "ES", "+34600123456"),
        ("+5215512345678", "MX", "+525512345678"),
        ("+44 7911 123456", "GB", "+447911123456"),
        ("+34 600 12 34 56", "ES", "+34600123456"),
    ],
)
def test_a_number_as_people_and_spreadsheets_write_it_becomes_e164(raw: str, country: str, expected: str) -> None:
    assert normalise(raw, country) == expected


@pytest.mark.parametrize(
    ("raw", "country", "code"),
    [
        ("", "ES", "empty"),
        (" '\n", "ES", "empty"),
        ("7.91612E+10", "RU", "scientific"),
        ("7,91612E+10", "RU", "scientific"),
        ("3.46E11", "ES", "scientific"),
        ("600123456 / 600123457", "ES", "several"),
        ("600123456, 600123457", "ES", "several"),
        ("600123456\n600123457", "ES", "several"),
        ("+34600123456 +34600123457", "ES", "several"),
        ("600123456 ::: 600123457", "ES", "several"),
        ("600123456 o 600123457", "ES", "several"),
        ("89161234567 или 89161234568", "RU", "several"),
        ("93 123 45 67 ext. 12", "ES", "extension"),
        ("495 123-45-67 доб. 12", "RU", "extension"),
        ("93 123 45 67 x12", "ES", "extension"),
        ("600 123 456 (Maria)", "ES", "letters"),
        ("call me", "ES", "letters"),
        ("1-800-FLOWERS", "US", "letters"),
        ("60012", "ES", "short"),
        ("123-45-67", "RU", "short"),
        ("-", "ES", "letters"),
        ("7", "ES", "short"),
        ("79161234567", "ES", "long"),
        ("600123456 600123457", "ES", "long"),
        ("+999 123 456 789", "ES", "prefix"),
        ("+8 916 123 45 67", "RU", "prefix"),
        ("100 000 000", "ES", "country"),
        ("600 123 456", "", "country"),
    ],
)
def test_a_number_that_cannot_be_used_is_refused_with_its_cause(raw: str, country: str, code: str) -> None:
    with pytest.raises(BadPhone) as refused:
        normalise(raw, country)
    assert refused.value.code == code
    assert str(refused.value)


def test_the_refusal_names_the_number_and_its_country_in_the_language_of_the_reader() -> None:
    with pytest.raises(BadPhone) as refused:
        normalise("100 000 000", "ES")
    with translation.override("en"):
        assert "“100 000 000”" in str(refused.value)
        assert "Spain" in str(refused.value)
    with translation.override("ru"):
        assert "Испания" in str(refused.value)


def test_a_number_of_a_shared_country_code_is_refused_in_the_name_of_the_business_country() -> None:
    with translation.override("en"), pytest.raises(BadPhone, match="Canada"):
        normalise("416 100 0000", "CA")


def test_every_cause_has_a_sentence_that_survives_a_trip_through_a_queue() -> None:
    for code in phones.SENTENCES:
        error = pickle.loads(pickle.dumps(BadPhone(code, "12 %", "ES")))
        assert str(error) == str(BadPhone(code, "12 %", "ES"))
        assert isinstance(error, ValueError)


@given(st.text(max_size=30), st.sampled_from(["ES", "RU", "GB", "FR", "", "XX"]))
@invented(60)
def test_whatever_a_cell_holds_the_answer_is_e164_or_a_sentence(raw: str, country: str) -> None:
    try:
        found = normalise(raw, country)
    except BadPhone as refused:
        sentence = str(refused)
        assert sentence
    else:
        assert normalise(found, country) == found
        assert found.startswith("+")


def test_a_mobile_number_of_any_country_is_read_in_its_own_and_in_international_writing() -> None:
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        example = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        example = example or phonenumbers.example_number(region)
        assert example is not None
        e164 = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        own = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.NATIONAL)
        assert normalise(own, region) == e164
        assert normalise(phones.pretty(e164), "ES") == e164


def test_a_number_knows_its_country_and_may_belong_to_many_zones() -> None:
    assert phones.country("+34600123456") == "ES"
    assert phones.country("+77001234567") == "KZ"
    assert phones.country("+80012345678") == ""
    assert phones.country("nonsense") == ""
    assert set(phones.zones("+34600123456")) == {"Europe/Madrid", "Atlantic/Canary"}
    assert len(phones.zones("+79161234567")) > 10
    assert phones.zones("+80012345678") == ()
    assert phones.zones("nonsense") == ()


def test_a_number_is_shown_in_groups() -> None:
    assert phones.pretty("+34600123456") == "+34 600 12 34 56"
    assert phones.pretty("nonsense") == "nonsense"
