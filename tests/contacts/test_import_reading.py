"""Files as programs write them, and files that are none."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.importing import mapping, reading
from contacts.importing.encoding import BadEncoding, NotATable

TEXT = "Имя;Почта;Город\r\nАнна;anna@example.com;Москва\r\nПётр;petr@example.com;Тверь\r\n"
WESTERN = "Prénom;Email;Ville\r\nZoé;zoe@example.com;Nîmes\r\nFrançois;f@example.com;Orléans\r\n"


def look(data: bytes) -> reading.Look:
    return reading.look(io.BytesIO(data))


def cells(data: bytes) -> list[list[str]]:
    return [raw.cells for raw in reading.rows(io.BytesIO(data), look(data).shape)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251", "bom-be"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_every_encoding_separator_and_line_end_is_found_out(encoding: str, delimiter: str, end: str) -> None:
    text = TEXT.replace(";", delimiter).replace("\r\n", end)
    data = b"\xfe\xff" + text.encode("utf-16-be") if encoding == "bom-be" else text.encode(encoding)
    found = look(data)
    assert found.headers == ["Имя", "Почта", "Город"]
    assert found.shape.delimiter == delimiter
    assert cells(data) == [["Анна", "anna@example.com", "Москва"], ["Пётр", "petr@example.com", "Тверь"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_western_text_is_not_taken_for_cyrillic(delimiter: str) -> None:
    data = WESTERN.replace(";", delimiter).encode("cp1252")
    assert look(data).shape.encoding == "cp1252"
    assert cells(data)[0] == ["Zoé", "zoe@example.com", "Nîmes"]


def test_a_letter_far_down_the_file_decides_its_encoding() -> None:
    data = b"name,email\n" + b"Ana,a@example.com\n" * 40_000 + "Иван Петров,b@example.com\n".encode("cp1251")
    assert look(data).shape.encoding == "cp1251"


def test_the_line_that_names_the_separator_is_believed_and_is_no_header() -> None:
    data = b"sep=;\r\nname;email\r\nAna, Ruiz;a@example.com\r\n"
    assert look(data).headers == ["name", "email"]
    assert [(raw.line, raw.cells) for raw in reading.rows(io.BytesIO(data), look(data).shape)] == [
        (3, ["Ana, Ruiz", "a@example.com"])
    ]


def test_a_row_knows_its_line_also_below_line_breaks_in_quotes_and_empty_lines() -> None:
    data = b'name,email\n"Ana\nRuiz",a@example.com\n\n,,\nBea,b@example.com\n'
    assert [raw.line for raw in reading.rows(io.BytesIO(data), look(data).shape)] == [2, 6]


def test_an_unclosed_quotation_mark_costs_its_own_line_only() -> None:
    rows = [f"P{n},p{n}@example.com" for n in range(400)]
    rows[7] = 'P7,"p7@example.com'
    rows[300] = '"P300,p300@example.com'
    data = "\n".join(["name,email", *rows]).encode()
    found = list(reading.rows(io.BytesIO(data), look(data).shape))
    assert [raw.line for raw in found if raw.broken] == [9, 302]
    assert len(found) == 400


def test_a_file_without_a_header_is_read_from_its_first_line() -> None:
    data = b"Ana,a@example.com\nBea,b@example.com\n"
    assert not look(data).shape.has_header
    assert len(cells(data)) == 2
    assert mapping.guess(look(data).headers, look(data).sample)[1] == "email"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b" \r\n\r\n", "empty"),
        (b"PK\x03\x04\x14\x00\x06\x00", "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"%PDF-1.7 \n", "PDF"),
        (b"<!doctype html><table>", "web page"),
        (b"\xef\xbb\xbf\r\n<html><table><tr><td>", "web page"),
        (b'<?xml version="1.0"?><Workbook>', "web page"),
        (b"BEGIN:VCARD\nFN:Ana\n", "address cards"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00" * 20, "picture"),
        (bytes(range(256)) * 50, "not text"),
        (b"name,email\nAna\x00,a@example.com\n", "not text"),
        (b"name,email\n", "no rows"),
        (b"name\nAna\nBea\n", "No columns"),
        (b"Lorem ipsum dolor\nsit amet\n", "No columns"),
        (",".join(f"c{n}" for n in range(500)).encode() + b"\n" + b"x," * 499 + b"x\n", "500 columns"),
        (b"name,email\n" + b"x" * 2_000_000, "no line breaks"),
        (b"a" * 40_000 + b",email\nAna,a@example.com\n", "more than 32767"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(data: bytes, said: str) -> None:
    with pytest.raises(NotATable, match=said):
        look(data)


def test_a_column_of_addresses_alone_is_a_table() -> None:
    assert look(b"email\na@example.com\nb@example.com\n").headers == ["email"]


def test_an_encoding_that_staff_chose_and_that_cannot_be_is_refused() -> None:
    with pytest.raises(BadEncoding, match="UTF-8"):
        reading.look(io.BytesIO(TEXT.encode("cp1251")), encoding="utf-8")


@pytest.mark.parametrize(
    ("headers", "fields"),
    [
        (
            "First Name,Last Name,Email Address,Phone Number,Birthday,Tags",
            "first_name last_name email phone birth_date groups",
        ),
        (
            "Nombre,Apellidos,Correo electrónico,Teléfono móvil,Fecha de nacimiento,Ciudad",
            "first_name last_name email phone birth_date city",
        ),
        (
            "Prénom,Nom,Courriel,Téléphone portable,Date de naissance,Ville",
            "first_name last_name email phone birth_date city",
        ),
        (
            "Имя,Фамилия,Эл. почта,Мобильный телефон,Дата рождения,Филиал",
            "first_name last_name email phone birth_date branch",
        ),
        ("Nom,E-mail 1 - Value,Phone 1 - Value,MEMBER_RATING", "full_name email phone ignore"),
        ("ФИО,Телефон,Email,Комментарий", "full_name phone email notes"),
        ("Email,Email,Phone 2,City,City", "email email phone city detail"),
        (
            "Accepts Email Marketing,Accepts SMS Marketing,OPTIN_TIME,EMAIL",
            "consent_email consent_sms consented_at email",
        ),
    ],
)
def test_headers_of_four_languages_are_known(headers: str, fields: str) -> None:
    assert mapping.guess(headers.split(","), []) == fields.split()


def test_a_strange_header_is_known_by_what_is_below_it() -> None:
    found = look(b"Kontakt,Nr\na@example.com,+34 600 11 22 33\nb@example.com,600 11 22 34\n")
    assert mapping.guess(found.headers, found.sample) == ["email", "phone"]


@pytest.mark.parametrize(
    ("values", "order", "asked"),
    [
        (["03/04/1990", "13/04/1990"], "day", False),
        (["03/04/1990", "04/13/1990"], "month", False),
        (["03/04/1990", "05/06/1991"], "", True),
        (["03.04.1990"], "day", False),
        (["1990-04-03"], "", False),
    ],
)
def test_the_order_of_a_column_of_dates_is_decided_by_its_values_or_asked(
    values: list[str], order: str, asked: bool
) -> None:
    found = mapping.date_order([reading.Raw(n, [value]) for n, value in enumerate(values)], 0)
    assert (found.order, found.must_be_asked) == (order, asked)


@given(st.binary(max_size=3000))
def test_any_bytes_are_a_table_or_refused_with_a_sentence(data: bytes) -> None:
    sentence = "a table"
    try:
        cells(data)
    except (NotATable, BadEncoding) as problem:
        sentence = str(problem)
    assert sentence


@given(
    st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20), min_size=2, max_size=4),
        max_size=8,
    )
)
def test_what_csv_writes_is_read_as_it_was(table: list[list[str]]) -> None:
    import csv

    out = io.StringIO(newline="")
    csv.writer(out).writerows([["name", "email"], *table])
    shape = reading.Shape("utf-8", ",")
    found = [raw.cells for raw in reading.rows(io.BytesIO(out.getvalue().encode()), shape)]
    assert found == [row for row in table if any(cell.strip() for cell in row)]
