"""Staff answer people by the channel on which they wrote: whether they may, the answer into the outbox, and whose words they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels import freezing, liquid, rendering, sending
from channels.models import Conversation, Delivery, DeliveryEvent, MessageVariant, Purpose
from channels.sending import Planned
from contacts import consent, kinds, reasons
from contacts.consent import Ask, Person
from contacts.models import Address, Business, Contact

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

AT_ONCE = timedelta(hours=1)  # who wrote so lately is awake and waits for an answer, whatever the clock says
WORTH = timedelta(days=2)  # an answer that cannot leave for so long is not sent any more
LONGEST_PLACE = 500  # characters in one place of a template
LONGEST = 4000  # characters, where the channel sets no limit of its own


class CannotAnswer(Exception):
    """The message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the person can be answered now. refused: why not, as a sentence, else ""; person: as the gate sees them; urgent: they wrote
    just now, so it may leave in quiet time; waits: when it would leave, as a sentence, if not at once; free_until: until then the channel
    allows free text, where it limits that; template_only: from here on an approved template goes and nothing else; longest: characters."""

    refused: str = ""
    person: Person | None = None
    urgent: bool = False
    waits: str = ""
    free_until: datetime | None = None
    template_only: bool = False
    longest: int = LONGEST


@dataclass(frozen=True, slots=True)
class Approved:
    """An approved text for one person. places: what would stand in each of them, "" where that is not known; text: as staff wrote it."""

    variant: MessageVariant
    places: Mapping[str, str]
    text: str


def standing(conversation: Conversation, now: datetime) -> Standing:
    """What holds for an answer written now: the gate's word, and the channel's own limits. Its channel must have been read with it."""
    try:
        window = conversation.channel.carrier.window.get(conversation.channel.kind)
        longest = kinds.get(conversation.channel.kind).longest or LONGEST
    except LookupError:
        return Standing(_("The channel is no longer installed."))
    if conversation.contact_id is None:
        return Standing(_("First say who this is: choose a contact, or make a new one."))
    urgent = now - conversation.wrote_at <= AT_ONCE
    ask = _ask(conversation, urgent=urgent)
    people = consent.gate([conversation.contact_id], [ask], now=now, business=Business.current())
    person = people.get(conversation.contact_id)
    if person is None or not person.verdicts[ask].ok:
        verdict = person.verdicts[ask] if person else None
        said = reasons.say(verdict.reason, verdict.params) if verdict else reasons.say("contact_gone")
        return Standing(said, person)
    free_until = conversation.wrote_at + window if window else None
    if free_until and free_until <= now:
        refused = _("They last wrote too long ago: from here on the provider takes nothing but an approved template.")
        return Standing(refused, person, free_until=free_until, template_only=True)
    verdict = person.verdicts[ask]
    return Standing("", person, urgent, reasons.say(verdict.reason, verdict.params), free_until, longest=longest)


def reply(
    conversation: Conversation, text: str, *, token: str, user: AbstractBaseUser | None, now: datetime
) -> Delivery | None:
    """Put an answer into the outbox; None if the one with this token is there already. `CannotAnswer` with a sentence if it must not go.

    token: minted with the page, so that a second click is the same answer. The answer goes through the same last look as everything else.
    """
    text = text.replace("\r\n", "\n").strip()
    with transaction.atomic():
        locked = _locked(conversation)
        if Delivery.objects.filter(token=token).exists():
            return None
        allowed = standing(locked, now)
        if problem := allowed.refused or _wrong(text, allowed):
            raise CannotAnswer(problem)
        return _out(locked, _planned(locked, text, token, allowed, user, now), user, now)


def templates(conversation: Conversation, person: Person) -> list[MessageVariant]:
    """The approved texts that staff have entered with their messages for this kind of channel, those in the person's language first."""
    found = MessageVariant.objects.filter(kind=conversation.channel.kind, message__system="").exclude(template="")
    known = found.select_related("message").order_by("message__name", "language")
    return sorted(known, key=lambda one: one.language != person.language.split("-", maxsplit=1)[0])


def approved(variant: MessageVariant, person: Person) -> Approved:
    """What the approved text says to this person, as far as their details go."""
    context = rendering.context_for(person, {})
    places = {place: _filled(source, context) for place, source in variant.template_values.items()}
    return Approved(variant, places, _filled(variant.body, context) or variant.message.name)


def send_template(
    conversation: Conversation, chosen: MessageVariant, places: Mapping[str, str], *, token: str, user: AbstractBaseUser | None,
    now: datetime,
) -> Delivery | None:  # fmt: skip
    """Put an approved template into the outbox, for somebody to whom nothing else may go now; as `reply` in all else.

    places: what stands in each. A template of a marketing message needs their consent to marketing.
    """
    filled = {place: " ".join(places.get(place, "").split()) for place in chosen.template_values}
    with transaction.atomic():
        locked = _locked(conversation)
        if Delivery.objects.filter(token=token).exists():
            return None
        allowed = standing(locked, now)
        if problem := _objection(locked, allowed, chosen, filled, now):
            raise CannotAnswer(problem)
        assert allowed.person is not None
        frame = freezing.template_frame(chosen, now=now)
        said = {"reply": approved(chosen, allowed.person).text, "places": filled, "template": chosen.message.name}
        made = _planned(locked, "", token, allowed, user, now)
        planned = replace(
            made, message_version_id=frame.pk, purpose=chosen.message.purpose, context={**made.context, **said}, valid_until=now + WORTH
        )  # fmt: skip
        return _out(locked, planned, user, now)


def _objection(
    conversation: Conversation, allowed: Standing, chosen: MessageVariant, filled: Mapping[str, str], now: datetime
) -> str:
    if not allowed.template_only:
        return allowed.refused or _("They have written meanwhile: answer them in your own words.")
    if empty := [place for place, value in filled.items() if not value]:
        return _("Write what stands at %(places)s.") % {"places": ", ".join(empty)}
    if any(len(value) > LONGEST_PLACE for value in filled.values()):
        return _("At most %(most)s characters can stand in one place.") % {"most": LONGEST_PLACE}
    ask = _ask(conversation, urgent=False, purpose=chosen.message.purpose)
    people = consent.gate([conversation.contact_id or 0], [ask], now=now, business=Business.current())
    verdict = people[conversation.contact_id or 0].verdicts[ask]
    return "" if verdict.ok else reasons.say(verdict.reason, verdict.params)


def _filled(source: str, context: Mapping[str, Any]) -> str:
    try:
        return liquid.render(source, context, escape=False).strip()
    except (liquid.MissingField, liquid.BadTemplate):
        return ""


def _locked(conversation: Conversation) -> Conversation:
    held = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("channel")
    return held.get(pk=conversation.pk)


def _out(conversation: Conversation, planned: Planned, user: AbstractBaseUser | None, now: datetime) -> Delivery:
    """Into the outbox; whoever answers first has the conversation in hand."""
    ids = sending.plan([planned], now=now)
    mine = Conversation.objects.filter(pk=conversation.pk)
    mine.update(last_at=now, open=True)
    if user is not None and conversation.assigned_id is None:
        mine.update(assigned_id=user.pk)
    return Delivery.objects.get(pk=ids[planned.token])


def _wrong(text: str, allowed: Standing) -> str:
    if not text:
        return _("Write an answer first.")
    if len(text) > allowed.longest:
        return _("An answer may have %(most)s characters here; this one has %(count)s.") % {
            "most": allowed.longest, "count": len(text),
        }  # fmt: skip
    return ""


def _ask(conversation: Conversation, *, urgent: bool, purpose: str = Purpose.TRANSACTIONAL.value) -> Ask:
    channel = conversation.channel
    return Ask(channel.kind, purpose, urgent, channel.is_sandbox, conversation.address)


def _planned(
    conversation: Conversation, text: str, token: str, allowed: Standing, user: AbstractBaseUser | None, now: datetime
) -> Planned:
    channel = conversation.channel
    assert allowed.person is not None
    valid_until = min(now + WORTH, allowed.free_until) if allowed.free_until else now + WORTH
    title = f"Re: {subject}" if (subject := _last_subject(conversation)) else Business.current().name
    by = user.get_username() if user is not None else ""
    return Planned(
        token=token, contact_id=allowed.person.contact_id, channel_id=channel.pk,
        message_version_id=freezing.reply_frame(channel.kind, now=now).pk, kind=channel.kind, purpose=Purpose.TRANSACTIONAL.value,
        urgent=allowed.urgent, sandbox=channel.is_sandbox, context={"reply": text, "title": title, "by": by},
        address=conversation.address, pinned=True, language=allowed.person.language, not_before=now, valid_until=valid_until,
    )  # fmt: skip


def _last_subject(conversation: Conversation) -> str:
    if conversation.contact_id is None or not kinds.get(conversation.channel.kind).rich:
        return ""
    theirs = Delivery.objects.filter(contact_id=conversation.contact_id, channel=conversation.channel)
    last = theirs.exclude(subject="").order_by("-id").values_list("subject", flat=True).first() or ""
    return last.removeprefix("Re: ")


def tie(conversation: Conversation, contact: Contact, *, now: datetime) -> None:
    """From now on it is this contact who writes: they get the address, and what was said so far stands in their story."""
    kind = conversation.channel.address_kind
    with transaction.atomic():
        Address.objects.get_or_create(
            contact=contact, kind=kind, normal=conversation.address,
            defaults={"value": conversation.address, "position": contact.addresses.filter(kind=kind).count(), "created_at": now},
        )  # fmt: skip
        contact.save(update_fields=["search", "updated_at"])
        Conversation.objects.filter(pk=conversation.pk).update(contact=contact)
        DeliveryEvent.objects.filter(conversation=conversation, contact=None).update(contact=contact)
    conversation.contact = contact


def meet(conversation: Conversation, *, first_name: str, last_name: str, now: datetime) -> Contact:
    """A new contact for somebody whom nobody knew; consent is theirs to give."""
    with transaction.atomic():
        contact = Contact.objects.create(first_name=first_name, last_name=last_name)
        tie(conversation, contact, now=now)
    return contact


def owner(conversation: Conversation) -> Contact | None:
    """Whose conversation it is: the contact tied to it, else the one who has got the address since."""
    if conversation.contact_id is not None:
        return conversation.contact
    kind = conversation.channel.address_kind
    holders = Contact.objects.filter(addresses__kind=kind, addresses__normal=conversation.address)
    return holders.order_by("pk").first()


def read(conversation: Conversation) -> None:
    """Everything that was heard until the conversation was fetched has been read."""
    mine = Conversation.objects.filter(pk=conversation.pk, read__lt=conversation.heard)
    mine.update(read=conversation.heard)


def close(conversation: Conversation, *, heard: int) -> bool:
    """It needs no more answer; False if more was said than the `heard` that staff had before their eyes."""
    return bool(Conversation.objects.filter(pk=conversation.pk, heard__lte=heard).update(open=False, read=F("heard")))


def reopen(conversation: Conversation) -> None:
    """It waits for an answer again."""
    Conversation.objects.filter(pk=conversation.pk).update(open=True)


def assign(conversation: Conversation, user_id: int | None) -> None:
    """Whose hands it is in; None for nobody's."""
    Conversation.objects.filter(pk=conversation.pk).update(assigned_id=user_id)
