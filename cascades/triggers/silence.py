"""Nothing was heard of a person for a while. The last sign of life names the occasion, so that a new silence is a new one.

Whoever fell silent is found by their last sign, of which there are few in any hour so many days ago; nobody is scanned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.utils.translation import gettext_lazy as _

from cascades.parameters import Field, Parameter
from cascades.trigger import LATEST, Check, Entry, Trigger
from channels.models import Delivery, DeliveryEvent, Grade
from channels.transport import Fact
from contacts.models import Contact, Event

REACTIONS = (Fact.CLICKED.value, Fact.REPLIED.value)
SEEN, REGISTERED = "seen", "registered"


class Silence(Trigger):
    """So many days after the last sign of life: an event, a click, an answer, or the entry into the contacts."""

    name = "silence"
    label = _("when nothing was heard for a while")
    help = _("To win people back: no visit, no purchase, no click and no answer for so many days.")
    too_late = _("A silence that grew long enough more than a week ago takes nobody in.")
    dated = True
    parameters = (
        Parameter("days", _("Nothing for so many days"), Field.NUMBER, default=15, least=1, most=1095),
        Parameter(
            "since", _("Counted from"), Field.CHOICE, default=SEEN,
            choices=((SEEN, _("the last sign of life")), (REGISTERED, _("being added, if nothing was heard since"))),
        ),
        Parameter("event", _("Only this counts as a sign"), Field.NAME, _("For example: order. Empty: any sign."), ""),
    )  # fmt: skip

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if params["event"] and params["since"] == REGISTERED:
            return {"event": str(_("Choose either what counts as a sign, or counting from being added."))}
        return {}

    def offset(self, params: Mapping[str, Any]) -> timedelta:
        return timedelta(days=params["days"])

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        length = timedelta(days=params["days"])
        late = check.now - LATEST
        yield from _fell_silent(params, max(check.floor, late) - length, check.now - length, check)
        if check.floor < late:
            yield from _fell_silent(params, check.floor - length, late - length, check, "came_too_late")


def _fell_silent(
    params: Mapping[str, Any], after: datetime, until: datetime, check: Check, too_late: str = ""
) -> Iterator[Entry]:
    """Those whose last sign lies in (after, until]."""
    if not params["event"]:
        added = Contact.objects.order_by().filter(created_at__gt=after, created_at__lte=until)
        quiet = added.filter(~_event_since("pk", "created_at"), ~_reaction_since("pk", "created_at"))
        yield Entry(quiet, "silence:registered", anchor=F("created_at"), too_late=too_late)
    if params["since"] == REGISTERED:
        return
    signs: QuerySet[Any] = Event.objects.order_by().filter(at__gt=after, at__lte=until)
    signs = signs if check.played else signs.filter(played=False)
    if params["event"]:
        last = signs.filter(name=params["event"]).filter(~_event_since("contact_id", "at", params["event"]))
    else:
        last = signs.filter(
            ~_event_since("contact_id", "at"), ~_reaction_since("contact_id", "at"), contact__created_at__lte=F("at")
        )
    yield _entry(last, "event", too_late, contact="contact_id")
    if not params["event"]:
        told = DeliveryEvent.objects.order_by().filter(fact__in=REACTIONS, at__gt=after, at__lte=until).exclude(
            grade__in=[Grade.MACHINE, Grade.UNSURE]
        )  # fmt: skip
        told = told if check.played else told.filter(played=False)
        theirs: QuerySet[Any] = told.annotate(who=Coalesce("contact_id", "delivery__contact_id")).filter(
            who__isnull=False
        )
        newer = Event.objects.filter(contact_id=OuterRef("who"), at__gte=OuterRef("at"))
        yield _entry(theirs.filter(~Exists(newer), ~_reaction_since("who", "at")), "reaction", too_late, contact="who")


def _entry(signs: QuerySet[Any], what: str, too_late: str, contact: str) -> Entry:
    named = Concat(Value(f"silence:{what}:"), Cast("pk", CharField()), output_field=CharField())
    return Entry(signs, named, contact=contact, anchor=F("at"), too_late=too_late)


def _event_since(contact: str, at: str, name: str = "") -> Exists:
    """Whether something happened after that; of two events at one instant the later told is the last."""
    later = Q(at__gt=OuterRef(at)) | (
        Q(at=OuterRef(at), pk__gt=OuterRef("pk")) if contact == "contact_id" else Q(at=OuterRef(at))
    )
    found = Event.objects.filter(later, contact_id=OuterRef(contact))
    return Exists(found.filter(name=name) if name else found)


def _reaction_since(contact: str, at: str) -> Exists:
    """Whether the person clicked or answered after that."""
    clicked = Q(clicked_at__gt=OuterRef(at), clicked_grade=Grade.HUMAN)
    return Exists(Delivery.objects.filter(clicked | Q(replied_at__gt=OuterRef(at)), contact_id=OuterRef(contact)))
