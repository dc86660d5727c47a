"""Erasing a person: not a word is left anywhere, every number stays, and what was just on its way leaves no words either."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile

from cascades import invariant
from cascades.models import Cascade, Enrollment, Launch, SegmentStay, SegmentWatch, StepRun, ToldDate
from channels.models import (
    Confirmation,
    Conversation,
    Delivery,
    DeliveryEvent,
    Form,
    FormAnswer,
    FormQuestion,
    HookCall,
    InboundCall,
    InboundState,
    Invitation,
    OutgoingHook,
    SandboxMessage,
)
from channels.transport import Fact, Fault, Receipt, Refused
from contacts import bookings, events, privacy
from contacts.consent import is_suppressed
from contacts.models import (
    Address,
    AnsweredCall,
    Booking,
    Connection,
    Consent,
    Contact,
    Erasure,
    Event,
    ImportRow,
    ImportRun,
    Integration,
    Received,
    Segment,
    Suppression,
    SuppressionReason,
    Voucher,
    VoucherOffer,
)
from contacts.models.contact import fingerprint
from contacts.privacy import export
from tests.cascades.story import Story
from tests.channels.outbox import ScriptedTransport, frozen, queue, scripted, send  # noqa: F401
from tests.factories import NOW, email_then_sms, make_business, make_channel, make_contact, make_group, make_message

pytestmark = pytest.mark.django_db

EMAIL, PHONE, NAME = "zenobia.quartz@example.com", "+34600987654", "Zenobia Quartz"
# However it is written, none of this may stand anywhere any more.
TRACES = ("zenobia", "quartz", "34600987654", "600 98 76 54", "likes lavender", "10.9.8.7", "shopnumber-4711")


def everything() -> str:
    """All columns of all rows of all tables, in small letters."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if model is Erasure:
            continue
        for row in model._default_manager.values_list():
            found += [bytes(cell).decode() if isinstance(cell, bytes | memoryview) else str(cell) for cell in row]
    return "\n".join(found).lower()


def traces() -> list[str]:
    text = everything()
    return [trace for trace in TRACES if trace in text]


def zenobia() -> Contact:
    return make_contact(
        NAME, email=EMAIL, phone=PHONE, external_id="shopnumber-4711", birth_date=date(1990, 5, 17), city="Quartzville",
        notes="likes lavender", attributes={"pet": "Zenobia's cat"}, latitude="40.4", longitude="-3.7", groups=[make_group("Regulars")],
    )  # fmt: skip


def a_life(contact: Contact, story: Story) -> Cascade:
    """A row of hers in every table that can hold one."""
    cascade = email_then_sms()
    story.start(cascade)
    delivery = contact.deliveries.latest("id")
    story.hear(delivery, Fact.DELIVERED, address=EMAIL)
    story.later(hours=5)
    sms = contact.deliveries.latest("id")
    story.hear(sms, Fact.REPLIED, text="Thanks, Zenobia", address=PHONE)
    _of_this_room(contact)
    _of_channels(contact, delivery)
    _of_cascades(contact, cascade)
    return cascade


def _of_this_room(contact: Contact) -> None:
    events.record(
        contact.pk, "order", at=NOW, now=NOW, key="shopnumber-4711", data={"note": NAME, "total": 40.0}, source="shop"
    )
    slot = bookings.Slot(title="Colour for Zenobia", starts_at=NOW + timedelta(days=2), place="Quartz street 5")
    bookings.book(contact.pk, slot, now=NOW, source="shop", external_id="shopnumber-4711-b")
    Consent.objects.bulk_create(
        [Consent(contact=contact, kind="email", purpose="marketing", given=True, basis="double", source="form", wording="Yes",
                 at=NOW, recorded_at=NOW, ip="10.9.8.7", address=EMAIL)]
    )  # fmt: skip
    offer = VoucherOffer.objects.create(name="Birthday", slug="birthday", gives="10 %")
    Voucher.objects.create(offer=offer, contact=contact, code="AB12", normal="AB12", reference="shopnumber-4711")
    run = ImportRun.objects.create(filename="all.csv", state="done", sample=[[1, [NAME, "600 98 76 54"]]])
    run.file.save("all.csv", ContentFile(f"name,phone\n{NAME},600 98 76 54;0034600987654\n".encode("cp1251")))
    ImportRow.objects.create(run=run, line=2, outcome="refused", reason=f"{EMAIL} is no address", cells=[NAME, EMAIL])
    shop = Connection.objects.create(name="Shop", adapter="shopify")
    Received.objects.create(
        connection=shop, call_key="1", body=b'{"email":"zenobia.quartz@EXAMPLE.com"}', received_at=NOW, state="applied"
    )
    program = Integration.objects.create(name="Till", source="till", token_hash="x", created_at=NOW, rotated_at=NOW)
    AnsweredCall.objects.create(
        integration=program, key="1", asked="x", status=200, body=json.dumps({"of": EMAIL}), at=NOW
    )
    Segment.objects.create(name="One", rules={"all": [{"kind": "address", "value": EMAIL}]})
    owner = User.objects.create_user("owner")
    kind = ContentType.objects.get_for_model(Contact)
    for pk, text in ((contact.pk, NAME), (999, f"{EMAIL} · note")):
        LogEntry.objects.create(
            user=owner, content_type=kind, object_id=str(pk), object_repr=text, action_flag=CHANGE, change_message=NAME
        )


def _of_channels(contact: Contact, delivery: Delivery) -> None:
    channel = delivery.channel
    form = Form.objects.create(name="Visit")
    score, words = (FormQuestion.objects.create(form=form, kind=kind) for kind in ("score_10", "text"))
    FormAnswer.objects.create(
        form=form, contact=contact, delivery=delivery, language="en", at=NOW,
        answers={
            score.key: {"value": 9, "label": "?", "said": "9", "n": 0},
            words.key: {"value": "I am Zenobia", "label": "?", "said": "I am Zenobia", "n": 1},
        },
    )  # fmt: skip
    Confirmation.objects.create(
        contact=contact, kind="email", address=EMAIL, fingerprint=fingerprint("email", EMAIL), source="page", language="en",
        ip="10.9.8.7", requested_at=NOW, asked_at=NOW, expires_at=NOW + timedelta(days=7), newcomer=True,
    )  # fmt: skip
    Invitation.objects.create(contact=contact, source="from staff", single_use=True)
    Conversation.objects.update_or_create(
        channel=channel, address=EMAIL, defaults={"contact": contact, "name": NAME, "wrote_at": NOW, "last_at": NOW}
    )
    call = InboundCall.objects.create(
        channel=channel, call_key="9", method="POST", url=f"https://x.example/?to={EMAIL.replace('@', '%40')}",
        body=b"To=%2B34600987654", received_at=NOW, state=InboundState.APPLIED,
    )  # fmt: skip
    DeliveryEvent.objects.create(
        delivery=delivery, contact=contact, channel=channel, fact="opened", at=NOW, recorded_at=NOW, call=call, grade="human",
        data={"ip": "10.9.8.7", "user_agent": "Zenobia's phone", "grade_reasons": ["proxy"]}, event_key=f"{EMAIL}:1",
    )  # fmt: skip
    hook = OutgoingHook.objects.create(name="CRM", url="https://crm.example/")
    HookCall.objects.create(
        hook=hook, topic="event", fact_id=1, payload={"email": EMAIL}, state="done", next_attempt=NOW, created_at=NOW
    )


def _of_cascades(contact: Contact, cascade: Cascade) -> None:
    segment = Segment.objects.create(name="Other", rules={})
    watch = SegmentWatch.objects.create(segment=segment, played=False)
    SegmentStay.objects.create(watch=watch, contact=contact, entered_after=NOW, entered_at=NOW)
    event = Event.objects.filter(contact=contact).latest("id")
    ToldDate.objects.create(
        cascade=cascade, contact=contact, event=event, about="Zenobia's day", known_at=NOW, read_at=NOW
    )
    cascade.refresh_from_db()
    assert cascade.version
    Launch.objects.create(
        cascade=cascade,
        version=cascade.version,
        start_at=NOW,
        created_at=NOW,
        state="cancelled",
        selection={"filter": {"search": EMAIL}},
    )


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
    assert {holding.model._meta.model_name for holding in privacy.holdings.all_holdings() if holding.shown} - {
        "suppression"
    } == set(data["holdings"])
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
