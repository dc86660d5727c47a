"""The rows of a long list, drawn as unfold draws them, a few times quicker: what is the same in every row is drawn once.

Unfold's own template is filled with three blank rows and cut up; between the pieces go the cells. Its functions for each kind of cell are
asked as before, for labels once for each that differs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.admin.templatetags.admin_urls import add_preserved_filters
from django.contrib.admin.utils import lookup_field
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import ManyToOneRel
from django.template import RequestContext
from django.urls import NoReverseMatch
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from unfold.sections import BaseSection
from unfold.templatetags.unfold_list import (
    CHECKBOX_CLASSES,
    LINK_CLASSES,
    ROW_CLASSES,
    UnfoldResultList,
    result_headers,
)
from unfold.templatetags.unfold_list import result_list as unfolds
from unfold.utils import (
    display_for_dropdown,
    display_for_field,
    display_for_header,
    display_for_label,
    display_for_value,
)

CELLS, BELOW, KEY = "\x02cells\x02", "\x02below\x02", "\x02key\x02"
BLANK_ROWS = 3  # the first, and one of each of the two colours


class Blank:
    """Stands for a row where the template is drawn for all of them."""

    pk = KEY


class RowSection(BaseSection):
    """What opens below a row."""

    def render(self) -> str:
        return BELOW if isinstance(self.instance, Blank) else self.drawn()

    @abstractmethod
    def drawn(self) -> SafeString:
        """Of one row, `self.instance`."""


def drawn(context: RequestContext, cl: Any) -> SafeString:
    """The table of a list, in the template that stands for it: its own, or unfold's."""
    places = (f"{cl.opts.app_label}/{cl.opts.model_name}/", f"{cl.opts.app_label}/", "")
    found = context.template.engine.select_template(  # type: ignore[union-attr]
        [f"admin/{place}change_list_results.html" for place in places]
    )
    return filled(context.request, cl, found.render(context.new(blank(context, cl))))


def blank(context: RequestContext, cl: Any) -> dict[str, Any]:
    """What unfold's template is drawn with: blank rows, or, where it is no plain list, all that unfold itself would give."""
    if cl.is_popup or getattr(cl, "formset", None) or context.get("actions_row") or not cl.result_list:
        given: dict[str, Any] = unfolds(context, cl)
        return given
    rows = [UnfoldResultList(Blank(), None, [mark_safe(CELLS)]) for _n in range(BLANK_ROWS)]  # noqa: S308 - a constant
    return {
        "cl": cl, "result_hidden_fields": [], "result_headers": list(result_headers(cl)), "num_sorted_fields": 0, "results": rows,
        "has_add_permission": cl.model_admin.has_add_permission(context["request"]),
    }  # fmt: skip


def filled(request: Any, cl: Any, drawn: str) -> SafeString:
    """The template's text with the rows in it."""
    first, *others = drawn.split(CELLS)
    if len(others) != BLANK_ROWS:  # drawn by unfold
        return mark_safe(drawn)  # noqa: S308 - a template's
    cells, sections = Cells(cl), getattr(cl.model_admin, "list_sections", ())
    pieces = [first]
    for number, row in enumerate(cl.result_list):
        last = number == len(cl.result_list) - 1
        after = others[-1] if last else others[number % 2]
        below = "".join(section(request, row).render() for section in sections)
        # The part up to where the next row begins is this one's.
        pieces += [cells.of(row), after.replace(BELOW, below, 1) if sections else after]
    return mark_safe("".join(pieces))  # noqa: S308 - templates and escaped cells


class Cells:
    """Draws the cells of a row after what is the same for all rows was made ready."""

    def __init__(self, cl: Any) -> None:
        self.cl, self.admin = cl, cl.model_admin
        self.empty = self.admin.get_empty_value_display()
        self.labels: dict[Any, SafeString] = {}
        self.columns = list(self._columns(list(result_headers(cl))))
        self.tick = str(self.admin.action_checkbox(Blank())) if "action_checkbox" in cl.list_display else ""
        self.came_from: str | None = None

    def of(self, row: Any) -> SafeString:
        drawn = ((begin, self._shown(name, row, linked), end) for name, linked, begin, end in self.columns)
        return format_html_join("", "{}{}{}", drawn)

    def _columns(self, headers: Sequence[Any]) -> Iterator[tuple[str, bool, SafeString, SafeString]]:
        links, first = self.cl.list_display_links or (), True
        for index, name in enumerate(self.cl.list_display):
            linked = name in links
            tag = "th" if linked and first else "td"
            first = first and not linked
            looks = (
                CHECKBOX_CLASSES
                if name == "action_checkbox"
                else [f"field-{name}", *ROW_CLASSES, *self._unbroken(name)]
            )
            label = headers[index]["text"] if index or linked else _("Select record")
            begin = format_html('<{} class="{}" data-label="{}">', tag, " ".join(looks), label)
            yield name, linked, begin, format_html("</{}>", tag)

    def _unbroken(self, name: str) -> list[str]:
        """Instants stay on one line, and so do the names of what a row belongs to."""
        fields = {field.name: field for field in self.cl.lookup_opts.concrete_fields}
        kind = fields[name].get_internal_type() if name in fields else ""
        return ["nowrap"] if kind in ("DateTimeField", "DateField", "TimeField", "ForeignKey") else []

    def _shown(self, name: str, row: Any, linked: bool) -> Any:
        if name == "action_checkbox":
            return mark_safe(self.tick.replace(KEY, str(row.pk)))  # noqa: S308 - unfold's, and a number
        shown = self._value(name, row)
        return self._link(row, shown) if linked else shown

    def _value(self, name: str, row: Any) -> Any:
        try:
            field, attr, value = lookup_field(name, row, self.admin)
        except ObjectDoesNotExist:
            return self.empty
        empty = getattr(attr, "empty_value_display", self.empty)
        if field is None or field.auto_created:
            return self._told(name, row, value, attr, empty)
        if isinstance(field.remote_field, ManyToOneRel):
            one = getattr(row, field.name)
            return empty if one is None else str(one)
        return display_for_field(value, field, empty)

    def _told(self, name: str, row: Any, value: Any, attr: Any, empty: str) -> Any:
        """What a method of the admin answers, as it says that it should look."""
        if label := getattr(attr, "label", False):
            return self._label(name, value, empty, label)
        if getattr(attr, "dropdown", False):
            return display_for_dropdown(row, name, value, empty)
        if getattr(attr, "header", False):
            return display_for_header(value, empty)
        return display_for_value(value, empty, getattr(attr, "boolean", False))

    def _label(self, name: str, value: Any, empty: str, label: Any) -> SafeString:
        known = (name, str(value))
        if known not in self.labels:
            self.labels[known] = display_for_label(value, empty, label)
        return self.labels[known]

    def _link(self, row: Any, shown: Any) -> Any:
        try:
            address = str(self.cl.url_for_result(row))
        except NoReverseMatch:
            return shown
        if self.came_from is None:
            whole = str(
                add_preserved_filters({"preserved_filters": self.cl.preserved_filters, "opts": self.cl.opts}, address)
            )
            self.came_from = whole.removeprefix(address)
        return format_html('<a href="{}" class="{}">{}</a>', address + self.came_from, " ".join(LINK_CLASSES), shown)
