"""The builder: steps in order on one page, choices that cannot be known refused with a sentence, brakes that ask first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades.admin import options
from cascades.admin.durations import LengthField, LengthWidget, say, split
from cascades.models import Cascade, CascadeStatus, Enrollment, Outcome, Step, WaitFrom, Who
from cascades.publishing import freeze
from channels.models import Channel, Message
from tests import factories
from tests.contacts.staff import sign_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db
ADD = "/admin/cascades/cascade/add/"


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    factories.make_business()


def step(channel: Channel, message: Message, **more: Any) -> dict[str, Any]:
    return {
        "channel": channel.pk, "message": message.pk, "wait_0": 4, "wait_1": "hours", "wait_from": "sent", "longest_wait_0": "",
        "longest_wait_1": "hours", "who": "everyone", "seen": "clicked", "validity_0": 3, "validity_1": "days", "position": "", **more,
    }  # fmt: skip


def form(*steps: dict[str, Any], initial: int = 0, **more: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "name": "Autumn", "goal": ["order"], "final_wait_0": 3, "final_wait_1": "days", "campaign": "", "_continue": "1",
        "steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": initial, "steps-MIN_NUM_FORMS": 0, "steps-MAX_NUM_FORMS": 1000, **more,
    }  # fmt: skip
    for number, values in enumerate(steps):
        sent |= {f"steps-{number}-{name}": value for name, value in values.items()}
    return sent


def change(cascade: Cascade) -> str:
    return reverse("admin:cascades_cascade_change", args=[cascade.pk])


def test_a_cascade_is_built_on_one_page_by_a_marketer() -> None:
    mail, sms, message = factories.make_channel("email"), factories.make_channel("sms"), factories.make_message()
    first = step(mail, message, seen="opened", wait_0=0)
    answer = sign_in("Marketer").post(ADD, form(first, step(sms, message, wait_0=90, wait_1="minutes")))
    assert answer.status_code == 302
    cascade = Cascade.objects.get()
    assert (cascade.name, cascade.goal, cascade.final_wait, str(cascade.created_by)) == (
        "Autumn",
        ["order"],
        timedelta(days=3),
        "Marketer",
    )
    found = cascade.steps.filter(version=None).values_list("position", "channel", "wait", "validity")
    assert list(found) == [
        (0, mail.pk, timedelta(0), timedelta(days=3)),
        (1, sms.pk, timedelta(minutes=90), timedelta(days=3)),
    ]


def test_steps_are_saved_in_the_order_of_their_numbers_and_keep_their_keys(admin_client: Client) -> None:
    cascade = factories.email_then_sms()
    mail, sms = cascade.steps.order_by("position")
    as_sent = [
        step(mail.channel, mail.message, id=mail.pk, cascade=cascade.pk, position=7),
        step(sms.channel, sms.message, id=sms.pk, cascade=cascade.pk, position=2),
        step(sms.channel, sms.message, cascade=cascade.pk),
    ]
    assert admin_client.post(change(cascade), form(*as_sent, initial=2)).status_code == 302
    found = list(cascade.steps.order_by("position"))
    assert [one.position for one in found] == [0, 1, 2]
    assert [one.key for one in found[:2]] == [sms.key, mail.key]
    assert found[2].key not in (sms.key, mail.key)


def test_a_removed_step_goes_and_the_others_close_up(admin_client: Client) -> None:
    cascade = factories.email_then_sms()
    mail, sms = cascade.steps.order_by("position")
    as_sent = [
        step(mail.channel, mail.message, id=mail.pk, cascade=cascade.pk, position=0, DELETE="on"),
        step(sms.channel, sms.message, id=sms.pk, cascade=cascade.pk, position=1),
    ]
    admin_client.post(change(cascade), form(*as_sent, initial=2))
    assert list(cascade.steps.values_list("pk", "position")) == [(sms.pk, 0)]


def test_an_empty_card_makes_no_step(admin_client: Client) -> None:
    empty = {
        "channel": "",
        "message": "",
        "wait_0": 0,
        "wait_1": "minutes",
        "longest_wait_0": "",
        "longest_wait_1": "hours",
    }
    empty |= {
        "wait_from": "sent",
        "who": "everyone",
        "seen": "opened",
        "validity_0": 3,
        "validity_1": "days",
        "position": 0,
    }
    assert admin_client.post(ADD, form(empty)).status_code == 302
    assert not Step.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("seen", "opened", "“sms sandbox” cannot tell whether a message was opened. Choose “click or answer”."),
        (
            "wait_from",
            "opened",
            "The message before goes out by “sms sandbox”, which cannot tell whether it was opened.",
        ),
        ("who", "not_opened", "No channel before this step can tell whether a message was opened."),
        ("wait_0", "", "Write how long."),
        ("wait_0", "-1", "That is too short."),
        ("wait_0", "99999999999", "Two years are the longest time."),
        ("validity_0", "0", "That is too short."),
    ],
)
def test_a_choice_that_cannot_be_is_refused_with_a_sentence(
    admin_client: Client, field: str, value: str, sentence: str
) -> None:
    sms, message = factories.make_channel("sms"), factories.make_message()
    answer = admin_client.post(ADD, form(step(sms, message), step(sms, message, **{field: value})))
    assert answer.status_code == 200
    assert sentence in answer.content.decode().replace("&#x27;", "'")
    assert not Cascade.objects.exists()


@pytest.mark.parametrize(("field", "value"), [("wait_from", "opened"), ("wait_from", "delivered"), ("who", "failed")])
def test_the_first_step_cannot_look_back(admin_client: Client, field: str, value: str) -> None:
    answer = admin_client.post(
        ADD, form(step(factories.make_channel("email"), factories.make_message(), **{field: value}))
    )
    assert "The first step has no message before it." in answer.content.decode()


def test_what_is_possible_is_judged_by_the_new_order(admin_client: Client) -> None:
    mail, sms, message = factories.make_channel("email"), factories.make_channel("sms"), factories.make_message()
    waits = step(sms, message, wait_from=WaitFrom.OPENED, position=1)
    assert admin_client.post(ADD, form(waits, step(mail, message, position=0))).status_code == 302


def test_the_dearer_channel_first_is_a_hint_and_no_error(admin_client: Client) -> None:
    mail, sms, message = (
        factories.make_channel("email"),
        factories.make_channel("sms", price="0.05"),
        factories.make_message(),
    )
    answer = admin_client.post(ADD, form(step(sms, message, position=0), step(mail, message, position=1)), follow=True)
    assert "Step 1 (sms sandbox) costs more than the step after it (email sandbox)." in answer.content.decode()


def test_a_running_cascade_says_that_changes_are_for_the_next_start(admin_client: Client) -> None:
    cascade = factories.email_then_sms()
    version = freeze(cascade, user=None, now=NOW)
    Cascade.objects.update(status=CascadeStatus.RUNNING)
    page = admin_client.get(change(cascade)).content.decode()
    assert "is for the next start" in page
    drafts, frozen = cascade.steps.filter(version=None), version.steps.all()
    as_sent = [step(one.channel, one.message, id=one.pk, cascade=cascade.pk, wait_0=9) for one in drafts]
    admin_client.post(change(cascade), form(*as_sent, initial=2))
    assert {one.wait for one in drafts.all()} == {timedelta(hours=9)}
    assert timedelta(hours=9) not in {one.wait for one in frozen}


def test_saving_the_page_as_it_stands_changes_nothing(admin_client: Client) -> None:
    """Also a length in seconds, which the page does not offer."""
    cascade = factories.email_then_sms()
    Step.objects.filter(position=1).update(wait=timedelta(seconds=20), longest_wait=timedelta(minutes=90))
    before = list(Step.objects.order_by("pk").values())
    page = admin_client.get(change(cascade))
    formset = page.context["inline_admin_formsets"][0].formset
    sent = form(initial=2) | {"steps-TOTAL_FORMS": 2}
    for one in formset.forms:
        for bound in one:
            value = bound.value()
            widget = bound.field.widget
            pieces = widget.decompress(value) if isinstance(widget, LengthWidget) else None
            named = (
                {f"{bound.html_name}_{n}": piece for n, piece in enumerate(pieces)}
                if pieces
                else {bound.html_name: value}
            )
            sent |= {
                name: "" if piece is None else piece for name, piece in named.items() if not name.endswith("DELETE")
            }
    assert admin_client.post(change(cascade), sent).status_code == 302
    assert list(Step.objects.order_by("pk").values()) == before


@pytest.mark.parametrize(
    ("length", "number", "unit"),
    [
        (timedelta(0), 0, "minutes"), (timedelta(minutes=90), 90, "minutes"), (timedelta(hours=48), 2, "days"),
        (timedelta(seconds=20), 20, "seconds"), (timedelta(hours=5), 5, "hours"),
    ],
)  # fmt: skip
def test_a_length_is_shown_in_the_largest_unit_that_says_it_whole(length: timedelta, number: int, unit: str) -> None:
    assert split(length) == (number, unit)
    assert LengthField().clean([number, unit]) == length
    assert say(length).startswith(str(number))


def test_a_copy_has_the_same_steps_and_remembers_nobody() -> None:
    cascade = factories.email_then_sms(goal=["visit"])
    freeze(cascade, user=None, now=NOW)
    sign_in("Marketer").post(reverse("admin:cascades_cascade_duplicate", args=[cascade.pk]))
    copy = Cascade.objects.exclude(pk=cascade.pk).get()
    assert (copy.status, copy.goal, copy.version) == (CascadeStatus.DRAFT, ["visit"], None)
    theirs, ours = (set(one.steps.filter(version=None).values_list("key", flat=True)) for one in (cascade, copy))
    assert len(ours) == 2
    assert not theirs & ours


def _running() -> tuple[Cascade, Enrollment]:
    cascade = factories.email_then_sms()
    version = freeze(cascade, user=None, now=NOW)
    Cascade.objects.update(status=CascadeStatus.RUNNING)
    enrollment = Enrollment.objects.create(
        cascade=cascade, version=version, contact=factories.make_contact(email="a@x.example"), occasion="launch:1", started_at=NOW,
        next_due_at=NOW, max_until=NOW + timedelta(days=30),
    )  # fmt: skip
    return cascade, enrollment


@pytest.mark.parametrize(("act", "after"), [("pause", CascadeStatus.PAUSED), ("stop", CascadeStatus.STOPPED)])
def test_a_brake_says_what_it_does_and_acts_only_when_confirmed(act: str, after: str) -> None:
    cascade, enrollment = _running()
    client, url = sign_in("Marketer"), reverse(f"admin:cascades_cascade_{act}", args=[cascade.pk])
    assert "1 person is still in it." in client.get(url).content.decode()
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.RUNNING
    client.post(url)
    cascade.refresh_from_db()
    enrollment.refresh_from_db()
    assert cascade.status == after
    assert (enrollment.outcome == Outcome.STOPPED) == (act == "stop")


def test_a_second_click_on_stop_is_told_that_there_was_nothing_to_stop() -> None:
    cascade, _ = _running()
    client, url = sign_in("Marketer"), reverse("admin:cascades_cascade_stop", args=[cascade.pk])
    client.post(url)
    assert "there was nothing to stop" in client.post(url, follow=True).content.decode()


def test_what_was_on_hold_is_resumed() -> None:
    cascade, _ = _running()
    client = sign_in("Marketer")
    client.post(reverse("admin:cascades_cascade_pause", args=[cascade.pk]))
    client.post(reverse("admin:cascades_cascade_resume", args=[cascade.pk]))
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.RUNNING


def test_the_front_desk_looks_but_neither_changes_nor_brakes() -> None:
    cascade, _ = _running()
    client = sign_in("Front desk")
    page = client.get(change(cascade)).content.decode()
    assert "email sandbox" in page
    assert "_pause" not in page
    assert reverse("admin:cascades_cascade_launch", args=[cascade.pk]) not in page
    for act in ("pause", "resume", "stop", "duplicate"):
        assert client.post(reverse(f"admin:cascades_cascade_{act}", args=[cascade.pk])).status_code == 403
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.RUNNING


def test_a_cascade_that_was_started_once_is_not_deleted(admin_client: Client) -> None:
    cascade, _ = _running()
    assert (
        admin_client.post(reverse("admin:cascades_cascade_delete", args=[cascade.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_the_list_shows_each_cascades_numbers(admin_client: Client) -> None:
    _cascade, enrollment = _running()
    Enrollment.objects.filter(pk=enrollment.pk).update(outcome=Outcome.REACHED, ended_at=NOW, next_due_at=None)
    row = admin_client.get("/admin/cascades/cascade/").context["cl"].result_list[0]
    assert (row.people, row.reached, row.running) == (1, 1, 0)
    assert "finished" in admin_client.get("/admin/cascades/cascade/").content.decode()


@pytest.mark.parametrize("query", ["", "?q=Autumn", "?status__exact=draft", "?channel=email"])
def test_the_list_runs_as_many_queries_at_ten_as_at_a_thousand(admin_client: Client, query: str) -> None:
    message, channel = factories.make_message(), factories.make_channel("email")

    def more(count: int) -> int:
        made = Cascade.objects.bulk_create([Cascade(name=f"Autumn {n}") for n in range(count)])
        Step.objects.bulk_create([Step(cascade=one, channel=channel, message=message) for one in made])
        with CaptureQueriesContext(connection) as queries:
            assert admin_client.get(f"/admin/cascades/cascade/{query}").status_code == 200
        return len(queries)

    admin_client.get("/admin/cascades/cascade/")
    assert more(10) == more(990)


def test_the_builder_reads_messages_and_channels_once_for_all_steps(admin_client: Client) -> None:
    message, channel = factories.make_message(), factories.make_channel("email")

    def queries(steps: int) -> int:
        cascade = factories.make_cascade(steps=[{"channel": channel, "message": message} for _ in range(steps)])
        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(change(cascade)).status_code == 200
        return len(captured)

    queries(1)
    assert queries(2) == queries(12)


def test_the_page_says_what_a_step_does_where_something_cannot_be_known() -> None:
    sms, mail, message = factories.make_channel("sms"), factories.make_channel("email"), factories.make_message()
    cascade = factories.make_cascade(
        steps=[
            {"channel": mail, "message": message}, {"channel": sms, "message": message},
            {"channel": sms, "message": message, "who": Who.NOT_OPENED, "wait_from": WaitFrom.DELIVERED},
        ]
    )  # fmt: skip
    steps = list(cascade.steps.select_related("channel"))
    (said,) = (one for one in options.hints(steps) if "opened" in one)
    assert said.startswith(f"Whether a message by {sms} was opened cannot be known.")
    assert "step 3" in said
    assert not [one for one in options.hints(steps[:2]) if "opened" in one]
