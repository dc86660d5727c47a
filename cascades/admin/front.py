"""The admin's front page: what runs, what needs a look, and the few things that staff come for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cascades.admin import health
from cascades.admin.cascade import with_numbers
from cascades.models import Cascade, CascadeStatus
from contacts import territory
from contacts.models import Business

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN = 6
# Each: title, icon, address, and the permission without which it is not offered.
ERRANDS = (
    (_("Import contacts"), "upload_file", "admin:contacts_importrun_add", "contacts.import_contact"),
    (_("Write a message"), "edit_note", "admin:channels_message_add", "channels.add_message"),
    (_("Choose a ready cascade"), "auto_awesome_motion", "admin:cascades_cascade_gallery", "cascades.add_cascade"),
    (_("Build a cascade"), "waterfall_chart", "admin:cascades_cascade_add", "cascades.add_cascade"),
    (_("Find a person"), "person_search", "admin:contacts_contact_changelist", "contacts.view_contact"),
)


def page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What `admin/index.html` shows, each part only to whom it concerns."""
    may_see = request.user.has_perm("cascades.view_cascade")
    lately = Cascade.objects.exclude(status=CascadeStatus.DRAFT).order_by("-updated_at")
    drafts = Cascade.objects.filter(status=CascadeStatus.DRAFT).order_by("-updated_at")
    context.update(
        title=_("Today"),
        errands=_errands(request),
        lately=list(with_numbers(lately, territory.of(request.user))[:SHOWN]) if may_see else [],
        drafts=list(drafts[:SHOWN]) if may_see else [],
        may_see=may_see,
        may_launch=request.user.has_perm("cascades.launch_cascade"),
        concerns=[line for line in health.lines(timezone.now()) if not line.fine]
        if request.user.has_perm("cascades.view_launch") and territory.of(request.user) is None
        else [],
        currency=Business.current().currency,
    )
    return context


def _errands(request: HttpRequest) -> list[tuple[StrOrPromise, str, str]]:
    return [
        (title, icon, reverse(address))
        for title, icon, address, permission in ERRANDS
        if request.user.has_perm(permission)
    ]
