"""Every message to every person: what became of it and why; and a decision where its fate is unclear."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import BooleanField, QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from channels import sending
from channels.admin.wording import TONES, said, why
from channels.models import Delivery, DeliveryEvent, DeliveryStatus
from contacts import territory
from contacts.admin.limited import RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.models import Business, Contact
from contacts.searching import found_by

if TYPE_CHECKING:
    from contacts.timeline import Entry

MAY_RESOLVE = "channels.resolve_delivery"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """One line per message to one person."""

    list_display = ("person", "message", "channel", "state", "reason_said", "when", "seen", "price")
    list_display_links = ("message",)
    list_filter = (
        ("channel", RelatedDropdownFilter), ("status", ChoicesDropdownFilter), ("purpose", ChoicesDropdownFilter),
        ("created_at", DayFilter),
    )  # fmt: skip
    indexed_filters = ("status__exact",)
    written_at = "created_at"
    list_select_related = ("contact", "channel", "message_version__message")
    search_fields = ("contact__search",)
    search_help_text = _("Name, email or phone")
    ordering = ("-id",)
    fields = (
        "person", "message", "channel", "where", "subject", "state_said", "reason_said", "created_at", "not_before", "valid_until",
        "sent_at", "delivered_at", "seen", "segments", "price", "attempts",
    )  # fmt: skip
    readonly_fields = fields
    change_form_outer_after_template = "channels/delivery_story.html"
    change_form_outer_before_template = "channels/delivery_decide.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        found: QuerySet[Delivery] = super().get_queryset(request)
        proven = Value(Business.current().address_is_proven, BooleanField())
        return found.defer("context", "links").annotate(address_is_proven=proven)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Delivery], search_term: str
    ) -> tuple[QuerySet[Delivery], bool]:
        """By the person, whose index finds them."""
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    def get_urls(self) -> list[URLPattern]:
        decide = self.admin_site.admin_view(require_POST(self.decide))
        return [path("<int:pk>/decide/", decide, name="channels_delivery_decide"), *super().get_urls()]

    def decide(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What staff say about a message whose fate is unclear."""
        if not (request.user.has_perm(MAY_RESOLVE) and self.has_view_permission(request)):
            raise PermissionDenied
        delivery = territory.found(Delivery, request.user, pk=pk)
        resend = request.POST.get("what") == "resend"
        if sending.resolve(delivery.pk, resend=resend, now=timezone.now(), user=request.user):
            told = gettext("It will be sent again.") if resend else gettext("It counts as delivered now.")
            self.log_change(request, delivery, told)
            self.message_user(request, told, messages.SUCCESS)
        else:
            self.message_user(
                request, gettext("Its fate is known by now, so there is nothing to decide."), messages.INFO
            )
        return HttpResponseRedirect(reverse("admin:channels_delivery_change", args=[pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        delivery = self.get_object(request, object_id)
        more: dict[str, Any] = {"title": gettext("Message to one person")}
        if delivery is not None:
            more["events"] = list(_events(delivery))
            more["decide"] = delivery.status == DeliveryStatus.UNKNOWN and request.user.has_perm(MAY_RESOLVE)
        answer: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})
        return answer

    @display(description=_("person"))
    def person(self, delivery: Delivery) -> str:
        url = reverse("admin:contacts_contact_change", args=[delivery.contact_id])
        return format_html(
            '<a class="font-semibold" href="{}">{}</a><br><span class="text-xs">{}</span>',
            url,
            delivery.contact,
            delivery.shown_address,
        )

    @display(description=_("address"))
    def where(self, delivery: Delivery) -> str:
        return delivery.shown_address

    @display(description=_("message"))
    def message(self, delivery: Delivery) -> str:
        return delivery.message_version.message.name

    @display(description=_("state"), label=TONES)
    def state(self, delivery: Delivery) -> tuple[str, Any]:
        return delivery.status, delivery.get_status_display()

    @display(description=_("state"))
    def state_said(self, delivery: Delivery) -> str:
        return delivery.get_status_display()

    @display(description=_("why"))
    def reason_said(self, delivery: Any) -> str:
        return format_html('<span class="whitespace-normal">{}</span>', why(delivery, timezone.now()) or "–")

    @display(description=_("sent"))
    def when(self, delivery: Delivery) -> Any:
        return delivery.sent_at or delivery.sending_at

    @display(description=_("opened or clicked"))
    def seen(self, delivery: Delivery) -> Any:
        return delivery.clicked_at or delivery.opened_at

    @display(description=_("cost"))
    def price(self, delivery: Delivery) -> Any:
        return delivery.cost.normalize() if delivery.cost else None


def _events(delivery: Delivery) -> Iterator[Entry]:
    """What was heard of it, oldest first."""
    for event in DeliveryEvent.objects.filter(delivery=delivery).order_by("id")[:200]:
        yield said(event)
