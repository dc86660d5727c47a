"""Forms as a browser sees them: read from the page, filled in, sent with everything the page had put into them."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class Form:
    """One form of a page: where it goes, and its fields with the values that stand in them."""

    def __init__(self, action: str) -> None:
        self.action = action
        self.values: dict[str, list[str]] = {}
        self.names: set[str] = set()

    def put(self, name: str, value: str) -> None:
        self.values.setdefault(name, []).append(value)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.select: tuple[str, bool] | None = None
        self.first_option: str | None = None
        self.chosen = False
        self.text_of: str | None = None
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.form = Form(given.get("action", ""))
            self.forms.append(self.form)
        if self.form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self.select, self.first_option, self.chosen = (name, "multiple" in given), None, False
            self.form.names.add(name)
        elif tag == "option" and self.select:
            self._option(given)
        elif tag == "textarea" and name:
            self.text_of, self.text = name, []
            self.form.names.add(name)

    def _input(self, name: str, given: dict[str, str]) -> None:
        assert self.form is not None
        self.form.names.add(name)
        kind = given.get("type", "text")
        if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        self.form.put(name, given.get("value", "on" if kind == "checkbox" else ""))

    def _option(self, given: dict[str, str]) -> None:
        assert self.form is not None
        assert self.select is not None
        value = given.get("value", "")
        self.first_option = value if self.first_option is None else self.first_option
        if "selected" in given:
            self.form.put(self.select[0], value)
            self.chosen = True

    def handle_data(self, data: str) -> None:
        if self.text_of is not None:
            self.text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if self.form is None:
            return
        if tag == "select" and self.select:
            if not self.chosen and not self.select[1] and self.first_option is not None:
                self.form.put(self.select[0], self.first_option)
            self.select = None
        elif tag == "textarea" and self.text_of is not None:
            self.form.put(self.text_of, "".join(self.text).removeprefix("\n"))
            self.text_of = None
        elif tag == "form":
            self.form = None


def forms(html: str) -> list[Form]:
    """All forms of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.forms


def form_with(html: str, field: str) -> Form:
    """The form that has this field."""
    found = [form for form in forms(html) if field in form.names]
    assert found, f"no form with {field!r}, only {sorted(name for form in forms(html) for name in form.names)}"
    return found[0]


def filled(form: Form, changes: dict[str, Any]) -> dict[str, Any]:
    """What is sent: everything that stood in the form, with the changes; None takes a field out."""
    sent: dict[str, Any] = {**form.values, **changes}
    return {name: value for name, value in sent.items() if value is not None}
