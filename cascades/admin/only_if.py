"""For whom a step is only, as rows of its card: what became of an earlier step, or a segment; and each in words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.admin import options
from cascades.conditions import OF_OPENINGS
from cascades.plan import Became
from channels.models import Channel
from channels.transport import Fact
from contacts.models import Segment

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# With the step's name, or the segment's.
SAID: dict[str, StrOrPromise] = {
    Became.OPENED: gettext_lazy("opened “%(what)s”"),
    Became.NOT_OPENED: gettext_lazy("did not open “%(what)s”"),
    Became.CLICKED: gettext_lazy("clicked in “%(what)s”"),
    Became.NOT_CLICKED: gettext_lazy("did not click in “%(what)s”"),
    Became.OPENED_NOT_CLICKED: gettext_lazy("opened “%(what)s” and did not click"),
    Became.DELIVERED: gettext_lazy("got “%(what)s” delivered"),
    Became.NOT_DELIVERED: gettext_lazy("did not get “%(what)s” delivered"),
    Became.ANSWERED: gettext_lazy("answered “%(what)s”"),
    Became.NOT_ANSWERED: gettext_lazy("did not answer “%(what)s”"),
    Became.FAILED: gettext_lazy("could not be sent “%(what)s”"),
    Became.IN: gettext_lazy("are in the segment “%(what)s”"),
    Became.NOT_IN: gettext_lazy("are not in the segment “%(what)s”"),
}
CHOICES: dict[str, StrOrPromise] = {
    Became.OPENED: gettext_lazy("opened the step"),
    Became.NOT_OPENED: gettext_lazy("did not open the step"),
    Became.CLICKED: gettext_lazy("clicked in the step"),
    Became.NOT_CLICKED: gettext_lazy("did not click in the step"),
    Became.OPENED_NOT_CLICKED: gettext_lazy("opened the step and did not click"),
    Became.DELIVERED: gettext_lazy("the step was delivered"),
    Became.NOT_DELIVERED: gettext_lazy("the step was not delivered"),
    Became.ANSWERED: gettext_lazy("answered the step"),
    Became.NOT_ANSWERED: gettext_lazy("did not answer the step"),
    Became.FAILED: gettext_lazy("the step could not be sent"),
    Became.IN: gettext_lazy("in the segment"),
    Became.NOT_IN: gettext_lazy("not in the segment"),
}
OF_SEGMENTS, OF_ANSWERS = (Became.IN, Became.NOT_IN), (Became.ANSWERED, Became.NOT_ANSWERED)
PARTS = ("is", "step", "segment", "answer")
LONGEST_ANSWER, MOST, BLANK = 40, 6, 2
KEY = re.compile(r"[0-9a-f]{12}\Z")
Row = dict[str, Any]
Named = list[tuple[Any, str]]


class ConditionRows(forms.Widget):
    """Rows with empty ones for more; `steps` (key, name) and `segments` (number, name) are read once for all cards and put here."""

    template_name = "cascades/builder/only_if.html"
    steps: Named = []
    segments: Named = []

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [dict(row) for row in value or []]
        rows += [{}] * min(BLANK, MOST - len(rows))
        shown = {
            "name": name, "rows": rows, "choices": [(str(code), label) for code, label in CHOICES.items()], "steps": self.steps,
            "segments": self.segments, "longest": LONGEST_ANSWER,
        }  # fmt: skip
        return render_to_string(self.template_name, shown)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        getlist = getattr(data, "getlist", lambda key: data.get(key, []))
        columns = (getlist(f"{name}-{part}") for part in PARTS)
        rows = ([str(cell).strip() for cell in row] for row in zip_longest(*columns, fillvalue=""))
        return [dict(zip(PARTS, row, strict=True)) for row in rows if row[0]]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-is" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class ConditionsField(forms.Field):
    """Gives a list as `cascades.models.Step.only_if` keeps it."""

    widget = ConditionRows

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [_told(row) for row in initial or []] != [_told(row) for row in data or []]

    def clean(self, value: Any) -> list[Row]:
        known = {str(pk) for pk, _name in self.widget.segments}
        return [_checked(row, known) for row in value or []][:MOST]


def segments() -> Named:
    """All segments, by name."""
    return list(Segment.objects.values_list("pk", "name"))


def problem(row: Mapping[str, Any], others: Mapping[str, Channel | None]) -> str:
    """Why the condition cannot be judged here, or "". others: the channels of the steps that it may ask for, by key."""
    if row.get("segment"):
        return ""
    if row["step"] not in others:
        return _("A step can only ask what became of a step before it. Choose another one.")
    channel = others[row["step"]]
    if channel and row["is"] in OF_OPENINGS and not options.tells_opening(channel):
        return _("“%(channel)s” cannot tell whether a message was opened.") % {"channel": channel}
    if channel and row["is"] in OF_ANSWERS and Fact.REPLIED not in options.told(channel):
        return _("“%(channel)s” cannot tell whether someone answers.") % {"channel": channel}
    return ""


def say(rows: Sequence[Row], steps: Mapping[str, str], known: Mapping[int, str]) -> Iterator[str]:
    """Each condition in words. steps: names by key; known: of segments by number."""
    for row in rows:
        what = known.get(row["segment"], "–") if row.get("segment") else steps.get(row.get("step", ""), "–")
        said = str(SAID[row["is"]]) % {"what": what}
        if answer := row.get("answer"):
            said = _("%(condition)s with “%(answer)s”") % {"condition": said, "answer": answer}
        yield _("Only those who %(condition)s") % {"condition": said}


def _told(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(part) or "") for part in PARTS)


def _checked(row: Row, known: set[str]) -> Row:
    if row["is"] not in CHOICES:
        raise ValidationError(_("Choose what must hold."))
    if row["is"] in OF_SEGMENTS:
        if row["segment"] not in known:
            raise ValidationError(_("Choose the segment."))
        return {"is": row["is"], "segment": int(row["segment"])}
    if not KEY.match(row["step"]):
        raise ValidationError(_("Choose the step that is meant."))
    answer = row["answer"][:LONGEST_ANSWER] if row["is"] in OF_ANSWERS else ""
    return {"is": row["is"], "step": row["step"], **({"answer": answer} if answer else {})}
