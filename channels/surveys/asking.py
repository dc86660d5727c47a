"""A form's questions as one person sees them, and what they typed read back. No database here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels.models import FormQuestion, QuestionKind
from channels.models.form import CHOICES, SCORES, said_in

LONGEST = 2000  # characters of an answer; what is longer is cut, and the person is told
_SHOWN = 60  # characters of a wrong value in a sentence


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to choose from."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One question on the page. `text`: what was typed; `problem`: a sentence, "" if all is well; `choices`: for all kinds but text."""

    question: FormQuestion
    label: str
    choices: tuple[Choice, ...] = ()
    text: str = ""
    problem: str = ""

    @property
    def key(self) -> str:
        return self.question.key

    @property
    def is_score(self) -> bool:
        return self.question.kind in SCORES

    @property
    def is_text(self) -> bool:
        return self.question.kind == QuestionKind.TEXT

    @property
    def several(self) -> bool:
        return self.question.kind == QuestionKind.SEVERAL

    def with_chosen(self, values: Iterable[str]) -> Asked:
        wanted = set(values)
        return replace(self, choices=tuple(replace(one, chosen=one.value in wanted) for one in self.choices))


@dataclass(slots=True)
class Given:
    """What was typed: the questions with it, the answers as they are kept, and the labels of the questions whose text was cut."""

    asked: list[Asked] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    cut: list[str] = field(default_factory=list)

    @property
    def problems(self) -> list[Asked]:
        return [one for one in self.asked if one.problem]


def asked(questions: Sequence[FormQuestion], language: str, fallback: str) -> list[Asked]:
    """The questions in a language, nothing chosen yet."""
    return [
        Asked(question, said_in(question.labels, language, fallback), _choices(question, language, fallback))
        for question in questions
    ]


def preset(page: Sequence[Asked], score: str) -> list[Asked]:
    """A score that came with the link is chosen already in the first question that has it; nothing is saved by that."""
    first = next((one for one in page if one.is_score), None)
    return [one.with_chosen([score]) if one is first else one for one in page]


def read(page: Sequence[Asked], posted: QueryDict) -> Given:
    """What the person sent. Nothing that they typed is lost, whatever is wrong with it."""
    given = Given()
    for one in page:
        given.asked.append(_read_text(one, posted, given) if one.is_text else _read_choice(one, posted, given))
    if not given.answers and not given.problems and given.asked:
        given.asked[0] = replace(given.asked[0], problem=_("Nothing was answered yet."))
    return given


def _choices(question: FormQuestion, language: str, fallback: str) -> tuple[Choice, ...]:
    if question.kind in SCORES:
        return tuple(Choice(str(n), str(n)) for n in SCORES[QuestionKind(question.kind)])
    if question.kind in CHOICES:
        return tuple(Choice(one["value"], said_in(one["labels"], language, fallback)) for one in question.options)
    return ()


def _read_text(one: Asked, posted: QueryDict, given: Given) -> Asked:
    text = posted.get(one.key, "").replace("\x00", "").replace("\r\n", "\n").strip()
    if len(text) > LONGEST:
        given.cut.append(one.label)
        text = text[:LONGEST].rstrip()
    if text:
        given.answers[one.key] = _kept(one, text, text, given)
    missing = one.question.required and not text
    return replace(one, text=text, problem=_("Please answer this question.") if missing else "")


def _read_choice(one: Asked, posted: QueryDict, given: Given) -> Asked:
    values = list(dict.fromkeys(value for value in posted.getlist(one.key) if value))
    known = {choice.value: choice.label for choice in one.choices}
    one = one.with_chosen(values)
    if strange := [value for value in values if value not in known]:
        return replace(
            one,
            problem=_("“%(answer)s” cannot be chosen here. Please choose again.")
            % {"answer": strange[0][:_SHOWN].replace("\x00", "")},
        )
    if len(values) > 1 and not one.several:
        return replace(one, problem=_("Please choose one answer only."))
    if not values:
        return replace(one, problem=_("Please answer this question.") if one.question.required else "")
    value: Any = values if one.several else int(values[0]) if one.is_score else values[0]
    given.answers[one.key] = _kept(one, value, ", ".join(known[v] for v in values), given)
    return one


def _kept(one: Asked, value: Any, said: str, given: Given) -> dict[str, Any]:
    """See `FormAnswer.answers`."""
    return {"value": value, "label": one.label, "said": said, "n": len(given.asked)}


def cut_sentence(count: int) -> str:
    """What the person reads when a text of theirs was too long."""
    return ngettext(
        "One text was longer than %(letters)s characters; its beginning was kept.",
        "%(count)s texts were longer than %(letters)s characters; their beginnings were kept.",
        count,
    ) % {"letters": LONGEST, "count": count}
