"""What a blueprint needs before it can do its work, and whether the house has it: channels of its kinds, and news of what happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.blueprints.blueprint import Blueprint
from channels.models import Channel
from contacts import kinds
from contacts.models import Booking, BookingKind, BoughtTogether, Branch, Business, Contact, Event, GoesWith

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Need:
    """Something to have. missing: what to do about it, as a sentence; page: the admin's page for that; there: whether it is."""

    label: StrOrPromise
    missing: StrOrPromise
    page: str
    there: Callable[[], bool]


def _heard(*names: str) -> Callable[[], bool]:
    """Whether such an event was ever recorded in earnest; each name by one step through an index."""
    return lambda: any(Event.objects.filter(name=name, played=False).exists() for name in names)


_CONNECT = "admin:contacts_connection_changelist"
NEEDS: dict[str, Need] = {
    "orders": Need(
        gettext_lazy("Purchases are known"),
        gettext_lazy("No purchase was reported yet: connect your shop, import a table, or note purchases on people's pages."),
        _CONNECT, _heard("order"),
    ),
    "carts": Need(
        gettext_lazy("Carts are known"), gettext_lazy("No cart was reported yet: connect your shop or its pages."), _CONNECT,
        _heard("cart_changed"),
    ),
    "deliveries": Need(
        gettext_lazy("What becomes of orders is known"),
        gettext_lazy("No order was reported as on its way or delivered yet: connect your shop."), _CONNECT,
        _heard("order_shipped", "order_delivered"),
    ),
    "pages": Need(
        gettext_lazy("Visits to your site are known"), gettext_lazy("No visit to a page was reported yet: connect your site."), _CONNECT,
        _heard("page_viewed"),
    ),
    "visits": Need(
        gettext_lazy("Visits are noted"), gettext_lazy("No visit was noted yet: the desk does it on people's pages, or tick off bookings."),
        "admin:contacts_contact_changelist", _heard("visit", "booking_attended"),
    ),
    "appointments": Need(
        gettext_lazy("Appointments are known"),
        gettext_lazy("No appointment was entered yet: enter them by hand, import a table, or connect your booking system."),
        "admin:contacts_booking_changelist", lambda: Booking.objects.filter(kind=BookingKind.APPOINTMENT).exists(),
    ),
    "classes": Need(
        gettext_lazy("Classes are known"),
        gettext_lazy("No class was entered yet: enter them by hand, import a table, or connect your booking system."),
        "admin:contacts_booking_changelist", lambda: Booking.objects.filter(kind=BookingKind.CLASS).exists(),
    ),
    "bookings": Need(
        gettext_lazy("Appointments or classes are known"),
        gettext_lazy("Nothing was booked yet: enter bookings by hand, import a table, or connect your booking system."),
        "admin:contacts_booking_changelist", Booking.objects.exists,
    ),
    "birthdays": Need(
        gettext_lazy("Birthdays are known"), gettext_lazy("Nobody has a birthday yet: import them, or ask for them by a form."),
        "admin:contacts_importrun_add", lambda: Contact.objects.filter(birth_date__isnull=False).exists(),
    ),
    "branches": Need(
        gettext_lazy("Branches with their place on the map"), gettext_lazy("No branch has coordinates yet: enter them."),
        "admin:contacts_branch_changelist", lambda: Branch.objects.filter(latitude__isnull=False, longitude__isnull=False).exists(),
    ),
    "places": Need(
        gettext_lazy("Where people live is known"), gettext_lazy("Nobody has a city or coordinates yet: import them."),
        "admin:contacts_importrun_add", lambda: Contact.objects.exclude(city="", latitude=None).exists(),
    ),
    "goes_with": Need(
        gettext_lazy("What goes with what is known"),
        gettext_lazy("The list of what goes with what is empty: enter it, or wait until orders show what is bought together."),
        "admin:contacts_goeswith_changelist", lambda: GoesWith.objects.exists() or BoughtTogether.objects.exists(),
    ),
    "website": Need(
        gettext_lazy("Your website, for the links"), gettext_lazy("Your business has no website yet: enter its address."),
        "admin:contacts_business_changelist", lambda: bool(Business.current().website),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one need. said: what is missing, "" where nothing is; practice: there is one, but nothing leaves the house."""

    label: str
    there: bool
    said: str = ""
    page: str = ""
    practice: bool = False


@dataclass
class House:
    """What the house has, each thing asked for once."""

    channels: list[Channel] = field(
        default_factory=lambda: list(Channel.objects.filter(active=True).defer("sealed").order_by("position", "id"))
    )
    _asked: dict[str, bool] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        if name not in self._asked:
            self._asked[name] = NEEDS[name].there()
        return self._asked[name]

    def channel(self, wanted: Iterable[str]) -> Channel | None:
        """The account for a step: of the first kind that there is, one in earnest before one of the sandbox."""
        for kind in wanted:
            mine = [one for one in self.channels if one.kind == kind and _installed(one)]
            if mine:
                return min(mine, key=lambda one: one.is_sandbox)
        return None


def _installed(channel: Channel) -> bool:
    try:
        return bool(channel.carrier) and bool(channel.address_kind)
    except LookupError:
        return False


def of(blueprint: Blueprint, house: House) -> list[Standing]:
    """Everything that it needs, channels first, in the order of its steps."""
    told = [_channel(wanted, house) for wanted in dict.fromkeys(step.kinds for step in blueprint.steps)]
    return [*told, *_others(blueprint, house)]


def _channel(wanted: tuple[str, ...], house: House) -> Standing:
    label = either([str(kinds.label(kind)) for kind in wanted])
    found = house.channel(wanted)
    if found is None:
        said = _("No %(channel)s yet: connect one. Until then the draft uses one for practice.") % {"channel": label}
        return Standing(label, there=False, said=said, page="admin:channels_channel_add")
    return Standing(label, there=True, practice=found.is_sandbox)


def _others(blueprint: Blueprint, house: House) -> Iterator[Standing]:
    for name in blueprint.needs:
        need = NEEDS[name]
        if house.has(name):
            yield Standing(str(need.label), there=True)
        else:
            yield Standing(str(need.label), there=False, said=str(need.missing), page=need.page)


def either(names: list[str]) -> str:
    """ "Telegram, Viber or VK"."""
    if len(names) < 2:
        return "".join(names)
    return _("%(some)s or %(last)s") % {"some": ", ".join(names[:-1]), "last": names[-1]}
