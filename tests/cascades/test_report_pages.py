"""The results: numbers, every recipient with its reason, the list as CSV, the brakes, the front page and the health page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib.auth.models import Group as StaffGroup
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cascades import reports, runner
from cascades.models import Cascade, Enrollment, Outcome, StepControl, StepRun
from cascades.publishing import freeze
from cascades.trigger import Entry
from channels import sending
from channels.models import Delivery, Grade
from contacts.models import Contact, Group
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db
LISTS = ("/admin/cascades/steprun/", "/admin/cascades/enrollment/")


@pytest.fixture(autouse=True)
def _shop(db: None) -> Iterator[None]:
    factories.make_business()
    with time_machine.travel(NOW, tick=False):
        yield


def crowd(count: int) -> Group:
    """So many people with an email address and consent, one without an address, and one who agreed to nothing."""
    group = factories.make_group()
    for n in range(count):
        factories.make_contact(f"Person {n}", email=f"p{n}@x.example", groups=[group])
    factories.make_contact("Nobody", groups=[group])
    factories.make_contact("=Silent", email="silent@x.example", phone="+34600000001", consent=("sms",), groups=[group])
    return group


def sent_to(count: int) -> Cascade:
    """An email cascade with SMS behind it, sent to a crowd; the first person opened, the second clicked."""
    cascade, group = factories.email_then_sms(goal=["order"]), crowd(count)
    version = freeze(cascade, user=None, now=NOW)
    people = Contact.objects.filter(memberships__group=group)
    runner.enroll(version, Entry(people, "test", shared=True), now=NOW)
    Cascade.objects.filter(pk=cascade.pk).update(status="running")
    for _ in range(2):
        runner.advance(NOW)
        sending.send_due(clock=lambda: NOW)
        runner.wake(NOW)
    first, second = Delivery.objects.filter(kind="email").order_by("contact_id")[:2]
    Delivery.objects.filter(pk=first.pk).update(opened_at=NOW, opened_grade=Grade.HUMAN)
    Delivery.objects.filter(pk=second.pk).update(
        opened_at=NOW, opened_grade=Grade.HUMAN, clicked_at=NOW, clicked_grade=Grade.HUMAN
    )
    cascade.refresh_from_db()
    return cascade


def as_member_of(group: str) -> Client:
    user = User.objects.create_user(group, password="x", is_staff=True)
    user.groups.add(StaffGroup.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def said(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_numbers_of_each_step_add_up_to_what_happened() -> None:
    found = reports.numbers(sent_to(4))
    mail, sms = found.steps
    assert (mail.planned, mail.sent, mail.skipped, mail.opened, mail.clicked) == (6, 4, 2, 2, 1)
    assert (sms.planned, sms.sent, sms.skipped) == (2, 1, 1)
    assert sms.cost == found.cost == Decimal("0.05")
    assert found.saved == 5 * Decimal("0.05") - Decimal("0.05")
    assert (found.people, found.running, found.outcomes[Outcome.UNREACHABLE]) == (6, 5, 1)
    assert found.first_sent == found.last_sent == NOW


def test_an_opening_by_a_program_counts_as_nobodys() -> None:
    cascade = sent_to(3)
    Delivery.objects.filter(kind="email").update(
        opened_at=NOW, opened_grade=Grade.MACHINE, clicked_at=None, clicked_grade=""
    )
    mail = reports.numbers(cascade).steps[0]
    assert (mail.opened, mail.unsure, mail.clicked) == (0, 0, 0)


def test_what_a_channel_cannot_tell_is_no_nought(admin_client: Client) -> None:
    cascade = factories.email_then_sms()
    freeze(cascade, user=None, now=NOW)
    cascade.refresh_from_db()
    mail, sms = reports.numbers(cascade).steps
    assert (set(mail.unknowable), set(sms.unknowable)) == (set(), {"opened"})
    page = said(admin_client, f"/admin/cascades/cascade/{cascade.pk}/results/")
    assert page.count("cannot be known on this channel") == 1


def test_the_results_page_and_its_part_show_the_same_numbers(admin_client: Client) -> None:
    cascade = sent_to(3)
    url = f"/admin/cascades/cascade/{cascade.pk}/results/"
    whole, part = said(admin_client, url), said(admin_client, f"{url}?part=1")
    assert "<html" in whole
    assert "<html" not in part
    for shown in ("against all by sms sandbox", "email sandbox", "Hold"):
        assert shown in whole
        assert shown in part


def test_the_results_take_the_same_number_of_statements_for_few_and_for_many(admin_client: Client) -> None:
    cascade = sent_to(3)
    url = f"/admin/cascades/cascade/{cascade.pk}/results/"
    with CaptureQueriesContext(connection) as few:
        said(admin_client, url)
    _multiply(cascade, 300)
    with CaptureQueriesContext(connection) as many:
        said(admin_client, url)
    assert len(few) == len(many)


@pytest.mark.parametrize("url", LISTS)
def test_the_lists_take_the_same_number_of_statements_at_10_and_at_1000_rows(admin_client: Client, url: str) -> None:
    cascade = sent_to(9)
    with CaptureQueriesContext(connection) as few:
        said(admin_client, f"{url}?cascade={cascade.pk}")
    _multiply(cascade, 1000)
    with CaptureQueriesContext(connection) as many:
        said(admin_client, f"{url}?cascade={cascade.pk}")
    assert Enrollment.objects.count() > 1000
    assert len(few) == len(many)


def _multiply(cascade: Cascade, count: int) -> None:
    """Many more people on the same way, skipped at the first step."""
    step = cascade.steps.filter(version=cascade.version).order_by("position")[0]
    people = Contact.objects.bulk_create(Contact(first_name=f"More {n}") for n in range(count))
    rows = Enrollment.objects.bulk_create(
        Enrollment(
            cascade=cascade, version=step.version, contact=person, occasion="more", started_at=NOW, next_due_at=NOW, max_until=NOW
        )
        for person in people
    )  # fmt: skip
    StepRun.objects.bulk_create(
        StepRun(enrollment=row, step=step, step_key=step.key, decision="skip", reason="no_address", decided_at=NOW)
        for row in rows
    )


def test_every_recipient_is_listed_with_the_outcome_and_the_reason_as_a_sentence(admin_client: Client) -> None:
    cascade = sent_to(3)
    page = said(admin_client, f"/admin/cascades/steprun/?cascade={cascade.pk}")
    for shown in (
        "Person 0",
        "opened",
        "clicked",
        "No address for this channel.",
        "No consent to marketing on this channel.",
    ):
        assert shown in page


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("outcome=opened", {"Person 0"}),
        ("outcome=clicked", {"Person 1"}),
        ("channel=sms&outcome=sent", {"=Silent"}),
        ("channel=sms&outcome=skipped", {"Nobody"}),
        ("q=person+2", {"Person 2"}),
        ("q=SILENT", {"=Silent"}),
    ],
)
def test_recipients_are_filtered_by_channel_outcome_and_name_also_in_the_download(
    admin_client: Client, query: str, people: set[str]
) -> None:
    cascade = sent_to(3)
    answer = admin_client.get(f"/admin/cascades/steprun/export/?cascade={cascade.pk}&{query}")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[1:]  # type: ignore[attr-defined]
    assert {line.split(",")[1].lstrip("'") for line in lines} == people


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(admin_client: Client) -> None:
    cascade = sent_to(2)
    answer = admin_client.get(f"/admin/cascades/steprun/export/?cascade={cascade.pk}")
    assert "'=Silent" in b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]


def test_only_those_who_may_export_can() -> None:
    cascade = sent_to(2)
    front_desk = as_member_of("Front desk")
    assert front_desk.get(f"/admin/cascades/steprun/export/?cascade={cascade.pk}").status_code == 403
    assert "Download this list" not in said(front_desk, f"/admin/cascades/steprun/?cascade={cascade.pk}")
    assert as_member_of("Marketer").get(f"/admin/cascades/steprun/export/?cascade={cascade.pk}").status_code == 200


def test_a_step_is_held_and_released_by_those_who_may_start_cascades() -> None:
    cascade = sent_to(2)
    key = cascade.steps.filter(version=cascade.version)[0].key
    url = f"/admin/cascades/cascade/{cascade.pk}/results/{key}/brake/"
    assert as_member_of("Front desk").post(url, {"act": "hold"}).status_code == 403
    assert not StepControl.objects.filter(paused_at__isnull=False).exists()
    marketer = as_member_of("Marketer")
    assert "The step is on hold." in marketer.post(url, {"act": "hold"}, follow=True).content.decode()
    assert StepControl.objects.get(step_key=key).reason == "Held by Marketer."
    marketer.post(url, {"act": "release"})
    assert not StepControl.objects.filter(paused_at__isnull=False).exists()


@pytest.mark.parametrize("group", ["Owner", "Marketer", "Front desk", "Viewer"])
def test_the_front_page_opens_for_everyone_and_offers_only_what_they_may(group: str) -> None:
    sent_to(2)
    page = said(as_member_of(group), "/admin/")
    assert "Announcement" in page
    assert ("Import contacts" in page) == (group in ("Owner", "Marketer"))


def test_the_health_page_says_what_stands_still(admin_client: Client) -> None:
    page = said(admin_client, "/admin/cascades/enrollment/health/")
    assert "Everyone who was to be reached is accounted for" in page
    assert "They have not run lately." in page
    sent_to(2)
    Delivery.objects.filter(kind="email").update(status="unknown")
    page = said(admin_client, "/admin/cascades/enrollment/health/")
    assert "Messages whose fate is unclear" in page
    with time_machine.travel(NOW + timedelta(hours=5), tick=False):
        page = said(admin_client, "/admin/cascades/enrollment/health/")
    assert "People whose next step is overdue" in page
