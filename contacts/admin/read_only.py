"""What the admin shows and never changes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from contacts.admin.limited import ModelAdmin
from contacts.admin.long_list import LongList
from contacts.models import Contact


def link_to(contact: Contact) -> SafeString:
    """The person's name, leading to their page."""
    address = reverse("admin:contacts_contact_change", args=[contact.pk])
    return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, contact)


class ReadOnlyAdmin(LongList, ModelAdmin):
    """A list and its pages, for looking only."""

    list_per_page = 50
    list_filter_submit = True
    actions: Any = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
