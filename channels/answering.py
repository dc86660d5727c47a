"""Staff answer people by the channel on which they wrote: whether they may, the answer into the outbox, and whose words they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from channels import freezing, sending
from channels.models import Conversation, Delivery, DeliveryEvent, Purpose
from channels.sending import Planned
from contacts import consent, kinds, reasons
from contacts.consent import Ask, Person
from contacts.models import Address, Business, Contact

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

AT_ONCE = timedelta(hours=1)  # who wrote so lately is awake and waits for an answer, whatever the clock says
WORTH = timedelta(days=2)  # an answer that cannot leave for so long is not sent any more
LONGEST = 4000  # characters, where the channel sets no limit of its own


class CannotAnswer(Exception):
    """The message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the person can be answered now. refused: why not, as a sentence, else ""; person: as the gate sees them; urgent: they wrote
    just now, so it may leave in quiet time; waits: when it would leave, as a sentence, if not at once; free_until: until then the channel
    allows free text, where it limits that; longest: characters."""

    refused: str = ""
    person: Person | None = None
    urgent: bool = False
    waits: str = ""
    free_until: datetime | None = None
    longest: int = LONGEST


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
        return Standing(refused, person, free_until=free_until)
    verdict = person.verdicts[ask]
    return Standing("", person, urgent, reasons.say(verdict.reason, verdict.params), free_until, longest)


def reply(
    conversation: Conversation, text: str, *, token: str, user: AbstractBaseUser | None, now: datetime
) -> Delivery | None:
    """Put an answer into the outbox; None if the one with this token is there already. `CannotAnswer` with a sentence if it must not go.

    token: minted with the page, so that a second click is the same answer. The answer goes through the same last look as everything else.
    """
    text = text.replace("\r\n", "\n").strip()
    with transaction.atomic():
        held = Conversation.objects.select_for_update(of=("self",), no_key=True).select_related("channel")
        locked = held.get(pk=conversation.pk)
        if Delivery.objects.filter(token=token).exists():
            return None
        allowed = standing(locked, now)
        if problem := allowed.refused or _wrong(text, allowed):
            raise CannotAnswer(problem)
        ids = sending.plan([_planned(locked, text, token, allowed, user, now)], now=now)
        mine = Conversation.objects.filter(pk=locked.pk)
        mine.update(last_at=now, open=True)
        if user is not None and locked.assigned_id is None:
            mine.update(assigned_id=user.pk)
    return Delivery.objects.get(pk=ids[token])


def _wrong(text: str, allowed: Standing) -> str:
    if not text:
        return _("Write an answer first.")
    if len(text) > allowed.longest:
        return _("An answer may have %(most)s characters here; this one has %(count)s.") % {
            "most": allowed.longest, "count": len(text),
        }  # fmt: skip
    return ""


def _ask(conversation: Conversation, *, urgent: bool) -> Ask:
    channel = conversation.channel
    return Ask(channel.kind, Purpose.TRANSACTIONAL.value, urgent, channel.is_sandbox, conversation.address)


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
