"""Cells and columns that can be read in two ways: days, decimals, several values, numbers that a spreadsheet spoiled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from django.test import Client

from contacts.importing import cells, days, doubts, mapping
from contacts.importing.reading import Raw
from contacts.models import Address, Contact
from tests.contacts.importing_desk import LIST, check, columns, counts, load, newest, only, staff, upload
from tests.factories import make_business


def sample(*values: str) -> list[Raw]:
    return [Raw(n, [value]) for n, value in enumerate(values)]


def day(text: str, order: str, kind: type[days.Day] = days.Day) -> Any:
    widget = kind()
    widget.order, widget.today = order, date(2026, 11, 22)
    return widget.clean(text)


# --- days ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("32874", mapping.SERIAL_1900, date(1990, 1, 1)),
        ("32874,0", mapping.SERIAL_1900, date(1990, 1, 1)),
        ("31412", mapping.SERIAL_1904, date(1990, 1, 1)),
        ("61", mapping.SERIAL_1900, date(1900, 3, 1)),
        ("59", mapping.SERIAL_1900, date(1900, 2, 28)),
        ("1", mapping.SERIAL_1900, date(1900, 1, 1)),
        ("1990-05-31", mapping.SERIAL_1900, date(1990, 5, 31)),
    ],
)
def test_days_are_counted_as_spreadsheets_do(text: str, order: str, found: date) -> None:
    assert day(text, order) == found


@pytest.mark.parametrize(
    ("text", "order", "said"),
    [("60", mapping.SERIAL_1900, "not a date that exists"), ("32874", "", "bare number"), ("99999", mapping.SERIAL_1900, "past hundred")],
)  # fmt: skip
def test_a_number_that_is_no_day_is_refused(text: str, order: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        day(text, order)


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("--02-29", "", "02-29"),
        (" --05-12", "", "05-12"),
        ("05/31", "", "05-31"),
        ("31/05", "", "05-31"),
        ("31.05.", "", "05-31"),
        ("03/04", mapping.DAY_FIRST, "04-03"),
        ("03/04", mapping.MONTH_FIRST, "03-04"),
    ],
)
def test_a_birthday_without_its_year_is_kept_as_month_and_day(text: str, order: str, found: str) -> None:
    assert day(text, order, days.Birthday) == found


def test_a_birthday_without_its_year_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="not a date that exists"):
        day("02-30", "", days.Birthday)


@pytest.mark.parametrize(
    ("values", "since_1904", "order"),
    [
        (["32874", "31000"], None, ""),
        (["32874"], False, mapping.SERIAL_1900),
        (["32874"], True, mapping.SERIAL_1904),
        (["03/04/1990", "32874"], None, ""),
        (["13/04/1990"], None, mapping.DAY_FIRST),
    ],
)
def test_how_a_column_of_days_is_meant_is_known_or_asked(
    values: list[str], since_1904: bool | None, order: str
) -> None:
    asked = doubts.asked(sample(*values), ["birth_date"], since_1904=since_1904)
    assert asked["0"]["order"] == order
    assert asked["0"]["example"] == values[0]


def test_nothing_is_asked_of_a_column_of_plain_numbers_that_is_no_day() -> None:
    assert doubts.asked(sample("32874"), ["detail"]) == {}


@pytest.mark.django_db
def test_a_column_of_day_numbers_in_a_csv_file_is_asked_for(client: Client) -> None:
    upload(client, b"email,birthday\na@example.com,32874\n")
    run = newest()
    page = client.post(f"{LIST}{run.pk}/change/", columns(run))
    assert "32874" in str(page.context["form"].errors)
    load(client, b"email,birthday\na@example.com,32874\n", order_1=mapping.SERIAL_1900)
    assert Contact.objects.get().birth_date == date(1990, 1, 1)


# --- numbers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("$1,234.50", "", "1234.50"),
        ("1.234,50 €", mapping.COMMA, "1234.50"),
        ("12 500,50 руб.", mapping.COMMA, "12500.50"),
        ("1'234.50", "", "1234.50"),
        ("USD 12", "", "12"),
        ("12,5", mapping.COMMA, "12.5"),
        ("12,5", "", "12.5"),
        ("1.234.567", "", "1234567"),
        ("1,234", mapping.POINT, "1234"),
        ("1,234", mapping.COMMA, "1.234"),
        ("-3", "", "-3"),
        ("", "", ""),
        ("n/a", "", ""),
    ],
)
def test_amounts_are_read_with_the_columns_decimals(text: str, order: str, found: str) -> None:
    widget = cells.Number()
    widget.order = order
    assert widget.clean(text) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1.2E+15", "last digits are lost"),
        ("a lot", "not a number"),
        ("1,2,x", "not a number"),
        ("1,234", "two ways"),
        ("12,34,56", "not a number"),
    ],
)
def test_what_is_no_number_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        cells.Number().clean(text)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        (["1.234,50"], mapping.COMMA),
        (["1,234.50"], mapping.POINT),
        (["12,5"], mapping.COMMA),
        (["12.5"], mapping.POINT),
        (["1,234", "12,50"], mapping.COMMA),
        (["1,234"], ""),
        (["1.234.567"], ""),
    ],
)
def test_the_decimals_of_a_column_are_known_or_asked(values: list[str], order: str) -> None:
    assert doubts.asked(sample(*values), ["number"])["0"]["order"] == order


@pytest.mark.parametrize(("text", "found"), [("12345.0", "12345"), ("'00123", "00123"), ("S-1.0", "S-1.0")])
def test_what_a_spreadsheet_made_of_a_number_of_another_system_is_undone(text: str, found: str) -> None:
    assert cells.Identifier(100).clean(text) == found


def test_an_internet_address_is_one_or_refused() -> None:
    assert [cells.Ip().clean(text) for text in ("203.0.113.7", "2001:DB8::1", "")] == ["203.0.113.7", "2001:db8::1", ""]
    with pytest.raises(ValueError, match="not an IP address"):
        cells.Ip().clean("the office")


# --- several values in a cell -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "field", "found"),
    [
        (["a@x.example ::: b@x.example"], "email", ":::"),
        (["a@x.example; b@x.example"], "email", ";"),
        (["a@x.example", "b@x.example, c@x.example"], "email", ","),
        (["+34 600 111 222 / 600 111 223"], "phone", "/"),
        (["600111222\n600111223"], "phone", "\n"),
        (["a@x.example"], "email", ""),
        (["Ruiz, Ana"], "full_name", ""),
        (["600 111, office"], "phone", ""),
    ],
)
def test_what_stands_between_several_values_is_found_out(values: Sequence[str], field: str, found: str) -> None:
    assert doubts.several(sample(*values), [field], {}).get("0", "") == found


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


TWO = b'name,email,phone\nAna Ruiz,"ana@example.com; ana2@example.com","600111222, 600111223"\nBea,bea@example.com,600111223\n'


@pytest.mark.django_db
def test_each_of_several_values_becomes_an_address(client: Client) -> None:
    run = load(client, TWO, several_1=";", several_2=",")
    assert counts(run) == (2, 0, 0, 0)
    ana = Contact.objects.get(first_name="Ana")
    assert list(ana.addresses.order_by("kind", "position").values_list("normal", flat=True)) == [
        "ana@example.com", "ana2@example.com", "+34600111222", "+34600111223",
    ]  # fmt: skip
    assert counts(load(client, TWO, several_1=";", several_2=",")) == (0, 0, 2, 0)


@pytest.mark.django_db
def test_staff_may_say_that_a_cell_holds_one_value_only(client: Client) -> None:
    run = check(client, TWO, several_1="", several_2="")
    assert counts(run) == (1, 0, 0, 1)
    assert "more than one" in only("refused").reason


# --- the rest of what files do ------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_columns_of_the_same_name_are_kept_apart(client: Client) -> None:
    load(client, b"email,Pet,Pet,Pet\na@example.com,cat,dog,\n")
    assert Contact.objects.get().attributes == {"Pet": "cat", "Pet (2)": "dog"}


@pytest.mark.django_db
@pytest.mark.parametrize("phone", ["'+34600111222", '="600111222"', "34600111222.0", "600111222,0", "6.00111222E+8"])
def test_phones_that_a_spreadsheet_dressed_up_are_read(client: Client, phone: str) -> None:
    run = load(client, f'name;phone\nAna;"{phone.replace(chr(34), chr(34) * 2)}"\n'.encode())
    assert counts(run) == (1, 0, 0, 0), only("refused").reason
    assert Address.objects.get().normal == "+34600111222"


@pytest.mark.django_db
def test_a_phone_that_lost_its_digits_is_refused_with_the_reason(client: Client) -> None:
    run = check(client, b"name;phone\nAna;7.91612E+10\n")
    assert counts(run) == (0, 0, 0, 1)
    assert "shortened by a spreadsheet" in only("refused").reason


@pytest.mark.django_db
def test_what_is_doubtful_in_a_column_that_staff_chose_is_found_out_or_asked_then(client: Client) -> None:
    data = b'a,b,c\n"ana@example.com; ana2@example.com","1,234",03/04/2020\nx@example.com,"2,500",05/06/2021\n'
    upload(client, data)
    run = newest()
    chosen = columns(run, column_0="email", column_1="number", column_2="detail")
    page = client.post(f"{LIST}{run.pk}/change/", chosen)
    assert set(page.context["form"].errors) == {"order_1"}
    assert "several_0" in page.content.decode()
    run = load(client, data, **chosen | {"order_1": "point"})
    assert counts(run) == (2, 0, 0, 0)
    assert Address.objects.count() == 3
    assert Contact.objects.get(addresses__normal="ana2@example.com").attributes == {"b": "1234", "c": "03/04/2020"}
