"""What this room moves: addresses and groups are united, consent and events are one history, and a withdrawal of either counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from contacts.bulk import Among
from contacts.consent import Line, record
from contacts.merging import tables
from contacts.merging.fields import FIRST, GONE
from contacts.merging.registry import Moved, Pair, Part
from contacts.models import (
    Address,
    Alias,
    Basis,
    Booking,
    BulkDone,
    Consent,
    Duplicate,
    Erasure,
    Event,
    Guardian,
    Handout,
    ImportChange,
    ImportLeft,
    Membership,
    Merge,
    Voucher,
)

_MODELS = frozenset(
    {
        Address, Alias, Booking, BulkDone, Consent, Duplicate, Erasure, Event, Guardian, Handout, ImportChange, ImportLeft, Membership,
        Merge, Voucher,
    }
)  # fmt: skip


def settle(pair: Pair) -> Moved:
    return {
        "positions": _in_order(pair), "addresses": _drop_addresses(pair), "memberships": _drop_memberships(pair),
        "guardians": _drop_guardians(pair),
        "vouchers": _free_vouchers(pair), "duplicates": _drop_duplicates(pair), "consents": _be_strict(pair), **tables.move_log(pair),
    }  # fmt: skip


def restore(pair: Pair, moved: Moved) -> None:
    tables.revive(Address, moved["addresses"])
    for pk, position in moved["positions"]:
        Address.objects.filter(pk=pk).update(position=position)
    tables.revive(Membership, moved["memberships"])
    tables.revive(Guardian, moved["guardians"])
    for pk, occasion in moved["vouchers"]:
        Voucher.objects.filter(pk=pk).update(occasion=occasion)
    there = {(one.first_id, one.second_id) for one in Duplicate.objects.filter(_of(pair.kept.pk))}
    fresh = [row for row in moved["duplicates"] if (row["first_id"], row["second_id"]) not in there]
    tables.revive(Duplicate, fresh)
    tables.move_log_back(pair, moved)
    _say_again(pair, moved["consents"])


def since(kept_id: int, moved: Moved) -> list[str]:
    """What was told of the merged person, or changed, and cannot be told apart any more."""
    newest, found = moved["newest"], []
    sayings = {
        Event: _("Something that they did was recorded since."), Consent: _("Their consent changed since."),
        Booking: _("They were booked since."), Voucher: _("They were given a voucher since."),
    }  # fmt: skip
    found += [said for model, said in sayings.items() if tables.came_since(model, kept_id, newest).exists()]
    held = sorted(Address.objects.filter(contact=kept_id).values_list("pk", flat=True))
    if held != moved["addresses_after"]:
        found.append(_("Their addresses were changed since."))
    if Merge.objects.filter(kept=kept_id, undone_at=None, pk__gt=moved["merge"]).exists():
        found.append(_("Another contact became part of this one since. Undo that first."))
    return found


def _in_order(pair: Pair) -> list[tuple[int, int]]:
    """The addresses of whom staff chose come first, kind by kind. Returns what the positions were."""
    ways = list(Address.objects.filter(contact__in=[pair.kept.pk, pair.gone.pk]).order_by("position", "pk"))
    for kind in {way.kind for way in ways}:
        name = next((name for name, of in FIRST.items() if of == kind), "")
        leader = pair.gone.pk if pair.choices.get(name) == GONE else pair.kept.pk
        mine = [way for way in ways if way.kind == kind]
        first = [way.normal for way in mine if way.contact_id == leader]
        order = [*first, *(way.normal for way in mine if way.normal not in first)]
        for way in mine:
            Address.objects.filter(pk=way.pk).update(position=order.index(way.normal))
    return [(way.pk, way.position) for way in ways]


def _drop_addresses(pair: Pair) -> list[dict[str, Any]]:
    """What both have, the one has it twice otherwise."""
    kept = Address.objects.filter(contact=pair.kept.pk).values_list("kind", "normal")
    twice = Q()
    for kind, normal in kept:
        twice |= Q(kind=kind, normal=normal)
    rows = Address.objects.filter(twice, contact=pair.gone.pk) if twice else Address.objects.none()
    dropped = tables.values(rows)
    rows.delete()
    return dropped


def _drop_memberships(pair: Pair) -> list[dict[str, Any]]:
    theirs = Membership.objects.filter(contact=pair.kept.pk).values("group")
    rows = Membership.objects.filter(contact=pair.gone.pk, group__in=theirs)
    dropped = tables.values(rows)
    Membership.objects.filter(pk__in=[row["id"] for row in dropped]).delete()
    return dropped


def _drop_guardians(pair: Pair) -> list[dict[str, Any]]:
    """Links that both have, and one between the two: nobody answers for themselves."""
    links = list(Guardian.objects.filter(Q(student__in=pair.ids) | Q(guardian__in=pair.ids)).order_by("pk"))

    def named(link: Guardian) -> tuple[int, ...]:
        return tuple(pair.kept.pk if one == pair.gone.pk else one for one in _ends(link))

    there = {_ends(link) for link in links}
    twice = [link.pk for link in links if named(link) != _ends(link) and named(link) in there]
    gone = [*twice, *(link.pk for link in links if len(set(named(link))) == 1)]
    rows = Guardian.objects.filter(pk__in=gone)
    dropped = tables.values(rows)
    rows.delete()
    return dropped


def _ends(link: Guardian) -> tuple[int, ...]:
    return link.student_id, link.guardian_id


def _free_vouchers(pair: Pair) -> list[tuple[int, str]]:
    """Both were given one for the same thing: both stay good."""
    given = Voucher.objects.filter(contact=pair.kept.pk).values_list("offer_id", "occasion")
    taken = set(given)
    clash = [one for one in Voucher.objects.filter(contact=pair.gone.pk) if (one.offer_id, one.occasion) in taken]
    for one in clash:
        Voucher.objects.filter(pk=one.pk).update(occasion=f"merged:{one.pk}:{one.occasion}"[:60])
    return [(one.pk, one.occasion) for one in clash]


def _of(contact_id: int) -> Q:
    return Q(first=contact_id) | Q(second=contact_id)


def _drop_duplicates(pair: Pair) -> list[dict[str, Any]]:
    """Whoever is not the same as the one is not the same as the other."""
    rows = Duplicate.objects.filter(_of(pair.gone.pk))
    dropped = tables.values(rows)
    rows.delete()
    for row in dropped:
        other = row["second_id"] if row["first_id"] == pair.gone.pk else row["first_id"]
        if row["dismissed_at"] and other != pair.kept.pk:
            low, high = sorted((other, pair.kept.pk))
            Duplicate.objects.get_or_create(
                first_id=low, second_id=high,
                defaults={name: row[name] for name in ("reasons", "weight", "found_at", "dismissed_at", "dismissed_by_id")},
            )  # fmt: skip
    return dropped


Held = dict[tuple[str, str, bool], Consent]


def held(contact_id: int) -> Held:
    """The newest line of a contact by kind, purpose, and whether it was played."""
    found: Held = {}
    for line in Consent.objects.filter(contact=contact_id).order_by("pk"):
        found[line.kind, line.purpose, line.played] = line
    return found


def disagreements(kept: Held, gone: Held) -> list[tuple[Consent, Consent]]:
    """(the withdrawal, the consent) wherever one of the two withdrew and the other's newest word is yes."""
    pairs = ((kept[key], gone[key]) for key in sorted(kept.keys() & gone.keys()))
    return [(one, other) if other.given else (other, one) for one, other in pairs if one.given != other.given]


def _be_strict(pair: Pair) -> list[dict[str, Any]]:
    """The rule: what either withdrew stays withdrawn, until the merged person agrees again. Where the consent is the newer line, the
    withdrawal is said once more. Returns what the kept one had agreed to there, for undoing."""
    kept = held(pair.kept.pk)
    again, lost = [], []
    for no, yes in disagreements(kept, held(pair.gone.pk)):
        if yes.pk > no.pk:
            again.append(_withdrawn(no, pair.kept.pk))
        if yes.contact_id == pair.kept.pk and yes.pk > no.pk:
            lost += tables.values(Consent.objects.filter(pk=yes.pk))
    record(again, now=pair.now)
    return lost


def _withdrawn(line: Consent, contact_id: int) -> Line:
    source = _("two contacts made one: the withdrawal counts")
    return Line(
        contact_id, line.kind, given=False, basis=Basis.WITHDRAWAL.value, source=source, purpose=line.purpose, wording=line.wording,
        language=line.language, at=line.at, address=line.address, played=line.played,
    )  # fmt: skip


def _say_again(pair: Pair, lost: list[dict[str, Any]]) -> None:
    """They are two again, and this one had agreed: the ledger only grows, so it is written once more as it was."""
    fields = {field.attname: field for field in Consent._meta.concrete_fields}
    names = (
        "kind",
        "given",
        "basis",
        "purpose",
        "wording",
        "language",
        "at",
        "expires_at",
        "operator_id",
        "ip",
        "address",
        "played",
    )
    said: list[Mapping[str, Any]] = [{name: fields[name].to_python(row[name]) for name in names} for row in lost]
    source = _("two contacts are two again: as before")
    record([Line(pair.kept.pk, source=source, **one) for one in said], now=pair.now)


def ready(pair: Pair) -> list[str]:
    """The facts of both are held to the end, so that none is noticed for the one while it becomes the other's."""
    if Erasure.objects.filter(contact__in=pair.ids).exists():
        return [_("One of the two asked to be forgotten. They stay as they are.")]
    for model in (Event, Consent):
        list(
            tables.plain(model)
            .filter(Among("contact_id", pair.ids), handled_at=None)
            .order_by("pk")
            .select_for_update()
        )
    return []


PART = Part("contacts", _MODELS, ready=ready, settle=settle, restore=restore, since=since)
