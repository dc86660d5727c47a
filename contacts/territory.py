"""Whose people somebody may see: the one place that limits lists, pages, actions, exports and the API to branches.

A person belongs to the branch of their contact. Who is limited sees the people of their branches, and nobody who has no branch.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from contacts.models import Address, Branch, Integration, IntegrationBranch, StaffBranch

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    Who = AbstractBaseUser | AnonymousUser | Integration

_M = TypeVar("_M", bound=Model)
# None: everything; else the branches, in the order of their ids.
Territory = tuple[int, ...] | None
Rule = Callable[[Collection[int]], Q]

_KEPT = "_territory"
_rules: dict[str, Rule | None] = {}
_by_branch: set[str] = set()


def register(model: str, rule: str | Rule) -> None:
    """Say which rows of "room.Model" are whose. rule: the path to the branch ("contact__branch"), or branches -> Q."""
    if rule == "branch":
        _by_branch.add(model.lower())
    _rules[model.lower()] = (lambda branches: Q(**{f"{rule}__in": branches})) if isinstance(rule, str) else rule


def shared(*models: str) -> None:
    """What speaks of nobody, and is one for all branches: messages, groups, cascades ... Everybody sees it."""
    _rules.update({model.lower(): None for model in models})


def is_known(model: type[Model]) -> bool:
    """Whether it was said whose the rows are. Of what nobody has thought of, who is limited sees nothing."""
    return model._meta.label_lower in _rules


def is_limited(model: type[Model]) -> bool:
    """Whether its rows belong to branches."""
    return _rules.get(model._meta.label_lower) is not None


def is_by_branch(model: type[Model]) -> bool:
    """Whether its rows stand at a branch themselves: one without a branch is gone from the sight of whoever is limited."""
    return model._meta.label_lower in _by_branch


def of(who: Who | None) -> Territory:
    """The branches that somebody is limited to; None for no limit. Read once and kept with them, which is once in a request."""
    if who is None or not who.pk or getattr(who, "is_superuser", False):
        return None
    if not hasattr(who, _KEPT):
        rows: QuerySet[Any] = (
            IntegrationBranch.objects.filter(integration=who)
            if isinstance(who, Integration)
            else StaffBranch.objects.filter(user=who.pk)
        )
        setattr(who, _KEPT, tuple(sorted(rows.values_list("branch_id", flat=True))) or None)
    kept: Territory = getattr(who, _KEPT)
    return kept


def names(who: Who | None) -> list[str]:
    """The branches that somebody is limited to, by name; nothing for no limit."""
    mine = of(who)
    return [] if mine is None else list(Branch.objects.filter(pk__in=mine).values_list("name", flat=True))


def within(model: type[Model], territory: Territory, prefix: str = "") -> Q:
    """What of a model lies in a territory, as a condition; prefix: the way there from what it is asked of, such as "memberships__"."""
    if territory is None:
        return Q()
    if not is_known(model):
        return Q(pk__in=())
    rule = _rules[model._meta.label_lower]
    found = rule(territory) if rule else Q()
    return _moved(found, prefix) if prefix else found


def visible(rows: QuerySet[_M], who: Who | None) -> QuerySet[_M]:
    """Those of the rows that somebody may see."""
    territory = of(who)
    return rows if territory is None else rows.filter(within(rows.model, territory))


def found(rows: QuerySet[_M] | type[_M], who: Who | None, **named: Any) -> _M:
    """The one row, or 404: what is another branch's is not there."""
    every: QuerySet[_M] = rows if isinstance(rows, QuerySet) else rows._default_manager.all()
    try:
        return get_object_or_404(visible(every, who), **named)
    except (ValueError, OverflowError):
        raise Http404 from None


def replace(holder: Model, branches: Collection[Branch]) -> None:
    """Limit a member of staff or a program to these branches; to none of them means all."""
    model, name = (IntegrationBranch, "integration") if isinstance(holder, Integration) else (StaffBranch, "user")
    rows: QuerySet[Any] = model._default_manager.filter(**{name: holder})
    wanted = {branch.pk for branch in branches}
    rows.exclude(branch__in=wanted).delete()
    known = set(rows.values_list("branch_id", flat=True))
    for pk in sorted(wanted - known):  # saved one by one, so that each is written down
        rows.model(**{name: holder, "branch_id": pk}).save()
    holder.__dict__.pop(_KEPT, None)


def _moved(condition: Q, prefix: str) -> Q:
    """The same condition, asked from further away."""
    moved = Q(_connector=condition.connector, _negated=condition.negated)
    for child in condition.children:
        moved.children.append(
            _moved(child, prefix) if isinstance(child, Q) else (f"{prefix}{child[0]}", child[1])  # type: ignore[index]
        )
    return moved


def _addresses_of(branches: Collection[int]) -> Q:
    """Of a suppressed address only a hash is kept: it is theirs where one of their people has it."""
    theirs = Address.objects.filter(contact__branch__in=branches)
    return Q(fingerprint__in=theirs.order_by().values("fingerprint"))


def _asked_within(branches: Collection[int]) -> Q:
    """What is done in the background, and the file that came of it: asked for within just these branches."""
    return Q(selection__branches=list(branches))


def _imported_within(branches: Collection[int]) -> Q:
    """An import of somebody who is limited to just these branches."""
    return Q(options__branches=list(branches))


def _both_theirs(branches: Collection[int]) -> Q:
    return Q(first__branch__in=branches, second__branch__in=branches)


register("contacts.Contact", "branch")
register("contacts.ImportRun", _imported_within)
register("contacts.Duplicate", _both_theirs)
register("contacts.BulkRun", _asked_within)
register("contacts.Branch", lambda branches: Q(pk__in=branches))
register("contacts.ClassSession", "branch")
register("contacts.Suppression", _addresses_of)
for _one in ("Address", "Consent", "Event", "Booking", "ImportChange", "Membership", "Voucher"):
    register(f"contacts.{_one}", "contact__branch")
shared("contacts.Business", "contacts.Group", "contacts.Segment", "contacts.VoucherOffer", "contacts.GoesWith")
