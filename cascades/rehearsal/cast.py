"""The people of a rehearsal: contacts as they are, made-up ones who live for its length, and a sample that shows the differences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import consent, kinds
from contacts.bulk import Among
from contacts.consent import Line
from contacts.models import Address, Basis, Business, Consent, ConsentPurpose, Contact
from contacts.models.contact import fingerprint, fold
from contacts.searching import found_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SAMPLE, LOOKED_AT = 6, 200
EVERYTHING, EMAIL, PHONE, NO_CONSENT, FAR_AWAY, UNTRACKED = (
    "everything", "email", "phone", "no_consent", "far_away", "untracked",
)  # fmt: skip
MADE_UP: dict[str, StrOrPromise] = {
    EVERYTHING: gettext_lazy("Somebody who can be reached on every channel"),
    EMAIL: gettext_lazy("Somebody who has only an email address"),
    PHONE: gettext_lazy("Somebody who has only a phone"),
    NO_CONSENT: gettext_lazy("Somebody who has agreed to nothing"),
    FAR_AWAY: gettext_lazy("Somebody who lives half a world away"),
    UNTRACKED: gettext_lazy("Somebody whose openings cannot be known"),
}
_NAMES = {
    EVERYTHING: gettext_lazy("Every Channel"), EMAIL: gettext_lazy("Only Email"), PHONE: gettext_lazy("Only Phone"),
    NO_CONSENT: gettext_lazy("No Consent"), FAR_AWAY: gettext_lazy("Far Away"), UNTRACKED: gettext_lazy("Not Tracked"),
}  # fmt: skip
_FAR = ("Asia/Tokyo", "America/Los_Angeles")


@dataclass(frozen=True, slots=True)
class Known:
    """A contact who may take part, with what makes them different from the next one."""

    id: int
    name: str
    language: str
    addresses: tuple[str, ...]
    agreed: tuple[str, ...]


def gather(
    people: Sequence[int | str], channel_kinds: Sequence[str], business: Business, now: datetime
) -> list[int | None]:
    """The contact of each, in their order; made-up ones are written down. None where a contact is gone."""
    wanted = [one for one in people if isinstance(one, int)]
    there = set(Contact.objects.filter(Among("id", wanted)).values_list("pk", flat=True)) if wanted else set()
    return [
        _made_up(one, number, channel_kinds, business, now) if isinstance(one, str) else one if one in there else None
        for number, one in enumerate(people)
    ]


def name_of(made_up: str) -> str:
    return str(_NAMES.get(made_up, made_up))


def _made_up(what: str, number: int, channel_kinds: Sequence[str], business: Business, now: datetime) -> int:
    first, _blank, last = name_of(what).partition(" ")
    zone = next(zone for zone in _FAR if zone != business.time_zone) if what == FAR_AWAY else business.time_zone
    contact = Contact.objects.create(
        first_name=first, last_name=last, language=business.language, time_zone=zone, city=_("nowhere")
    )
    wanted = {name: kinds.address_of(name) for name in channel_kinds}
    has = [kind for kind in dict.fromkeys(wanted.values()) if kind and (what not in (EMAIL, PHONE) or kind == what)]
    Address.objects.bulk_create([_address(contact, kind, number) for kind in has])
    consent.record(
        _agreed(contact, what, [name for name, kind in wanted.items() if kind in has]), now=now - timedelta(days=1)
    )
    return contact.pk


def _address(contact: Contact, kind: str, number: int) -> Address:
    """Nobody's: a domain and a range that are kept free for such (RFC 2606; numbers of +999 belong to no country)."""
    made = {"email": f"made-up-{number}@example.org", "phone": f"+999555{number:05}"}.get(kind, f"made-up-{number}")
    return Address(contact=contact, kind=kind, value=made, normal=made, fingerprint=fingerprint(kind, made))


def _agreed(contact: Contact, what: str, channel_kinds: Sequence[str]) -> list[Line]:
    if what == NO_CONSENT:
        return []
    purposes = [ConsentPurpose.MARKETING, *([] if what == UNTRACKED else [ConsentPurpose.TRACKING])]
    return [
        Line(contact.pk, kind, given=True, basis=Basis.EXPRESS, source=_("made up"), purpose=purpose.value)
        for kind in channel_kinds
        for purpose in purposes
    ]


def sample(most: int = SAMPLE) -> list[Known]:
    """Contacts of the newest, each as different as can be from those before in language, addresses and consent; three statements."""
    left = described(list(Contact.objects.order_by("-id").values_list("pk", flat=True)[:LOOKED_AT]))
    chosen: list[Known] = []
    seen: set[tuple[str, object]] = set()
    while left and len(chosen) < most:
        best = max(left, key=lambda known: len(_traits(known) - seen))
        left.remove(best)
        chosen.append(best)
        seen |= _traits(best)
    return chosen


def _traits(known: Known) -> set[tuple[str, object]]:
    return {("language", known.language), ("addresses", known.addresses), ("agreed", known.agreed)}


def described(contact_ids: Sequence[int]) -> list[Known]:
    """The same for these contacts, in the order of their ids, newest first."""
    addresses, agreed = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
    for owner, kind in Address.objects.filter(Among("contact_id", contact_ids)).values_list("contact_id", "kind"):
        addresses[owner].add(kind)
    said = Consent.objects.filter(Among("contact_id", contact_ids), purpose=ConsentPurpose.MARKETING, played=False)
    for owner, kind, given in said.order_by("id").values_list("contact_id", "kind", "given"):
        (agreed[owner].add if given else agreed[owner].discard)(kind)
    people = Contact.objects.filter(Among("id", contact_ids)).order_by("-id")
    return [
        Known(one.pk, str(one), one.language, tuple(sorted(addresses[one.pk])), tuple(sorted(agreed[one.pk])))
        for one in people.only("first_name", "last_name", "language")
    ]


def found(words: str, most: int = 10) -> list[int]:
    """Contacts in whose name, email or phone every word stands; two letters at least."""
    parts = " ".join(word for word in fold(words).split() if len(word) > 1)
    people = found_by(Contact.objects.order_by("-id"), parts)
    return list(people.values_list("pk", flat=True)[:most]) if parts else []
