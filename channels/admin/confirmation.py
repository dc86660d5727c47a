"""Addresses that were left on pages, and whether their owners have confirmed them: to look at, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from channels.models import Confirmation
from contacts import kinds
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.consent import closing
from contacts.models import Contact
from contacts.searching import found_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class StateFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        return [("waiting", _("waiting")), ("confirmed", _("confirmed")), ("expired", _("not confirmed in time"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Confirmation]) -> QuerySet[Confirmation]:
        over, still = Q(expires_at__lte=timezone.now()), Q(confirmed_at=None)
        which = {"waiting": still & ~over, "expired": still & over, "confirmed": ~still}
        return queryset.filter(which.get(self.value() or "", Q()))


@admin.register(Confirmation)
class ConfirmationAdmin(ReadOnlyAdmin):
    """One line per address that was left. It is masked: whoever left it may have mistyped a stranger's."""

    list_display = ("masked", "state", "shown_contact", "shown_kind", "source", "requested_at", "reminded_at")
    list_display_links = ("masked",)
    list_filter = (StateFilter,)
    list_select_related = ("contact",)
    search_fields = ("source",)
    search_help_text = _("The person's name, city, address or number")
    ordering = ("-id",)
    fields = (
        "masked", "in_words", "shown_contact", "shown_kind", "source", "agreed", "requested_at", "reminded_at", "expires_at",
        "confirmed_at",
    )  # fmt: skip
    readonly_fields = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Confirmation], search_term: str
    ) -> tuple[QuerySet[Confirmation], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """A person's page leads here."""
        return lookup == "contact__id__exact" or bool(super().lookup_allowed(lookup, value, request))

    @display(description=_("address"))
    def masked(self, confirmation: Confirmation) -> str:
        return closing.mask(kinds.address_of(confirmation.kind), confirmation.address)

    @display(description=_("channel"))
    def shown_kind(self, confirmation: Confirmation) -> str:
        return str(kinds.label(confirmation.kind))

    @display(description=_("contact"))
    def shown_contact(self, confirmation: Confirmation) -> SafeString:
        return link_to(confirmation.contact)

    @display(description=_("agreed to"))
    def agreed(self, confirmation: Confirmation) -> str:
        return "\n".join(confirmation.wordings) or "–"

    @display(description=_("state"), label={"confirmed": "success", "waiting": "info", "expired": "warning"})
    def state(self, confirmation: Confirmation) -> tuple[str, str]:
        if confirmation.confirmed_at:
            return "confirmed", gettext("confirmed")
        over = confirmation.expires_at <= timezone.now()
        return ("expired", gettext("not confirmed in time")) if over else ("waiting", gettext("waiting"))

    @admin.display(description=_("state"))
    def in_words(self, confirmation: Confirmation) -> str:
        return str(self.state(confirmation)[1])
