"""An answer kept, with what staff wanted of it: details and groups of the person, and the event that ends a cascade."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import Delivery, Form, FormAnswer, FormQuestion
from contacts import audit, bulk, events
from contacts.models import Contact, Deed, Group, Membership

SOURCE = "form"
Answers = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer that now counts. fresh: False if the very same had been told before."""

    answer: FormAnswer
    fresh: bool


def take(
    form: Form, questions: Sequence[FormQuestion], delivery: Delivery, answers: dict[str, dict[str, Any]], *, language: str, now: datetime
) -> Taken:  # fmt: skip
    """Keep what the person of this delivery answered (see `FormAnswer.answers`).

    A second answer to the same delivery replaces the first, which stays in the history; the same one again changes nothing.
    """
    with transaction.atomic():
        contact = Contact.objects.select_for_update(no_key=True).get(pk=delivery.contact_id)
        before = FormAnswer.objects.filter(form=form, delivery=delivery, replaced_at=None).first()
        if before and _values(before.answers) == _values(answers):
            return Taken(before, fresh=False)
        if before:
            FormAnswer.objects.filter(pk=before.pk).update(replaced_at=now)
        joined = _move(contact.pk, _groups(form, questions, answers), before.joined if before else [], now)
        answer = FormAnswer.objects.create(
            form=form, contact=contact, delivery=delivery, answers=answers, joined=joined, language=language, at=now,
            played=delivery.sandbox,
        )  # fmt: skip
        _fill(contact, questions, answers, now)
        events.record(
            contact.pk, "answer", at=now, now=now, key=str(answer.pk), data=_told(form, questions, answers), source=SOURCE,
            played=delivery.sandbox,
        )  # fmt: skip
    return Taken(answer, fresh=True)


def _values(answers: Answers) -> dict[str, Any]:
    return {key: one["value"] for key, one in answers.items()}


def _groups(form: Form, questions: Sequence[FormQuestion], answers: Answers) -> set[int]:
    """The form's own group, and those of the options that were chosen."""
    groups = {form.group_id} if form.group_id else set()
    for question in questions:
        chosen = answers.get(question.key, {}).get("value")
        values = chosen if isinstance(chosen, list) else [chosen]
        groups |= {one["group"] for one in question.options if one.get("group") and one["value"] in values}
    return groups


def _move(contact_id: int, groups: set[int], joined_before: Sequence[int], now: datetime) -> list[int]:
    """Into these groups, and out of those that only the replaced answer had led into. Returns the groups that answers led into."""
    left = set(joined_before) - groups
    if left:
        Membership.objects.filter(contact_id=contact_id, group_id__in=left).delete()
    there = Group.objects.filter(pk__in=groups).values_list("pk", flat=True)
    rows = [(contact_id, group_id, now) for group_id in sorted(there)]
    columns = ("contact_id", "group_id", "added_at")
    new = bulk.insert(Membership, columns, rows, ignore_conflicts=True, returning=("group_id",))
    return sorted({group_id for (group_id,) in new} | (set(joined_before) & groups))


def _fill(contact: Contact, questions: Sequence[FormQuestion], answers: Answers, now: datetime) -> None:
    """The person's other details. A question that was left open empties none."""
    filled = {one.attribute: answers[one.key]["value"] for one in questions if one.attribute and one.key in answers}
    if filled:
        attributes = {**contact.attributes, **filled}
        Contact.objects.filter(pk=contact.pk).update(attributes=attributes, updated_at=now)
        what = [["attributes", audit.simple(contact.attributes), audit.simple(attributes)]]
        audit.note(Deed.CHANGED, Contact, object_id=contact.pk, name=str(contact), what=what)


def _told(form: Form, questions: Sequence[FormQuestion], answers: Answers) -> dict[str, Any]:
    """The event's data: answers by the detail that they fill, else by the question's key; `score` is the first score."""
    named = {one.attribute or one.key: answers[one.key]["value"] for one in questions if one.key in answers}
    score = next((value for value in named.values() if isinstance(value, int)), None)
    return {"form": form.pk, "name": form.name, "answers": named, "score": score, "told_by": SOURCE}
