"""A chain with two branches: in each lives one person of whom everything is kept that the house can keep, and a third has no branch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group as StaffGroup
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from cascades import publishing
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, Launch, LaunchState, StepRun
from channels.models import (
    Confirmation,
    Conversation,
    Delivery,
    Form,
    FormAnswer,
    FormQuestion,
    Invitation,
    SandboxMessage,
)
from contacts import consent, territory, vouchers
from contacts.models import (
    Booking,
    Branch,
    ClassSession,
    Contact,
    Event,
    Group,
    ImportRun,
    Segment,
    SuppressionReason,
    VoucherOffer,
)  # fmt: skip
from contacts.vouchers import Want
from tests import factories
from tests.factories import NOW

# What a page would show of somebody, by which it gives them away.
MARKS = {
    "centro": ("Zoila", "zoila@", "34600000001"),
    "norte": ("Wanda", "wanda@", "34600000002"),
    "": ("Xenia", "xenia@", "34600000003"),
}
OTHERS = (*MARKS["norte"], *MARKS[""], "Norte")


@dataclass(frozen=True)
class House:
    """`theirs` belongs to the branch of whoever is limited, `other` to another one, `homeless` to none; `file` is an import of another."""

    theirs: Contact
    other: Contact
    homeless: Contact
    branch: Branch
    elsewhere: Branch
    cascade: Cascade
    group: Group
    segment: Segment
    form: Form
    offer: VoucherOffer
    file: ImportRun


def build() -> House:
    """Quickly: this is built for every test."""
    factories.make_business()
    centro, norte = (Branch.objects.create(name=name) for name in ("Centro", "Norte"))
    group, offer, form = factories.make_group("Regulars"), _offer(), _form()
    people = [_person(name, branch, group) for name, branch in (("centro", centro), ("norte", norte), ("", None))]
    message = factories.make_message(texts={("sms", "en"): "Hello {{ contact.first_name }}"})
    cascade = factories.make_cascade(steps=[{"channel": factories.make_channel("sms"), "message": message}])
    version = publishing.freeze(cascade, user=None, now=NOW)
    Cascade.objects.update(status=CascadeStatus.RUNNING)
    for one in people:
        _write_to(one, version)
        _keep(one, form)
    segment = Segment.objects.create(name="Everybody", rules=EVERYBODY)
    theirs, other, homeless = people
    file = ImportRun.objects.create(filename="Norte.csv", options={"branches": [norte.pk]})
    return House(theirs, other, homeless, centro, norte, cascade, group, segment, form, offer, file)


EVERYBODY = {"all": [{"kind": "city", "op": "is", "city": "Madrid"}]}


def sign_in(*branches: Branch, role: str = "Owner", name: str = "limited") -> Client:
    """A browser of somebody whose group gives them `role`, limited to these branches."""
    user = User.objects.create_user(name, password="x", is_staff=True)
    user.groups.add(StaffGroup.objects.get(name=role))
    territory.replace(user, branches)
    client = Client()
    client.force_login(user)
    return client


def rows(model: type[Model], house: House, contact: Contact) -> list[Any]:
    """The rows of a model that belong to a person, by the rules of the one place that says so."""
    if model is Contact:
        return [contact]
    marks = {house.theirs.pk: house.branch, house.other.pk: house.elsewhere}
    if (branch := marks.get(contact.pk)) is None:
        return []
    found = model._default_manager.filter(territory.within(model, (branch.pk,)))
    return [one for one in found if getattr(one, "contact_id", contact.pk) == contact.pk]


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """All that the house holds of people, to be compared with what it held before."""
    found = {}
    for label in ("contacts", "channels", "cascades"):
        for model in apps.get_app_config(label).get_models():
            found[model._meta.label] = list(model._default_manager.order_by("pk").values())
    return found


def changelist(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def _offer() -> VoucherOffer:
    return VoucherOffer.objects.create(slug="birthday", name="Birthday", gives="10 %")


def _form() -> Form:
    form = Form.objects.create(name="Visit", title={"en": "How was it?"})
    FormQuestion.objects.create(form=form, key="q", kind="score_10", labels={"en": "How was it?"})
    return form


def _person(name: str, branch: Branch | None, group: Group) -> Contact:
    first, email, phone = MARKS[name]
    return factories.make_contact(
        f"{first} Ruiz", email=f"{email}x.example", phone=f"+{phone}", groups=[group], branch=branch, city="Madrid",
        attributes={"seen_by": first},
    )  # fmt: skip


def _write_to(person: Contact, version: CascadeVersion) -> None:
    """A start for this person alone, and the message that it sent."""
    step = version.steps.select_related("channel", "message_version").get()
    assert step.message_version is not None
    branches = {"branches": [person.branch_id]} if person.branch_id else {}
    launch = Launch.objects.create(
        cascade=version.cascade, version=version, state=LaunchState.ENROLLED, start_at=NOW, created_at=NOW, audience=1,
        selection={"contacts": [person.pk], **branches},
    )  # fmt: skip
    way = Enrollment.objects.create(
        cascade=version.cascade, version=version, contact=person, launch=launch, occasion=launch.occasion, started_at=NOW,
        next_due_at=NOW + timedelta(days=3), max_until=NOW + timedelta(days=9),
    )  # fmt: skip
    address = person.addresses.get(kind="phone").normal
    delivery = Delivery.objects.create(
        contact=person, channel=step.channel, message_version=step.message_version, kind="sms", purpose="marketing", address=address,
        status="sent", sandbox=True, not_before=NOW, created_at=NOW, sending_at=NOW, sent_at=NOW, cost="0.05",
    )  # fmt: skip
    StepRun.objects.create(
        enrollment=way, step=step, step_key=step.key, decision="send", decided_at=NOW, delivery=delivery
    )
    SandboxMessage.objects.create(
        channel=step.channel, key=delivery.token, provider_id=delivery.token, kind="sms", to=address, sent_at=NOW,
        recipient_name=person.full_name, text=f"Hello {person.first_name}",
    )  # fmt: skip


def _keep(person: Contact, form: Form) -> None:
    """One row of everything, each with the person's name in it."""
    name, at = person.first_name, NOW - timedelta(days=1)
    Event.objects.create(
        contact=person, name="visit", at=at, recorded_at=at, data={"note": f"{name} came"}, handled_at=at
    )
    session = _session(person, NOW + timedelta(days=1))
    Booking.objects.create(
        contact=person, session=session, title=f"Cut for {name}", starts_at=session.starts_at, zone="Europe/Madrid",
        branch=person.branch, created_at=at, updated_at=at,
    )  # fmt: skip
    hands = vouchers.Vouchers(factories.make_business())
    hands.make([Want("birthday", person.pk, "way:1")], NOW)
    address = person.addresses.get(kind="phone")
    consent.suppress(
        kind="phone", normal=address.normal, channel="sms", scope="marketing", reason=SuppressionReason.STAFF.value, source=name, now=NOW,
    )  # fmt: skip
    Invitation.objects.create(source=f"for {name}", contact=person, single_use=True)
    Confirmation.objects.create(
        contact=person, kind="email", address=f"{name}@x.example", fingerprint=name, source=f"page of {name}", language="en",
        requested_at=at, asked_at=at, expires_at=NOW,
    )  # fmt: skip
    delivery = Delivery.objects.get(contact=person)
    Conversation.objects.create(
        channel=delivery.channel, address=delivery.address, contact=person, name=name, open=True, heard=1, wrote_at=at, last_at=at,
    )  # fmt: skip
    FormAnswer.objects.create(
        form=form, contact=person, language="en", at=at, delivery=delivery,
        answers={"q": {"value": 9, "label": "How was it?", "said": f"9 says {name}", "n": 0}},
    )  # fmt: skip


def _session(person: Contact, starts: datetime) -> ClassSession:
    title = f"Yoga with {person.first_name}"
    return ClassSession.objects.create(
        title=title, starts_at=starts, zone="Europe/Madrid", branch=person.branch, created_at=NOW
    )
