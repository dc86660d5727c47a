"""Purchases and bookings from a table: the page where it is chosen, tried, and taken in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from contacts import tables, territory
from contacts.tables import Line

LARGEST = 2_000_000  # bytes
MAY = "contacts.import_contact"


class TableForm(forms.Form):
    """A small table as CSV."""

    file = forms.FileField(
        label=capfirst(_("file")), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv"})
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise forms.ValidationError(_("The file has more than 2 MB. Divide it, or use the API."))
        return file


class ImportsTable:
    """Mixed into the admin of what the table holds; `table_reader` is one of `contacts.tables`."""

    table_reader: ClassVar[Callable[..., list[Line]]]
    table_title: Any = ""
    table_columns: Any = ""
    table_of_people: ClassVar[bool] = True
    admin_site: Any
    model: Any

    @action(description=_("From a table"), url_path="table", permissions=["table"], icon="upload_file")
    def import_table(self, request: HttpRequest) -> HttpResponse:
        """GET: the page; POST: what the file would do, or with the button “Take in”, what it did."""
        form = TableForm(request.POST or None, request.FILES or None)
        lines: list[Line] = []
        earnest = "take_in" in request.POST
        if request.method == "POST" and form.is_valid():
            try:
                lines = self._lines(request, form.cleaned_data["file"], earnest=earnest)
            except tables.BadTable as error:
                form.add_error("file", str(error))
        page = {
            **self.admin_site.each_context(request), "title": self.table_title, "columns": self.table_columns, "form": form,
            "of_people": self.table_of_people,
            "opts": self.model._meta, "lines": [line for line in lines if not line.taken] or lines[:20], "earnest": earnest,
            "taken": sum(line.taken for line in lines), "refused": sum(not line.taken for line in lines),
        }  # fmt: skip
        return TemplateResponse(request, "contacts/table_import.html", page)

    def _lines(self, request: HttpRequest, file: Any, *, earnest: bool) -> list[Line]:
        with transaction.atomic():
            mine = {"mine": territory.of(request.user)} if self.table_of_people else {}
            lines = type(self).table_reader(file.file, now=timezone.now(), operator_id=request.user.pk, **mine)
            transaction.set_rollback(not earnest)
        return lines

    def has_table_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return request.user.has_perm(MAY)
