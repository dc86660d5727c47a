"""How far people live from a branch, a place or a city. Degrees in, kilometres out (great circle, mean radius of the earth)."""

from __future__ import annotations

from functools import reduce
from math import asin, cos, degrees, radians, sin, sqrt
from operator import or_
from typing import NamedTuple

from django.db.models import Avg, F, FloatField, Q, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import ASin, Cast, Cos, Least, Power, Radians, Sin, Sqrt
from django.db.models.lookups import LessThanOrEqual
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Branch, Contact
from contacts.segments.condition import Condition, Field, Operator, Params, Type
from contacts.segments.scope import NOBODY, Scope

RADIUS = 6371.0088  # km, the IUGG's mean radius


class Point(NamedTuple):
    latitude: float
    longitude: float


def apart(one: Point, other: Point) -> float:
    """Kilometres between two points, by the haversine formula."""
    a, b = radians(one.latitude), radians(other.latitude)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    return 2 * RADIUS * asin(min(1.0, sqrt(half)))


def near(point: Point, km: float) -> Q:
    """Contacts within so many kilometres: a box first, which an index answers, then the circle in it."""
    return _box(point, km) & Q(LessThanOrEqual(_kilometres(point), Value(km, FloatField())))


def _box(point: Point, km: float) -> Q:
    high = degrees(km / RADIUS)
    south, north = point.latitude - high, point.latitude + high
    band = Q(latitude__isnull=False, longitude__isnull=False, latitude__gte=_deg(south), latitude__lte=_deg(north))
    reach = sin(min(km / RADIUS, 1.57)) / max(cos(radians(point.latitude)), 1e-9)
    if south <= -90 or north >= 90 or reach >= 1:
        return band  # a pole lies within: every longitude may be near
    wide = degrees(asin(reach))
    west, east = point.longitude - wide, point.longitude + wide
    if west < -180:
        return band & (Q(longitude__gte=_deg(west + 360)) | Q(longitude__lte=_deg(east)))
    if east > 180:
        return band & (Q(longitude__gte=_deg(west)) | Q(longitude__lte=_deg(east - 360)))
    return band & Q(longitude__gte=_deg(west), longitude__lte=_deg(east))


def _deg(value: float) -> str:
    return f"{max(-360.0, min(360.0, value)):.6f}"


def _kilometres(point: Point) -> Combinable:
    latitude, longitude = (Cast(F(name), FloatField()) for name in ("latitude", "longitude"))
    here, there = radians(point.latitude), Radians(latitude)
    north = Power(Sin((there - Value(here)) / Value(2.0)), Value(2.0))
    east = Power(Sin((Radians(longitude) - Value(radians(point.longitude))) / Value(2.0)), Value(2.0))
    half = north + Value(cos(here)) * Cos(there) * east
    return ASin(Least(Value(1.0), Sqrt(half)), output_field=FloatField()) * Value(2 * RADIUS)


class Distance(Condition):
    """Who has no coordinates is near nothing, but whoever lives in the very city that is asked for."""

    name, label = "distance", gettext_lazy("Lives near")
    operators = (
        Operator("branch", gettext_lazy("one of these branches"), ("km", "branches")),
        Operator("home", gettext_lazy("any of our branches"), ("km",)),
        Operator("place", gettext_lazy("a place on the map"), ("km", "latitude", "longitude")),
        Operator("city", gettext_lazy("a city"), ("km", "city")),
    )
    fields = (
        Field("km", gettext_lazy("within"), Type.NUMBER, low=0.1, high=20_000, default=5, whole=False, unit=gettext_lazy("km")),
        Field("branches", gettext_lazy("branches"), Type.SOME, model=Branch),
        Field("latitude", gettext_lazy("latitude"), Type.NUMBER, low=-90, high=90, whole=False),
        Field("longitude", gettext_lazy("longitude"), Type.NUMBER, low=-180, high=180, whole=False),
        Field("city", gettext_lazy("city")),
    )  # fmt: skip

    def q(self, p: Params, scope: Scope) -> Q:
        around = reduce(or_, (near(point, p["km"]) for point in _centres(p)), NOBODY)
        return around | Q(city__iexact=p["city"]) if p["op"] == "city" else around

    def guard(self, p: Params) -> Q:
        return Q() if _centres(p) or p["op"] == "city" else NOBODY

    def gone(self, p: Params) -> str:
        if _centres(p):
            return ""
        if p["op"] == "city":
            return (
                _("Nobody and no branch in %(city)s has coordinates, so only people of that very city are found.") % p
            )
        return _("No branch that is meant here has coordinates. Enter them on its page.")

    def say(self, p: Params, scope: Scope) -> str:
        where = {
            "branch": scope.list_of(Branch, p.get("branches", ())), "home": _("any of our branches"),
            "place": f"{p.get('latitude')}, {p.get('longitude')}", "city": p.get("city"),
        }  # fmt: skip
        return _("lives within %(km)s km of %(where)s") % {"km": p["km"], "where": where[p["op"]]}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        if contact.latitude is None or contact.longitude is None:
            return _("no coordinates, city: %(city)s") % {"city": contact.city or "–"}
        own = Point(float(contact.latitude), float(contact.longitude))
        nearest = min((apart(own, point) for point in _centres(p)), default=None)
        return "" if nearest is None else _("%(km)s km") % {"km": number_format(nearest, 1)}


def _centres(p: Params) -> list[Point]:
    """The points from which is measured; a city's is the middle of its branches, else of its people."""
    if p["op"] == "place":
        return [Point(p["latitude"], p["longitude"])]
    if p["op"] == "city":
        return _middle_of(p["city"])
    placed = Branch.objects.filter(latitude__isnull=False, longitude__isnull=False)
    meant = placed.filter(pk__in=p["branches"]) if p["op"] == "branch" else placed
    return [
        Point(float(south), float(west))
        for south, west in meant.values_list("latitude", "longitude")
        if south is not None and west is not None
    ]


def _middle_of(city: str) -> list[Point]:
    for rows in (Branch.objects, Contact.objects):
        found = rows.filter(city__iexact=city, latitude__isnull=False, longitude__isnull=False)
        middle = found.aggregate(south=Avg(Cast("latitude", FloatField())), west=Avg(Cast("longitude", FloatField())))
        if middle["south"] is not None:
            return [Point(middle["south"], middle["west"])]
    return []


CONDITIONS = (Distance(),)
