"""Who may be one person twice: looked for among all contacts as sets, by the database, and kept for staff to decide.

The same email or account with a messenger; the same phone and a name that may be the same; the same name and birth date; a Gmail address
that differs by dots alone.
A phone alone is no reason where the names differ: families share phones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import combinations
from typing import Any

from django.db import transaction
from django.db.models import CharField, F, Max, Min, Q, QuerySet, TextField, Value
from django.db.models.functions import Concat, Length, Lower, Replace, Substr, Trim

from contacts import bulk, kinds
from contacts.bulk import Among
from contacts.merging.names import Likeness, likeness
from contacts.merging.reasons import WEIGHTS
from contacts.models import Address, Contact, Duplicate

MOST_GROUPS = 20_000  # of each kind in one search; when those are dealt with, the next come up
MOST_TOGETHER = 30  # contacts with one address: more share a made-up one, and are not compared with each other
PORTION = 1000

Pairs = dict[tuple[int, int], set[str]]


def find(now: datetime) -> int:
    """Look through everybody, and keep what was found: new ones are added, what is no longer so goes, what staff dismissed stays
    dismissed. Returns how many wait for staff. Some four statements over all contacts, and a few for each thousand found."""
    pairs: Pairs = defaultdict(set)
    accounts = (_by_address(kind) for kind in kinds.accounts())
    for found in (_by_address("email"), _by_address("phone"), *accounts, _by_gmail(), _by_birth()):
        for pair, reason in found:
            pairs[pair].add(reason)
    _keep(pairs, now)
    return Duplicate.objects.filter(dismissed_at=None).count()


def why(first: Contact, second: Contact) -> list[str]:
    """What speaks for these two being one, whoever asks; their addresses are read."""
    ways = {one.pk: {(way.kind, way.fingerprint) for way in one.addresses.all()} for one in (first, second)}
    shared = {kind for kind, _mark in ways[first.pk] & ways[second.pk]}
    found = {
        _reason(kind, likeness(first.full_name, second.full_name))
        for kind in ("email", "phone", *kinds.accounts())
        if kind in shared
    }
    dots = [
        {_undotted(way.normal) for way in one.addresses.all() if way.kind == "email"} - {""} for one in (first, second)
    ]
    if "email" not in shared and dots[0] & dots[1]:
        found.add("gmail")
    same_name = likeness(first.full_name, second.full_name) == Likeness.SAME
    if first.birth_date and first.birth_date == second.birth_date and same_name:
        found.add("birth")
    return ranked(found - {""})


def ranked(reasons: Iterable[str]) -> list[str]:
    return sorted(reasons, key=lambda reason: (-WEIGHTS[reason], reason))


_REASON = {
    ("email", Likeness.SAME): "email", ("email", Likeness.SIMILAR): "email", ("email", Likeness.BLANK): "email",
    ("email", Likeness.DIFFERENT): "email_names", ("phone", Likeness.SAME): "phone_name", ("phone", Likeness.SIMILAR): "phone_similar",
    ("phone", Likeness.BLANK): "phone_blank", ("phone", Likeness.DIFFERENT): "",
    **dict.fromkeys((("account", like) for like in Likeness), "account"), ("account", Likeness.DIFFERENT): "account_names",
}  # fmt: skip
Found = Iterator[tuple[tuple[int, int], str]]


def _by_address(kind: str) -> Found:
    """Contacts with one address, whatever its case: its keyed hash is the same."""
    marks = Address.objects.filter(kind=kind).order_by().values("fingerprint").alias(a=Min("contact"), b=Max("contact"))
    shared = marks.filter(a__lt=F("b")).values_list("fingerprint", flat=True)[:MOST_GROUPS]
    for portion in _portions(list(shared)):
        rows = Address.objects.filter(Among("fingerprint", portion), kind=kind).order_by()
        for group in _groups(rows.values_list("fingerprint", "contact_id", *_NAME_OF)):
            yield from _judged(group, kind)


def _by_gmail() -> Found:
    """Gmail does not see dots. A hint, for another service may."""
    mail = Address.objects.filter(
        Q(normal__iendswith="@gmail.com") | Q(normal__iendswith="@googlemail.com"), kind="email"
    )
    same = Replace(
        Replace(Lower("normal"), Value(".")), Value("@googlemailcom"), Value("@gmailcom"), output_field=TextField()
    )
    keyed = mail.order_by().annotate(same=same)
    shared = keyed.values("same").alias(
        a=Min("contact"), b=Max("contact"), c=Min(Lower("normal")), d=Max(Lower("normal"))
    )
    differ = shared.filter(a__lt=F("b"), c__lt=F("d")).values_list("same", flat=True)[:MOST_GROUPS]
    for portion in _portions(list(differ)):
        rows = keyed.filter(Among("same", portion)).values_list("same", "contact_id", *_NAME_OF)
        for group in _groups(rows):
            yield from ((pair, "gmail") for pair, _likeness in _compared(group))


def _by_birth() -> Found:
    """The same birth date and the same name: the search column begins with the name as it is compared."""
    full = Length(Trim(Concat("first_name", Value(" "), "last_name", output_field=CharField())))
    people = Contact.objects.filter(birth_date__isnull=False).exclude(first_name="").exclude(last_name="")
    named = people.order_by().annotate(name=Substr("search", 1, full, output_field=TextField()))
    groups = named.values("birth_date", "name").alias(a=Min("pk"), b=Max("pk")).filter(a__lt=F("b"))
    keys = list(groups.values_list("birth_date", "name")[:MOST_GROUPS])
    for portion in _portions(keys):
        dates, names = {date for date, _name in portion}, {name for _date, name in portion}
        rows = named.filter(Among("name", sorted(names)), birth_date__in=dates)
        found = rows.values_list("birth_date", "name", "pk", "first_name", "last_name")
        for group in _groups(((date, name), *person) for date, name, *person in found):
            yield from ((pair, "birth") for pair, like in _compared(group) if like == Likeness.SAME)


_NAME_OF = ("contact__first_name", "contact__last_name")
Group = dict[int, str]  # contact -> name


def _groups(rows: Iterable[Sequence[Any]]) -> Iterator[Group]:
    """rows: (what they share, contact, first name, last name)."""
    groups: dict[Any, Group] = defaultdict(dict)
    for key, contact, first, last in rows:
        groups[key][contact] = f"{first} {last}".strip()
    yield from groups.values()


def _compared(group: Group) -> Iterator[tuple[tuple[int, int], Likeness]]:
    """Each with each, where that is not a crowd."""
    if len(group) <= MOST_TOGETHER:
        for one, other in combinations(sorted(group), 2):
            yield (one, other), likeness(group[one], group[other])


def _judged(group: Group, kind: str) -> Found:
    return ((pair, reason) for pair, like in _compared(group) if (reason := _reason(kind, like)))


def _reason(kind: str, like: Likeness) -> str:
    """kind: of the address that both have."""
    return _REASON["account" if kind not in ("email", "phone") else kind, like]


def _undotted(mail: str) -> str:
    """A Gmail address without its dots; "" for any other."""
    local, _at, domain = mail.lower().partition("@")
    return local.replace(".", "") if domain in ("gmail.com", "googlemail.com") else ""


def _keep(pairs: Pairs, now: datetime) -> None:
    there = {(first, second): pk for pk, first, second in Duplicate.objects.values_list("pk", "first_id", "second_id")}
    gone = [pk for pair, pk in there.items() if pair not in pairs]
    fresh, again = [], []
    for pair, reasons in pairs.items():
        known = ranked(reasons)
        weight = min(100, WEIGHTS[known[0]] + 5 * (len(known) - 1))
        if pair in there:
            again.append((there[pair], known, weight))
        else:
            fresh.append((*pair, known, weight, now))
    for portion in _portions(gone):
        Duplicate.objects.filter(Among("id", portion), dismissed_at=None).delete()
    for portion in _portions(sorted(again)):
        bulk.update(Duplicate, ("reasons", "weight"), portion)
    for portion in _portions(sorted(fresh)):
        with transaction.atomic():
            people = {contact for row in portion for contact in row[:2]}
            left = set(Contact.objects.filter(Among("id", people)).values_list("pk", flat=True))
            rows = [
                row for row in portion if {row[0], row[1]} <= left
            ]  # whoever became part of another meanwhile is not
            bulk.insert(
                Duplicate, ("first_id", "second_id", "reasons", "weight", "found_at"), rows, ignore_conflicts=True
            )


def _portions(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + PORTION] for start in range(0, len(rows), PORTION))


def waiting() -> QuerySet[Duplicate]:
    """What staff have not decided on, the surest first."""
    return Duplicate.objects.filter(dismissed_at=None).order_by("-weight", "id")
