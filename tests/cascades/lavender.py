"""Somebody of whom a row stands in every table that can hold one, and the search for what is left of her."""

from __future__ import annotations

import json
from datetime import date, timedelta

from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile

from cascades.models import Cascade, Launch, SegmentStay, SegmentWatch, ToldDate
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
)
from channels.transport import Fact
from contacts import bookings, events
from contacts.models import (
    AnsweredCall,
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
    Voucher,
    VoucherOffer,
)
from contacts.models.contact import fingerprint
from tests.cascades.story import Story
from tests.factories import NOW, email_then_sms, make_contact, make_group

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
