"""States and facts in the words of staff."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from channels import facts
from channels.models import DeliveryEvent, DeliveryStatus
from channels.reasons import said_of_grade
from channels.transport import Fact
from contacts import reasons
from contacts.timeline import Entry

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_SAID = 300  # characters of what was said, beside what happened

TONES = {
    DeliveryStatus.QUEUED: "info", DeliveryStatus.SENDING: "info", DeliveryStatus.SENT: "success", DeliveryStatus.DELIVERED: "success",
    DeliveryStatus.FAILED: "danger", DeliveryStatus.BOUNCED: "danger", DeliveryStatus.CANCELLED: "warning",
    DeliveryStatus.EXPIRED: "warning", DeliveryStatus.UNKNOWN: "warning",
}  # fmt: skip

FACTS: dict[str, tuple[StrOrPromise, str]] = {
    Fact.ACCEPTED: (_("The provider took it."), "neutral"),
    Fact.SENT: (_("It was sent."), "good"),
    Fact.DELIVERED: (_("It was delivered."), "good"),
    Fact.DEFERRED: (_("It could not be taken or delivered yet; it is tried again."), "wait"),
    Fact.FAILED: (_("It did not arrive."), "bad"),
    Fact.BOUNCED: (_("It came back: the address does not exist."), "bad"),
    Fact.EXPIRED: (_("It was too late."), "bad"),
    Fact.OPENED: (_("It was opened."), "good"),
    Fact.READ: (_("It was read."), "good"),
    Fact.CLICKED: (_("A link in it was clicked."), "good"),
    Fact.REPLIED: (_("The person answered."), "good"),
    Fact.CLOSED: (_("The notification was dismissed."), "neutral"),
    Fact.UNSUBSCRIBED: (_("The person wants no more marketing here."), "bad"),
    Fact.STOPPED: (_("The person answered STOP."), "bad"),
    Fact.RESUMED: (_("The person answered START."), "good"),
    Fact.COMPLAINED: (_("The person marked it as spam."), "bad"),
    Fact.JOINED: (_("The person joined."), "good"),
    facts.CANCELLED: (_("It was not sent."), "bad"),
    facts.UNKNOWN: (_("It is unclear whether it left."), "wait"),
}
_ICONS = {"good": "check_circle", "bad": "cancel", "wait": "schedule", "neutral": "radio_button_unchecked"}


def said(event: DeliveryEvent) -> Entry:
    """A fact as a sentence, with what is known about it."""
    title, tone = FACTS.get(event.fact, (event.fact, "neutral"))
    known = reasons.say(event.reason, event.data) if event.reason in reasons.codes() else event.reason
    by = gettext("Decided by %(name)s.") % {"name": event.data["by"]} if event.data.get("by") else ""
    grade = "" if event.grade in ("", "human") else event.get_grade_display()
    graded = said_of_grade(event.data.get("grade_reasons", ()))
    details = [
        grade,
        graded,
        known,
        str(event.data.get("why", "")),
        event.text[:_SAID],
        str(event.data.get("url", "")),
        by,
        _addresses(event),
    ]
    return Entry(event.at, title, " · ".join(dict.fromkeys(part for part in details if part)), tone, _ICONS[tone])


def _addresses(event: DeliveryEvent) -> str:
    """Where one message went to several of the person's addresses: all their browsers."""
    count = int(event.data.get("addresses") or 1)
    return ngettext("To %(count)s address.", "To %(count)s addresses.", count) % {"count": count} if count > 1 else ""


def why(delivery: Any, now: datetime) -> str:
    """The delivery's reason as a sentence; for one that waits without a reason of its own, what its channel waits for.

    delivery: with its channel, and annotated with `address_is_proven` of the business.
    """
    if delivery.reason or delivery.status != DeliveryStatus.QUEUED:
        return reasons.say(delivery.reason, delivery.reason_params)
    channel = delivery.channel
    if not channel.active:
        return reasons.say("channel_off")
    if channel.breaker_until and channel.breaker_until > now:
        return reasons.say("channel_broken", {"when": channel.breaker_until.isoformat(), "why": channel.breaker_reason})
    if not delivery.sandbox and not delivery.address_is_proven:
        return reasons.say("address_not_proven")
    return ""
