"""Whom a start is for: what staff selected, as a query and as a sentence.

A selection is JSON: `{"groups": [ids], "segments": [ids], "contacts": [ids] | null, "filter": {...}}`. Groups, segments and single
contacts add up; the filter narrows what they give, or all contacts where none is named. A selection that says nothing is nobody: an empty
form must not write to everyone. `"branches": [ids]`: it was made by somebody who is limited to these branches, and means only their people.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from cascades.models import Launch, LaunchState, Step
from contacts import kinds, segments, territory
from contacts.bulk import Among
from contacts.models import Branch, Business, Consent, ConsentPurpose, Contact, Group, Membership, Segment
from contacts.searching import matching

Selection = Mapping[str, Any]


def people(selection: Selection, now: datetime) -> QuerySet[Contact]:
    """Each selected contact once, unordered, as the segments are now; `ValueError` for a selection that cannot be understood."""
    groups, chosen, contacts, narrow = _parts(selection)
    everyone = Contact.objects.order_by().filter(erased_at=None)
    if not (groups or chosen or contacts or narrow):
        return everyone.none()
    sets: list[QuerySet[Any, Any]] = [segments.people(pk, now).values("pk") for pk in chosen]
    if groups:
        sets.append(Membership.objects.order_by().filter(group_id__in=groups).values("contact_id"))
    if contacts:
        sets.append(Contact.objects.order_by().filter(Among("id", contacts)).values("pk"))
    if sets:
        everyone = everyone.filter(pk__in=sets[0].union(*sets[1:]) if len(sets) > 1 else sets[0])
    everyone = everyone.filter(territory.within(Contact, limit_of(selection)))
    return everyone.filter(*(_FILTERS[name](value) for name, value in narrow.items()))


def limited(selection: Selection, mine: territory.Territory) -> dict[str, Any]:
    """The same selection, cut to the branches of whoever makes it; it stays cut, whoever's task takes the people in."""
    told = {name: value for name, value in selection.items() if name != "branches"}
    return told | ({"branches": list(mine)} if mine is not None and told else {})


def limit_of(selection: Selection) -> territory.Territory:
    """The branches that a selection is cut to; None for all."""
    given = selection.get("branches")
    return None if given is None else tuple(int(pk) for pk in given)


def of_branches(branches: Collection[int]) -> Q:
    """Of the starts, those that were made within just these branches."""
    return Q(selection__branches=list(branches))


def uses_of_segment(segment_id: int) -> list[str]:
    """The starts to come that are for this segment, and the cascades with a step that asks for it, for whoever wants to delete it."""
    ahead = Launch.objects.filter(state__in=[LaunchState.PLANNED, LaunchState.ENROLLING]).select_related("cascade")
    steps = Step.objects.filter(Q(version=None) | Q(version=F("cascade__version"))).exclude(only_if=[])
    asking = {step.cascade.name for step in steps.select_related("cascade") if _asks_for(step, segment_id)}
    return [_("cascade “%(cascade)s”") % {"cascade": name} for name in sorted(asking)] + [
        _("planned start of “%(cascade)s”") % {"cascade": launch.cascade.name}
        for launch in ahead
        if segment_id in (launch.selection.get("segments") or ())
    ]


def _asks_for(step: Step, segment_id: int) -> bool:
    return any(row.get("segment") == segment_id for row in step.only_if)


def describe(selection: Selection) -> str:
    """What was selected, as a phrase in the language in force: "groups Regulars, Students; language Spanish"."""
    groups, chosen, contacts, narrow = _parts(selection)
    said = []
    if groups:
        names = list(Group.objects.filter(pk__in=groups).values_list("name", flat=True))
        said.append(ngettext("group %(names)s", "groups %(names)s", len(names)) % {"names": ", ".join(names)})
    if chosen:
        names = list(Segment.objects.filter(pk__in=chosen).values_list("name", flat=True))
        names += [_("(deleted)")] * (len(set(chosen)) - len(names))
        said.append(ngettext("segment %(names)s", "segments %(names)s", len(names)) % {"names": ", ".join(names)})
    if contacts:
        counted = ngettext("%(count)s chosen contact", "%(count)s chosen contacts", len(contacts))
        said.append(counted % {"count": len(contacts)})
    said += [_SAYINGS[name](value) for name, value in narrow.items()]
    return "; ".join([*said, *describe_limit(selection)]) or _("nobody")


def describe_limit(selection: Selection) -> list[str]:
    """The branches that it is cut to, as a phrase; nothing where it is not."""
    mine = limit_of(selection)
    if mine is None:
        return []
    names = list(Branch.objects.filter(pk__in=mine).values_list("name", flat=True))
    return [_("only people of %(branches)s") % {"branches": ", ".join(names) or "–"}]


def _parts(selection: Selection) -> tuple[list[int], list[int], list[int], dict[str, Any]]:
    """Groups, segments, contacts and the filters that say something."""
    if unknown := set(selection) - {"groups", "segments", "contacts", "filter", "branches"}:
        raise ValueError(f"a selection knows nothing of {sorted(unknown)}")
    narrow = {name: value for name, value in (selection.get("filter") or {}).items() if value not in ("", None, [])}
    if strange := set(narrow) - set(_FILTERS):
        raise ValueError(f"a selection cannot be narrowed by {sorted(strange)}")
    return (
        [int(pk) for pk in selection.get("groups") or ()],
        [int(pk) for pk in selection.get("segments") or ()],
        [int(pk) for pk in selection.get("contacts") or ()],
        narrow,
    )


def _by_language(value: str) -> Q:
    """A blank language means the business's own."""
    spoken = Q(language=value)
    return spoken | Q(language="") if value == Business.current().language else spoken


def _by_search(value: str) -> Q:
    """Every word is found somewhere, as in the list of contacts."""
    return matching(value)


def _by_consent(kind: str) -> Q:
    """Their newest word on marketing by this kind of channel was yes. Whether it has expired, the gate asks at the sending."""
    lines = Consent.objects.filter(contact=OuterRef("pk"), kind=kind, purpose=ConsentPurpose.MARKETING).order_by("-id")
    agreed = Contact.objects.order_by().annotate(word=Subquery(lines.values("given")[:1])).filter(word=True)
    return Q(pk__in=agreed.values("pk"))


def _instant(value: str | datetime) -> datetime:
    found = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if found.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return found


def _say_language(value: str) -> str:
    try:
        name = str(get_language_info(value)["name_translated"])
    except KeyError:
        name = value
    return _("language %(name)s") % {"name": name}


def _day(value: str | datetime) -> str:
    found = _instant(value)
    return date_format(date(found.year, found.month, found.day), "DATE_FORMAT")


_FILTERS: dict[str, Callable[[Any], Q]] = {
    "language": _by_language,
    "city": lambda value: Q(city__iexact=value),
    "branch": lambda value: Q(branch_id=int(value)),
    "search": _by_search,
    "consent": _by_consent,
    "added_since": lambda value: Q(created_at__gte=_instant(value)),
    "added_before": lambda value: Q(created_at__lt=_instant(value)),
}
_SAYINGS: dict[str, Callable[[Any], str]] = {
    "language": _say_language,
    "city": lambda value: _("city %(name)s") % {"name": value},
    "branch": lambda value: _("branch %(name)s") % {"name": Branch.objects.filter(pk=int(value)).first() or "–"},
    "search": lambda value: _("found by “%(words)s”") % {"words": value},
    "consent": lambda value: _("agreed to %(kind)s") % {"kind": kinds.label(value)},
    "added_since": lambda value: _("added since %(day)s") % {"day": _day(value)},
    "added_before": lambda value: _("added before %(day)s") % {"day": _day(value)},
}
