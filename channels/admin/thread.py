"""What the page of a conversation shows: all that was said, in bubbles, with what became of ours; and whether one may answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from channels import answering, facts, rendering
from channels.admin.wording import FACTS, TONES, why
from channels.answering import Standing
from channels.models import Conversation, Delivery, DeliveryEvent, DeliveryStatus, Grade, MessageVersion
from channels.rendering import Frame, Rendered
from channels.transport import Fact
from contacts import kinds, territory
from contacts.consent import Person
from contacts.models import Address, Business, Retention
from contacts.privacy import retention

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from contacts.models import Contact

HEARD, SENT = 200, 40  # lines shown, the newest


@dataclass(frozen=True, slots=True)
class Line:
    """One bubble. mine: from the shop; note: something happened and nobody said a word; pressed: a button; state, tone, why: what became
    of ours; by: who of the staff wrote it; title: what it is called; buttons: what could be pressed beneath it; places: what stood in
    the approved template that left in place of the text."""

    at: datetime
    text: StrOrPromise
    mine: bool = False
    note: bool = False
    pressed: bool = False
    state: str = ""
    tone: str = ""
    why: str = ""
    by: str = ""
    title: str = ""
    url: str = ""
    buttons: tuple[str, ...] = ()
    places: str = ""


@dataclass(frozen=True, slots=True)
class Thread:
    """The whole page. contact_url: "" for those who may not see contacts."""

    conversation: Conversation
    contact: Contact | None
    standing: Standing
    lines: list[Line]
    kind: StrOrPromise
    address: str


def thread(conversation: Conversation, now: datetime, mine: territory.Territory = None) -> Thread:
    """A bounded number of statements, however much was said. mine: the branches whose people may be shown."""
    standing = answering.standing(conversation, now)
    lines = [*_heard(conversation, now), *_sent(conversation, standing.person, now, mine)]
    lines.reverse()  # each came newest first
    lines.sort(key=lambda line: (line.at, not line.mine))  # of one instant, our message before what was said to it
    channel = conversation.channel
    try:
        shown = kinds.get(channel.kind).show(conversation.address)
    except LookupError:
        shown = conversation.address
    return Thread(
        conversation, conversation.contact, standing, lines, kinds.label(channel.kind), shown
    )  # fmt: skip


def _heard(conversation: Conversation, now: datetime) -> Iterator[Line]:
    kept = Retention.current()
    events = DeliveryEvent.objects.filter(conversation=conversation).order_by("-id")
    for event in events[:HEARD]:
        if event.fact == Fact.REPLIED:
            text = event.text or retention.gone(event.recorded_at, kept, now) or _("(no text)")
            yield Line(event.at, text, pressed=bool(event.data.get("choice")))
        else:
            yield Line(event.at, FACTS[event.fact][0] if event.fact in FACTS else event.fact, note=True)


def _sent(
    conversation: Conversation, person: Person | None, now: datetime, mine: territory.Territory
) -> Iterator[Line]:
    """Everything of ours to this address on this channel, to whomever of a family it was meant."""
    holders = Address.objects.filter(kind=conversation.channel.address_kind, normal=conversation.address)
    people = set(holders.values_list("contact_id", flat=True))
    if conversation.contact_id is not None:
        people.add(conversation.contact_id)
    found = Delivery.objects.filter(contact_id__in=people, channel=conversation.channel, address=conversation.address)
    found = found.filter(territory.within(Delivery, mine))
    found = found.select_related("channel", "message_version__message").defer("message_version__content")
    deliveries = list(found.order_by("-id")[:SENT])
    versions = MessageVersion.objects.filter(pk__in={one.message_version_id for one in deliveries if not one.pinned})
    contents: dict[int, Any] = dict(versions.values_list("pk", "content"))
    business, left = Business.current(), _left(deliveries)
    for delivery in deliveries:
        delivery.address_is_proven = business.address_is_proven  # type: ignore[attr-defined]  # see `wording.why`
        made = _rendered(delivery, contents, person, business)
        yield _ours(delivery, made, left.get(delivery.pk), now)


def _left(deliveries: Sequence[Delivery]) -> dict[int, DeliveryEvent]:
    """What really left: the words as they were sent, or what stood in the template; nothing for mails and for what has not left yet."""
    sent = DeliveryEvent.objects.filter(delivery__in=deliveries, fact__in=(Fact.SENT, facts.UNKNOWN)).exclude(text="")
    return {event.delivery_id or 0: event for event in sent.order_by("id")}


def _ours(delivery: Delivery, made: Rendered | None, left: DeliveryEvent | None, now: datetime) -> Line:
    context, own = delivery.context, delivery.message_version.message.name
    name = str(context.get("template", "")) if delivery.pinned else own
    written = str(context.get("reply", "")) or delivery.subject or (made.text if made else "")
    text = own if delivery.unconfirmed else left.text if left else written
    places = (left.data.get("places") if left else context.get("places")) or {}
    state, tone = _state(delivery)
    return Line(
        delivery.sending_at or delivery.created_at, text or own, mine=True, state=state, tone=tone, why=why(delivery, now),
        by=str(context.get("by", "")) if delivery.pinned else "", title=name, url=_link(delivery),
        buttons=tuple(button.label for button in made.buttons) if made else (),
        places=" · ".join(f"{place}: {value}" for place, value in places.items()),
    )  # fmt: skip


def _state(delivery: Delivery) -> tuple[str, str]:
    arrived = delivery.status in (DeliveryStatus.SENT, DeliveryStatus.DELIVERED)
    if arrived and delivery.opened_at and delivery.opened_grade == Grade.HUMAN:
        return _("read"), "success"
    return delivery.get_status_display(), TONES[DeliveryStatus(delivery.status)]


def _rendered(
    delivery: Delivery, contents: dict[int, Any], person: Person | None, business: Business
) -> Rendered | None:
    """A message of a cascade as this person reads it; None where its text cannot be made any more, or is a mail."""
    content = contents.get(delivery.message_version_id, [])
    variant = rendering.choose(content, delivery.kind, delivery.language, business.language)
    if variant is None or person is None or person.contact_id != delivery.contact_id or variant["html"]:
        return None
    try:
        context = rendering.context_for(person, delivery.context)
        return rendering.render(variant, context, Frame("", "", delivery.purpose))
    except Exception:  # noqa: BLE001 - it is shown by its name instead
        return None


def _link(delivery: Delivery) -> str:
    try:
        return reverse("admin:channels_delivery_change", args=[delivery.pk])
    except NoReverseMatch:
        return ""
