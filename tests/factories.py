"""What tests stand on: a business, people, channels, messages and cascades, each with sensible defaults and every field open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

from cascades.models import Cascade, Seen, Step, WaitFrom
from channels.models import Channel, Message, MessageVariant
from contacts import kinds
from contacts.models import Address, Basis, Business, Consent, Contact, Group, Membership
from contacts.models.contact import fingerprint

# A Sunday noon in winter, far from any quiet hour.
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def make_business(**fields: Any) -> Business:
    """The one row with its rules: a salon in Madrid, with quiet hours that never bite unless asked for, and no cap."""
    values = {
        "name": "Salon Aurora", "country": "ES", "language": "en", "time_zone": "Europe/Madrid", "currency": "EUR",
        "postal_address": "Calle Mayor 1, Madrid", "quiet_from": time(0), "quiet_until": time(0), "cap_messages": None,
        "public_address": "http://127.0.0.1:8000", **fields,
    }  # fmt: skip
    Business.objects.update_or_create(pk=1, defaults=values)
    return Business.current()


def make_contact(
    name: str = "Ana Ruiz",
    *,
    email: str = "",
    phone: str = "",
    consent: Iterable[str] = ("email", "sms"),
    tracking: bool = False,
    groups: Sequence[Group] = (),
    **fields: Any,
) -> Contact:
    """A person; `phone` in E.164. Marketing consent for the given kinds, tracking consent for email when asked."""
    first, _, last = name.partition(" ")
    contact = Contact(first_name=first, last_name=last, **fields)
    normals = [value for value in (email, phone) if value]
    contact.search = contact.search_text(normals)
    Contact.objects.bulk_create([contact])
    Address.objects.bulk_create(
        Address(contact=contact, kind=kind, value=value, normal=value, fingerprint=fingerprint(kind, value))
        for kind, value in (("email", email), ("phone", phone))
        if value
    )
    lines = [(kind, "marketing") for kind in consent] + ([("email", "tracking")] if tracking else [])
    Consent.objects.bulk_create(
        Consent(
            contact=contact, kind=kind, purpose=purpose, given=True, basis=Basis.EXPRESS, source="test",
            at=NOW - timedelta(days=30), recorded_at=NOW - timedelta(days=30), handled_at=NOW - timedelta(days=30),
        ) for kind, purpose in lines
    )  # fmt: skip
    for group in groups:
        Membership.objects.create(contact=contact, group=group)
    return contact


def make_group(name: str = "Regulars", contacts: Iterable[Contact] = ()) -> Group:
    group = Group.objects.get_or_create(name=name)[0]
    for contact in contacts:
        Membership.objects.get_or_create(contact=contact, group=group)
    return group


def make_channel(kind: str = "email", transport: str = "sandbox", **fields: Any) -> Channel:
    """An account; in the sandbox unless said otherwise, fast enough never to be the reason for waiting."""
    values = {
        "name": f"{kind} {transport}", "rate": 10_000.0, "sender_name": "Salon Aurora",
        "sender_address": "hello@aurora.example" if kind == "email" else "+34600000000", **fields,
    }  # fmt: skip
    return Channel.objects.create(kind=kind, transport=transport, **values)


def make_message(
    name: str = "Offer",
    texts: dict[tuple[str, str], str] | None = None,
    *,
    subject: str = "News from {{ business.name }}",
    **fields: Any,
) -> Message:
    """A message with one variant per (kind, language); by default English email and SMS that greet by name."""
    message = Message.objects.create(name=name, **fields)
    default = {
        (
            "email",
            "en",
        ): '<p>Hello {{ contact.first_name | default: "there" }}, <a href="https://shop.example/offer">see</a></p>',
        ("sms", "en"): "Hello {{ contact.first_name | default: 'there' }}, see https://shop.example/offer",
    }
    for (kind, language), body in (texts or default).items():
        title = subject if kinds.get(kind).rich else ""
        MessageVariant.objects.create(message=message, kind=kind, language=language, subject=title, body=body)
    return message


def make_cascade(name: str = "Announcement", steps: Sequence[dict[str, Any]] = (), **fields: Any) -> Cascade:
    """A draft; each step needs `channel` and `message`, everything else has the model's default."""
    cascade = Cascade.objects.create(name=name, **fields)
    for position, step in enumerate(steps):
        Step.objects.create(cascade=cascade, position=position, **step)
    return cascade


def email_then_sms(message: Message | None = None, **fields: Any) -> Cascade:
    """The shape of most tests: email at once, SMS four hours later to those who did not open."""
    message = message or make_message()
    return make_cascade(
        steps=[
            {"channel": make_channel("email"), "message": message, "seen": Seen.OPENED},
            {
                "channel": make_channel("sms", price="0.05", price_unit="segment"), "message": message, "seen": Seen.CLICKED,
                "wait": timedelta(hours=4), "wait_from": WaitFrom.SENT,
            },
        ],
        **fields,
    )  # fmt: skip
