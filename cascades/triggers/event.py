"""Something happened: a purchase, a visit, a cart that was left. Each occasion is one event, or one thing that several events are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from django.db.models import CharField, Exists, F, JSONField, OuterRef, Q, QuerySet, Value
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject, Left
from django.utils.translation import gettext_lazy as _

from cascades.parameters import Field, Parameter
from cascades.trigger import LATEST, OCCASION_LENGTH, Check, Entry, Trigger
from contacts import details
from contacts.models import Event

# Of several moves of one booking the last is news; what was moved and then cancelled is none.
OF_NO_BOOKING = ("booking_moved", "booking_cancelled")
_LATER = Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk"))


class Happened(Trigger):
    """An event by its name, at once or when nothing more has been heard for a while."""

    name = "event"
    label = _("when something happens")
    help = _("A purchase, a visit, a cart that was left, or whatever your other systems report.")
    too_late = _("What happened more than a week ago takes nobody in any more.")
    parameters = (
        Parameter("event", _("What happens"), Field.NAME, _("For example: order, cart_changed."), required=True),
        Parameter(
            "where", _("Only if"), Field.FILTERS,
            _("What must hold of its details, for example total >= 50, or items[].category = hair: one of the things bought."), [],
        ),
        Parameter(
            "key", _("One occasion for each"), Field.NAME,
            _("The detail that names what it is about, for example cart. Empty: every time it happens."), "",
        ),
        Parameter("quiet", _("And nothing more for"), Field.LENGTH, _("So long must pass without it happening again."), 0),
        Parameter("unless", _("Unless there followed"), Field.NAMES, _("For example: cart_emptied, order."), []),
    )  # fmt: skip

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        quiet = timedelta(seconds=params["quiet"])
        late = check.now - LATEST - quiet
        heard = self._heard(params, check).filter(
            recorded_at__gt=check.floor - quiet, recorded_at__lte=check.now - quiet
        )
        about: dict[str, Any] = {
            "occasion": _occasion(params), "contact": "contact_id", "context": _context(params),
        }  # fmt: skip
        yield Entry(heard.filter(recorded_at__gt=late), **about)
        if check.floor - quiet < late:
            yield Entry(heard.filter(recorded_at__lte=late), **about, too_late="came_too_late")

    def _heard(self, params: Mapping[str, Any], check: Check) -> QuerySet[Event]:
        """Events of this name that count, and after which nothing came that speaks against it."""
        found = Event.objects.filter(name=params["event"], at__gte=check.listens_since).order_by()
        if not check.played:
            found = found.filter(played=False)
        found = found.filter(details.fulfilling(params["where"] or ()))
        theirs = Event.objects.filter(contact_id=OuterRef("contact_id")).order_by()
        if params["quiet"]:
            newer = theirs.filter(name=params["event"])
            if params["key"]:
                detail = f"data__{params['key']}"
                newer = newer.alias(about=KT(detail)).filter(about=OuterRef("about"))
                found = found.alias(about=KT(detail))
            found = found.filter(~Exists(newer.filter(_LATER)))
        if params["event"] in OF_NO_BOOKING:
            later = theirs.filter(_LATER, name__in=OF_NO_BOOKING).alias(booking=KT("data__booking"))
            found = found.alias(booking=KT("data__booking")).filter(~Exists(later.filter(booking=OuterRef("booking"))))
        if ending := {*(params["unless"] or ()), *(check.goal if params["quiet"] else ())} - {params["event"]}:
            found = found.filter(~Exists(theirs.filter(name__in=sorted(ending), at__gte=OuterRef("at"))))
        return found


def _context(params: Mapping[str, Any]) -> Cast:
    """The event, by number; what becomes of a booking is about the booking too."""
    booking = {"booking": KeyTransform("booking", "data")} if params["event"].startswith("booking_") else {}
    return Cast(JSONObject(event=F("pk"), **booking), JSONField())


def _occasion(params: Mapping[str, Any]) -> Left:
    """The same however often it is told: of the thing it is about, else of the event's own number."""
    number = Cast("pk", CharField())
    about = Coalesce(Cast(KT(f"data__{params['key']}"), CharField()), "key", number) if params["key"] else number
    return Left(Concat(Value(f"event:{params['event']}:"), about, output_field=CharField()), OCCASION_LENGTH)
