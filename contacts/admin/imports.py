"""Imports in the admin: choose a file, say what its columns are, see what would happen, confirm, watch, and fetch what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin, messages
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from contacts import territory
from contacts.admin.import_forms import ColumnsForm, ReadingForm
from contacts.admin.import_undo import UndoesImports
from contacts.admin.import_upload import UploadForm
from contacts.admin.limited import ModelAdmin
from contacts.exporting import csv_response, safe
from contacts.importing import layouts, lease, profiles, runs, undoing, uploads
from contacts.importing.chunks import Changed
from contacts.importing.encoding import BadEncoding, NotATable
from contacts.importing.writing import NOT_IMPORTED
from contacts.models import ImportRun, ImportState, ImportUndo, RowOutcome, Taken
from contacts.privacy import handouts
from contacts.tasks import nudge

PAGE = 50
MAY = "contacts.import_contact"
_TONES = {
    ImportState.DONE: "success", ImportState.FAILED: "danger", ImportState.CHECKED: "warning",
    ImportState.CHECKING: "info", ImportState.IMPORTING: "info", ImportState.CONFIRMED: "info", ImportState.MAPPED: "info",
}  # fmt: skip


@admin.register(ImportRun)
class ImportRunAdmin(UndoesImports, ModelAdmin):
    """Every page of one import has the address of its row; which page it is depends on how far the import is."""

    list_display = ["filename", "show_state", "new", "changed", "unchanged", "refused", "created_by", "created_at"]
    list_filter = ["state"]
    list_select_related = ["created_by"]
    search_fields = ["filename"]
    show_full_result_count = False

    @display(
        description=_("state"),
        ordering="state",
        label={state.value: tone for state, tone in _TONES.items()},
    )
    def show_state(self, run: ImportRun) -> tuple[str, Any]:
        return run.state, run.get_state_display()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        ended = obj is None or obj.state in (*runs.OVER, ImportState.UPLOADED)
        if obj is not None and ImportUndo.objects.filter(run=obj, state__in=undoing.WORKED).exists():
            return False
        return ended and request.user.has_perm(MAY) and super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: ImportRun) -> None:
        runs.delete_files(obj)
        runs.forget_stage(obj)
        super().delete_model(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}  # several at once could hold one that is running

    def get_urls(self) -> list[URLPattern]:
        steps = {
            "progress": self.progress, "confirm": self.confirm, "cancel": self.cancel,
            "reopen": self.reopen, "refused": self.refused, "reading": self.read_again, "guess": self.guess_again,
        }  # fmt: skip
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"contacts_importrun_{name}")
            for name, view in steps.items()
        ]
        return [*own, *self.undo_urls(), *super().get_urls()]

    # --- choose a file ---------------------------------------------------------------------------------------------

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = UploadForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file, pasted = form.cleaned_data["file"], form.cleaned_data["pasted"]
            try:
                if file:
                    run = uploads.begin(file, file.name, request.user)
                else:
                    run = uploads.begin_pasted(pasted, f"{_('pasted rows')}.tsv", request.user)
            except (NotATable, BadEncoding) as problem:
                form.add_error("file" if file else "pasted", str(problem))
            else:
                return self._to(run)
        return self._page(request, "upload", title=_("Import a file"), form=form)

    # --- one import ------------------------------------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self._run(request, object_id)
        if run.state == ImportState.UPLOADED:
            return self._columns(request, run)
        if run.state in runs.WORKED:
            return self._page(request, "progress", run, title=run.filename, **_progress(run))
        return self._result(request, run)

    def _columns(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        form = ColumnsForm(run, timezone.localdate(), request.POST or None)
        if request.method == "POST" and form.is_valid():
            form.save(get_language() or "en")
            if runs.ask_for_check(run):
                layouts.remember(run, now=timezone.now())
                nudge()
            return self._to(run)
        remembered = run.options.get("remembered", "")
        return self._page(
            request, "columns", run, title=run.filename, form=form, reading=ReadingForm(run),
            profile=profiles.named(run.options.get("profile", "")), remembered=parse_date(remembered),
        )  # fmt: skip

    def _result(self, request: HttpRequest, run: ImportRun) -> HttpResponse:
        shown = request.GET.get("show", _first_shown(run))
        rows = run.rows.all()
        noted_rows = rows.exclude(outcome__in=NOT_IMPORTED).exclude(reason="")
        rows = noted_rows if shown == "noted" else rows.filter(outcome=shown)
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        tabs = [(name, getattr(run, name), label) for name, label in RowOutcome.choices]
        noted = sum(run.options.get("notes", {}).values())
        return self._page(
            request, "result", run, title=run.filename, page=page, shown=shown, tabs=tabs, noted=noted,
            notes=run.options.get("notes", {}), checked=run.state == ImportState.CHECKED,
            undo=ImportUndo.objects.filter(run=run).first(), undoable=not undoing.hindrance(run, timezone.now()),
        )  # fmt: skip

    def read_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        form = ReadingForm(run, request.POST)
        if request.method == "POST" and run.state == ImportState.UPLOADED and form.is_valid():
            self._try(request, lambda: _read_as(run, **form.cleaned_data))
        return self._to(run)

    def guess_again(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Leave what was remembered of such files aside, and forget it."""
        run = self._run(request, pk)
        if request.method == "POST" and run.state == ImportState.UPLOADED:
            self._try(request, lambda: uploads.guess_again(run))
        return self._to(run)

    def _try(self, request: HttpRequest, do: Callable[[], None]) -> None:
        """What goes wrong with the file is said at the top of the next page."""
        try:
            do()
        except (NotATable, BadEncoding, Changed) as problem:
            self.message_user(request, str(problem), messages.ERROR)
        except FileNotFoundError:
            self.message_user(request, _("The file is no longer there. Choose it again."), messages.ERROR)

    # --- steps forward and back ------------------------------------------------------------------------------------

    def confirm(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        if request.method == "POST":
            if runs.confirm(run):
                nudge()
            elif run.state == ImportState.CHECKED:
                self.message_user(request, _("The import had been confirmed already; it runs once."), messages.INFO)
        return self._to(run)

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        if request.method == "POST" and runs.cancel(run, now=timezone.now()):
            self.message_user(request, _("The import was cancelled. What was written before stays."), messages.SUCCESS)
        return self._to(run)

    def reopen(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        if request.method == "POST":
            runs.reopen(run)
        return self._to(run)

    def progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A few numbers, for the page that waits."""
        run = self._run(request, pk)
        found = _progress(run)
        return JsonResponse(
            {
                "over": run.state not in runs.WORKED, "percent": found["percent"], "said": str(found["said"]),
                "counts": {name: getattr(run, name) for name in RowOutcome.values},
            }
        )  # fmt: skip

    def refused(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The refused rows, in the columns of the file, with the reason: to be corrected and imported again."""
        run = self._run(request, pk)
        handouts.note(request.user, Taken.REFUSED, run.refused, now=timezone.now(), chosen=run.filename)
        headers = [header or _("column %(number)d") % {"number": n} for n, header in enumerate(run.headers, 1)]
        reason, line = str(_("Reason")), str(_("Line"))

        def lines() -> Iterator[list[str]]:
            yield [safe(str(header)) for header in headers] + [line, reason]
            width = len(headers)
            found = run.rows.filter(outcome__in=NOT_IMPORTED).values_list("line", "cells", "reason")
            for number, cells, why in found.iterator(chunk_size=1000):
                own = [safe(cell) for cell in (*cells, *[""] * width)][:width]
                beyond = " | ".join(cell for cell in cells[width:] if cell)
                yield [*own, str(number), f"{why} ({beyond})" if beyond else why]

        name = run.filename.rsplit(".", 1)[0]
        return csv_response(lines(), f"{name} - {_('refused')}.csv", delimiter=run.delimiter)

    # --- what all pages share --------------------------------------------------------------------------------------

    def _run(self, request: HttpRequest, pk: Any) -> ImportRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        known = ImportRun.objects.select_related("group", "created_by")
        return territory.found(known, request.user, pk=int(pk) if str(pk).isdecimal() else None)

    def _to(self, run: ImportRun) -> HttpResponseRedirect:
        return HttpResponseRedirect(reverse("admin:contacts_importrun_change", args=[run.pk]))

    def _page(self, request: HttpRequest, name: str, run: ImportRun | None = None, **context: Any) -> TemplateResponse:
        shared = self.admin_site.each_context(request) | {
            "opts": ImportRun._meta,
            "run": run,
            "has_view_permission": True,
        }
        shared["cancellable"] = run is not None and run.state in runs.CANCELLABLE
        return TemplateResponse(request, f"contacts/import_{name}.html", shared | context)


def _first_shown(run: ImportRun) -> str:
    """What staff should look at first: the rows that need them."""
    return next((name for name in ("conflict", "refused") if getattr(run, name)), "new")


def _read_as(run: ImportRun, *, has_header: bool, encoding: str = "", delimiter: str = "", sheet: str = "") -> None:
    """As staff correct it: another sheet, or the same with other marks."""
    if sheet and sheet != run.options.get("sheet"):
        uploads.choose_sheet(run, sheet)
    else:
        uploads.read_again(run, encoding=encoding, delimiter=delimiter, has_header=has_header)


def _progress(run: ImportRun) -> dict[str, Any]:
    """percent 0..100, and a sentence on what goes on."""
    percent = 100 * run.position // run.total if run.total else 0
    if run.state in (ImportState.MAPPED, ImportState.CONFIRMED):
        said = str(_("Begins in a moment."))
    elif not run.total:
        said = str(_("Reading the file."))
    else:
        said = _("%(position)d of %(total)d rows.") % {"position": run.position, "total": run.total}
        if pace := lease.pace(run, timezone.now()):
            said = f"{said} {_pace(*pace)}"
    return {
        "percent": max(0, min(percent, 100)),
        "said": said,
        "writing": run.state in (ImportState.CONFIRMED, ImportState.IMPORTING),
    }


def _pace(rate: int, seconds: int) -> str:
    """“12,000 rows a second; about 2 minutes left.”"""
    fast = ngettext("%(rate)s row a second", "%(rate)s rows a second", rate) % {"rate": intcomma(rate)}
    if seconds < 60:
        left = str(_("less than a minute left"))
    else:
        minutes = round(seconds / 60)
        left = ngettext("about %(n)d minute left", "about %(n)d minutes left", minutes) % {"n": minutes}
    return f"{fast}, {left}."
