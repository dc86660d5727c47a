"""One statement for many rows, the same on both databases."""

import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection
from django.db.models import F, Q, Value
from django.test.utils import CaptureQueriesContext

from contacts import arrays, bulk
from contacts.models import Contact, Event, Group, ImportRun, Membership

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db

COLUMNS = [
    "first_name",
    "last_name",
    "language",
    "time_zone",
    "city",
    "notes",
    "attributes",
    "search",
    "created_at",
    "updated_at",
]


def people(count: int) -> list[tuple[object, ...]]:
    return [(f"Ана {n}", "O'Hara %s", "en", "", "", "", {"n": n, "é": [1]}, "x", NOW, NOW) for n in range(count)]


def test_a_thousand_rows_are_one_statement_and_read_back_as_given() -> None:
    with CaptureQueriesContext(connection) as seen:
        ids = bulk.insert(Contact, COLUMNS, people(1000), returning=["id", "created_at", "attributes"])
    assert len(seen) == 1
    assert len(ids) == 1000
    assert ids[0][1] == NOW
    found = Contact.objects.get(first_name="Ана 7")
    assert (found.last_name, found.attributes, found.created_at) == ("O'Hara %s", {"n": 7, "é": [1]}, NOW)


def test_no_rows_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert bulk.insert(Contact, COLUMNS, []) == []
        assert bulk.update(Contact, ["city"], []) == []
    assert len(seen) == 0


def test_a_row_that_is_there_already_is_left_alone_only_when_asked() -> None:
    group, contact = Group.objects.create(name="VIP"), Contact.objects.create()
    rows = [(group.pk, contact.pk, NOW)]
    columns = ["group_id", "contact_id", "added_at"]
    assert len(bulk.insert(Membership, columns, rows, ignore_conflicts=True, returning=["id"])) == 1
    assert bulk.insert(Membership, columns, rows, ignore_conflicts=True, returning=["id"]) == []
    with pytest.raises(IntegrityError):
        bulk.insert(Membership, columns, rows)


def test_each_row_gets_its_own_values_and_only_where_the_condition_holds() -> None:
    one, two, three = (Contact.objects.create(city=city) for city in ("Kyiv", "Lyon", "Kyiv"))
    rows = [(one.pk, "Ann", {"a": 1}), (two.pk, "Bob", {}), (three.pk, "Cyd", {})]
    changed = bulk.update(
        Contact, ["first_name", "attributes"], rows, only={"city": "Kyiv"}, returning=["id", "first_name"]
    )
    assert sorted(changed) == [(one.pk, "Ann"), (three.pk, "Cyd")]
    two.refresh_from_db()
    assert two.first_name == ""
    one.refresh_from_db()
    assert one.attributes == {"a": 1}


def test_nothing_is_cut_to_fit_a_column() -> None:
    contact = Contact.objects.create()
    if connection.vendor == "postgresql":
        with pytest.raises(Exception, match="too long"):
            bulk.update(Contact, ["language"], [(contact.pk, "a-language-too-long")])
    else:
        bulk.update(Contact, ["language"], [(contact.pk, "a-language-too-long")])
        contact.refresh_from_db()
        assert contact.language == "a-language-too-long"


def test_conditions_know_null_lists_and_counters() -> None:
    run = ImportRun.objects.create(filename="a.csv", position=5)
    other = ImportRun.objects.create(filename="b.csv", lease_until=NOW)
    token = uuid.uuid4()
    rows = [(run.pk, NOW + timedelta(minutes=1), token), (other.pk, NOW, token)]
    done = bulk.update(
        ImportRun, ["lease_until", "lease_token"], rows,
        only={"lease_until": None, "filename": ["a.csv", "b.csv"]}, add={"position": 2}, returning=["id", "lease_token", "position"],
    )  # fmt: skip
    assert done == [(run.pk, token, 7)]


def test_a_claim_takes_the_first_ones_in_order_and_never_twice() -> None:
    contact = Contact.objects.create()
    for n in range(5):
        Event.objects.create(contact=contact, name=f"e{n}", at=NOW, recorded_at=NOW)
    waiting = Event.objects.filter(handled_at=None).order_by("id")
    first = bulk.claim(waiting, limit=3, changes={"handled_at": NOW}, returning=["name"])
    second = bulk.claim(
        waiting, limit=3, changes={"handled_at": NOW, "source": F("name")}, returning=["name", "source"]
    )
    assert sorted(first) == [("e0",), ("e1",), ("e2",)]
    assert sorted(second) == [("e3", "e3"), ("e4", "e4")]
    assert bulk.claim(waiting, limit=3, changes={"handled_at": NOW}) == []


def test_a_claim_takes_of_the_next_rows_what_the_first_leave_room_for() -> None:
    for city in ("Lyon", "Kyiv", "Lyon", "Kyiv", "Oslo"):
        Contact.objects.create(city=city)
    first, second = (Contact.objects.filter(city=city, notes="").order_by("id") for city in ("Kyiv", "Lyon"))
    taken = [bulk.claim(first, second, limit=3, changes={"notes": "mine"}, returning=["city"]) for _ in range(3)]
    assert [sorted(rows) for rows in taken] == [[("Kyiv",), ("Kyiv",), ("Lyon",)], [("Lyon",)], []]


@pytest.mark.parametrize("odd", ["", 'a"b', "a\\b", "a,b{}", "NULL", "\n", "é💇"])
def test_texts_travel_as_they_are(odd: str) -> None:
    contacts = [Contact.objects.create() for _ in range(3)]
    texts = ["plain", odd, "plain"]
    bulk.update(Contact, ["notes"], [(one.pk, text) for one, text in zip(contacts, texts, strict=True)])
    assert list(Contact.objects.order_by("id").values_list("notes", flat=True)) == texts


def test_a_text_with_a_letter_that_no_database_keeps_is_not_cut_in_two() -> None:
    assert arrays.written(["a\0b", "c"]) == '{"a\0b","c"}'
    assert arrays.written(["\0"]) == '{"\0"}'


def test_a_claim_takes_values_with_percent_signs_and_quotes() -> None:
    contact = Contact.objects.create(city="50% d'eau")
    assert bulk.claim(Contact.objects.filter(city="50% d'eau"), limit=1, changes={"notes": "%s '"}) == [(contact.pk,)]
    contact.refresh_from_db()
    assert contact.notes == "%s '"


def test_insert_select_counts_source_and_inserted_rows_and_is_repeatable() -> None:
    group = Group.objects.create(name="all")
    for city in ("Kyiv", "Kyiv", "Lyon"):
        Contact.objects.create(city=city)
    source = (
        Contact.objects.filter(city="Kyiv")
        .order_by("id")
        .annotate(g=Value(group.pk), t=Value(NOW))
        .values_list("g", "id", "t")
    )
    columns = ["group_id", "contact_id", "added_at"]
    assert bulk.insert_select(Membership, columns, source) == (2, 2)
    assert bulk.insert_select(Membership, columns, source) == (2, 0)


def test_money_survives_exactly() -> None:
    contact = Contact.objects.create()
    bulk.insert(
        Event, ["contact_id", "name", "key", "at", "recorded_at", "data", "source", "played"],
        [(contact.pk, "order", None, NOW, NOW, {"sum": str(Decimal("19.90"))}, "", True)],
    )  # fmt: skip
    found = Event.objects.get()
    assert (found.data, found.played, found.handled_at) == ({"sum": "19.90"}, True, None)


def test_nobody_is_among_nothing_whatever_the_type_of_the_column() -> None:
    contact = Contact.objects.create(external_id="7")
    assert list(Contact.objects.filter(bulk.Among("external_id", []))) == []
    assert list(Contact.objects.filter(bulk.Among("pk", []))) == []
    assert list(Contact.objects.filter(bulk.Among("external_id", ["7"]))) == [contact]
    assert list(Contact.objects.filter(bulk.Among("pk", []) | Q(external_id="7"))) == [contact]


def test_texts_of_every_sort_come_back_as_they_were() -> None:
    texts = [
        'say "hi"',
        "back\\slash",
        '\\"',
        "{a,b}",
        "NULL",
        "null",
        "",
        " ",
        "one\ntwo\ttabs",
        "50% %s",
        "naïve 🌊",
        "'",
        ",",
        "\\",
    ]
    rows = [(text, "", "", "", "", "", {"text": text, "": [text]}, text, NOW, NOW) for text in texts]
    ids = bulk.insert(Contact, COLUMNS, rows, returning=["id", "first_name", "attributes"])
    assert sorted(row[1] for row in ids) == sorted(texts)
    for text in texts:
        found = Contact.objects.get(bulk.Among("search", [text]))
        assert (found.first_name, found.attributes) == (text, {"text": text, "": [text]})


def test_values_of_every_type_come_back_as_they_were() -> None:
    born, token = date(1990, 2, 28), uuid.uuid4()
    one = Contact.objects.create()
    late = NOW.replace(microsecond=999999)
    bulk.update(Contact, ["birth_date", "updated_at", "external_id"], [(one.pk, born, late, None)])
    one.refresh_from_db()
    assert (one.birth_date, one.updated_at, one.external_id) == (born, late, None)
    run = ImportRun.objects.create(filename="a.csv")
    bulk.update(ImportRun, ["lease_token", "lease_until", "position"], [(run.pk, token, NOW, 7)])
    run.refresh_from_db()
    assert (run.lease_token, run.lease_until, run.position) == (token, NOW, 7)
