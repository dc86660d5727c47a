"""The same said by many people at once: who may be noted as having agreed is asked of the database as a set, by the rules of the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Subquery, Value, When

from contacts import kinds
from contacts.bulk import Among
from contacts.consent import ledger
from contacts.consent.ledger import Line
from contacts.models import Address, Basis, Consent, Contact, Suppression, SuppressionReason


def record_alike(contact_ids: Sequence[int], said: Line, *, now: datetime) -> tuple[int, dict[str, int]]:
    """That each of these people agreed to what `said` says of nobody in particular, in three statements for any number of them. Returns for
    how many it was written, and why not for how many others.

    As `record_imported`: what holds already is not written again; withdrawn stays withdrawn, and a closed address closed.
    """
    assert said.given, "to withdraw in the name of many is not asked for"
    with transaction.atomic():
        there = ledger.lock_contacts(contact_ids)
        why = dict(_verdicts(sorted(there), said.kind, said.purpose))
        lines = [replace(said, contact_id=pk) for pk, reason in why.items() if not reason]
        written = ledger.write(lines, now=now)
    return written, {reason: count for reason, count in Counter(why.values()).items() if reason}


def _verdicts(contact_ids: Sequence[int], kind: str, purpose: str) -> list[tuple[int, str]]:
    """Why each of them is left out; "" for those who are not. In the order of ids."""
    ways = Address.objects.order_by().filter(contact=OuterRef("pk"), kind=kinds.get(kind).address)
    shut = Suppression.objects.filter(fingerprint=OuterRef("fingerprint"), lifted_at=None, channel__in=["", kind])
    shut = shut.exclude(reason=SuppressionReason.BOUNCE).order_by()  # the mailbox is gone, but the person said nothing
    lines = Consent.objects.filter(contact=OuterRef("pk"), kind=kind, purpose=purpose).order_by("-id")
    undone = Q(basis=Basis.UNDONE)  # what an import said that was undone, nobody said
    states = {"consent_withdrawn": Q(given=False) & ~undone, "already": Q(given=True, expires_at=None)}
    held = Case(*(When(state, then=Value(name)) for name, state in states.items()), default=Value("ends"))
    newest = Subquery(lines.annotate(state=held).values("state")[:1], output_field=CharField())
    reason = Case(
        When(~Exists(ways), then=Value("no_address")),
        *(When(newest_is=name, then=Value(name)) for name in states),
        When(Exists(ways.filter(Exists(shut))), then=Value("suppressed")),
        default=Value(""),
    )
    people = Contact.objects.filter(Among("id", contact_ids)).order_by("id").alias(newest_is=newest)
    return list(people.annotate(reason=reason).values_list("id", "reason"))
