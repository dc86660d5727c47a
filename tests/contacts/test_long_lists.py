"""Lists of any length: pages from either end, nothing counted, and a search that goes by an index on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.templatetags.unfold_list import result_list

from contacts import searching, walking
from contacts.models import Booking, BookingStatus, Contact
from contacts.searching import found_by
from contacts.walking import Walk
from tests.contacts.staff import listed, said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _salon() -> None:
    make_business()


@pytest.fixture
def viewer() -> Client:
    return sign_in("Viewer")


def crowd(count: int, **fields: Any) -> list[Contact]:
    names = [f"P{n}" for n in range(count)]
    return Contact.objects.bulk_create([Contact(first_name=name, search=name.lower(), **fields) for name in names])


def shown(page: Any) -> list[int]:
    return [contact.pk for contact in page.context["cl"].result_list]


def walked(client: Client, link: str, start: dict[str, str]) -> Iterator[list[int]]:
    page = client.get(reverse("admin:contacts_contact_changelist"), start)
    while True:
        yield shown(page)
        address = getattr(page.context["cl"], link)
        if not address:
            return
        page = client.get(reverse("admin:contacts_contact_changelist") + address)


def test_the_pages_show_everyone_once_from_the_newest_to_the_oldest_and_back(viewer: Client) -> None:
    everyone = sorted((contact.pk for contact in crowd(60)), reverse=True)
    down = list(walked(viewer, "to_next", {}))
    assert [len(page) for page in down] == [25, 25, 10]
    assert [pk for page in down for pk in page] == everyone
    up = list(walked(viewer, "to_previous", {"p": "last"}))
    assert up[0] == everyone[35:]
    assert up[1] == everyone[10:35]
    assert up[2] == everyone[:25]  # the first page is whole again


def test_a_page_that_cannot_be_understood_is_the_first(viewer: Client) -> None:
    everyone = sorted((contact.pk for contact in crowd(3)), reverse=True)
    for said in ("2", "a", "ax", "b1~2", "a" + "9" * 30, "last~", "é"):
        page = viewer.get(reverse("admin:contacts_contact_changelist"), {"p": said})
        assert (page.status_code, shown(page)) == (200, everyone), said


def test_rows_of_one_moment_are_shown_once_each() -> None:
    ana = make_contact("Ana")
    for n in range(120):
        at = NOW + timedelta(hours=n // 40)
        Booking.objects.create(contact=ana, title=f"B{n}", starts_at=at, zone="UTC", created_at=NOW, updated_at=NOW)
    client, address, seen = sign_in("Viewer"), reverse("admin:contacts_booking_changelist"), []
    page = client.get(address)
    while True:
        seen += [booking.pk for booking in page.context["cl"].result_list]
        if not (link := page.context["cl"].to_next):
            break
        page = client.get(address + link)
    assert seen == list(Booking.objects.order_by("-starts_at", "-id").values_list("pk", flat=True))


def test_how_many_there_are_is_said_without_counting_them_all(viewer: Client) -> None:
    crowd(3)
    address = reverse("admin:contacts_contact_changelist")
    assert viewer.get(address).context["cl"].result_count == 3
    crowd(1005, city="Madrid")
    page = said_of(viewer.get(address, {"city": "Madrid"}))
    assert "more than 1,000 contacts" in page
    assert viewer.get(address, {"city": "Nowhere"}).context["cl"].result_count == 0


@pytest.mark.parametrize(
    "model",
    [
        "contacts_contact", "contacts_event", "contacts_consent", "contacts_booking", "contacts_suppression", "contacts_voucher",
        "channels_delivery", "channels_inboundcall", "channels_conversation", "channels_confirmation", "channels_formanswer",
        "cascades_steprun", "cascades_enrollment",
    ],
)  # fmt: skip
def test_no_list_counts_its_table(model: str) -> None:
    make_contact("Ana Ruiz")
    client = sign_in("Owner")
    for query in ({}, {"q": "ruiz"}, {"p": "last"}, {"_facets": "True"}):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"admin:{model}_changelist"), query).status_code == 200
        table = f'FROM "{model}"'
        mine = [query["sql"] for query in asked if table in query["sql"]]
        assert mine
        assert not [sql for sql in mine if re.search(r"COUNT\(|DISTINCT", sql)], query
        assert all("LIMIT" in sql or " IN (" in sql or "min(" in sql for sql in mine)


@pytest.mark.parametrize("term", ["иван", "ñandú", "NANDU", "xoch", "46 79 19", "tl@exam", "maria xochitl"])
def test_the_search_goes_by_its_index(term: str) -> None:
    crowd(50)
    wanted = make_contact("Иван Ñandú Maria Xochitl", email="xochitl@example.org", phone="+34600467919")
    found = found_by(Contact.objects.order_by(), term)
    assert list(found) == [wanted]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' * (connection.vendor == 'sqlite')}{found.values('pk').query.sql_with_params()[0]}",
                       found.values("pk").query.sql_with_params()[1])  # fmt: skip
        plan = str(cursor.fetchall())
    assert ("VIRTUAL TABLE INDEX" if connection.vendor == "sqlite" else searching.INDEX) in plan


def test_the_search_follows_what_changes() -> None:
    ana, bo = make_contact("Ana Xochitl"), make_contact("Bo Xochitl")
    Contact.objects.filter(pk=ana.pk).update(search="ana quetzal")
    assert list(found_by(Contact.objects.all(), "xochitl")) == [bo]
    assert list(found_by(Contact.objects.all(), "quetzal")) == [ana]
    bo.delete()
    assert not found_by(Contact.objects.all(), "xochitl").exists()


@pytest.mark.parametrize(
    ("term", "names"),
    [("an", ["Ana Ruiz"]), ("ru", ["Ana Ruiz"]), ("na", []), ("я", ["Яна"]), ("", ["Ana Ruiz", "Яна"])],
)
def test_one_or_two_letters_are_the_beginning_of_a_word(term: str, names: list[str]) -> None:
    make_contact("Ana Ruiz")
    make_contact("Яна")
    assert sorted(str(contact) for contact in found_by(Contact.objects.all(), term)) == names


@pytest.mark.parametrize("term", ['"', "'", "%", "_", "a OR b", "NEAR(", "*", "search:x", "-", "\\"])
def test_no_search_breaks_the_page(viewer: Client, term: str) -> None:
    make_contact("Ana Ruiz")
    assert listed(viewer, term + "abc") == []


def test_without_its_index_the_search_still_finds_and_the_check_says_what_to_do() -> None:
    wanted = make_contact("Иван Ruiz")
    with connection.cursor() as cursor:
        cursor.execute(
            f"DROP INDEX {searching.INDEX}" if connection.vendor == "postgresql" else f"DROP TABLE {searching.TABLE}"
        )
        for name in searching._TRIGGERS if connection.vendor == "sqlite" else ():
            cursor.execute(f"DROP TRIGGER {name}")
    assert list(found_by(Contact.objects.all(), "иван")) == [wanted]
    if connection.vendor == "postgresql":
        (said,) = searching.check(databases=["default"])
        assert "CREATE EXTENSION pg_trgm" in str(said.msg)
    make_contact("Иван Berg")
    connection.check_constraints()
    searching.prepare("default")  # as after each migrate: with those who came meanwhile
    assert searching.is_ready(connection)
    assert found_by(Contact.objects.all(), "иван").count() == 2


def test_who_is_rare_is_found_by_looking_further(monkeypatch: pytest.MonkeyPatch, viewer: Client) -> None:
    monkeypatch.setattr(walking, "FIRST", 10)
    monkeypatch.setattr(walking, "SECONDS", -1)
    rare, *_others = crowd(60)
    Contact.objects.exclude(pk=rare.pk).update(time_zone="UTC", created_at=NOW, updated_at=NOW)
    walk = Walk(Contact.objects.filter(time_zone=""))
    found, looks = walk.go(51), 1
    while not found.whole:
        assert found.keys == []
        found, looks = walk.go(51, found.seen), looks + 1
    assert found.keys == [(rare.pk,)]
    assert looks == 6


def test_a_list_that_was_not_looked_through_says_so_and_leads_on(
    monkeypatch: pytest.MonkeyPatch, viewer: Client
) -> None:
    monkeypatch.setattr(walking, "FIRST", 10)
    monkeypatch.setattr(walking, "SECONDS", -1)
    rare, *_others = crowd(40)
    make_address(rare)
    address = reverse("admin:contacts_contact_changelist")
    asked = {"address": "email:no"}
    Contact.objects.filter(pk=rare.pk).update(language="ru")
    monkeypatch.setattr("contacts.admin.contact.ContactAdmin.indexed_filters", ())
    page = viewer.get(address, {"language": "ru"})
    assert shown(page) == []
    assert "Look further" in said_of(page)
    for _ in range(3):
        page = viewer.get(address + page.context["cl"].to_next)
    assert shown(page) == [rare.pk]
    assert "Look further" not in said_of(page)
    assert len(shown(viewer.get(address, asked))) == 10


def make_address(contact: Contact) -> None:
    contact.addresses.create(kind="email", value="a@example.org", normal="a@example.org")


def test_a_stride_is_bounded_by_the_index_alone_and_the_index_of_what_is_rare_is_asked_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(walking, "FIRST", 10)
    rare = crowd(60)[5]
    Contact.objects.filter(pk=rare.pk).update(city="Cádiz")
    walk = Walk(Contact.objects.filter(city="Cádiz"), indexed=True)
    with CaptureQueriesContext(connection) as asked:
        assert walk.go(51) == walking.Found([(rare.pk,)], whole=True)
        assert walk.go(51, (rare.pk + 1,)).keys == [(rare.pk,)]
        assert walk.go(51, (rare.pk - 1,), up=True).keys == [(rare.pk,)]
        assert walk.go(51, (rare.pk,)).keys == walk.go(51, (rare.pk,), up=True).keys == []
    told = [one["sql"] for one in asked if one["sql"].startswith("SELECT")]
    assert len(told) == 3  # where the first stride ends, who is in it, and who there is at all
    assert not any(" OR " in one for one in told)  # with it PostgreSQL reads the index to its end


def test_a_list_is_drawn_as_unfold_draws_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ana, *_others = make_contact("Ana <b>"), make_contact("Иван"), *crowd(3)
    make_address(ana)
    for status in BookingStatus.values:
        ana.bookings.create(title="Cut & go", status=status, starts_at=NOW, zone="UTC", created_at=NOW, updated_at=NOW)
    owner = sign_in("Owner")
    for model, asked in ((Contact, {}), (Contact, {"q": "ana"}), (Booking, {}), (Booking, {"status__exact": "booked"})):
        address = reverse(f"admin:contacts_{model._meta.model_name}_changelist")
        ours = listed_html(owner.get(address, asked))
        with monkeypatch.context() as patched:
            patched.setattr("contacts.admin.long_list.LongChangeList.drawn", _as_unfold_draws)
            assert listed_html(owner.get(address, asked)) == ours
        assert "<b>" not in ours
        assert "field-" in ours


def _as_unfold_draws(self: Any, context: Any) -> SafeString:
    found = context.template.engine.get_template("admin/change_list_results.html")
    return SafeString(found.render(context.new(result_list(context, self))))


def listed_html(page: Any) -> str:
    (table,) = re.findall(r'<table id="result_list".*</table>', page.content.decode(), re.DOTALL)
    return re.sub(r"\s+", " ", table).replace('" >', '">').replace("> <", "><")


def test_days_lead_to_the_numbers_that_were_written_then() -> None:
    first = crowd(100)[0].pk
    for n in range(100):
        Contact.objects.filter(pk=first + n).update(created_at=NOW + timedelta(days=n))
    low, high = walking.numbers_between(Contact, "created_at", NOW + timedelta(days=40), NOW + timedelta(days=50))
    assert (low, high) == (first + 40, first + 51)
    assert walking.numbers_between(Contact, "created_at", NOW + timedelta(days=200), None)[0] == first + 100
    assert walking.numbers_between(Booking, "created_at", NOW, NOW) == (None, None)


def test_the_different_values_of_a_column_are_found_without_reading_it_through() -> None:
    crowd(3, city="Madrid")
    crowd(2, city="Cádiz")
    crowd(1)
    with CaptureQueriesContext(connection) as asked:
        assert walking.values_of(Contact, "city", 10) == ["Cádiz", "Madrid"]
    assert len(asked) == 1
    assert walking.values_of(Contact, "city", 1) == ["Cádiz"]


def test_migrating_again_leaves_the_search_as_it_is() -> None:
    make_contact("Ana Xochitl")
    call_command("migrate", "contacts", verbosity=0)
    assert found_by(Contact.objects.all(), "xochitl").count() == 1
