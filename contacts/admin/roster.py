"""Classes: entered, moved and cancelled for all at once, and the page at the counter on which people are ticked off."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin as AnyAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter
from unfold.decorators import display

from contacts import rosters, timezones
from contacts.admin import roster_page
from contacts.admin.limited import ModelAdmin, RelatedDropdownFilter
from contacts.admin.roster_page import teller
from contacts.calendar import at_local
from contacts.forms.roster import CancelForm, ClassForm
from contacts.models import BookingStatus, Business, ClassSession

ON_IT = ~Q(bookings__status=BookingStatus.CANCELLED) & Q(bookings__isnull=False)


class WhenFilter(DropdownFilter):
    """Today's classes and those to come, unless asked otherwise."""

    title = _("when")
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        return [("past", _("past")), ("cancelled", _("cancelled"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ClassSession]) -> QuerySet[ClassSession]:
        if self.value() == "cancelled":
            return queryset.exclude(cancelled_at=None)
        today = _start_of_day(timezone.now())
        if self.value() == "past":
            return queryset.filter(starts_at__lt=today)
        return queryset.filter(starts_at__gte=today, cancelled_at=None)


@admin.register(ClassSession)
class ClassAdmin(ModelAdmin):
    """Nobody deletes here: a class that does not take place is cancelled."""

    form = ClassForm
    list_display = ("shown_when", "title", "teacher", "branch", "shown_taken")
    list_display_links = ("shown_when", "title")
    list_filter = (WhenFilter, ("branch", RelatedDropdownFilter), ("starts_at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("branch",)
    list_per_page = 50
    search_fields = ("title", "teacher")
    search_help_text = _("The class or the teacher")
    show_full_result_count = False
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: ClassSession | None = None) -> list[Any]:
        last = (["following"] if obj.series else []) if obj else ["weeks"]
        return ["title", "teacher", "starts_at", "minutes", "branch", ("place", "places"), "zone", *last]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ClassSession]:
        found: QuerySet[ClassSession] = super().get_queryset(request)
        counted = found.annotate(taken=Count("bookings", filter=ON_IT))
        return counted.exclude(made_for__isnull=False, taken=0)

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("-starts_at", "-pk") if request.GET.get("when") in ("past", "cancelled") else ("starts_at", "pk")

    def has_delete_permission(self, request: HttpRequest, obj: ClassSession | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        roster = wrap(partial(roster_page.roster, model_admin=self))
        return [
            path("<int:pk>/roster/", roster, name="contacts_classsession_roster"),
            path("<int:pk>/cancel/", wrap(self.cancel_page), name="contacts_classsession_cancel"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type:
        """Whose lines lead to the roster."""
        listed: type = super().get_changelist(request, **kwargs)
        return type("ClassList", (listed,), {"url_for_result": lambda _list, session: roster_of(session.pk)})

    def save_model(self, request: HttpRequest, obj: ClassSession, form: Any, change: bool) -> None:
        now, plan = timezone.now(), form.plan()
        if not change:
            obj.pk = rosters.enter(plan, now=now, weeks=form.cleaned_data["weeks"])[0]
            return
        following = bool(form.cleaned_data.get("following"))
        moved = rosters.change(obj.pk, plan, now=now, who=teller(request), following=following)
        if moved:
            told = ngettext("%(count)s booking moved with it.", "%(count)s bookings moved with it.", moved)
            messages.info(request, told % {"count": moved})

    def response_add(self, request: HttpRequest, obj: ClassSession, post_url_continue: Any = None) -> HttpResponse:
        return self._saved(request, obj)

    def response_change(self, request: HttpRequest, obj: ClassSession) -> HttpResponse:
        return self._saved(request, obj)

    def _saved(self, request: HttpRequest, obj: ClassSession) -> HttpResponse:
        if "_addanother" in request.POST:
            return HttpResponseRedirect(reverse("admin:contacts_classsession_add"))
        messages.success(request, _now("Saved."))
        return HttpResponseRedirect(roster_of(obj.pk))

    def cancel_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET asks; POST cancels the class and everybody's booking of it."""
        session = roster_page.session_of(self, request, pk)
        if not self.has_change_permission(request, session):
            raise PermissionDenied
        form = CancelForm(request.POST or None, in_series=session.series is not None)
        if request.method == "POST" and form.is_valid():
            following = bool(form.cleaned_data.get("following"))
            gone = rosters.cancel(pk, now=timezone.now(), who=teller(request), following=following)
            self.log_change(request, session, _now("Cancelled"))
            told = ngettext(
                "The class is cancelled, and with it %(count)s booking.", "The class is cancelled, and with it %(count)s bookings.", gone
            )  # fmt: skip
            messages.success(request, told % {"count": gone})
            return HttpResponseRedirect(roster_of(pk))
        page = {
            **self.admin_site.each_context(request), "title": _("Cancel the class"), "subtitle": roster_page.headline(session),
            "form": form, "opts": ClassSession._meta, "session": session, "media": self.media,
        }  # fmt: skip
        return TemplateResponse(request, "contacts/class_cancel.html", page)

    @admin.display(description=_("when"), ordering="starts_at")
    def shown_when(self, session: ClassSession) -> str:
        return date_format(session.local(), "SHORT_DATETIME_FORMAT")

    @display(description=_("places taken"), label={"free": "success", "full": "warning", "off": "danger"})
    def shown_taken(self, session: Any) -> tuple[str, Any]:
        return roster_page.taken_words(session, session.taken)


def roster_of(pk: int) -> str:
    """The address of a class's roster."""
    return reverse("admin:contacts_classsession_roster", args=[pk])


def _start_of_day(now: datetime) -> datetime:
    zone = timezones.named(Business.current().time_zone) or timezones.UTC
    return at_local(now.astimezone(zone).date(), time(0), zone)
