"""Somebody who is limited to a branch walks through every page of the admin, and meets nobody else's people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from channels.models import Channel, Delivery, Message
from config import fence
from contacts import territory
from contacts.models import Booking, BulkRun, Contact, Duplicate, ImportRun
from tests.factories import NOW
from tests.territories import house as houses
from tests.territories.house import MARKS, OTHERS, House

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]+"')


@pytest.fixture
def house() -> Iterator[House]:
    with time_machine.travel(NOW, tick=False):
        yield houses.build()


@pytest.fixture
def desk(house: House) -> Client:
    """Somebody who may do all that staff can do, for one branch."""
    return houses.sign_in(house.branch)


def body(answer: Any) -> str:
    return b"".join(answer).decode() if answer.streaming else str(answer.content.decode())


def gives_away(answer: Any) -> list[str]:
    """What of the other branch's people an answer shows."""
    text = body(answer)
    return [mark for mark in OTHERS if mark.lower() in text.lower()]


def models() -> list[type[Model]]:
    """Those whose rows are people's; files and pairs are asked in test_limited_imports."""
    apart = (BulkRun, ImportRun, Duplicate)
    return [one for one in admin.site._registry if territory.is_limited(one) and one not in apart]


def address(model: type[Model], page: str, pk: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=[pk])


def test_there_is_a_row_of_everything_for_both_branches(house: House) -> None:
    """Else the walk would show nothing."""
    for model in models():
        for one in (house.theirs, house.other):
            assert houses.rows(model, house, one), (model, one)


def test_lists_show_theirs_and_nobody_elses(house: House, desk: Client) -> None:
    for model in models():
        answer = desk.get(houses.changelist(model), {"show": "all"} if model.__name__ == "Conversation" else {})
        assert answer.status_code == 200, model
        assert gives_away(answer) == [], model
        wanted = {one.pk for one in houses.rows(model, house, house.theirs)}
        assert {one.pk for one in answer.context["cl"].queryset} >= wanted or model.__name__ == "Invitation", model


def test_who_is_not_limited_sees_all_of_them(house: House) -> None:
    answer = houses.sign_in(name="boss").get(houses.changelist(Contact))
    assert {mark for mark in OTHERS if mark in body(answer)} >= {"Wanda", "Xenia"}


def test_lists_of_what_is_for_all_branches_count_only_theirs(house: House, desk: Client) -> None:
    for label in ("group", "voucheroffer", "segment", "goeswith"):
        assert gives_away(desk.get(reverse(f"admin:contacts_{label}_changelist"))) == []
    groups = desk.get(reverse("admin:contacts_group_changelist"))
    assert "1 person" in body(groups)
    offers = desk.get(reverse("admin:contacts_voucheroffer_changelist")).context["cl"].result_list
    assert [(one.given, one.redeemed) for one in offers] == [(1, 0)]
    forms = desk.get(reverse("admin:channels_form_changelist")).context["cl"].result_list
    assert [one.people for one in forms] == [1]
    cascades = desk.get(reverse("admin:cascades_cascade_changelist")).context["cl"].result_list
    assert [(one.people, one.running + one.reached) for one in cascades] == [(1, 1)] or cascades[0].people == 1


def test_the_pages_of_others_are_not_there_by_any_address(house: House, desk: Client) -> None:
    before = houses.snapshot()
    for model in models():
        for pk in [one.pk for person in (house.other, house.homeless) for one in houses.rows(model, house, person)]:
            for page in ("change", "history", "delete"):
                for answer in (
                    desk.get(address(model, page, pk)),
                    desk.post(address(model, page, pk), {"post": "yes"}),
                ):
                    assert answer.status_code in {302, 403, 404}, (model, page)
                    assert gives_away(answer) == [], (model, page)
    assert houses.snapshot() == before


def test_the_pages_of_theirs_open_and_speak_of_nobody_else(house: House, desk: Client) -> None:
    for model in models():
        for one in houses.rows(model, house, house.theirs):
            for page in ("change", "history"):
                answer = desk.get(address(model, page, one.pk), {"story": "1"})
                assert answer.status_code == 200, (model, page)
                assert gives_away(answer) == [], (model, page)


def test_searching_finds_nobody_elses(house: House, desk: Client) -> None:
    for model in models():
        owner = admin.site.get_model_admin(model)
        request = desk.get(reverse("admin:jsi18n")).wsgi_request
        for term in (*MARKS["norte"], "+34 600 000 002", "Norte", "ruiz"):
            found, _twice = owner.get_search_results(request, owner.get_queryset(request), term)
            assert {one.pk for one in found} <= {one.pk for one in houses.rows(model, house, house.theirs)}, (
                model,
                term,
            )


def test_choosing_by_filters_finds_nobody_elses(house: House, desk: Client) -> None:
    asked = (
        (Contact, {"branch__id__exact": house.elsewhere.pk}), (Contact, {"groups__id__exact": house.group.pk}),
        (Contact, {"segment": house.segment.pk}), (Booking, {"branch__id__exact": house.elsewhere.pk}),
        (Delivery, {"contact__id__exact": house.other.pk}),
    )  # fmt: skip
    for model, given in asked:
        answer = desk.get(houses.changelist(model), given)
        assert answer.status_code in {200, 302}
        assert gives_away(answer) == []


def test_autocomplete_offers_nobody_else(house: House, desk: Client) -> None:
    for app, model, field in (
        ("contacts", "booking", "contact"), ("contacts", "membership", "contact"), ("channels", "invitation", "contact"),
        ("channels", "conversation", "contact"), ("channels", "delivery", "contact"),
    ):  # fmt: skip
        asked = {"app_label": app, "model_name": model, "field_name": field}
        everyone = desk.get(reverse("admin:autocomplete"), {**asked, "term": ""}).json()["results"]
        assert [int(one["id"]) for one in everyone] == [house.theirs.pk]
        assert desk.get(reverse("admin:autocomplete"), {**asked, "term": "Wanda"}).json()["results"] == []


def test_actions_on_smuggled_numbers_change_and_show_nothing(house: House, desk: Client) -> None:
    before = houses.snapshot()
    for model in models():
        owner = admin.site.get_model_admin(model)
        listed = desk.get(houses.changelist(model))
        names = {name for name, _label in owner.get_action_choices(listed.wsgi_request)} - {""}
        others = [one.pk for one in houses.rows(model, house, house.other)]
        for name in names:
            for across in ("0", "1"):
                posted = {
                    "action": name, "_selected_action": others, "select_across": across, "index": "0", "post": "yes", "chosen": "1",
                    "group": house.group.pk,
                }  # fmt: skip
                if across == "1":
                    posted["_selected_action"] = [others[0]]
                answer = desk.post(f"{houses.changelist(model)}?q=ruiz", posted)
                assert gives_away(answer) == [], (model, name)
    assert _of_others(houses.snapshot(), house) == _of_others(before, house)


def _of_others(found: dict[str, list[dict[str, Any]]], house: House) -> dict[str, list[dict[str, Any]]]:
    """Only what is kept of the other branch's person."""
    theirs = {house.other.pk, house.homeless.pk}
    return {
        name: [
            row
            for row in rows
            if row.get("contact_id") in theirs or (name == "contacts.Contact" and row["id"] in theirs)
        ]
        for name, rows in found.items()
    }


def test_pages_with_a_form_of_their_own_know_nobody_else(house: House, desk: Client) -> None:
    """Each of the pages beside the usual ones that is about one person or row, asked and posted with another branch's number."""
    other = house.other
    talk, delivery = other.conversations.get(), Delivery.objects.get(contact=other)
    booking, voucher = other.bookings.get(), other.vouchers.get()
    launch = next(one for one in house.cascade.launches.all() if one.selection.get("branches") == [house.elsewhere.pk])
    sandbox = delivery.channel.sandbox_messages.get(key=delivery.token)
    asked: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("contacts_contact_event", [other.pk], {"name": "visit", "nonce": "00000000-0000-4000-8000-000000000001"}),
        ("contacts_contact_said", [other.pk],
         {"kind": "email", "purpose": "marketing", "given": "0", "source": "desk", "on": "2026-11-20"}),
        ("contacts_contact_take_away", [other.pk], {}),
        ("contacts_contact_proof", [other.pk], {}),
        ("contacts_booking_act", [booking.pk, "cancel"], {}),
        ("contacts_classsession_roster", [booking.session_id], {"rest": "attended"}),
        ("contacts_classsession_cancel", [booking.session_id], {"yes": "1"}),
        ("contacts_voucher_redeem", [], {"voucher": voucher.pk, "nonce": "00000000-0000-4000-8000-000000000001"}),
        ("contacts_voucher_undo", [], {"voucher": voucher.pk, "nonce": "00000000-0000-4000-8000-000000000001"}),
        ("channels_delivery_decide", [delivery.pk], {"what": "resend"}),
        ("channels_conversation_reply", [talk.pk], {"text": "Hello"}),
        ("channels_conversation_template", [talk.pk], {}),
        ("channels_conversation_act", [talk.pk], {"act": "done", "heard": "1"}),
        ("channels_conversation_who", [talk.pk], {"contact": house.theirs.pk}),
        ("channels_invitation_poster", [other.invitations.get().pk], {}),
        ("channels_sandboxmessage_play", [sandbox.pk], {"act": "order"}),
        ("cascades_launch_cancel", [launch.pk], {}),
        ("contacts_duplicate_compare", [other.pk, house.theirs.pk], {"differ": "1"}),
    ]  # fmt: skip
    asked += [
        (f"contacts_bulkrun_{page}", [_before_the_limit(house).pk], {}) for page in ("progress", "cancel", "file")
    ]
    asked += [(name, [house.file.pk], {}) for name in sorted(fence.PAGES) if name.startswith("contacts_importrun_")]
    before = houses.snapshot()
    for name, numbers, posted in asked:
        url = reverse(f"admin:{name}", args=numbers)
        assert desk.post(url, posted).status_code == 404, name
        assert desk.get(url).status_code in {403, 404, 405}, name
    assert houses.snapshot() == before
    about_one = {name for name, _numbers, _posted in asked}
    assert fence.PAGES - about_one == OF_ALL, "ask this page with another branch's number too"


def _before_the_limit(house: House) -> BulkRun:
    """What the same login asked for while it still saw everybody."""
    user = User.objects.get(username="limited")
    return BulkRun.objects.create(
        act="export", state="waiting", selection={"ids": [house.other.pk]}, words="Wanda", created_by=user, created_at=NOW
    )  # fmt: skip


def test_what_they_ask_for_in_the_background_is_done_for_theirs(house: House, desk: Client) -> None:
    everyone = {"action": "export_many", "_selected_action": [house.theirs.pk, house.other.pk], "select_across": "1"}
    desk.post(houses.changelist(Contact), everyone)
    desk.post(houses.changelist(Contact), {**everyone, "select_across": "0"})
    runs = list(BulkRun.objects.all())
    assert [run.total for run in runs] == [1, 1]
    assert {run.pk for run in desk.get(houses.changelist(BulkRun)).context["cl"].result_list} == {
        run.pk for run in runs
    }


# Pages that are about no single person's row; what they show is asked below, and of the start in test_limited_starts.
OF_ALL = {
    "contacts_segment_look", "contacts_segment_why", "contacts_voucher_counter", "channels_form_preview", "channels_form_results",
    "channels_message_preview", "cascades_recipients_export", "cascades_cascade_report", "cascades_cascade_recipients",
    "cascades_cascade_launch_choose", "cascades_cascade_launch", "cascades_cascade_launch_whom", "cascades_cascade_launch_check",
    "cascades_cascade_launch_go", "contacts_booking_import_table", "contacts_event_import_table", "contacts_duplicate_look_again",
}  # fmt: skip


def test_pages_about_everybody_speak_only_of_theirs(house: House, desk: Client) -> None:
    message = Message.objects.latest("id")
    variant = message.variants.get()
    asked: list[tuple[str, list[Any], dict[str, Any]]] = [
        ("index", [], {}),
        ("contacts_segment_why", [house.segment.pk], {"q": "ruiz"}),
        ("contacts_segment_why", [house.segment.pk], {"person": house.other.pk}),
        ("channels_form_preview", [house.form.pk], {}),
        ("channels_form_results", [house.form.pk], {}),
        ("channels_form_results", [house.form.pk], {"export": "1"}),
        ("channels_message_preview", [message.pk], {"variant": variant.pk, "contact": house.other.pk}),
        ("cascades_recipients_export", [], {}),
        ("cascades_cascade_report", [house.cascade.pk], {}),
        ("cascades_cascade_report", [house.cascade.pk], {"part": "1"}),
        ("contacts_voucher_counter", [], {"code": house.other.vouchers.get().code}),
    ]  # fmt: skip
    for name, numbers, given in asked:
        answer = desk.get(reverse(f"admin:{name}", args=numbers), given)
        assert answer.status_code == 200, name
        assert [mark for mark in gives_away(answer) if mark != given.get("code")] == [], name


def test_sums_and_downloads_hold_only_theirs(house: House, desk: Client) -> None:
    report = desk.get(reverse("admin:cascades_cascade_report", args=[house.cascade.pk]))
    assert report.context["numbers"].people == 1
    assert [step.planned for step in report.context["numbers"].steps] == [1]
    assert "of your branches: Centro" in body(report)
    assert len(body(desk.get(reverse("admin:cascades_recipients_export"))).splitlines()) == 2
    answers = body(desk.get(reverse("admin:channels_form_results", args=[house.form.pk]), {"export": "1"}))
    assert len(answers.splitlines()) == 2
    assert "Zoila" in answers
    everyone = {
        "action": "export_contacts",
        "_selected_action": [house.theirs.pk, house.other.pk],
        "select_across": "1",
    }
    exported = desk.post(houses.changelist(Contact), everyone)
    text = body(exported)
    assert "Zoila" in text
    assert not [mark for mark in OTHERS if mark in text]
    looked = desk.post(
        reverse("admin:contacts_segment_look"), {"rules": __import__("json").dumps(houses.EVERYBODY)}
    ).json()
    assert looked["count"] == 1


def test_shut_pages_say_why_and_the_head_of_every_page_says_whose_people_they_are(house: House, desk: Client) -> None:
    for name, numbers in (
        ("health", []),
        ("cascades_cascade_publish", [house.cascade.pk]),
        ("contacts_connection_add", []),
    ):
        answer = desk.get(reverse(f"admin:{name}", args=numbers))
        assert answer.status_code == 403
        assert "Your account is limited to: Centro" in body(answer)
    assert "Only: Centro" in body(desk.get(reverse("admin:index")))
    assert "Only:" not in body(houses.sign_in(name="boss").get(reverse("admin:index")))


def test_what_is_for_all_branches_is_looked_at_and_not_changed(house: House, desk: Client) -> None:
    before = houses.snapshot()
    for model in (Message, Channel, type(house.cascade), type(house.group), type(house.offer), type(house.form)):
        one = model._default_manager.latest("id")
        assert desk.get(address(model, "change", one.pk)).status_code == 200, model
        assert desk.post(address(model, "change", one.pk), {"name": "Taken over"}).status_code == 403, model
        assert desk.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")).status_code == 403, (
            model
        )
    assert houses.snapshot() == before
