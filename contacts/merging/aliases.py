"""By what a merged person is still known: the id that they had, and their number in another system."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from contacts.bulk import Among
from contacts.models import Alias, Contact


def survivor(contact_id: int) -> int:
    """The contact that this id stands for today: itself, or the one that it became part of. One statement."""
    found = Alias.objects.filter(former_id=contact_id).values_list("contact_id", flat=True).first()
    return contact_id if found is None else found


def survivors(contact_ids: Collection[int]) -> dict[int, int]:
    """Former id -> contact id, for those among them that became part of another; one statement."""
    rows = Alias.objects.filter(Among("former_id", contact_ids))
    return {former: contact for former, contact in rows.values_list("former_id", "contact_id") if former}


def by_numbers(external_ids: Collection[str]) -> dict[str, int]:
    """Former number -> contact id; one statement. Somebody who has the number today comes first: ask for them yourself."""
    rows = Alias.objects.filter(Among("external_id", external_ids))
    return {number: contact for number, contact in rows.values_list("external_id", "contact_id") if number}


def current_numbers(external_ids: Collection[str]) -> dict[str, str]:
    """Former number -> the number that its person has today, where they have one and nobody else has the former; one statement."""
    taken = Exists(Contact.objects.filter(external_id=OuterRef("external_id")))
    rows = Alias.objects.filter(~taken, Among("external_id", external_ids), contact__external_id__isnull=False)
    found = rows.values_list("external_id", "contact__external_id")
    return {former: number for former, number in found if former and number}
