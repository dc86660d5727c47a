"""Vouchers: offers that marketers keep, the codes that went out, and lists of codes from a till."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from contacts import territory
from contacts.admin import counter
from contacts.admin.limited import ModelAdmin, RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.forms.voucher import CodesForm, OfferForm
from contacts.models import CodeKind, Voucher, VoucherOffer
from contacts.vouchers import listing
from contacts.vouchers.codes import normal


@admin.register(VoucherOffer)
class VoucherOfferAdmin(ModelAdmin):
    """What went out stays: an offer with codes is switched off, not deleted."""

    form = OfferForm
    list_display = ("name", "gives", "shown_in_text", "kind", "shown_given", "shown_redeemed", "shown_state")
    search_fields = ("name", "slug", "gives")
    prepopulated_fields = {"slug": ("name",)}
    show_full_result_count = False
    warn_unsaved_form = True
    actions_detail = ["codes"]
    fieldsets = (
        (None, {"fields": ("name", "slug", "gives", "terms", "active")}),
        (_("Codes"), {"fields": ("kind", "code", "pattern", "most")}),
        (_("How long"), {"fields": (("valid_days", "valid_until"),)}),
    )
    conditional_fields = {"code": "kind == 'fixed'", "pattern": "kind != 'fixed'", "most": "kind != 'listed'"}

    def get_queryset(self, request: HttpRequest) -> QuerySet[VoucherOffer]:
        found: QuerySet[VoucherOffer] = super().get_queryset(request)
        theirs = territory.within(Voucher, territory.of(request.user), "vouchers__")
        real = Q(vouchers__practice=False) & theirs
        return found.annotate(
            given=Count("vouchers", filter=real & Q(vouchers__contact__isnull=False)),
            redeemed=Count("vouchers", filter=real & Q(vouchers__redeemed_at__isnull=False)),
            free=Count("vouchers", filter=Q(vouchers__contact=None)),
        )

    def get_prepopulated_fields(self, request: HttpRequest, obj: VoucherOffer | None = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    def has_delete_permission(self, request: HttpRequest, obj: VoucherOffer | None = None) -> bool:
        may = bool(super().has_delete_permission(request, obj))
        return may and not (obj and obj.vouchers.exists())

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.codes_page)
        return [path("<int:pk>/codes/", page, name="contacts_voucheroffer_codes"), *super().get_urls()]

    @action(description=_("Codes from a list"), icon="upload_file", permissions=["codes"])
    def codes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:contacts_voucheroffer_codes", args=[object_id]))

    def has_codes_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        listed = object_id is None or VoucherOffer.objects.filter(pk=object_id, kind=CodeKind.LISTED).exists()
        return listed and request.user.has_perm("contacts.change_voucheroffer")

    def codes_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET: the page; POST: the codes of a file come in, and what was refused is said line by line."""
        offer = get_object_or_404(VoucherOffer, pk=pk, kind=CodeKind.LISTED)
        if not self.has_change_permission(request, offer):
            raise PermissionDenied
        form = CodesForm(request.POST or None, request.FILES or None)
        listed: listing.Listed | None = None
        if request.method == "POST" and form.is_valid():
            try:
                listed = listing.take_in(offer, form.cleaned_data["file"].file)
                self.log_change(request, offer, gettext("%(count)s codes from a list") % {"count": listed.taken})
            except listing.BadList as error:
                form.add_error("file", str(error))
        free = Voucher.objects.filter(offer=offer, contact=None).count()
        page = {
            **self.admin_site.each_context(request), "title": _("Codes from a list"), "subtitle": str(offer), "offer": offer, "form": form,
            "opts": VoucherOffer._meta, "listed": listed, "free": free, "media": self.media + form.media,
        }  # fmt: skip
        return TemplateResponse(request, "contacts/voucher_codes.html", page)

    @admin.display(description=_("in messages"))
    def shown_in_text(self, offer: VoucherOffer) -> str:
        return "{{ voucher.%s }}" % offer.slug  # noqa: UP031 - braces

    @admin.display(description=_("given out"))
    def shown_given(self, offer: VoucherOffer) -> str:
        given, free = int(getattr(offer, "given", 0)), int(getattr(offer, "free", 0))
        if offer.kind == CodeKind.LISTED:
            return gettext("%(given)s, %(free)s left") % {"given": given, "free": free}
        return gettext("%(given)s of %(most)s") % {"given": given, "most": offer.most} if offer.most else str(given)

    @admin.display(description=_("redeemed"))
    def shown_redeemed(self, offer: VoucherOffer) -> int:
        return int(getattr(offer, "redeemed", 0))

    @display(description=_("state"), label={"active": "success", "off": "warning"})
    def shown_state(self, offer: VoucherOffer) -> tuple[str, Any]:
        return ("active", _("active")) if offer.active else ("off", _("switched off"))


@admin.register(Voucher)
class VoucherAdmin(ReadOnlyAdmin):
    """Every code that went out, and the counter where they come back."""

    list_display = ("shown_code", "offer", "shown_contact", "issued_at", "expires_at", "redeemed_at", "redeemed_where")
    list_filter = (
        ("offer", RelatedDropdownFilter),
        "practice",
        ("issued_at", DayFilter),
        ("redeemed_at", DayFilter),
    )
    list_select_related = ("offer", "contact")
    search_fields = ("normal",)
    search_help_text = _("The code")
    fields = (
        "shown_code", "offer", "shown_contact", "issued_at", "expires_at", "practice", "redeemed_at", "redeemed_where", "redeemed_by",
    )  # fmt: skip
    actions_list = ["counter"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Voucher], search_term: str
    ) -> tuple[QuerySet[Voucher], bool]:
        return (queryset.filter(normal=normal(search_term)) if search_term.strip() else queryset), False

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(lambda request: view(request, self))

        return [
            path("counter/", page(counter.page), name="contacts_voucher_counter"),
            path("counter/redeem/", page(counter.redeem), name="contacts_voucher_redeem"),
            path("counter/undo/", page(counter.undo), name="contacts_voucher_undo"),
            *super().get_urls(),
        ]

    @action(description=_("At the counter"), icon="point_of_sale", permissions=["redeem"])
    def counter(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:contacts_voucher_counter"))

    def has_redeem_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(counter.REDEEM)

    @admin.display(description=_("code"))
    def shown_code(self, voucher: Voucher) -> str:
        return voucher.code

    @admin.display(description=_("contact"))
    def shown_contact(self, voucher: Voucher) -> SafeString | str:
        return link_to(voucher.contact) if voucher.contact else "–"
