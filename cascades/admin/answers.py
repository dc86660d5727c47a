"""What answers to a step mean, as rows of its card: the answer, whether the cascade goes on, and which group it brings into or out of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.replies import ANY_TEXT, Then
from contacts.models import Group

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

THEN: dict[str, StrOrPromise] = {
    Then.STOP.value: gettext_lazy("ends here for them"),
    Then.CONTINUE.value: gettext_lazy("goes on as planned"),
}
PARTS = ("choice", "then", "group", "from_group")
LONGEST_CHOICE, MOST, BLANK = 40, 12, 3
Groups = list[tuple[int, str]]
Row = dict[str, Any]


class AnswerRows(forms.Widget):
    """Rows with empty ones for more; `groups` are read once for all cards and put here."""

    template_name = "cascades/builder/answers.html"
    groups: Groups = []

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [dict(row) for row in value or []]
        rows += [{}] * min(BLANK, MOST - len(rows))
        shown = {"name": name, "rows": rows, "thens": THEN.items(), "groups": self.groups, "longest": LONGEST_CHOICE}
        return render_to_string(self.template_name, shown)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        getlist = getattr(data, "getlist", lambda key: data.get(key, []))
        columns = (getlist(f"{name}-{part}") for part in PARTS)
        rows = ([str(cell).strip() for cell in row] for row in zip_longest(*columns, fillvalue=""))
        return [dict(zip(PARTS, row, strict=True)) for row in rows if row[0] or row[2] or row[3]]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-choice" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class AnswersField(forms.Field):
    """Gives a list of `{"choice", "then", "group", "from_group"}`; see `cascades.models.Step`."""

    widget = AnswerRows

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [_told(row) for row in initial or []] != [_told(row) for row in data or []]

    def clean(self, value: Any) -> list[Row]:
        rows = list(_checked(value or [], {pk for pk, _name in self.widget.groups}))
        named = [row["choice"].casefold() for row in rows]
        if twice := next((name for name in named if named.count(name) > 1), ""):
            raise ValidationError(_("The answer “%(answer)s” is there twice. Keep one.") % {"answer": twice})
        return rows[:MOST]


def groups() -> Groups:
    """All groups that staff choose from, by name."""
    return list(Group.objects.offered().values_list("pk", "name"))


def say(answers: list[Row], known: Mapping[int, str]) -> Iterator[str]:
    """Each answer's meaning in words, for the picture of the steps."""
    for row in answers:
        what = _("any words") if row["choice"] == ANY_TEXT else f"“{row['choice']}”"
        meant = [str(THEN[row["then"]])]
        if row.get("group"):
            meant.append(_("into “%(group)s”") % {"group": known.get(row["group"], "–")})
        if row.get("from_group"):
            meant.append(_("out of “%(group)s”") % {"group": known.get(row["from_group"], "–")})
        yield f"{what}: {', '.join(meant)}"


def _told(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(part) or "") for part in PARTS)


def _checked(rows: list[Row], known: set[int]) -> Iterator[Row]:
    for row in rows:
        choice, then = row["choice"], row["then"] or Then.STOP.value
        if not choice or len(choice) > LONGEST_CHOICE:
            raise ValidationError(_("Say which answer it is: that of a button, a word, or * for any other words."))
        if then not in THEN:
            raise ValidationError(_("Choose what the answer means."))
        into, out = (group(row[part], known) for part in ("group", "from_group"))
        if into and into == out:
            raise ValidationError(_("One answer cannot bring a person both into a group and out of it."))
        yield {"choice": choice, "then": then, "group": into, "from_group": out}


def group(given: str, known: set[int]) -> int | None:
    if not given:
        return None
    if not given.isdecimal() or int(given) not in known:
        raise ValidationError(_("This group no longer exists. Choose another."))
    return int(given)
