"""Exports of other programs, each in three encodings and as a workbook, recognised and imported with their evidence."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from contacts import consent
from contacts.importing import uploads
from contacts.models import Address, Consent, Contact, ImportLayout, ImportRun, Suppression
from contacts.tasks import work_imports
from tests.contacts.exports import EXPORTS, Export
from tests.contacts.importing_desk import LIST, STATEMENT, columns, counts, newest, only, staff, upload
from tests.contacts.workbooks import book
from tests.factories import make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def _as(export: Export, encoding: str) -> tuple[bytes, str]:
    if encoding == "xlsx":
        return book({"Sheet": export.table()}), export.filename.rsplit(".", 1)[0] + ".xlsx"
    text = export.text({"utf-8-sig": ",", "utf-16": "\t", "page": ";"}[encoding])
    return text.encode(export.page if encoding == "page" else encoding), export.filename


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "page", "xlsx"])
@pytest.mark.parametrize("key", EXPORTS)
def test_every_export_is_recognised_in_every_encoding(key: str, encoding: str) -> None:
    export = EXPORTS[key]
    data, name = _as(export, encoding)
    run = uploads.begin(ContentFile(data), name, None)
    assert run.options["profile"] == key
    assert run.headers == export.headers
    assert [cell.strip() for cell in run.sample[0][1]] == [cell.strip() for cell in export.table()[1]]
    found = dict(zip(run.headers, run.mapping["columns"], strict=True))
    assert {header: found[header] for header in export.columns} == export.columns


def bring(client: Client, export: Export, **more: object) -> ImportRun:
    """The file as it is recognised, through all pages, with what the form shows at first."""
    upload(client, export.text().encode(), export.filename)
    return finish(client, newest(), **more)


def finish(client: Client, run: ImportRun, **more: object) -> ImportRun:
    shown = client.get(f"{LIST}{run.pk}/change/").context["form"].initial
    answer = client.post(
        f"{LIST}{run.pk}/change/",
        columns(run) | {name: shown[name] for name in ("mode", "channels") if name in shown} | more,
    )
    assert answer.status_code == 302, answer.context["form"].errors
    work_imports()
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    run.refresh_from_db()
    return run


def agreed(year: int) -> Contact:
    """Someone of the exports, who agreed here to email in that year."""
    made = make_contact("Zoé Núñez", email="zoe@example.com", consent=())
    at = datetime(year, 1, 1, tzinfo=UTC)
    consent.grant(made.pk, "email", basis="express", source="form", now=at, at=at)
    return made


SAID = {name: value for name, value in STATEMENT.items() if name not in ("mode", "channels")}


@pytest.mark.parametrize("key", EXPORTS)
def test_every_export_brings_the_person_whole(client: Client, key: str) -> None:
    orders = {"order_6": "day", "order_8": "day"} if key.startswith("outlook_desktop") else {}
    run = bring(client, EXPORTS[key], **SAID, **orders)
    assert counts(run) == (1, 0, 0, 0), list(run.rows.values_list("reason", "cells"))
    made = Contact.objects.get()
    assert made.last_name in ("Núñez", "Нуньес")
    addresses = set(Address.objects.values_list("normal", flat=True))
    assert {"zoe@example.com", "+34600112233"} <= addresses
    if "utlook" in key or key == "google":
        assert "zoe2@example.com" in addresses
    if made.birth_date is None:
        assert made.attributes.get("Birthday") == "05-31" or key in ("shopify", "brevo")
    else:
        assert str(made.birth_date) == "1990-05-31"


def test_several_values_and_labels_of_a_cell_are_told_apart(client: Client) -> None:
    bring(client, EXPORTS["google"])
    assert set(Address.objects.values_list("normal", flat=True)) == {
        "zoe@example.com", "zoe2@example.com", "+34600112233", "+34600112244",
    }  # fmt: skip
    assert sorted(Contact.objects.get().groups.values_list("name", flat=True)) == ["Amigas, íntimas", "VIP"]


def test_amounts_and_days_become_what_segments_can_count_with(client: Client) -> None:
    bring(client, EXPORTS["square"], mode="none")
    kept = Contact.objects.get().attributes
    assert (kept["Lifetime Spend"], kept["Last Visit"], kept["Transaction Count"]) == ("1234.50", "2026-01-31", "12")
    bring(client, EXPORTS["yclients"])
    assert Contact.objects.get().attributes["Продано"] == "12500.50"


# --- consent and its end ------------------------------------------------------------------------------------------------


def test_opt_in_time_and_address_come_into_the_ledger(client: Client) -> None:
    bring(client, EXPORTS["mailchimp_subscribed"], **SAID | {"basis": "double", "date": ""})
    line = Consent.objects.get()
    assert (line.kind, line.given, line.basis) == ("email", True, "double")
    assert (line.at, line.ip) == (datetime(2021, 3, 4, 10, 20, tzinfo=UTC), "203.0.113.8")
    assert "opt-in 2021-03-04 10:15 203.0.113.7" in line.source
    assert "Olga Petrova" in line.wording
    assert sorted(Contact.objects.get().groups.values_list("name", flat=True)) == ["Blog, long", "VIP"]


def test_a_file_of_the_unsubscribed_needs_no_statement_and_closes_their_email_to_marketing(client: Client) -> None:
    held = agreed(2020)
    run = bring(client, EXPORTS["mailchimp_unsubscribed"])
    assert counts(run) == (0, 1, 0, 0)
    line = Consent.objects.filter(contact=held).order_by("-id")[0]
    assert (line.kind, line.given, line.basis) == ("email", False, "withdrawal")
    assert line.at == datetime(2023, 6, 1, 8, tzinfo=UTC)
    closed = Suppression.objects.get()
    assert (closed.reason, closed.scope, closed.channel) == ("provider", "marketing", "email")
    assert counts(bring(client, EXPORTS["mailchimp_unsubscribed"])) == (0, 0, 1, 0)
    assert Suppression.objects.count() == 1


def test_who_was_not_here_comes_as_withdrawn_and_no_later_file_gives_consent(client: Client) -> None:
    assert counts(bring(client, EXPORTS["mailchimp_unsubscribed"])) == (1, 0, 0, 0)
    assert not Consent.objects.get().given
    run = bring(client, EXPORTS["mailchimp_subscribed"], **SAID)
    assert run.options["notes"]["withdrawn"] == 1
    assert not Consent.objects.order_by("-id")[0].given


def test_who_agreed_here_after_leaving_elsewhere_stays_agreed_and_it_is_said(client: Client) -> None:
    made = agreed(2024)
    run = bring(client, EXPORTS["mailchimp_unsubscribed"])
    assert Consent.objects.filter(contact=made).order_by("-id")[0].given
    assert not Suppression.objects.exists()
    assert run.options["notes"] == {"returned": 1}
    assert "which stands" in run.rows.exclude(reason="").get().reason


def test_cleaned_addresses_are_closed_to_everything_and_say_nothing_of_the_person(client: Client) -> None:
    made = make_contact("Zoé Núñez", email="zoe@example.com", consent=("email",))
    before = Consent.objects.count()
    bring(client, EXPORTS["mailchimp_cleaned"])
    closed = Suppression.objects.get()
    assert (closed.reason, closed.scope) == ("bounce", "all")
    assert consent.is_suppressed("email", "zoe@example.com")
    assert Address.objects.get(contact=made, kind="email").validity == "invalid"
    assert Consent.objects.count() == before


def test_a_status_column_ends_consent_even_where_nothing_else_is_said_of_it(client: Client) -> None:
    agreed(2020)
    bring(client, EXPORTS["square"], mode="none")
    assert not Consent.objects.order_by("-id")[0].given
    assert Suppression.objects.get().reason == "provider"


def test_a_check_of_the_unsubscribed_writes_nothing(client: Client) -> None:
    upload(client, EXPORTS["mailchimp_unsubscribed"].text().encode(), "unsubscribed.csv")
    run = newest()
    client.post(f"{LIST}{run.pk}/change/", columns(run, mode="left", channels=["email"]))
    work_imports()
    run.refresh_from_db()
    assert counts(run) == (1, 0, 0, 0)
    assert "zoe@example.com" in str(only("new").changes)
    assert not any(model.objects.exists() for model in (Suppression, Consent, Contact))


# --- a layout that is remembered ----------------------------------------------------------------------------------------

ODD = b"Kunde,Kontakt,Wann\nAna Ruiz,ana@example.com,03/04/1990\n"
CHOSEN = {"column_0": "full_name", "column_1": "email", "column_2": "birth_date", "order_2": "month"}


def test_columns_are_remembered_by_the_files_layout_and_offered_the_next_time(client: Client) -> None:
    upload(client, ODD)
    finish(client, newest(), **CHOSEN)
    upload(client, ODD.replace(b"Ana", b"Bea").replace(b"ana", b"bea").replace(b"Kunde", b"KUNDE"), "another.csv")
    run = newest()
    assert run.mapping["columns"] == ["full_name", "email", "birth_date"]
    page = client.get(f"{LIST}{run.pk}/change/")
    assert page.context["form"].initial["order_2"] == "month"
    assert "imported on" in page.content.decode()
    client.post(f"{LIST}{run.pk}/guess/")
    run.refresh_from_db()
    assert run.mapping["columns"] == ["detail", "email", "detail"]
    assert not ImportLayout.objects.exists()


def test_other_columns_or_another_order_are_another_layout(client: Client) -> None:
    upload(client, ODD)
    finish(client, newest(), **CHOSEN)
    upload(client, b"Kontakt,Kunde,Wann\nana@example.com,Ana Ruiz,03/04/1990\n")
    assert newest().mapping["columns"] == ["email", "detail", "detail"]


def test_staff_see_and_delete_remembered_layouts(client: Client, django_user_model: type) -> None:
    layouts = "/admin/contacts/importlayout/"
    upload(client, ODD)
    finish(client, newest(), **CHOSEN)
    kept = ImportLayout.objects.get()
    assert "Kontakt" in client.get(layouts).content.decode()
    assert "Birth date" in client.get(f"{layouts}{kept.pk}/change/").content.decode()
    desk = Client()
    desk.force_login(django_user_model.objects.create_user("desk", is_staff=True))  # type: ignore[attr-defined]
    for path in ("", f"{kept.pk}/change/", f"{kept.pk}/delete/"):
        assert desk.get(layouts + path).status_code == 403
    client.post(f"{layouts}{kept.pk}/delete/", {"post": "yes"})
    assert not ImportLayout.objects.exists()


def test_what_staff_said_of_consent_is_there_when_they_come_back_to_the_columns(client: Client) -> None:
    upload(client, EXPORTS["mailchimp_unsubscribed"].text().encode(), "unsubscribed.csv")
    run = newest()
    client.post(f"{LIST}{run.pk}/change/", columns(run, mode="none"))
    work_imports()
    client.post(f"{LIST}{run.pk}/reopen/")
    assert client.get(f"{LIST}{run.pk}/change/").context["form"]["mode"].value() == "none"
