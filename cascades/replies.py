"""What people answer, and what staff let an answer mean. Standard library only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Then(StrEnum):
    """What an answer means for the rest of the cascade (`cascades.models.Step.answers`)."""

    STOP = "stop"
    CONTINUE = "continue"


ANY_TEXT = "*"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said: `choice` is the code of the button that was pressed, "" for words that were written."""

    choice: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """What one answer means. choice: a button's code, or the word itself where it is written; `ANY_TEXT` for all other words."""

    choice: str
    then: Then

    def names(self, answer: Answer) -> bool:
        """Whether the answer is this very one; capitals and blanks around it do not matter in words."""
        return (
            self.choice == answer.choice if answer.choice else self.choice.casefold() == answer.text.strip().casefold()
        )


def rule_for(answer: Answer, rules: Sequence[AnswerRule]) -> AnswerRule | None:
    """The rule that holds for an answer: the one that names it, else for words the one for any; None where staff said nothing about it."""
    named = next((rule for rule in rules if rule.names(answer)), None)
    return named or next((rule for rule in rules if rule.choice == ANY_TEXT and not answer.choice), None)
