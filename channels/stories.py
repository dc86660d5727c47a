"""What this room tells of a person: every message, what became of it, and what they wrote back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from channels.models import Delivery, DeliveryEvent, DeliveryStatus, FormAnswer, Grade
from channels.models.delivery import DID_NOT_ARRIVE
from channels.reasons import said_of_grade
from channels.transport import Fact
from contacts import reasons, timeline
from contacts.models import Contact
from contacts.timeline import Entry

MOST = 300  # messages of one person that a page tells of
_SAID = 160  # characters of one answer in the story; its page has all


def register() -> None:
    """Called once, when the room is ready."""
    timeline.register(messages)
    timeline.register(answers)
    timeline.register(form_answers)


def messages(contact: Contact) -> Iterator[Entry]:
    """Each message of the person: when it left, what became of it, and who looked at it. Two statements."""
    found = (
        Delivery.objects.filter(contact=contact).select_related("channel", "message_version__message").defer("links")
    )
    doubts = _doubts(contact)
    for delivery in found[:MOST]:
        yield from of_delivery(delivery, doubts.get(delivery.pk))


def _doubts(contact: Contact) -> dict[int, dict[str, str]]:
    """Why openings and clicks were not taken for the person's, in sentences, by delivery and by fact and grade."""
    found = DeliveryEvent.objects.filter(
        contact=contact, fact__in=[Fact.OPENED, Fact.CLICKED], grade__in=[Grade.MACHINE, Grade.UNSURE], delivery__isnull=False
    ).order_by("-id")  # fmt: skip
    told: dict[int, dict[str, str]] = {}
    for delivery_id, fact, grade, data in found.values_list("delivery_id", "fact", "grade", "data")[: MOST * 2]:
        told.setdefault(delivery_id or 0, {})[f"{fact} {grade}"] = said_of_grade(data.get("grade_reasons", ()))
    return told


def of_delivery(delivery: Delivery, doubts: Mapping[str, str] | None = None) -> Iterator[Entry]:
    """One message's piece of the story; its channel and message must have been read with it. doubts: see `_doubts`."""
    what = {"message": delivery.message_version.message.name, "channel": delivery.channel.name}
    link = _link(delivery)
    yield _fate(delivery, what, link)
    if delivery.delivered_at:
        yield Entry(
            delivery.delivered_at,
            _("“%(message)s” was delivered") % what,
            tone="good",
            icon="mark_email_read",
            url=link,
        )
    if delivery.opened_at:
        title = _("Opened “%(message)s”") % what
        who = _who(Fact.OPENED, delivery.opened_grade, doubts or {})
        yield Entry(delivery.opened_at, title, who, _tone(delivery.opened_grade), "drafts", link)
    if delivery.clicked_at:
        title = _("Clicked a link in “%(message)s”") % what
        who = _who(Fact.CLICKED, delivery.clicked_grade, doubts or {})
        yield Entry(delivery.clicked_at, title, who, _tone(delivery.clicked_grade), "ads_click", link)
    if delivery.unsubscribed_at:
        yield Entry(
            delivery.unsubscribed_at,
            _("Wants no more after “%(message)s”") % what,
            tone="bad",
            icon="unsubscribe",
            url=link,
        )


def _fate(delivery: Delivery, what: dict[str, str], link: str) -> Entry:
    why = reasons.say(delivery.reason, delivery.reason_params)
    match delivery.status:
        case DeliveryStatus.QUEUED:
            return Entry(
                delivery.created_at, _("“%(message)s” waits for %(channel)s") % what, why, "wait", "schedule", link
            )
        case DeliveryStatus.SENDING:
            title = _("“%(message)s” is being sent by %(channel)s") % what
            return Entry(delivery.sending_at or delivery.created_at, title, why, "wait", "send", link)
        case DeliveryStatus.UNKNOWN:
            title = _("It is unclear whether “%(message)s” left by %(channel)s") % what
            return Entry(delivery.sending_at or delivery.created_at, title, why, "wait", "help", link)
        case DeliveryStatus.CANCELLED | DeliveryStatus.EXPIRED if delivery.sent_at is None:
            title = _("“%(message)s” was not sent by %(channel)s") % what
            return Entry(delivery.ended_at or delivery.created_at, title, why, "bad", "cancel", link)
        case status if status in DID_NOT_ARRIVE:
            title = _("“%(message)s” by %(channel)s did not arrive") % what
            return Entry(delivery.ended_at or delivery.created_at, title, why, "bad", "error", link)
    at = delivery.sent_at or delivery.sending_at or delivery.created_at
    return Entry(at, _("“%(message)s” was sent by %(channel)s") % what, delivery.shown_address, "neutral", "send", link)


def answers(contact: Contact) -> Iterator[Entry]:
    """What the person wrote. One statement."""
    titles: dict[str, Any] = {
        Fact.REPLIED: _("Wrote by %(channel)s"),
        Fact.STOPPED: _("Wrote STOP by %(channel)s"),
        Fact.RESUMED: _("Wrote START by %(channel)s"),
        Fact.COMPLAINED: _("Marked a message as spam"),
        Fact.JOINED: _("Joined by %(channel)s"),
    }
    found = (
        DeliveryEvent.objects.filter(contact=contact, fact__in=list(titles)).select_related("channel").order_by("-id")
    )
    for event in found[:MOST]:
        tone = "good" if event.fact in (Fact.REPLIED, Fact.RESUMED, Fact.JOINED) else "bad"
        pressed = event.fact == Fact.REPLIED and event.data.get("choice")
        title = _("Pressed a button by %(channel)s") if pressed else titles[event.fact]
        yield Entry(event.at, title % {"channel": event.channel.name}, event.text, tone, "reply")


def form_answers(contact: Contact) -> Iterator[Entry]:
    """What the person answered in forms. One statement."""
    found = FormAnswer.objects.filter(contact=contact).select_related("form").order_by("-id")
    for answer in found[:MOST]:
        said = [f"{one['label']} {one['said']}"[:_SAID] for one in answer.in_order]
        notes = [_("replaced by a later answer")] if answer.replaced_at else []
        notes += [_("played in the sandbox")] if answer.played else []
        title = _("Answered “%(form)s”") % {"form": answer.form.name}
        link = _page("admin:channels_formanswer_change", answer.pk)
        yield Entry(
            answer.at, title, " · ".join([*said, *notes]), "neutral" if answer.replaced_at else "good", "quiz", link
        )


def _who(fact: Fact, grade: str, doubts: Mapping[str, str]) -> str:
    """Who looked, and how it is known; nothing needs to be said of a person."""
    if grade not in (Grade.MACHINE, Grade.UNSURE):
        return ""
    who = _("By a program, not by the person") if grade == Grade.MACHINE else _("Perhaps by a program")
    why = doubts.get(f"{fact} {grade}", "")
    return f"{who} · {why}" if why else who


def _tone(grade: str) -> str:
    return "good" if grade == Grade.HUMAN else "neutral"


def _link(delivery: Delivery) -> str:
    return _page("admin:channels_delivery_change", delivery.pk)


def _page(name: str, pk: int) -> str:
    try:
        return reverse(name, args=[pk])
    except NoReverseMatch:
        return ""
