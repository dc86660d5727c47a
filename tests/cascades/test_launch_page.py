"""The start by hand: what the page shows before, and that whatever is clicked how often starts once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades import runner
from cascades.admin import launch as pages
from cascades.models import Cascade, CascadeStatus, Enrollment, Launch, LaunchState, Outcome, StepRun
from cascades.publishing import freeze
from channels.models import Delivery, DeliveryStatus
from channels.sending import send_due
from contacts.consent import withdraw
from tests import factories
from tests.cascades.start_desk import choose, family, go, text, url_of
from tests.contacts.staff import sign_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> Iterator[None]:
    factories.make_business()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client() -> Client:
    return sign_in("Marketer")


def test_the_page_shows_beforehand_who_is_reached_by_what_who_is_not_and_why_and_the_cost(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    page = choose(client, url_of(client, cascade), groups=[group.pk])
    found = page.context["forecast"]
    assert (found.people, found.reachable, found.unreachable) == (8, 5, 3)
    said = text(page)
    assert "4 people get the first message by email sandbox." in said
    assert "1 person gets the first message by sms sandbox." in said
    for sentence in (
        "No address for this channel.",
        "No consent to marketing on this channel.",
        "The address does not work.",
    ):
        assert f'<td>{sentence}</td><td class="num">1</td>' in said
    assert "Start for 8 people" in said
    assert not Launch.objects.exists()


def test_the_filter_asks_for_the_newest_word_on_consent(client: Client) -> None:
    cascade = factories.email_then_sms()
    factories.make_contact("Yes", email="yes@x.example", consent=("email",))
    factories.make_contact("Other", email="other@x.example", consent=("sms",))
    left = factories.make_contact("Left", email="left@x.example", consent=("email",))
    withdraw(left.pk, "email", source="test", now=NOW)
    page = choose(client, url_of(client, cascade), consent="email")
    assert page.context["forecast"].people == 1
    assert "agreed to Email" in text(page)


def test_what_was_shown_is_what_then_happens(client: Client) -> None:
    """Nobody reacts, so that everyone gets all that is meant for them: the dearest case, which the page speaks of."""
    cascade, group = factories.email_then_sms(final_wait=timedelta(hours=1)), family()
    url = url_of(client, cascade)
    page = choose(client, url, groups=[group.pk])
    go(client, url, page)
    now = NOW
    while now < NOW + timedelta(hours=8):
        runner.enroll_due(now)
        runner.advance(now)
        send_due(clock=lambda at=now: at)  # type: ignore[misc]
        runner.wake(now)
        now += timedelta(hours=1)
    found, launch = page.context["forecast"], Launch.objects.get()
    assert launch.audience == found.people == Enrollment.objects.count()
    assert Enrollment.objects.filter(outcome=Outcome.UNREACHABLE).count() == found.unreachable
    for forecast, name in zip(found.steps, ("email sandbox", "sms sandbox"), strict=True):
        sent = StepRun.objects.filter(
            delivery__status__in=[DeliveryStatus.SENT, DeliveryStatus.DELIVERED], step__channel__name=name
        )
        assert sent.count() == forecast.people
    assert (
        sum(Delivery.objects.values_list("cost", flat=True), Decimal(0))
        == found.cost
        == Decimal(launch.forecast["cost"])
    )


def test_a_double_click_a_second_tab_and_the_way_back_start_once(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    assert url_of(client, cascade) == url  # a second tab
    page = choose(client, url, groups=[group.pk])
    first = go(client, url, page)
    second = go(client, url, page)
    assert first.redirect_chain == second.redirect_chain
    assert "This start was made already. Nobody was taken in twice." in text(second)
    for again in (url, f"{url}check/"):
        assert client.get(again, follow=True).redirect_chain == first.redirect_chain
    assert Launch.objects.count() == 1
    runner.enroll_due(NOW)
    runner.enroll_due(NOW)
    assert Enrollment.objects.count() == 8


def test_a_start_that_was_made_is_followed_by_another_one_only_on_purpose(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    go(client, url, choose(client, url, groups=[group.pk]))
    runner.enroll_due(NOW)
    following = url_of(client, cascade)
    assert following != url
    page = choose(client, following, groups=[group.pk])
    assert "8 of these people have been in this cascade before and get it once more." in text(page)


def test_a_tab_that_shows_an_older_choice_starts_nothing(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    older = choose(client, url, groups=[group.pk])
    choose(client, url, everyone="on")
    answer = go(client, url, older)
    assert "What you chose has changed in the meantime" in text(answer)
    assert not Launch.objects.exists()


def test_the_filter_narrows_a_group_and_stands_alone(client: Client) -> None:
    cascade, group = factories.email_then_sms(), factories.make_group()
    factories.make_contact("A", email="a@x.example", city="Madrid", language="es", groups=[group])
    factories.make_contact("B", email="b@x.example", city="Lugo", language="es", groups=[group])
    factories.make_contact("C", email="c@x.example", city="madrid")
    url, group_only = url_of(client, cascade), {"groups": [group.pk]}
    choices = (group_only, {**group_only, "city": "Madrid"}, {"city": "Madrid"}, {"language": "es"}, {"everyone": "on"})
    assert [choose(client, url, **chosen).context["forecast"].people for chosen in choices] == [2, 1, 2, 2, 3]


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        ({}, "Nobody is selected yet."),
        ({"when": "later", "everyone": "on"}, "Choose a day and a time."),
        ({"when": "later", "everyone": "on", "day": "2026-11-22", "clock": "12:59"}, "This time has passed already."),
        ({"day": "31.31.2026", "everyone": "on"}, "Enter a valid date."),
    ],
)
def test_what_cannot_be_started_is_said(client: Client, chosen: dict[str, Any], sentence: str) -> None:
    assert sentence in text(choose(client, url_of(client, factories.email_then_sms()), **chosen))


def test_either_all_contacts_or_some(client: Client) -> None:
    chosen = {"everyone": "on", "groups": [family().pk]}
    assert "Choose either all contacts or some of them." in text(
        choose(client, url_of(client, factories.email_then_sms()), **chosen)
    )


def test_an_empty_audience_has_no_button(client: Client) -> None:
    page = choose(client, url_of(client, factories.email_then_sms()), city="Atlantis")
    assert "Nobody is selected, so there is nothing to start." in text(page)
    assert "Start for" not in text(page)


def test_a_chosen_time_is_the_wall_clocks_of_the_business_and_a_skipped_one_the_moment_after(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    page = choose(client, url, groups=[group.pk], when="later", day="2027-03-28", clock="02:30")
    assert "does not exist on that day, because the clocks change" in text(page)
    after = go(client, url, page)
    launch = Launch.objects.get()
    assert launch.start_at == datetime(2027, 3, 28, 1, tzinfo=UTC)  # 03:00 in Madrid, the first moment after the gap
    assert (launch.start_wall, launch.start_zone) == (datetime(2027, 3, 28, 2, 30, tzinfo=UTC), "Europe/Madrid")
    assert "March 28, 2027, 3 a.m. (time of Madrid)" in text(after)
    assert runner.enroll_due(NOW) == 0
    assert runner.enroll_due(launch.start_at) == 8


def test_a_planned_start_is_taken_back(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    page = go(client, url, choose(client, url, groups=[group.pk], when="later", day="2026-12-01", clock="10:00"))
    assert "Cancel this start" in text(page)
    launch = Launch.objects.get()
    answer = client.post(reverse("admin:cascades_launch_cancel", args=[launch.pk]), follow=True)
    assert "The start is cancelled." in text(answer)
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.DRAFT
    assert runner.enroll_due(launch.start_at) == 0


def test_those_whose_opening_cannot_be_known_are_asked_about_with_both_costs(client: Client) -> None:
    factories.make_business(country="FR")
    cascade, group = factories.email_then_sms(), factories.make_group()
    for n in range(3):
        factories.make_contact(
            f"P{n}", email=f"p{n}@x.example", phone=f"+3460000000{n}", tracking=n == 0, groups=[group]
        )
    url = url_of(client, cascade)
    page = choose(client, url, groups=[group.pk])
    said = text(page)
    assert "For 2 people it cannot be known whether the message was opened." in said
    assert "all in all at most 0.05 EUR" in said
    assert "all in all at most 0.15 EUR" in said
    assert "Please say what happens" in text(go(client, url, page))
    assert not Launch.objects.exists()
    go(client, url, page, unknown="yes")
    launch = Launch.objects.get()
    assert launch.unknown_goes_on
    assert Decimal(launch.forecast["cost"]) == Decimal("0.15")


def test_what_is_not_ready_is_said_with_the_place_where_it_is_mended(client: Client) -> None:
    message = factories.make_message(texts={("sms", "en"): "Hi"})
    cascade, group = factories.email_then_sms(message), family()
    url = url_of(client, cascade)
    page = choose(client, url, groups=[group.pk])
    problem = page.context["problems"][0]
    assert problem.sentence == "Step 1: The message “Offer” has no text for Email in the business's language (en)."
    assert problem.url == reverse("admin:channels_message_change", args=[message.pk])
    assert "Start for" not in text(page)
    go(client, url, page)
    assert not Launch.objects.exists()


def test_a_shared_phone_is_counted_once_where_the_text_is_the_same(client: Client) -> None:
    message = factories.make_message(texts={("sms", "en"): "We are closed on Monday"})
    cascade = factories.make_cascade(
        steps=[{"channel": factories.make_channel("sms"), "message": message, "seen": "clicked"}]
    )
    group = factories.make_group()
    for name in ("Ana", "Luis"):
        factories.make_contact(name, phone="+34600000001", groups=[group])
    page = choose(client, url_of(client, cascade), groups=[group.pk])
    assert "1 message is saved, because people share an address" in text(page)


def test_for_many_people_the_numbers_come_in_afterwards_and_without_script_on_a_page_of_their_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 3)
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    page = choose(client, url, groups=[group.pk])
    assert "Looking at 8 people" in text(page)
    assert "Start for" not in text(page)
    part, whole = client.get(f"{url}check/?part=1"), client.get(f"{url}check/?whole=1")
    assert "<html" not in part.content.decode()
    assert "Start for 8 people" in text(part)
    assert "Start for 8 people" in text(whole)


def test_the_front_desk_reads_in_plain_words_why_it_cannot_start() -> None:
    cascade, client = factories.email_then_sms(), sign_in("Front desk")
    base = reverse("admin:cascades_cascade_launch", args=[cascade.pk])
    for url in (base, f"{base}{uuid4()}/", f"{base}{uuid4()}/check/"):
        answer = client.get(url)
        assert answer.status_code == 403
        assert "Ask the owner or a marketer to start this one" in text(answer)
    assert client.post(f"{base}{uuid4()}/go/", {}).status_code == 403
    assert not Launch.objects.exists()


def test_the_front_desk_is_not_offered_to_start_and_cannot_cancel() -> None:
    cascade = factories.email_then_sms()
    launch = _launches(cascade, 1)[0]
    client = sign_in("Front desk")
    assert "start_for" not in text(client.get("/admin/contacts/contact/"))
    answer = client.post(reverse("admin:cascades_launch_cancel", args=[launch.pk]), follow=True)
    assert "Your account may not cancel starts." in text(answer)
    launch.refresh_from_db()
    assert launch.state == LaunchState.PLANNED


def test_a_cascade_on_hold_is_not_started(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    Cascade.objects.update(status=CascadeStatus.PAUSED)
    url = url_of(client, cascade)
    answer = go(client, url, choose(client, url, groups=[group.pk]))
    assert "The cascade is on hold. Resume it before starting it again." in text(answer)
    assert not Launch.objects.exists()


def _launches(cascade: Cascade, count: int) -> list[Launch]:
    version = freeze(cascade, user=None, now=NOW)
    made = [
        Launch(cascade=cascade, version=version, start_at=NOW + timedelta(days=1), created_at=NOW) for _ in range(count)
    ]
    return Launch.objects.bulk_create(made)


def test_the_list_of_starts_runs_as_many_queries_at_ten_as_at_a_thousand(client: Client) -> None:
    cascade = factories.email_then_sms()

    def more(count: int) -> int:
        _launches(cascade, count)
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/admin/cascades/launch/").status_code == 200
        return len(queries)

    client.get("/admin/cascades/launch/")
    assert more(10) == more(990)


def test_a_start_says_how_far_it_is(client: Client) -> None:
    cascade, group = factories.email_then_sms(), family()
    url = url_of(client, cascade)
    go(client, url, choose(client, url, groups=[group.pk]))
    runner.enroll_due(NOW)
    ended = Enrollment.objects.values_list("pk", flat=True)[:5]
    Enrollment.objects.filter(pk__in=list(ended)).update(outcome=Outcome.REACHED, ended_at=NOW, next_due_at=None)
    said = text(client.get("/admin/cascades/launch/"))
    assert "5 of 8" in said
    assert "running" in said
