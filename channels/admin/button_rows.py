"""The buttons beneath a message, as rows of a form: what stands on each, and what it answers or where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from channels import liquid, richtext
from channels.rendering import BadTemplate, sample_context
from contacts import kinds

PARTS = ("label", "reply", "url")
LONGEST_LABEL, LONGEST_LINK = 40, 500  # characters
LONGEST_CODE = (
    40  # bytes: it travels in the button's data beside our own reference, and Telegram has room for 64 in all
)
_CODE = re.compile(r"[\w-]+")
Row = dict[str, str]


def most() -> int:
    """How many buttons any kind of channel can have."""
    return max((kind.buttons for kind in kinds.all_kinds()), default=0)


class ButtonRows(forms.Widget):
    """A row of three inputs for each button; the page's script shows as many as the kind of channel has room for."""

    template_name = "channels/widgets/buttons.html"

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [dict(row) for row in value or []]
        rows += [{}] * (max(most(), len(rows)) - len(rows))
        shown = {"name": name, "rows": rows, "longest_label": LONGEST_LABEL, "longest_link": LONGEST_LINK}
        return render_to_string(self.template_name, shown)

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Row]:
        getlist = getattr(data, "getlist", lambda key: data.get(key, []))
        columns = (getlist(f"{name}-{part}") for part in PARTS)
        rows = ([str(cell).strip() for cell in row] for row in zip_longest(*columns, fillvalue=""))
        return [dict(zip(PARTS, row, strict=True)) for row in rows if any(row)]

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-label" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class ButtonsField(forms.Field):
    """Gives a list of `{"label", "reply", "url"}`, checked but for how many the kind of channel has room for."""

    widget = ButtonRows

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(_rows(initial)) != list(_rows(data))

    def clean(self, value: Any) -> list[Row]:
        rows = [_checked(row) for row in _rows(value)]
        answers = [row["reply"] for row in rows if row["reply"]]
        if twice := next((code for code in answers if answers.count(code) > 1), ""):
            raise ValidationError(
                _("Two buttons give the answer “%(code)s”. Give one of them another.") % {"code": twice}
            )
        return rows


def too_many(kind: str, rows: Sequence[Row]) -> str:
    """Why the kind of channel cannot carry these, or ""."""
    known = kinds.get(kind)
    if not rows or len(rows) <= known.buttons:
        return ""
    if not known.buttons:
        return _("%(kind)s carries no buttons.") % {"kind": known.label}
    return _("%(kind)s carries %(most)s buttons at most.") % {"kind": known.label, "most": known.buttons}


def _rows(value: Any) -> Iterator[Row]:
    for row in value or []:
        yield {part: str(row.get(part, "")) for part in PARTS}


def _checked(row: Row) -> Row:
    """The row with an answer code where it needs one and has none."""
    label, reply, url = row["label"], row["reply"], row["url"]
    if not label or len(label) > LONGEST_LABEL:
        raise ValidationError(_("Each button needs a text of at most %(most)s characters.") % {"most": LONGEST_LABEL})
    if reply and url:
        raise ValidationError(
            _("The button “%(label)s” either answers or leads somewhere, not both.") % {"label": label}
        )
    for part in (label, url):
        _try_out(label, part)
    if url:
        if len(url) > LONGEST_LINK or richtext.lost_links([url]):
            raise ValidationError(
                _("The link “%(link)s” leads nowhere. Does it need https:// in front?") % {"link": url[:80]}
            )
        return row
    reply = reply or _code_of(label)
    if not _CODE.fullmatch(reply) or len(reply.encode()) > LONGEST_CODE:
        said = _("The button “%(label)s” needs a short answer of letters, numbers and hyphens, such as “yes”.")
        raise ValidationError(said % {"label": label})
    return {**row, "reply": reply}


def _code_of(label: str) -> str:
    """ "Yes, please!" answers "yes-please", unless the text differs from person to person."""
    if "{" in label:
        return ""
    code = slugify(label, allow_unicode=True)
    while len(code.encode()) > LONGEST_CODE:
        code = code[:-1]
    return code.strip("-_")


def _try_out(label: str, source: str) -> None:
    try:
        liquid.try_out(source, sample_context(), escape=False)
    except BadTemplate as bad:
        raise ValidationError(_("The button “%(label)s”: %(problem)s") % {"label": label, "problem": bad}) from bad
