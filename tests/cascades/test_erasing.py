"""Erasing a person: not a word is left anywhere, every number stays, and what was just on its way leaves no words either."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from cascades import invariant
from cascades.models import Enrollment, Launch, StepRun
from channels.models import (
    Conversation,
    Delivery,
    DeliveryEvent,
    FormAnswer,
    InboundCall,
    InboundState,
    SandboxMessage,
)
from channels.transport import Fault, Receipt, Refused
from contacts import privacy
from contacts.consent import is_suppressed
from contacts.models import (
    Address,
    Booking,
    Consent,
    Contact,
    Event,
    ImportRun,
    Suppression,
    SuppressionReason,
    Voucher,
)
from contacts.models.contact import fingerprint
from contacts.privacy import export
from tests.cascades.lavender import EMAIL, NAME, PHONE, TRACES, a_life, traces, zenobia
from tests.cascades.story import Story
from tests.channels.outbox import ScriptedTransport, frozen, queue, scripted, send  # noqa: F401
from tests.factories import NOW, email_then_sms, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


def forget(contact: Contact) -> None:
    privacy.erase(contact.pk, by_id=None, now=NOW)


def swept(now: Any = NOW) -> None:
    while privacy.sweep(now):
        pass


# --- what is handed out -----------------------------------------------------------------------------------------------


def test_one_file_holds_all_that_is_known_as_data_and_as_a_page_in_the_persons_language() -> None:
    make_business()
    contact, other = zenobia(), make_contact("Bo Stone", email="bo@example.com")
    a_life(contact, Story())
    Contact.objects.filter(pk=contact.pk).update(language="es")
    contact.refresh_from_db()
    with zipfile.ZipFile(io.BytesIO(export.archive(contact, now=NOW))) as book:
        data, page = json.loads(book.read("data.json")), book.read("person.html").decode()
    tables = {holding.model._meta.model_name for holding in privacy.holdings.all_holdings() if holding.shown}
    never = {
        "suppression",
        "handout",
        "merge",
        "importchange",
        "bulkdone",
        "alias",
        "guardian",
    }  # of those who were never closed, taken out, two or minded
    assert tables - never == set(data["holdings"])
    whole = json.dumps(data, ensure_ascii=False).lower()
    assert [trace for trace in TRACES if trace not in whole] == ["600 98 76 54"]  # of a file, which is not hers alone
    assert 'lang="es"' in page
    assert all(text in page for text in (NAME, EMAIL, "likes lavender", "Thanks, Zenobia"))
    assert "bo@example.com" not in whole + page
    assert "Bo Stone" not in export.data(contact, now=NOW)
    assert "Quartz" not in export.page(other, now=NOW)


# --- what is forgotten ------------------------------------------------------------------------------------------------


def test_of_an_erased_person_no_word_is_left_and_every_number_stays() -> None:
    make_business()
    story, contact = Story(), zenobia()
    make_contact("Bo Stone", email="bo@example.com")
    a_life(contact, story)
    counted = (Event, Booking, Voucher, Delivery, DeliveryEvent, Enrollment, StepRun, FormAnswer, Conversation)
    before = {model: model._default_manager.count() for model in counted}
    audience = Launch.objects.exclude(audience=None).get().audience
    assert len(traces()) == len(TRACES)  # or this test would show nothing
    user = User.objects.get()
    privacy.erase(contact.pk, by_id=user.pk, asked="by phone", now=story.now)
    swept(story.now)
    assert traces() == []
    assert {model: model._default_manager.count() for model in counted} == before
    assert Launch.objects.exclude(audience=None).get().audience == audience
    story.tick()
    assert not invariant.check(story.now).problems
    assert not ImportRun.objects.get().file
    assert Event.objects.get(name="order").amount == 40
    answer = FormAnswer.objects.get().answers
    assert sorted(str(one["value"]) for one in answer.values()) == ["", "9"]
    assert DeliveryEvent.objects.get(fact="opened").data == {"grade_reasons": ["proxy"]}
    contact.refresh_from_db()
    assert (str(contact), contact.birth_date, contact.erased_at) == ("Erased person", None, story.now)


def test_what_is_still_running_ends_with_the_reason_and_what_is_queued_is_called_back() -> None:
    make_business()
    story, contact = Story(), zenobia()
    cascade = email_then_sms()
    story.start(cascade)
    waiting = queue(
        contact,
        make_channel("sms", name="by hand"),
        frozen(make_message("By hand")),
        not_before=NOW + timedelta(days=1),
    )
    privacy.erase(contact.pk, by_id=None, now=story.now)
    found = contact.enrollments.get()
    assert (found.outcome, found.reason) == ("stopped", "erased")
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("cancelled", "erased")
    story.later(days=4)
    assert contact.deliveries.exclude(pk=waiting.pk).count() == 1
    assert not invariant.check(story.now).problems


def test_the_addresses_stay_closed_under_a_hash_also_for_whoever_is_imported_anew() -> None:
    make_business()
    contact = zenobia()
    privacy.erase(contact.pk, by_id=None, now=NOW)
    assert set(Suppression.objects.values_list("reason", "hint", "scope", "channel")) == {("erased", "•••", "all", "")}
    again = make_contact(NAME, email=EMAIL)
    Story().start(email_then_sms(), {"contacts": [again.pk]})
    assert not again.deliveries.filter(status="sent").exists()
    assert not SandboxMessage.objects.exists()


def test_an_address_that_was_closed_before_is_closed_for_good_and_one_of_the_family_stays_open() -> None:
    make_business()
    contact = zenobia()
    brother = make_contact("Bo Quartz", phone=PHONE)
    Suppression.objects.create(
        kind="email",
        fingerprint=fingerprint("email", EMAIL),
        hint="ze•••@example.com",
        scope="all",
        reason="complaint",
        at=NOW,
    )
    assert privacy.shared_with(contact) == [f"{PHONE} is also the address of Bo Quartz, and stays open for them."]
    privacy.erase(contact.pk, by_id=None, now=NOW)
    assert Suppression.objects.get().reason == SuppressionReason.ERASED
    assert not is_suppressed("phone", PHONE)
    assert Address.objects.get().contact == brother


def test_erasing_twice_is_erasing_once() -> None:
    make_business()
    contact = zenobia()
    first = privacy.erase(contact.pk, by_id=None, now=NOW)
    assert privacy.erase(contact.pk, by_id=None, now=NOW + timedelta(hours=1)) == first
    assert first.marks == sorted(fingerprint(kind, normal) for kind, normal in (("email", EMAIL), ("phone", PHONE)))


def test_the_ledger_says_that_consent_ended_and_keeps_its_proof() -> None:
    make_business()
    contact = zenobia()
    privacy.erase(contact.pk, by_id=None, now=NOW)
    lines = Consent.objects.filter(contact=contact).order_by("id").values_list("kind", "given", "source")
    told = "the person asked to be forgotten"
    assert sorted(lines) == [
        ("email", False, told),
        ("email", True, "test"),
        ("sms", False, told),
        ("sms", True, "test"),
    ]


def test_late_reports_are_gone_through_once_more_and_then_what_was_looked_for_is_forgotten() -> None:
    make_business()
    contact, channel = zenobia(), make_channel("sms")
    erasure = privacy.erase(contact.pk, by_id=None, now=NOW)
    swept()
    InboundCall.objects.create(
        channel=channel,
        call_key="9",
        method="POST",
        url="",
        body=b"To=%2B34600987654",
        received_at=NOW,
        state=InboundState.APPLIED,
    )
    Contact.objects.filter(pk=contact.pk).update(first_name="Zenobia")  # an import that had read her before
    swept(NOW + timedelta(days=1))
    assert traces() == ["zenobia", "34600987654"]
    swept(NOW + timedelta(days=9))
    assert traces() == []
    erasure.refresh_from_db()
    assert erasure.sealed == ""


def test_nobody_erased_is_in_a_segment_an_audience_or_a_cascade_to_come() -> None:
    make_business()
    contact = zenobia()
    make_contact("Bo Stone", email="bo@example.com")
    privacy.erase(contact.pk, by_id=None, now=NOW)
    story = Story()
    launch = story.start(email_then_sms())
    launch.refresh_from_db()
    assert launch.audience == 1
    assert not contact.enrollments.exists()


# --- just on its way --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_just_being_sent_is_recorded_without_its_words(
    scripted: type[ScriptedTransport],  # noqa: F811
    refused: bool,
) -> None:
    make_business()
    contact = zenobia()
    channel = make_channel("sms", transport="scripted")
    delivery = queue(contact, channel, frozen(make_message()))
    scripted.before = staticmethod(lambda: forget(contact))
    if refused:
        scripted.answer = staticmethod(lambda message: Refused(Fault.TEMPORARY, "busy", f"{message.to} is busy"))
    else:
        scripted.answer = staticmethod(lambda message: Receipt(f"id-{message.key}"))
    send()
    swept()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason) == (("cancelled", "erased") if refused else ("sent", ""))
    assert DeliveryEvent.objects.filter(delivery=delivery).exists()
    assert traces() == []


def test_the_last_look_finds_whoever_was_erased_between_the_claim_and_the_wave(
    scripted: type[ScriptedTransport],  # noqa: F811
) -> None:
    make_business()
    first, contact = make_contact("Bo Stone", phone="+34600111222"), zenobia()
    channel = make_channel("sms", transport="scripted", rate=0.5)  # a wave of one, then the next
    version = frozen(make_message())
    queue(first, channel, version)
    delivery = queue(contact, channel, version)
    scripted.before = staticmethod(lambda: forget(contact))
    send()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.reason) == ("cancelled", "erased")
    assert [message.to for message in scripted.handed] == ["+34600111222"]
