"""What all answers to a form say together, and as a table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from channels.models import FormAnswer, FormQuestion, QuestionKind
from channels.models.form import SCORES, said_in
from contacts.exporting import safe

COUNTED = 100_000  # the newest answers; the numbers of a form hardly change after that
_PORTION = 2000


@dataclass(frozen=True, slots=True)
class Count:
    """One question's numbers. average: of scores, None elsewhere; nps: promoters minus detractors in per cent, for 0 to 10;
    bars: (label, how many, per cent of those who answered)."""

    label: str
    answered: int
    average: float | None
    nps: int | None
    bars: list[tuple[str, int, int]]


def numbers(answered: QuerySet[FormAnswer], questions: list[FormQuestion], language: str) -> list[Count]:
    """Averages of scores and counts of choices, from those of the answers that count; one statement."""
    found = answered.filter(replaced_at=None).order_by("-id").values_list("answers", flat=True)
    given: dict[str, Counter[str]] = defaultdict(Counter)
    people: Counter[str] = Counter()
    for answers in found[:COUNTED].iterator(chunk_size=_PORTION):
        for key, one in answers.items():
            people[key] += 1
            value = one["value"]
            given[key].update([str(each) for each in value] if isinstance(value, list) else [str(value)])
    return [_count(question, given[question.key], people[question.key], language) for question in questions]


def _count(question: FormQuestion, given: Counter[str], people: int, language: str) -> Count:
    label = said_in(question.labels, language)
    if question.kind == QuestionKind.TEXT:
        return Count(label, people, None, None, [])
    if question.kind in SCORES:
        scores = {value: str(value) for value in SCORES[QuestionKind(question.kind)]}
        total = sum(int(value) * n for value, n in given.items() if value.isdecimal())
        bars = [_bar(name, given[str(value)], people) for value, name in scores.items()]
        return Count(label, people, round(total / people, 1) if people else None, _nps(question, given, people), bars)
    names = {one["value"]: said_in(one["labels"], language) for one in question.options}
    names |= {value: _("%(answer)s (no longer offered)") % {"answer": value} for value in given if value not in names}
    return Count(label, people, None, None, [_bar(name, given[value], people) for value, name in names.items()])


def _bar(name: str, count: int, people: int) -> tuple[str, int, int]:
    return name, count, round(100 * count / people) if people else 0


def _nps(question: FormQuestion, given: Counter[str], people: int) -> int | None:
    if question.kind != QuestionKind.SCORE_10 or not people:
        return None
    fans, critics = sum(given[str(n)] for n in (9, 10)), sum(given[str(n)] for n in range(7))
    return round(100 * (fans - critics) / people)


def table(answers: QuerySet[FormAnswer]) -> Iterator[list[str]]:
    """A header and a row for each answer, with a column for each question that was ever answered; safe for spreadsheets."""
    answers = answers.order_by("id").select_related("form", "contact", "delivery__channel")
    found: dict[str, tuple[int, str]] = {}
    for one in answers.values_list("answers", flat=True).iterator(chunk_size=_PORTION):
        found |= {key: (given["n"], given["label"]) for key, given in one.items() if key not in found}
    asked = {key: label for key, (_n, label) in sorted(found.items(), key=lambda item: item[1][0])}
    head = [
        _("when"),
        _("form"),
        _("contact"),
        _("number in your other system"),
        _("channel"),
        _("language"),
        _("replaced"),
    ]
    yield [safe(cell) for cell in [*head, *asked.values()]]
    for answer in answers.iterator(chunk_size=_PORTION):
        yield [safe(cell) for cell in [*_told(answer), *(answer.answers.get(key, {}).get("said", "") for key in asked)]]


def _told(answer: FormAnswer) -> list[str]:
    channel = answer.delivery.channel.name if answer.delivery else ""
    replaced = f"{timezone.localtime(answer.replaced_at):%Y-%m-%d %H:%M}" if answer.replaced_at else ""
    when = f"{timezone.localtime(answer.at):%Y-%m-%d %H:%M}"
    return [
        when, answer.form.name, answer.contact.full_name, answer.contact.external_id or "", channel, answer.language, replaced,
    ]  # fmt: skip
