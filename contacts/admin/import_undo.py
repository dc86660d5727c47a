"""Undoing an import in the admin: count what it would do, confirm, watch, and see what was left alone and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.apps import apps
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from contacts.exporting import csv_response, safe
from contacts.importing import sparing, undoing
from contacts.importing.mapping import LABELS
from contacts.models import Contact, ImportLeft, ImportRun, ImportUndo, Taken, UndoState
from contacts.privacy import handouts
from contacts.tasks import nudge

PAGE = 50


class UndoesImports:
    """The pages of undoing, for the admin of imports."""

    admin_site: Any
    _run: Callable[[HttpRequest, Any], ImportRun]
    _page: Callable[..., TemplateResponse]
    message_user: Callable[..., None]

    def undo_urls(self) -> list[URLPattern]:
        steps = {
            "undo": self.undo, "undo/confirm": self.confirm_undo, "undo/cancel": self.cancel_undo, "undo/progress": self.undo_progress,
            "undo/left": self.undo_left,
        }  # fmt: skip
        return [
            path(
                f"<int:pk>/{step}/",
                self.admin_site.admin_view(view),
                name=f"contacts_importrun_{step.replace('/', '_')}",
            )
            for step, view in steps.items()
        ]

    def undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Asked for: it is counted. Else the page that belongs to how far it is."""
        run = self._run(request, pk)
        undo = ImportUndo.objects.filter(run=run).first()
        if request.method == "POST":
            if problem := undoing.hindrance(run, timezone.now()):
                self.message_user(request, problem, messages.ERROR)
                return _to_run(run)
            undoing.ask(run, by=request.user if request.user.is_authenticated else None, now=timezone.now())
            nudge()
            return _to(run)
        if undo is None:
            return _to_run(run)
        found = undo.left.select_related("contact")
        page = Paginator(found, PAGE).get_page(request.GET.get("page"))
        return self._page(
            request, "undo", run, title=run.filename, undo=undo, working=undo.state in undoing.WORKED, page=page, counts=undo.counts,
            rows=[(left.contact, *reason(left)) for left in page], **_progress(undo),
            again=not undoing.hindrance(run, timezone.now()),
        )  # fmt: skip

    def confirm_undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        undo = ImportUndo.objects.filter(run=run).first()
        if request.method == "POST" and undo is not None and undoing.confirm(undo, now=timezone.now()):
            nudge()
        return _to(run)

    def cancel_undo(self, request: HttpRequest, pk: int) -> HttpResponse:
        run = self._run(request, pk)
        undo = ImportUndo.objects.filter(run=run).first()
        if request.method == "POST" and undo is not None and undoing.cancel(undo, now=timezone.now()):
            self.message_user(request, _("Undoing was cancelled. What was undone before stays so."), messages.SUCCESS)
        return _to_run(run)

    def undo_progress(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A few numbers, for the page that waits."""
        run = self._run(request, pk)
        undo = ImportUndo.objects.filter(run=run).first()
        if undo is None:
            return JsonResponse({"over": True})
        found = _progress(undo)
        return JsonResponse({"over": undo.state not in undoing.WORKED, "counts": {}, **found})

    def undo_left(self, request: HttpRequest, pk: int) -> StreamingHttpResponse:
        """Everybody who was left alone, wholly or in part, with the reason."""
        run = self._run(request, pk)
        found = ImportLeft.objects.filter(undo__run=run).select_related("contact").order_by("pk")
        handouts.note(request.user, Taken.OTHER, found.count(), now=timezone.now(), chosen=run.filename)

        def lines() -> Iterator[list[str]]:
            yield [_("Name"), _("Number in your other system"), _("Reason"), _("What")]
            for left in found.iterator(chunk_size=1000):
                why, what = reason(left)
                yield [safe(str(left.contact)), safe(left.contact.external_id or ""), why, safe(what)]

        return csv_response(lines(), f"{run.filename.rsplit('.', 1)[0]} - {_('left alone')}.csv")


def reason(left: ImportLeft) -> tuple[str, str]:
    """Why somebody was left alone, and what stands in the way, as staff read it."""
    return str(sparing.WHY.get(left.why, left.why)), ", ".join(_named(one) for one in left.what)


def _named(what: str) -> str:
    """A table by what its rows are called, a field by its label; what is neither is another detail."""
    if what.count(".") == 1 and what.partition(".")[0] in apps.app_configs:
        return str(apps.get_model(what)._meta.verbose_name_plural)
    if what in ("email", "sms"):
        return str(_("email")) if what == "email" else "SMS"
    if what == "addresses":
        return str(_("addresses"))
    name = what.removesuffix("_id") if what == "branch_id" else what
    known = {field.name: field.verbose_name for field in Contact._meta.concrete_fields}
    return capfirst(str(LABELS.get(name) or known.get(name) or what))


def _to(run: ImportRun) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:contacts_importrun_undo", args=[run.pk]))


def _to_run(run: ImportRun) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:contacts_importrun_change", args=[run.pk]))


def _progress(undo: ImportUndo) -> dict[str, Any]:
    """percent 0..100, and a sentence on what goes on."""
    percent = 100 * undo.seen // undo.total if undo.total else 0
    said = _("%(seen)d of %(total)d people.") % {"seen": undo.seen, "total": undo.total}
    return {"percent": min(percent, 100), "said": said if undo.total else _("Begins in a moment."),
            "writing": undo.state == UndoState.UNDOING}  # fmt: skip
