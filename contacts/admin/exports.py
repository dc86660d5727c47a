"""Export of contacts from their list: what is chosen there, or, with “select all”, all that the filters leave."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from contacts import exporting
from contacts.models import Contact, Taken
from contacts.privacy import handouts


class ExportsContacts:
    """Mixed into the admin of contacts; add "export_contacts" to its actions."""

    def has_export_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return request.user.has_perm("contacts.export_contact")

    @action(description=_("Export as CSV"), permissions=["export"])
    def export_contacts(self, request: HttpRequest, queryset: QuerySet[Contact]) -> StreamingHttpResponse:
        now = timezone.localtime()
        chosen = handouts.filter_said(request.META.get("QUERY_STRING", ""))
        handouts.note(request.user, Taken.CONTACTS, handouts.size(queryset), now=now, chosen=chosen)
        return exporting.response(queryset, now=now)
