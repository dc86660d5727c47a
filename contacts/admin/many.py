"""Actions for the people chosen in the list, however many: asked on a page, done at once for a few, else in the background."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.admin import choosing
from contacts.forms.many import GroupChoiceForm, ManyConsentForm, MoveForm
from contacts.many import acts, files, runs
from contacts.models import Act, BulkRun, BulkState, Business, Contact, GroupKind
from contacts.tasks import nudge, work_many

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin

Answer = HttpResponse | None
log = logging.getLogger(__name__)


@admin.action(description=gettext_lazy("Add to a group"), permissions=["change"])
def add_to_group(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return _asked(owner, request, Act.ADD, "add_to_group", _("Add to a group"), _groups(GroupChoiceForm, new=True))


@admin.action(description=gettext_lazy("Remove from a group"), permissions=["change"])
def remove_from_group(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return _asked(owner, request, Act.REMOVE, "remove_from_group", _("Remove from a group"), _groups(GroupChoiceForm))


@admin.action(description=gettext_lazy("Move to another group"), permissions=["change"])
def move_to_group(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return _asked(owner, request, Act.MOVE, "move_to_group", _("Move to another group"), _groups(MoveForm, new=True))


@admin.action(description=gettext_lazy("Tag"), permissions=["change"])
def tag(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return _asked(
        owner, request, Act.ADD, "tag", _("Tag"), _groups(GroupChoiceForm, new=True, kind=GroupKind.TAG.value)
    )


@admin.action(description=gettext_lazy("Take a tag off"), permissions=["change"])
def untag(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return _asked(
        owner, request, Act.REMOVE, "untag", _("Take a tag off"), _groups(GroupChoiceForm, kind=GroupKind.TAG.value)
    )


@admin.action(description=gettext_lazy("Record consent"), permissions=["consent"])
def record_consent(owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    def form(_request: HttpRequest, data: Any) -> ManyConsentForm:
        return ManyConsentForm(data, now=timezone.now(), business=Business.current())

    return _asked(owner, request, Act.CONSENT, "record_consent", _("Record consent"), form)


@admin.action(description=gettext_lazy("Export in the background"), permissions=["export"])
def export_many(_owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return begin(request, Act.EXPORT)


@admin.action(description=gettext_lazy("Export for Excel"), permissions=["export"])
def export_workbook(_owner: ModelAdmin, request: HttpRequest, _people: QuerySet[Contact]) -> Answer:
    return begin(request, Act.EXPORT, details={"form": files.XLSX})


ACTIONS = [add_to_group, remove_from_group, move_to_group, tag, untag, record_consent, export_many, export_workbook]


def begin(request: HttpRequest, act: Act, **more: Any) -> Answer:
    """Note what was asked for these people; a few are done at once, for the others there is a page to watch."""
    chosen = choosing.selection(request)
    said = choosing.words(request.user, chosen)
    run = runs.ask(act, chosen, words=said, user=request.user, now=timezone.now(), **more)
    if run.total > runs.AT_ONCE or act == Act.EXPORT:
        nudge(work_many)
        return HttpResponseRedirect(address(run))
    try:
        runs.work(clock=timezone.now, only=run.pk)
    except Exception:
        log.exception("bulk action %s failed", run.pk)  # its page tells how far it is; it is tried again in a while
    run.refresh_from_db()
    if run.state != BulkState.DONE or run.leads_to:
        return HttpResponseRedirect(address(run))
    messages.success(request, told(run))
    return None


def address(run: BulkRun) -> str:
    return reverse("admin:contacts_bulkrun_change", args=[run.pk])


def told(run: BulkRun) -> str:
    """What was done, in a sentence, and why not to the others."""
    count = {"count": run.done, "group": run.group.name if run.group else "–"}
    sentence = {
        Act.ADD: ngettext("%(count)s person was added to “%(group)s”.", "%(count)s people were added to “%(group)s”.", run.done),
        Act.REMOVE: ngettext(
            "%(count)s person was removed from “%(group)s”.", "%(count)s people were removed from “%(group)s”.", run.done
        ),
        Act.MOVE: ngettext("%(count)s person was moved to “%(group)s”.", "%(count)s people were moved to “%(group)s”.", run.done),
        Act.CONSENT: ngettext("The consent of %(count)s person was recorded.", "The consent of %(count)s people was recorded.", run.done),
        Act.EXPORT: ngettext("%(count)s person is in the file.", "%(count)s people are in the file.", run.done),
    }[Act(run.act)] % count  # fmt: skip
    return " ".join([sentence, *(f"{number} {why}." for why, number in acts.reasons(run))])


def _groups(form: type[GroupChoiceForm], *, new: bool = False, kind: str = GroupKind.GROUP.value) -> Callable[..., Any]:
    def made(request: HttpRequest, data: Any) -> GroupChoiceForm:
        return form(data, may_add=new and request.user.has_perm("contacts.add_group"), kind=kind)

    return made


def _asked(owner: Any, request: HttpRequest, act: Act, name: str, title: str, make: Callable[..., Any]) -> Answer:
    """The page that asks what exactly; it posts the same selection to the same address."""
    form = make(request, request.POST if "chosen" in request.POST else None)
    if form.is_bound and form.is_valid():
        return begin(request, act, **form.chosen())
    chosen = choosing.selection(request)
    page: dict[str, Any] = {
        **owner.admin_site.each_context(request), "title": title, "form": form, "action": name,
        "words": choosing.words(request.user, chosen), "across": request.POST.get("select_across", "0"),
        "ids": request.POST.getlist(ACTION_CHECKBOX_NAME), "checkbox": ACTION_CHECKBOX_NAME, "opts": Contact._meta,
        "count": len(chosen["ids"]) if "ids" in chosen else choosing.people(request.user, chosen["query"]).values("pk").count(),
        "media": owner.media + form.media,
    }  # fmt: skip
    return TemplateResponse(request, "contacts/choose_group.html", page)
