"""Into which group people come when it is over for them, and which one they leave: a row for each way in which it can end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.admin import answers

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OUTCOMES: dict[str, StrOrPromise] = {
    "goal": gettext_lazy("whoever reached the goal"),
    "reached": gettext_lazy("whoever reacted or was reached"),
    "exhausted": gettext_lazy("whoever did not react"),
    "unreachable": gettext_lazy("whoever could not be reached"),
    "failed": gettext_lazy("whoever every message failed for"),
}
PARTS = ("group", "from_group")
Row = dict[str, Any]


class EndingRows(forms.Widget):
    """One row for each outcome."""

    template_name = "cascades/builder/endings.html"

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = {row["outcome"]: row for row in value or []}
        rows = [(code, label, chosen.get(code, {})) for code, label in OUTCOMES.items()]
        return render_to_string(self.template_name, {"name": name, "rows": rows, "groups": answers.groups()})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        rows = ({part: str(data.get(f"{name}-{code}-{part}", "")).strip() for part in PARTS} for code in OUTCOMES)
        return [{"outcome": code, **row} for code, row in zip(OUTCOMES, rows, strict=True) if any(row.values())]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}-{code}-group" in data for code in OUTCOMES)

    def id_for_label(self, id_: str) -> str:
        return ""


class EndingsField(forms.Field):
    """Gives a list as `cascades.models.Cascade.at_end` keeps it."""

    widget = EndingRows

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [_told(row) for row in initial or []] != [_told(row) for row in data or []]

    def clean(self, value: Any) -> list[Row]:
        known = {pk for pk, _name in answers.groups()} if value else set()
        return [_checked(row, known) for row in value or []]


def say(rows: Sequence[Row], known: Mapping[int, str]) -> Iterator[str]:
    """Each in words. known: names of groups by number."""
    for row in rows:
        meant = []
        if row.get("group"):
            meant.append(_("into “%(group)s”") % {"group": known.get(row["group"], "–")})
        if row.get("from_group"):
            meant.append(_("out of “%(group)s”") % {"group": known.get(row["from_group"], "–")})
        yield _("At the end, %(ended)s: %(groups)s") % {
            "ended": OUTCOMES[row["outcome"]],
            "groups": ", ".join(meant),
        }


def _told(row: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(row.get(part) or "") for part in ("outcome", *PARTS))


def _checked(row: Row, known: set[int]) -> Row:
    into, out = (answers.group(row[part], known) for part in PARTS)
    if into and into == out:
        raise ValidationError(_("Nobody can come into a group and leave it at once."))
    return {"outcome": row["outcome"], "group": into, "from_group": out}
