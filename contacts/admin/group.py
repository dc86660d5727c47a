"""Groups and branches."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from contacts import branch_hours, territory
from contacts.admin.limited import ModelAdmin
from contacts.forms.house import BranchForm
from contacts.models import Branch, Group, GroupKind, Membership


@admin.register(Group)
class GroupAdmin(ModelAdmin):
    list_display = ("name", "kind", "description", "shown_people", "created_at")
    ordering = ("name",)  # the model's own is not used where people are counted
    list_filter = (("kind", ChoicesDropdownFilter),)
    list_filter_submit = True
    search_fields = ("name",)
    fields = ("kind", "name", "description", "shown_people")
    readonly_fields = ("shown_people",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        theirs = territory.within(Membership, territory.of(request.user), "memberships__")
        return groups.exclude(kind=GroupKind.SELECTION).annotate(people=Count("memberships", filter=theirs))

    @admin.display(description=_("people"), ordering="people")
    def shown_people(self, group: Group) -> SafeString | str:
        if not group.pk:
            return "–"
        people = int(getattr(group, "people", 0))
        address = reverse("admin:contacts_contact_changelist")
        told = ngettext("%(count)s person", "%(count)s people", people) % {"count": people}
        asked = "tag" if group.kind == GroupKind.TAG else "groups__id__exact"
        look = "text-primary-600 dark:text-primary-500"
        return format_html('<a class="{}" href="{}?{}={}">{}</a>', look, address, asked, group.pk, told)


@admin.register(Branch)
class BranchAdmin(ModelAdmin):
    form = BranchForm
    list_display = ("name", "city", "address", "time_zone")
    fieldsets = (
        (None, {"fields": ("name", ("city", "time_zone"))}),
        (_("Who its messages come from"), {"fields": ("sender_name", "reply_to", "sms_sender")}),
        (
            _("Where it is"),
            {
                "fields": ("address", ("latitude", "longitude")),
                "description": _("With its place on the map, people who live near can be found."),
            },
        ),
        (
            _("Opening hours"),
            {"fields": tuple(f"hours_{day}" for day in branch_hours.DAYS), "description": _("Empty means closed.")},
        ),
    )
    search_fields = ("name", "city")
    show_full_result_count = False
