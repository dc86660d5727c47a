"""What this room moves when two contacts are made one: messages, answers, conversations. Nothing that a worker has in its hands."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from channels.models import (
    Confirmation,
    Conversation,
    Delivery,
    DeliveryEvent,
    DeliveryStatus,
    FormAnswer,
    Invitation,
)
from channels.models.delivery import OPEN
from contacts.bulk import Among
from contacts.merging import Moved, Pair, Part, register, tables

_MODELS = frozenset({Confirmation, Conversation, Delivery, DeliveryEvent, FormAnswer, Invitation})


def ready(pair: Pair) -> list[str]:
    """Locks what waits in the outbox. A message that a worker has in hand, or that a provider is being given, is left to end first: what it
    says of itself would be lost otherwise."""
    events = DeliveryEvent.objects.filter(Among("contact_id", pair.ids), handled_at=None)
    list(events.order_by("pk").select_for_update(of=("self",)))
    waiting = (
        Delivery.objects.filter(Among("contact_id", pair.ids), status__in=OPEN)
        .order_by("pk")
        .select_for_update(of=("self",))
    )
    held = [one for one in waiting if one.status == DeliveryStatus.SENDING or _in_hand(one, pair.now)]
    return [_("A message to one of them is just being sent. Try again in a moment.")] if held else []


def _in_hand(delivery: Delivery, now: datetime) -> bool:
    return delivery.claim_token is not None and delivery.lease_until is not None and delivery.lease_until > now


def settle(pair: Pair) -> Moved:
    """Nobody is a newcomer any more, who would go again if they confirm nothing; and of two links to join, both work."""
    both = Q(contact__in=pair.ids)
    newcomers = list(Confirmation.objects.filter(both, newcomer=True).values_list("pk", flat=True))
    Confirmation.objects.filter(pk__in=newcomers).update(newcomer=False)
    live = Q(by_message=True, active=True, used_at=None)
    theirs = set(Invitation.objects.filter(live, contact=pair.kept.pk).values_list("channel_id", flat=True))
    clash = [one.pk for one in Invitation.objects.filter(live, contact=pair.gone.pk) if one.channel_id in theirs]
    Invitation.objects.filter(pk__in=clash).update(by_message=False)
    return {"newcomers": newcomers, "invitations": clash}


def restore(pair: Pair, moved: Moved) -> None:
    """Also the news that came since of messages that are the other's again."""
    Confirmation.objects.filter(pk__in=moved["newcomers"], confirmed_at=None).update(newcomer=True)
    Invitation.objects.filter(pk__in=moved["invitations"], used_at=None).update(by_message=True)
    theirs = Delivery.objects.filter(contact=pair.gone.pk).values("pk")
    DeliveryEvent.objects.filter(contact=pair.kept.pk, delivery__in=theirs).update(contact=pair.gone.pk)


def since(kept_id: int, moved: Moved) -> list[str]:
    newest, found = moved["newest"], []
    if tables.came_since(Delivery, kept_id, newest).exists():
        found.append(_("A message to them was planned or sent since."))
    wrote = tables.came_since(DeliveryEvent, kept_id, newest).filter(fact__in=["replied", "stopped", "inbound"])
    if wrote.exists() or tables.came_since(FormAnswer, kept_id, newest).exists():
        found.append(_("They wrote or answered something since."))
    sent = Delivery.objects.filter(pk__in=moved["rows"].get("channels.delivery.contact", []))
    if sent.filter(sending_at__gt=datetime.fromisoformat(moved["at"])).exists():
        found.append(_("A message that waited then was sent since."))
    return found


PART = Part("channels", _MODELS, ready=ready, settle=settle, restore=restore, since=since)


def connect() -> None:
    """Called once, when the room is ready."""
    register(PART)
