"""Putting people into a group and taking them out, for the list's selection however large: one statement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import audit, bulk
from contacts.forms.recording import GroupChoiceForm
from contacts.models import Contact, Membership

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin


@admin.action(description=gettext_lazy("Add to a group"), permissions=["change"])
def add_to_group(model_admin: ModelAdmin, request: HttpRequest, people: QuerySet[Contact]) -> HttpResponse | None:
    form = _form(request, may_add=request.user.has_perm("contacts.add_group"))
    if not form.is_bound or not form.is_valid():
        return _ask(model_admin, request, people, form, "add_to_group", _("Add to a group"))
    group, now = form.chosen(), timezone.now()
    chosen = people.order_by().annotate(into=Value(group.pk), since=Value(now)).values_list("into", "pk", "since")
    asked, added = bulk.insert_select(Membership, ["group_id", "contact_id", "added_at"], chosen)
    told = ngettext("%(count)s person was added to “%(group)s”.", "%(count)s people were added to “%(group)s”.", added)
    already = _(" %(count)s were in it already.") % {"count": asked - added} if asked > added else ""
    audit.done(group, told % {"count": added, "group": group.name}, added)
    messages.success(request, told % {"count": added, "group": group.name} + already)
    return None


@admin.action(description=gettext_lazy("Remove from a group"), permissions=["change"])
def remove_from_group(model_admin: ModelAdmin, request: HttpRequest, people: QuerySet[Contact]) -> HttpResponse | None:
    form = _form(request, may_add=False)
    if not form.is_bound or not form.is_valid():
        return _ask(model_admin, request, people, form, "remove_from_group", _("Remove from a group"))
    group = form.chosen()
    removed, _by_model = Membership.objects.filter(group=group, contact__in=people.order_by().values("pk")).delete()
    told = ngettext(
        "%(count)s person was removed from “%(group)s”.", "%(count)s people were removed from “%(group)s”.", removed
    )
    audit.done(group, told % {"count": removed, "group": group.name}, removed)
    messages.success(request, told % {"count": removed, "group": group.name})
    return None


def _form(request: HttpRequest, *, may_add: bool) -> GroupChoiceForm:
    return GroupChoiceForm(request.POST if "chosen" in request.POST else None, may_add=may_add)


def _ask(
    model_admin: ModelAdmin,
    request: HttpRequest,
    people: QuerySet[Contact],
    form: GroupChoiceForm,
    name: str,
    title: str,
) -> HttpResponse:
    """The page that asks which group; it posts the same selection to the same address."""
    page: dict[str, Any] = {
        **model_admin.admin_site.each_context(request), "title": title, "form": form, "count": people.count(), "action": name,
        "across": request.POST.get("select_across", "0"), "ids": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "checkbox": ACTION_CHECKBOX_NAME, "opts": Contact._meta, "media": model_admin.media + form.media,
    }  # fmt: skip
    return TemplateResponse(request, "contacts/choose_group.html", page)
