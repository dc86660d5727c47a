"""Appointments and classes: entered, moved and ticked off by hand. Every change goes through `contacts.bookings`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display

from contacts import bookings, tables, territory
from contacts.admin.limited import ModelAdmin, RelatedDropdownFilter
from contacts.admin.long_list import DayFilter, LongList
from contacts.admin.read_only import link_to
from contacts.admin.tables import ImportsTable
from contacts.bookings import Outcome, Teller
from contacts.forms.booking import BookingForm
from contacts.models import BookedBy, Booking, BookingStatus, Contact
from contacts.searching import found_by
from contacts.walking import Walk, brisk

_BY_TITLE = "_bookings_by_title"  # kept with the request: nobody was found by what was typed, and titles have no index
TONES = {
    BookingStatus.BOOKED: "info", BookingStatus.CONFIRMED: "success", BookingStatus.CANCELLED: "danger",
    BookingStatus.ATTENDED: "success", BookingStatus.MISSED: "warning",
}  # fmt: skip
# What staff can say: the act, its words, its icon, and when it makes sense.
ACTS: dict[str, tuple[Callable[..., Outcome], Any, str, tuple[str, ...]]] = {
    "confirm": (bookings.confirm, _("Confirmed"), "event_available", ("booked",)),
    "attend": (bookings.attend, _("Came"), "how_to_reg", ("booked", "confirmed", "missed")),
    "miss": (bookings.miss, _("Did not come"), "person_off", ("booked", "confirmed", "attended")),
    "cancel": (bookings.cancel, _("Cancel the booking"), "event_busy", ("booked", "confirmed")),
}


def _teller(request: HttpRequest) -> Teller:
    return Teller(BookedBy.STAFF.value, request.user.pk)


@admin.register(Booking)
class BookingAdmin(ImportsTable, LongList, ModelAdmin):
    """Nobody is deleted here: a booking that does not take place is cancelled."""

    table_reader = tables.appointments
    table_title = _("Bookings from a table")
    table_columns = _(
        "Columns: number, date, time, email or phone (or the customer's number), and as you have them end, service, kind, status, branch, "
        "place. A number that is here already moves to the new time."
    )
    actions_list = ["import_table"]

    form = BookingForm
    list_display = ("shown_when", "title", "shown_contact", "kind", "branch", "shown_status")
    list_display_links = ("shown_when", "title")
    list_filter = (
        ("status", ChoicesDropdownFilter), ("kind", ChoicesDropdownFilter), ("branch", RelatedDropdownFilter),
        ("starts_at", DayFilter),
    )  # fmt: skip
    list_filter_submit = True
    list_select_related = ("contact", "branch")
    list_per_page = 50
    search_fields = ("title",)
    search_help_text = _("The person's name, city, address or number, or what was booked")
    autocomplete_fields = ("contact",)
    actions = ["mark_confirmed", "mark_attended", "mark_missed", "mark_cancelled"]
    walks_by = "starts_at"
    indexed_filters = ("starts_at_from", "starts_at_to")
    warn_unsaved_form = True
    change_form_outer_before_template = "contacts/booking_acts.html"
    fieldsets = ((None, {"fields": ("contact", ("kind", "title"), "starts_at", "ends_at", "branch", "place", "zone")}),)

    def get_readonly_fields(self, request: HttpRequest, obj: Booking | None = None) -> tuple[str, ...]:
        return ("contact",) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Booking | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act)
        return [path("<int:pk>/act/<str:name>/", act, name="contacts_booking_act"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Booking], search_term: str
    ) -> tuple[QuerySet[Booking], bool]:
        if not search_term.strip():
            return queryset, False
        people = found_by(Contact.objects.order_by(), search_term).values("pk")
        with brisk(connections[queryset.db]):
            somebody = (
                Walk(found_by(Contact.objects.all(), search_term), indexed=True, searched=True).go(1, on=False).keys
            )
        if somebody:
            return queryset.filter(contact__in=people), False
        setattr(request, _BY_TITLE, True)
        return queryset.filter(title__icontains=search_term.strip()), False

    def finds_by_index(self, request: HttpRequest) -> bool:
        return not getattr(request, _BY_TITLE, False)

    def save_model(self, request: HttpRequest, obj: Booking, form: Any, change: bool) -> None:
        now, who = timezone.now(), _teller(request)
        if change:
            bookings.move(obj.pk, form.slot(), now=now, who=who)
            return
        obj.pk = bookings.book(obj.contact_id, form.slot(), now=now, who=who).booking.pk

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # fmt: skip
        booking = self.get_object(request, object_id) if object_id else None
        acts = _offered(booking) if booking and self.has_change_permission(request, booking) else []
        more = {**(extra_context or {}), "booking": booking, "acts": acts, "tone": TONES.get(_status(booking), "")}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """POST: confirmed, came, did not come, cancelled."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        booking = territory.found(Booking, request.user, pk=pk)
        if name not in ACTS or not self.has_change_permission(request, booking):
            raise PermissionDenied
        outcome = ACTS[name][0](pk, now=timezone.now(), who=_teller(request))
        if outcome.changed:
            self.log_change(request, booking, str(ACTS[name][1]))
            messages.success(request, _now("Noted: %(what)s.") % {"what": outcome.booking.get_status_display()})
        else:
            messages.info(request, _now("Nothing was changed: the booking stands as “%(status)s”.") % {
                "status": outcome.booking.get_status_display()
            })  # fmt: skip
        return HttpResponseRedirect(reverse("admin:contacts_booking_change", args=[pk]))

    @action(description=_("Note as confirmed"), permissions=["change"])
    def mark_confirmed(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        _each(request, queryset, "confirm")

    @action(description=_("Note as came"), permissions=["change"])
    def mark_attended(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        _each(request, queryset, "attend")

    @action(description=_("Note as did not come"), permissions=["change"])
    def mark_missed(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        _each(request, queryset, "miss")

    @action(description=_("Cancel the bookings"), permissions=["change"])
    def mark_cancelled(self, request: HttpRequest, queryset: QuerySet[Booking]) -> None:
        _each(request, queryset, "cancel")

    @admin.display(description=_("when"))
    def shown_when(self, booking: Booking) -> str:
        return date_format(booking.local(), "SHORT_DATETIME_FORMAT")

    @admin.display(description=_("contact"))
    def shown_contact(self, booking: Booking) -> SafeString:
        return link_to(booking.contact)

    @display(description=_("status"), label=TONES)
    def shown_status(self, booking: Booking) -> tuple[str, str]:
        return booking.status, booking.get_status_display()


def _status(booking: Any) -> Any:
    return booking.status if booking else ""


def _offered(booking: Any) -> list[dict[str, Any]]:
    return [
        {"url": reverse("admin:contacts_booking_act", args=[booking.pk, name]), "label": label, "icon": icon}
        for name, (_act, label, icon, allowed) in ACTS.items()
        if booking.status in allowed
    ]


def _each(request: HttpRequest, queryset: QuerySet[Booking], name: str) -> None:
    """One after another, each locked for itself: staff tick off a class, not a million."""
    now, who = timezone.now(), _teller(request)
    numbers = list(queryset.order_by("pk").values_list("pk", flat=True))
    done = sum(ACTS[name][0](pk, now=now, who=who).changed for pk in numbers)
    told = ngettext("%(count)s booking was changed.", "%(count)s bookings were changed.", done) % {"count": done}
    messages.success(request, told) if done else messages.info(request, told)
