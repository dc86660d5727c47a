"""Privacy at a person's page: all that is known, to take away; erasing; and the list of who was erased."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.http import content_disposition_header
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter, RelatedDropdownFilter

from contacts import audit, privacy
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.forms.erasing import EraseForm
from contacts.models import Booking, Business, Contact, Erasure, Handout, Retention, Taken
from contacts.models.booking import AHEAD
from contacts.privacy import export, handouts, proof, retention

EXPORT, ERASE, PROOF = "contacts.export_contact", "contacts.erase_person", "contacts.view_consent"


def take_away(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """POST: a zip with all that is known of the person."""
    contact = _person(request, pk, EXPORT, model_admin)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    now = timezone.now()
    handouts.note(request.user, Taken.PERSON, 1, now=now, contact_id=pk)
    answer = HttpResponse(export.archive(contact, now=now), content_type="application/zip")
    name = f"{slugify(contact.full_name) or contact.pk} {now:%Y-%m-%d}.zip"
    answer["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    answer["Cache-Control"] = "no-store"
    return answer


def consent_proof(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """The proof of the person's consent as a page of its own, for the printer."""
    contact = _person(request, pk, PROOF, model_admin)
    now = timezone.now()
    handouts.note(request.user, Taken.PROOF, 1, now=now, contact_id=pk)
    page = {
        "contact": contact, "addresses": contact.addresses.all(), "business": Business.current(), "statements": proof.statements(contact),
        "now": timezone.localtime(now), "user": str(request.user),
        "language": translation.get_language(),
    }  # fmt: skip
    answer = render(request, "contacts/consent_proof.html", page)
    answer["Cache-Control"] = "no-store"
    return answer


def erase(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """What goes and what stays; and, once the name was typed, that it is done."""
    contact = _person(request, pk, ERASE, model_admin)
    page_of = HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[pk]))
    if contact.erased_at:
        messages.info(request, _now("This person was erased already."))
        return page_of
    form = EraseForm(request.POST if request.method == "POST" else None, contact=contact)
    if form.is_bound and form.is_valid():
        privacy.erase(pk, by_id=request.user.pk, asked=form.cleaned_data["asked"], now=timezone.now())
        contact.refresh_from_db()
        audit.done(contact, _now("The person was erased."))
        messages.success(
            request, _now("The person was erased. What reports and files still hold is gone through in the background.")
        )
        return page_of
    now = timezone.now()
    found = privacy.outlook(contact)
    page = {
        **model_admin.admin_site.each_context(request), "title": _now("Erase this person"), "subtitle": str(contact), "form": form,
        "contact": contact, "goes": [one for one in found if one.goes], "stays": [one for one in found if one.stays],
        "shared": privacy.shared_with(contact), "opts": Contact._meta, "media": model_admin.media + form.media,
        "ahead": Booking.objects.filter(contact=contact, status__in=AHEAD, starts_at__gt=now).count(),
    }  # fmt: skip
    return TemplateResponse(request, "contacts/erase_person.html", page)


def _person(request: HttpRequest, pk: int, permission: str, model_admin: ModelAdmin) -> Contact:
    """The person, as far as this member of staff may see them at all."""
    if not request.user.has_perm(permission):
        raise PermissionDenied
    contact: Contact | None = model_admin.get_object(request, str(pk))
    if contact is None:
        raise Http404
    if not model_admin.has_view_permission(request, contact):
        raise PermissionDenied
    return contact


@admin.register(Erasure)
class ErasureAdmin(ReadOnlyAdmin):
    """Who was erased, when and by whom: the proof that it was done, without a name."""

    list_display = ("at", "shown_contact", "by", "asked", "shown_state")
    list_display_links = ("at",)
    list_select_related = ("contact", "by")
    fields = ("at", "shown_contact", "by", "asked", "shown_state", "shown_counts")

    @admin.display(description=_("contact"))
    def shown_contact(self, erasure: Erasure) -> SafeString:
        return link_to(erasure.contact)

    @admin.display(description=_("state"))
    def shown_state(self, erasure: Erasure) -> str:
        if not erasure.sealed:
            return _now("Finished.")
        if erasure.swept_at:
            return _now("Done; late reports are looked at once more.")
        return _now("Reports and files are being gone through.")

    @admin.display(description=_("emptied"))
    def shown_counts(self, erasure: Erasure) -> int:
        return sum(erasure.counts.values())


@admin.register(Handout)
class HandoutAdmin(ReadOnlyAdmin):
    """What left the house: for whoever answers for it."""

    list_display = ("at", "shown_by", "what", "people", "chosen", "shown_contact")
    list_display_links = ("at",)
    list_filter = (("what", ChoicesDropdownFilter), ("by", RelatedDropdownFilter), ("at", RangeDateFilter))
    list_select_related = ("by", "contact")
    fields = ("at", "shown_by", "what", "people", "chosen", "shown_contact")

    @admin.display(description=_("who"), ordering="name")
    def shown_by(self, handout: Handout) -> str:
        return (handout.by.get_full_name() or handout.by.get_username()) if handout.by else handout.name

    @admin.display(description=_("contact"))
    def shown_contact(self, handout: Handout) -> SafeString | str:
        return link_to(handout.contact) if handout.contact else "–"


@admin.register(Retention)
class RetentionAdmin(ModelAdmin):
    """One page: after how long things are forgotten by themselves."""

    readonly_fields = ("shown_purged", "shown_segments")
    fieldsets = (
        (
            None,
            {
                "fields": ("raw", "texts", "answers", "events", "logs", "shown_segments", "shown_purged"),
                "description": _(
                    "What is older is deleted by itself, a little every hour. Reports keep their numbers. The consent ledger, suppressed"
                    " addresses and what became of each message are always kept: they are your proof."
                ),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _to_retention()

    def response_change(self, request: HttpRequest, obj: Retention) -> HttpResponse:
        messages.success(request, _now("Saved."))
        for sentence in retention.short_sighted(obj):
            messages.warning(request, sentence)
        return _to_retention()

    @admin.display(description=_("segments that look further back"))
    def shown_segments(self, kept: Retention) -> SafeString | str:
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in retention.short_sighted(kept))) or _now(
            "None."
        )

    @admin.display(description=_("last time that something was deleted"))
    def shown_purged(self, kept: Retention) -> str:
        return (
            date_format(timezone.localtime(kept.purged_at), "DATETIME_FORMAT")
            if kept.purged_at
            else _now("Nothing yet.")
        )


def _to_retention() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:contacts_retention_change", args=[Retention.current().pk]))
