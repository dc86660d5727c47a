"""For whom, when, and by what means the rules are asked; and the few shapes of question that all conditions share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Model, OuterRef, Q, QuerySet

from contacts import timezones
from contacts.bulk import Among
from contacts.models import Business, Contact


@dataclass(frozen=True, slots=True)
class Scope:
    """now: the instant asked for; among: only these contacts are of interest, so that a few cost little; played: what was played counts.

    names: the rows that rules refer to and that exist, by model and id; rules: those of the segments among them.
    """

    now: datetime
    business: Business
    among: Sequence[int] | None = None
    played: bool = False
    names: Mapping[type[Model], Mapping[int, str]] = field(default_factory=dict)
    rules: Mapping[int, Any] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """By the clock of the business."""
        return self.now.astimezone(timezones.named(self.business.time_zone) or timezones.UTC).date()

    def ago(self, days: int) -> datetime:
        return self.now - timedelta(days=days)

    def everyone(self) -> QuerySet[Contact]:
        found = Contact.objects.order_by().filter(erased_at=None)
        return found if self.among is None else found.filter(Among("id", self.among))

    def narrow(self, facts: QuerySet[Any]) -> QuerySet[Any]:
        """Facts about those who are of interest."""
        facts = facts.order_by()
        return facts if self.among is None else facts.filter(Among("contact_id", self.among))

    def name(self, model: type[Model], pk: int) -> str:
        return self.names.get(model, {}).get(pk, "–")

    def list_of(self, model: type[Model], pks: Sequence[int]) -> str:
        return ", ".join(self.name(model, pk) for pk in pks)


NOBODY = Q(pk__in=[])


def whoever(facts: QuerySet[Any], times: int = 1) -> Q:
    """Those with at least so many of the facts."""
    theirs = facts.values("contact_id")
    if times > 1:
        theirs = theirs.annotate(times=Count("*")).filter(times__gte=times).values("contact_id")
    return Q(pk__in=theirs)


def nobody_of(facts: QuerySet[Any]) -> Q:
    """Those with none of the facts; an anti-join, where NOT IN would compare each with all."""
    return Q(~Exists(facts.filter(contact=OuterRef("pk"))))


def others(found: Q) -> Q:
    """All whom the condition does not find."""
    return Q(~Exists(Contact.objects.order_by().filter(found, pk=OuterRef("pk"))))
