"""The salon itself: its row, its people with their consent, its channels, messages and cascades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from cascades.demo.people import Customer, customers
from cascades.demo.texts import AUTUMN, MOVED, SPRING, Text
from cascades.models import Cascade, Seen, Step, WaitFrom
from channels.models import Channel, Message, MessageVariant, PriceUnit
from contacts import bulk, consent
from contacts.models import Address, Basis, Business, Contact, Group, Membership
from contacts.models.contact import fingerprint


@dataclass(frozen=True, slots=True)
class Shop:
    """What the story is told with."""

    everyone: Group
    regulars: Group
    email: Channel
    slow_email: Channel
    sms: Channel
    autumn: Message
    moved: Message
    season: Message


def build(now: datetime, public_address: str) -> Shop:
    """Write the salon down. Its people were there for half a year, so that their consent is older than what was sent to them."""
    long_ago = now - timedelta(days=180)
    _business(public_address)
    everyone = Group.objects.create(name=_("All customers"))
    regulars = Group.objects.create(name=_("Regulars"), description=_("Come at least once in two months"))
    _people(list(customers()), everyone, regulars, long_ago)
    email, slow_email, sms = _channels()
    messages = [_message(text) for text in (AUTUMN, MOVED, SPRING)]
    return Shop(everyone, regulars, email, slow_email, sms, *messages)


def _business(public_address: str) -> None:
    shop = Business.current()
    shop.name, shop.country, shop.time_zone, shop.currency = "Salon Aurora", "ES", "Europe/Madrid", "EUR"
    shop.language, shop.postal_address = settings.LANGUAGE_CODE, "Calle Mayor 1, 28013 Madrid"
    shop.website, shop.colour, shop.public_address = "https://aurora.example", "#7c3aed", public_address
    shop.save()


def _channels() -> tuple[Channel, Channel, Channel]:
    sender: dict[str, Any] = {"sender_name": "Salon Aurora", "transport": "sandbox"}
    mail = {**sender, "kind": "email", "sender_address": "hello@aurora.example"}
    return (
        Channel.objects.create(name=_("Email"), position=1, rate=50, price=Decimal("0.0005"), **mail),
        Channel.objects.create(name=_("Email, unhurried"), position=2, rate=1.5, price=Decimal("0.0005"), **mail),
        Channel.objects.create(
            name=_("SMS"), position=3, rate=10, price=Decimal("0.06"), price_unit=PriceUnit.SEGMENT, kind="sms",
            sender_address="Aurora", **sender,
        ),
    )  # fmt: skip


def _people(found: list[Customer], everyone: Group, regulars: Group, since: datetime) -> None:
    columns = [
        "external_id", "first_name", "last_name", "language", "time_zone", "city", "notes", "birth_date", "attributes", "search",
        "created_at", "updated_at",
    ]  # fmt: skip
    rows = [
        (
            c.number,
            c.first_name,
            c.last_name,
            c.language,
            "",
            c.city,
            "",
            c.birth_date,
            {"stylist": c.stylist},
            _search(c),
            since,
            since,
        )
        for c in found
    ]
    ids = dict(bulk.insert(Contact, columns, rows, returning=["external_id", "id"]))
    addresses = [
        (ids[c.number], kind, value) for c in found for kind, value in (("email", c.email), ("phone", c.phone)) if value
    ]
    bulk.insert(
        Address,
        [
            "contact_id",
            "kind",
            "value",
            "normal",
            "fingerprint",
            "validity",
            "invalid_reason",
            "bad_hits",
            "position",
            "created_at",
        ],
        [(pk, kind, value, value, fingerprint(kind, value), "ok", "", 0, 0, since) for pk, kind, value in addresses],
    )
    members = [(everyone.pk, ids[c.number], since) for c in found] + [
        (regulars.pk, ids[c.number], since) for c in found if c.regular
    ]
    bulk.insert(Membership, ["group_id", "contact_id", "added_at"], members)
    consent.record(_consents(found, ids, since), now=since)


def _search(customer: Customer) -> str:
    contact = Contact(
        first_name=customer.first_name, last_name=customer.last_name, city=customer.city, external_id=customer.number
    )
    return contact.search_text(value for value in (customer.email, customer.phone) if value)


def _consents(found: Iterable[Customer], ids: dict[str, int], since: datetime) -> list[consent.Line]:
    wording = _("I would like to receive news and offers from Salon Aurora.")
    return [
        consent.Line(
            contact_id=ids[customer.number], kind=kind, purpose="marketing", given=True, basis=Basis.EXPRESS,
            source=_("form at the counter"), wording=wording, language=customer.language, at=since,
        )
        for customer in found
        for kind in customer.consent
    ]  # fmt: skip


def _message(text: Text) -> Message:
    message = Message.objects.create(name=str(text.name), purpose=text.purpose, urgent=text.urgent)
    for kind, bodies in (("email", text.emails), ("sms", text.sms)):
        for language, body in bodies.items():
            subject = text.subjects[language] if kind == "email" else ""
            MessageVariant.objects.create(message=message, kind=kind, language=language, subject=subject, body=body)
    return message


def cascade(name: str, message: Message, email: Channel, sms: Channel, *, wait: timedelta) -> Cascade:
    """Email to all who have one, SMS to those who did not open: the cascade that everyone starts with."""
    made = Cascade.objects.create(name=name, goal=["order", "visit"], final_wait=timedelta(days=1), campaign="")
    Step.objects.create(cascade=made, position=0, channel=email, message=message, seen=Seen.OPENED)
    Step.objects.create(
        cascade=made, position=1, channel=sms, message=message, seen=Seen.CLICKED, wait=wait, wait_from=WaitFrom.SENT
    )
    return made
