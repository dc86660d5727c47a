"""Contacts: the list, and the page of one person."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from contacts.admin import desk, privacy
from contacts.admin import many as for_many
from contacts.admin.contact_list import (
    AddressFilter,
    CityFilter,
    ConsentFilter,
    ContactChangeList,
    GroupFilter,
    LanguageFilter,
    MoreSection,
    SegmentFilter,
    TagFilter,
    addresses_of,
    consent_chips,
    with_tags,
)
from contacts.admin.exports import ExportsContacts
from contacts.admin.guardian import GuardianInline, StudentInline
from contacts.admin.limited import ModelAdmin
from contacts.admin.long_list import LongList
from contacts.admin.merging import compare_two
from contacts.forms.person import AddressForm, AddressFormSet, ContactForm
from contacts.models import Address, Contact, GroupKind
from contacts.searching import found_by


class AddressInline(TabularInline):
    model = Address
    form = AddressForm
    formset = AddressFormSet
    fields = ("kind", "value", "validity", "position")
    extra = 0
    verbose_name_plural = _("addresses")


@admin.register(Contact)
class ContactAdmin(ExportsContacts, LongList, ModelAdmin):
    """A person. Nobody is deleted here: what was said and sent must stay provable."""

    form = ContactForm
    inlines = [AddressInline, GuardianInline, StudentInline]
    change_form_template = "contacts/contact_form.html"
    list_display = ("shown_name", "shown_addresses", "shown_consent", "city", "shown_language", "shown_since")
    list_filter = (
        ("groups", GroupFilter),
        TagFilter,
        SegmentFilter,
        LanguageFilter,
        CityFilter,
        ConsentFilter,
        AddressFilter,
    )
    list_filter_submit = True
    list_sections = [MoreSection]
    list_per_page = 25  # each with all that its section shows
    indexed_filters = ("groups__id__exact", "tag", "segment", "language", "city", "consent", "address")
    search_fields = ("search",)
    search_help_text = _("Name, city, address or number")
    actions = [*for_many.ACTIONS, compare_two, "export_contacts"]
    warn_unsaved_form = True
    show_facets = admin.ShowFacets.NEVER
    fieldsets = (
        (None, {"fields": (("first_name", "last_name"), ("birth_date", "city"), "in_groups")}),
        (_("Language and time"), {"fields": (("language", "time_zone"), ("preferred_channel", "branch"))}),
        (
            _("More about this person"),
            {"fields": (("latitude", "longitude"), "notes", "attributes", "external_id"), "classes": ("collapse",)},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        record_event = self.admin_site.admin_view(partial(desk.record_event, model_admin=self))
        record_consent = self.admin_site.admin_view(partial(desk.record_consent, model_admin=self))
        take_away = self.admin_site.admin_view(partial(privacy.take_away, model_admin=self))
        erase = self.admin_site.admin_view(partial(privacy.erase, model_admin=self))
        consent_proof = self.admin_site.admin_view(partial(privacy.consent_proof, model_admin=self))
        return [
            path("<int:pk>/proof/", consent_proof, name="contacts_contact_proof"),
            path("<int:pk>/take-away/", take_away, name="contacts_contact_take_away"),
            path("<int:pk>/erase/", erase, name="contacts_contact_erase"),
            path("<int:pk>/event/", record_event, name="contacts_contact_event"),
            path("<int:pk>/said/", record_consent, name="contacts_contact_said"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ContactChangeList]:
        return ContactChangeList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Contact], search_term: str
    ) -> tuple[QuerySet[Contact], bool]:
        return found_by(queryset, search_term), False

    def has_delete_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Contact | None = None) -> bool:
        return bool(super().has_change_permission(request, obj)) and (obj is None or obj.erased_at is None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        contact = self.get_object(request, object_id)
        beside = desk.context(request, contact) if contact and self.has_view_permission(request, contact) else {}
        answer: HttpResponse = super().change_view(request, object_id, form_url, {**beside, **(extra_context or {})})
        return answer

    def save_model(self, request: HttpRequest, obj: Contact, form: ModelForm[Contact], change: bool) -> None:
        """Saved without a change is not changed: undoing an import tells by `updated_at` whom somebody has edited."""
        if not change or form.changed_data:
            super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: ModelForm[Contact], formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        contact = form.instance
        if "in_groups" in form.cleaned_data:
            unseen = contact.groups.filter(kind=GroupKind.SELECTION)  # whom a start was made for stays so
            contact.groups.set([*form.cleaned_data["in_groups"], *unseen])
        contact.save(update_fields=["search"])  # its addresses are part of it
        for sentence in desk.sharing(contact, request) if any(formset.has_changed() for formset in formsets) else ():
            messages.info(request, sentence)

    @admin.display(description=_("name"))
    def shown_name(self, contact: Contact) -> str:
        return with_tags(contact)

    def has_consent_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.consent_bulkrun")

    @admin.display(description=_("addresses"))
    def shown_addresses(self, contact: Contact) -> SafeString | str:
        lines = format_html_join(
            "", '<div class="whitespace-nowrap">{}</div>', ((a,) for a in addresses_of(contact)[:2])
        )
        return format_html('<div class="text-right lg:text-left">{}</div>', lines) if lines else "–"

    @admin.display(description=_("language"))
    def shown_language(self, contact: Contact) -> str:
        return str(dict(settings.LANGUAGES).get(contact.language, contact.language)) or "–"

    @admin.display(description=_("added"))
    def shown_since(self, contact: Contact) -> str:
        return date_format(timezone.localtime(contact.created_at), "SHORT_DATE_FORMAT")

    @admin.display(description=_("marketing"))
    def shown_consent(self, contact: Contact) -> SafeString:
        return consent_chips(getattr(contact, "known", None))
