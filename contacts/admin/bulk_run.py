"""The page of a bulk action: how far it is, the button that ends it, and what came of it; and the list of those that were."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.decorators import display

from contacts.admin import many
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.many import acts, files, runs
from contacts.models import Act, BulkRun, BulkState, Taken
from contacts.privacy import handouts

TONES = {
    BulkState.WAITING: "info", BulkState.RUNNING: "info", BulkState.DONE: "success", BulkState.CANCELLED: "warning",
    BulkState.FAILED: "danger",
}  # fmt: skip


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin):
    """Everyone sees their own; the owner sees all."""

    list_display = ("created_at", "act", "words", "shown_state", "total", "done", "created_by")
    list_display_links = ("created_at",)
    list_select_related = ("created_by",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BulkRun]:
        found: QuerySet[BulkRun] = super().get_queryset(request)
        return found if request.user.has_perm("contacts.change_bulkrun") else found.filter(created_by=request.user.pk)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/progress/", wrap(self.progress), name="contacts_bulkrun_progress"),
            path("<int:pk>/cancel/", wrap(require_POST(self.cancel)), name="contacts_bulkrun_cancel"),
            path("<int:pk>/file/", wrap(self.file), name="contacts_bulkrun_file"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        run = self._run(request, int(object_id) if object_id.isdecimal() else 0)
        page = {
            **self.admin_site.each_context(request), "title": run.get_act_display(), "opts": self.opts, "run": run,
            "over": run.state not in runs.OPEN,
            "told": many.told(run), "reasons": acts.reasons(run), "may_fetch": _has_file(run) and _may_fetch(request),
            "until": run.finished_at + runs.KEPT if run.finished_at else None, "had_file": run.act == Act.EXPORT, **_progress(run),
        }  # fmt: skip
        return TemplateResponse(request, "contacts/bulk_run.html", page)

    def progress(self, request: HttpRequest, pk: int) -> JsonResponse:
        """A few numbers, for the page that waits."""
        run = self._run(request, pk)
        found = _progress(run)
        counts = {"done": run.done, "skipped": run.left_out}
        return JsonResponse(
            {"over": run.state not in runs.OPEN, "percent": found["percent"], "said": found["said"], "counts": counts}
        )

    def cancel(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        if runs.cancel(run, now=timezone.now()):
            messages.success(request, _now("It was cancelled. What was done before stays."))
        return HttpResponseRedirect(many.address(run))

    def file(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """The exported file, for whoever asked for it and may still export; each time it is fetched, that is written down."""
        run = self._run(request, pk)
        if not _may_fetch(request):
            raise PermissionDenied
        if not _has_file(run):
            raise Http404
        chosen = _now("file of %(when)s: %(who)s") % {"when": _day(run.created_at), "who": run.words}
        handouts.note(request.user, Taken.CONTACTS, run.done, now=timezone.now(), chosen=chosen)
        form = files.form_of(run)
        name = f"{_now('contacts')} {timezone.localtime(run.created_at):%Y-%m-%d}.{form}"
        answer = StreamingHttpResponse(_pieces(run), content_type=files.TYPES[form])
        answer["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
        return answer

    @display(description=_("state"), label=TONES)
    def shown_state(self, run: BulkRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    def _run(self, request: HttpRequest, pk: int) -> BulkRun:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(self.get_queryset(request).select_related("group", "from_group"), pk=pk)


def _pieces(run: BulkRun) -> Iterator[bytes]:
    with run.file.open("rb") as file:
        yield from file.chunks()


def _has_file(run: BulkRun) -> bool:
    return bool(run.file) and run.state == BulkState.DONE


def _day(at: datetime) -> str:
    return date_format(timezone.localtime(at), "SHORT_DATE_FORMAT")


def _may_fetch(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(runs.NEEDS[Act.EXPORT]))


def _progress(run: BulkRun) -> dict[str, Any]:
    """percent 0..100, and a sentence with the rate and the time that is left."""
    percent = min(100 * run.seen // run.total, 100) if run.total else 0
    if not run.seen or not run.started_at:
        return {"percent": percent, "said": _now("Begins in a moment.")}
    rate = run.seen / max((timezone.now() - run.started_at).total_seconds(), 1)
    said = _now("%(seen)s of %(total)s people, %(rate)s a second, about %(left)s seconds left.") % {
        "seen": number_format(run.seen, force_grouping=True), "total": number_format(run.total, force_grouping=True),
        "rate": number_format(round(rate), force_grouping=True), "left": round(max(run.total - run.seen, 0) / max(rate, 1)),
    }  # fmt: skip
    return {"percent": percent, "said": said}
