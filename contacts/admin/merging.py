"""Possible duplicates, two contacts side by side, and the contacts that were made one."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import action

from contacts import hints, tasks, territory
from contacts.admin.contact_list import addresses_of
from contacts.admin.limited import ModelAdmin
from contacts.admin.read_only import link_to
from contacts.merging import act, comparing, fields
from contacts.merging.reasons import words
from contacts.models import Contact, Duplicate, Merge

MAY_MERGE, MAY_UNDO = "contacts.merge_contact", "contacts.undo_merge"


class _NothingTyped(ModelAdmin):
    """Rows that the program writes."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DecidedFilter(DropdownFilter):
    """Those that wait for staff, unless asked otherwise."""

    title = _("decided")
    parameter_name = "decided"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("dismissed", _("not the same person"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Duplicate]) -> QuerySet[Duplicate]:
        return queryset.filter(dismissed_at__isnull=self.value() != "dismissed")


@action(description=_("Are these two the same person?"))
def compare_two(_model_admin: Any, request: HttpRequest, queryset: QuerySet[Contact]) -> HttpResponse | None:
    """For the list of contacts."""
    chosen = list(queryset.order_by("pk").values_list("pk", flat=True)[:3])
    if len(chosen) != 2:
        messages.warning(request, _now("Choose exactly two contacts."))
        return None
    return HttpResponseRedirect(reverse("admin:contacts_duplicate_compare", args=chosen))


@admin.register(Duplicate)
class DuplicateAdmin(_NothingTyped):
    """Who may be one person twice; a row leads to the two side by side."""

    list_display = ("shown_first", "shown_second", "shown_why")
    list_filter = (DecidedFilter,)
    list_filter_submit = True
    list_select_related = ("first", "second")
    actions = ["dismiss_chosen"]
    actions_list = ["look_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Duplicate]:
        rows: QuerySet[Duplicate] = super().get_queryset(request)
        return rows.prefetch_related("first__addresses", "second__addresses")

    def get_urls(self) -> list[URLPattern]:
        compare = self.admin_site.admin_view(self.compare)
        return [path("compare/<int:kept>/<int:gone>/", compare, name="contacts_duplicate_compare"), *super().get_urls()]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # fmt: skip
        row = self.get_object(request, object_id) if object_id else None
        if row is None:
            raise Http404
        return HttpResponseRedirect(reverse("admin:contacts_duplicate_compare", args=[row.first_id, row.second_id]))

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MAY_MERGE)

    def compare(self, request: HttpRequest, kept: int, gone: int) -> HttpResponse:
        """GET: side by side; POST: made one, or noted as two people."""
        if not request.user.has_perm("contacts.view_contact"):
            raise PermissionDenied
        people = Contact.objects.select_related("branch").prefetch_related("addresses", "groups")
        one, other = (territory.found(people, request.user, pk=pk) for pk in (kept, gone))
        if kept == gone:
            raise Http404
        if request.method == "POST":
            if not request.user.has_perm(MAY_MERGE):
                raise PermissionDenied
            if "differ" in request.POST:
                return self._differ(request, one, other)
            if answer := self._merge(request, one, other):
                return answer
        return self._page(request, one, other)

    def _page(self, request: HttpRequest, one: Contact, other: Contact) -> HttpResponse:
        found = comparing.compare(one, other, timezone.now())
        chosen = fields.read(request.POST, one, other)
        context = {
            **self.admin_site.each_context(request), "title": _now("Are these the same person?"), "opts": Duplicate._meta, "found": found,
            "lines": [(line, chosen[line.name]) for line in found.lines], "media": self.media,
            "may_merge": request.user.has_perm(MAY_MERGE),
            "swapped": reverse("admin:contacts_duplicate_compare", args=[other.pk, one.pk]),
        }  # fmt: skip
        return TemplateResponse(request, "contacts/compare.html", context)

    def _merge(self, request: HttpRequest, one: Contact, other: Contact) -> HttpResponse | None:
        """What was decided, done; None where the page must be looked at once more."""
        found = comparing.compare(one, other, timezone.now())
        if request.POST.get("mark") != found.mark:
            messages.warning(request, _now("Somebody changed one of the two meanwhile. Look at them once more."))
            return None
        if found.must_confirm and "sure" not in request.POST:
            messages.error(request, _now("Tick that you know that this is one person, or leave them as two."))
            return None
        name = str(other)
        try:
            act.merge(one.pk, other.pk, fields.read(request.POST, one, other), by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except act.NotNow as why:
            for sentence in why.sentences:
                messages.error(request, sentence)
            return None
        self.log_change(request, one, _now("Made one with %(name)s.") % {"name": name})
        if request.user.has_perm("contacts.view_merge"):
            messages.success(request, _now("The two are one person now. You can undo this under “Merged contacts”."))
        else:
            messages.success(
                request, _now("The two are one person now. Somebody who looks after all branches can undo this.")
            )
        return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[one.pk]))

    def _differ(self, request: HttpRequest, one: Contact, other: Contact) -> HttpResponse:
        first, second = sorted((one.pk, other.pk))
        row, _made = Duplicate.objects.get_or_create(
            first_id=first, second_id=second, defaults={"found_at": timezone.now()}
        )
        self._dismiss(request, Duplicate.objects.filter(pk=row.pk))
        return HttpResponseRedirect(reverse("admin:contacts_duplicate_changelist"))

    @action(description=_("Not the same person"), permissions=["merge"])
    def dismiss_chosen(self, request: HttpRequest, queryset: QuerySet[Duplicate]) -> None:
        self._dismiss(request, queryset)

    def _dismiss(self, request: HttpRequest, rows: QuerySet[Duplicate]) -> None:
        count = rows.filter(dismissed_at=None).update(dismissed_at=timezone.now(), dismissed_by=request.user.pk)
        said = ngettext("Noted: %(count)s pair is two people.", "Noted: %(count)s pairs are two people.", count)
        messages.success(request, said % {"count": count})

    @action(description=_("Look again now"), permissions=["merge"], icon="refresh")
    def look_again(self, request: HttpRequest) -> HttpResponse:
        hints.give(tasks.find_duplicates)
        messages.info(
            request,
            _now("All contacts are being compared. With very many this takes a minute; then load this page anew."),
        )
        return HttpResponseRedirect(reverse("admin:contacts_duplicate_changelist"))

    @admin.display(description=_("contact"))
    def shown_first(self, row: Duplicate) -> SafeString:
        return _person(row.first)

    @admin.display(description=_("and"))
    def shown_second(self, row: Duplicate) -> SafeString:
        return _person(row.second)

    @admin.display(description=_("why"), ordering="weight")
    def shown_why(self, row: Duplicate) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((word,) for word in words(row.reasons)))


def _person(contact: Contact) -> SafeString:
    ways = format_html_join(
        "", '<div class="text-xs font-normal">{}</div>', ((way,) for way in addresses_of(contact)[:2])
    )
    return format_html("<div>{}</div>{}", contact, ways)


@admin.register(Merge)
class MergeAdmin(_NothingTyped):
    """What was made one, when and by whom; and two again, while nothing was said of the merged person since."""

    list_display = ("name", "shown_kept", "shown_at", "by", "shown_state")
    list_select_related = ("kept", "by")
    search_fields = ("name",)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # fmt: skip
        """GET: whether it can be undone; POST: undone."""
        done = get_object_or_404(Merge.objects.select_related("kept", "by"), pk=object_id)
        if not self.has_view_permission(request, done):
            raise PermissionDenied
        if request.method == "POST":
            if not request.user.has_perm(MAY_UNDO):
                raise PermissionDenied
            if answer := self._undo(request, done):
                return answer
        why = act.obstacles(done)
        context = {
            **self.admin_site.each_context(request), "title": _now("%(name)s became part of %(kept)s") % {"name": done, "kept": done.kept},
            "opts": Merge._meta, "done": done, "why": why, "may_undo": request.user.has_perm(MAY_UNDO) and not why, "media": self.media,
        }  # fmt: skip
        return TemplateResponse(request, "contacts/merged.html", context)

    def _undo(self, request: HttpRequest, done: Merge) -> HttpResponse | None:
        try:
            act.undo(done.pk, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except act.NotNow as why:
            for sentence in why.sentences:
                messages.error(request, sentence)
            return None
        self.log_change(request, done.kept, _now("Two contacts again."))
        messages.success(request, _now("They are two contacts again, each with what it had."))
        return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[done.gone_id]))

    @admin.display(description=_("stays"))
    def shown_kept(self, done: Merge) -> SafeString:
        return link_to(done.kept)

    @admin.display(description=_("when"), ordering="id")
    def shown_at(self, done: Merge) -> str:
        return date_format(timezone.localtime(done.at), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("undone"))
    def shown_state(self, done: Merge) -> str:
        return date_format(timezone.localtime(done.undone_at), "SHORT_DATETIME_FORMAT") if done.undone_at else "–"
