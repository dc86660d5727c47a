"""Whose the rows of this room are: which branch a message, an answer or an invitation belongs to."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from channels.models import Delivery
from contacts import territory

OF_PEOPLE = ("Delivery", "Confirmation", "Conversation", "FormAnswer")


def register() -> None:
    """Called once, when the room is ready."""
    for theirs in OF_PEOPLE:
        territory.register(f"channels.{theirs}", "contact__branch")
    territory.register("channels.SandboxMessage", _in_sandbox)
    territory.register("channels.Invitation", _invited)
    territory.shared("channels.Channel", "channels.Form", "channels.Message", "channels.Site")


def _in_sandbox(branches: Collection[int]) -> Q:
    """By the delivery; a test message without one belongs to nobody's branch."""
    theirs = Delivery.objects.filter(contact__branch__in=branches)
    return Q(key__in=theirs.order_by().values("token"))


def _invited(branches: Collection[int]) -> Q:
    """What hangs at the counter is for everybody; what is for one person is theirs."""
    return Q(contact=None) | Q(contact__branch__in=branches)
