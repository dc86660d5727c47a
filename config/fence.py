"""What somebody who is limited to branches may do, and which pages are open to them. Everything that is not named here is closed.

Limiting a page's rows is `contacts.territory`'s work. A page is named here when it keeps to that; one that nobody has thought of yet stays
shut, so that a new page never shows the people of all branches by mistake.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from django.contrib import admin
from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from contacts import territory

# Of the permissions that their groups give them, those that stay. What changes something for all branches is not among them.
MAY = (
    "*.view_*", "contacts.add_contact", "contacts.change_contact", "contacts.export_contact", "contacts.*_address",
    "contacts.*_membership", "contacts.import_contact", "contacts.delete_importrun", "contacts.merge_contact",
    "contacts.*_guardian", "contacts.add_event", "contacts.record_event", "contacts.add_booking", "contacts.change_booking",
    "contacts.add_classsession", "contacts.change_classsession", "contacts.add_consent", "contacts.redeem_voucher",
    "contacts.undo_redemption", "channels.answer_conversation", "channels.resolve_delivery", "channels.play_sandbox",
    "channels.export_answers", "cascades.launch_cascade", "cascades.export_recipients",
)  # fmt: skip
# Looking at these is for whoever looks after the whole house: logins and keys, what providers said, sums over everybody's purchases.
MAY_NOT = (
    "auth.*", "django_celery_beat.*", "contacts.view_integration", "contacts.view_answeredcall", "contacts.view_connection",
    "contacts.view_received", "contacts.view_boughttogether", "contacts.*_importlayout",
    "contacts.view_importrow", "contacts.view_importportion", "contacts.view_erasure", "contacts.view_merge",
    "contacts.view_change", "contacts.view_handout", "contacts.view_retention",
    "channels.view_outgoinghook", "channels.view_hookcall", "channels.view_inboundcall",
)  # fmt: skip
# Pages of no model's own that say nothing of people.
PLAIN = {
    "index",
    "login",
    "logout",
    "password_change",
    "password_change_done",
    "autocomplete",
    "jsi18n",
    "search",
    "app_list",
}
# Pages beside the usual ones of a model; each holds only what `contacts.territory` shows.
PAGES = {
    "contacts_bulkrun_progress", "contacts_bulkrun_cancel", "contacts_bulkrun_file", "contacts_contact_event", "contacts_contact_said",
    "contacts_contact_take_away", "contacts_contact_proof", "contacts_booking_act", "contacts_classsession_roster",
    "contacts_classsession_cancel", "contacts_segment_look", "contacts_segment_why", "contacts_voucher_counter",
    "contacts_voucher_redeem", "contacts_voucher_undo", "channels_delivery_decide", "channels_form_preview", "channels_form_results",
    "channels_conversation_reply", "channels_conversation_template", "channels_conversation_act", "channels_conversation_who",
    "channels_invitation_poster", "channels_message_preview", "channels_sandboxmessage_play", "cascades_recipients_export",
    "cascades_cascade_report", "cascades_cascade_recipients", "cascades_cascade_launch_choose", "cascades_cascade_launch",
    "contacts_booking_import_table", "contacts_event_import_table", "contacts_importrun_progress", "contacts_importrun_confirm",
    "contacts_importrun_cancel", "contacts_importrun_reopen", "contacts_importrun_refused", "contacts_importrun_reading",
    "contacts_importrun_guess", "contacts_duplicate_compare", "contacts_duplicate_look_again",
    "cascades_cascade_launch_whom", "cascades_cascade_launch_check", "cascades_cascade_launch_go", "cascades_launch_cancel",
}  # fmt: skip
USUAL = ("changelist", "add", "change", "delete", "history")


class StaffBackend(ModelBackend):
    """Django's own, less what is not for those who are limited to branches."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        given: set[str] = super().get_all_permissions(user_obj, obj)
        return given if territory.of(user_obj) is None else {one for one in given if is_left(one)}


@cache
def is_left(permission: str) -> bool:
    """Whether a permission stays with somebody who is limited. Asked some hundred thousand times for one page."""
    return _any(permission, MAY) and not _any(permission, MAY_NOT)


def _any(permission: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(permission, pattern) for pattern in patterns)


def is_open(name: str) -> bool:
    """Whether a page of the admin, by its name in the addresses, is open to those who are limited."""
    if name in PLAIN or name in PAGES:
        return True
    return any(
        territory.is_known(model)
        and name in {f"{model._meta.app_label}_{model._meta.model_name}_{page}" for page in USUAL}
        for model in admin.site._registry  # noqa: SLF001 - there is no public way to ask for all
    )


class Fence:
    """Middleware, behind the one that knows who is there: a page that is not open to those who are limited says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or match.namespaces[:1] != ["admin"] or territory.of(request.user) is None:
            return None
        if match.url_name is None or is_open(
            match.url_name
        ):  # without a name: the way from an old address to the new one
            return None
        page = {
            **admin.site.each_context(request), "title": _("For those who look after all branches"),
            "branches": territory.names(request.user),
        }  # fmt: skip
        return TemplateResponse(request, "admin/limited.html", page, status=403).render()


def badge(request: HttpRequest) -> list[str] | None:
    """Above every page, for whoever is limited: whose people they see. Unfold's ENVIRONMENT."""
    names = territory.names(request.user) if hasattr(request, "user") else []
    return [_("Only: %(branches)s") % {"branches": ", ".join(names)}, "info"] if names else None
