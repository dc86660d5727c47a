"""Segments: rules that staff put together without code, who is found by them just now, and why a person is in or not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import segments, territory
from contacts.admin.limited import ModelAdmin
from contacts.forms.segment import SegmentForm, for_browser, read
from contacts.models import Contact, Retention, Segment
from contacts.patience import TookTooLong, patience
from contacts.privacy import retention
from contacts.searching import found_by
from contacts.segments import query, rules

SHOWN = 10
PATIENCE = 4.0  # seconds; a page that counts while somebody types must not hold the database longer


@admin.register(Segment)
class SegmentAdmin(ModelAdmin):
    form = SegmentForm
    list_display = ("name", "description", "updated_at")
    search_fields = ("name", "description")
    show_full_result_count = False
    warn_unsaved_form = True
    change_form_template = "contacts/segment_form.html"
    readonly_fields = ("shown_rules",)

    class Media:
        css = {"all": ("contacts/segment.css",)}
        js = ("contacts/segment.js",)

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(partial(look_at, model_admin=self))
        why = self.admin_site.admin_view(partial(why_page, model_admin=self))
        return [
            path("look/", look, name="contacts_segment_look"),
            path("<int:pk>/why/", why, name="contacts_segment_why"),
            *super().get_urls(),
        ]

    def get_fields(self, request: HttpRequest, obj: Segment | None = None) -> list[str]:
        """Who may only look reads the rules as sentences."""
        may = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        return ["name", "description", "rules", "played"] if may else ["name", "description", "shown_rules", "played"]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        own = int(object_id) if object_id and object_id.isdecimal() else None
        more = {"for_browser": for_browser(own), "look_url": reverse("admin:contacts_segment_look"), "own": own or ""}
        return super().changeform_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def get_deleted_objects(
        self, objs: QuerySet[Segment] | Iterable[Segment], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """What is in use is not deleted: those who need it would silently find nobody."""
        listed, counts, needed, protected = super().get_deleted_objects(objs, request)
        used = [
            _("%(segment)s: used by %(place)s") % {"segment": one, "place": place}
            for one in objs
            for place in segments.uses(one.pk)
        ]
        return listed, counts, needed, [*protected, *used]

    @admin.display(description=gettext_lazy("rules"))
    def shown_rules(self, segment: Segment) -> SafeString | str:
        told = segments.sentences(segment.rules, timezone.now())
        return format_html_join("", "<div>{}</div>", ((one,) for one in told)) or "–"


def look_at(request: HttpRequest, model_admin: SegmentAdmin) -> HttpResponse:
    """POST rules: how many people they find, some of them, and what is wrong, as JSON for the builder."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    own = request.POST.get("own", "")
    try:
        tree = read(request.POST.get("rules", ""), own=int(own) if own.isdecimal() else None)
    except ValueError as error:
        return JsonResponse({"problem": str(error)})
    try:
        with patience(PATIENCE):
            return JsonResponse(_found(request, tree, played=bool(request.POST.get("played"))))
    except TookTooLong:
        said = _("There is too much to count while you wait. The segment can be saved and used all the same.")
        return JsonResponse({"problem": said})


def _found(request: HttpRequest, tree: dict[str, Any], *, played: bool) -> dict[str, Any]:
    now = timezone.now()
    scope = query.scope_of(tree, now, played=played)
    people = territory.visible(query.matching(tree, scope), request.user)
    count = people.count()
    shown = people.order_by("-id")[:SHOWN] if count and request.user.has_perm("contacts.view_contact") else []
    return {
        "count": count,
        "said": ngettext("%(count)s person now", "%(count)s people now", count)
        % {"count": f"{count:,}".replace(",", " ")},
        "warnings": [*(said for _number, said in rules.problems(tree, scope)), *_too_far(tree)],
        "people": [[str(one), one.city, reverse("admin:contacts_contact_change", args=[one.pk])] for one in shown],
    }


def _too_far(tree: dict[str, Any]) -> list[str]:
    """Where it asks about events that are not kept so long."""
    kept = Retention.current()
    days = kept.days("events")
    told = retention.too_far(tree, days, str(kept.get_events_display()), _("This segment")) if days else ""
    return [told] if told else []


def why_page(request: HttpRequest, pk: int, model_admin: SegmentAdmin) -> HttpResponse:
    """For any person: whether they are in, and how every line of the rules stands."""
    segment = get_object_or_404(Segment, pk=pk)
    if not model_admin.has_view_permission(request, segment) or not request.user.has_perm("contacts.view_contact"):
        raise PermissionDenied
    sought, chosen = request.GET.get("q", "").strip()[:100], request.GET.get("person", "")
    everyone = territory.visible(Contact.objects.all(), request.user)
    contact = everyone.filter(pk=int(chosen)).first() if chosen.isdecimal() and len(chosen) < 19 else None
    told, problem = None, ""
    try:
        with patience(PATIENCE):
            told = segments.why(segment.rules, contact, timezone.now(), played=segment.played) if contact else None
    except TookTooLong:
        problem = _("There is too much to look through while you wait.")
    found = list(found_by(everyone, sought)[: SHOWN + 1]) if sought else []
    context = {
        **model_admin.admin_site.each_context(request), "opts": model_admin.model._meta, "title": segment.name,
        "subtitle": _("why in, why not"), "segment": segment, "sought": sought, "found": found[:SHOWN], "more": len(found) > SHOWN,
        "contact": contact, "told": told, "problem": problem,
    }  # fmt: skip
    return TemplateResponse(request, "contacts/segment_why.html", context)
