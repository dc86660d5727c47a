"""Every page of the admin and every call of the API was thought of: it keeps to branches, or is shut to those who are limited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver

from config import fence
from config.api import api
from contacts import territory
from contacts.admin.limited import ModelAdmin

# Pages that stay shut to those who are limited: they change what is for all branches, or speak of the whole house.
SHUT = {
    "contacts_business_check",
    "contacts_contact_erase",
    "contacts_integration_act", "contacts_voucheroffer_codes", "channels_channel_act",
    "channels_message_count", "channels_message_picture", "cascades_cascade_brake", "cascades_cascade_pause",
    "cascades_cascade_resume", "cascades_cascade_stop", "cascades_cascade_duplicate", "cascades_cascade_gallery",
    "cascades_cascade_blueprint", "cascades_cascade_use", "cascades_cascade_switch_on", "cascades_cascade_publish",
    "cascades_cascade_try", "cascades_cascade_try_people", "cascades_cascade_try_wind", "cascades_cascade_try_play",
    "cascades_cascade_ready_cascades", "health", "view_on_site",
    "contacts_goeswith_import_table", "contacts_importrun_undo", "contacts_importrun_undo_confirm",
    "contacts_importrun_undo_cancel", "contacts_importrun_undo_progress", "contacts_importrun_undo_left", "auth_user_password_change",
}  # fmt: skip
# Addresses outside the admin that no member of staff asks as themselves: people, providers, browsers.
PUBLIC = {
    "home", "set_language", "media", "reach", "connection_hook", "push", "push_worker", "push_manifest", "push_icon", "push_here",
    "push_left", "push_told", "push_by", "pixel", "click", "site_script", "site_call", "hook", "unsubscribe", "preferences",
    "missing_address", "landing", "subscribe", "confirm", "form", "booking", "booking_cancel",
}  # fmt: skip


def patterns(node: Any = None, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], URLPattern]]:
    """(namespaces, pattern) of every address of the house."""
    for one in (node or get_resolver()).url_patterns:
        if isinstance(one, URLResolver):
            yield from patterns(one, (*path, one.namespace) if one.namespace else path)
        else:
            yield path, one


def usual_names() -> set[str]:
    return {
        f"{model._meta.app_label}_{model._meta.model_name}_{page}"
        for model in admin.site._registry
        for page in fence.USUAL
    }


def test_every_page_of_the_admin_keeps_to_branches_or_is_shut() -> None:
    names = {one.name for path, one in patterns() if path[:1] == ("admin",) and one.name} - usual_names()
    assert names - fence.PAGES - fence.PLAIN - SHUT == set(), (
        "say in config/fence.py that it keeps to branches, or here that it is shut"
    )
    assert (fence.PAGES | SHUT) - names == set(), "these pages are gone"
    assert not any(fence.is_open(name) for name in SHUT)


def test_every_list_of_the_admin_keeps_to_branches_or_nobody_who_is_limited_may_look_at_it() -> None:
    for model, owner in admin.site._registry.items():
        view = f"{model._meta.app_label}.view_{model._meta.model_name}"
        if not fence.is_left(view):
            assert not fence.is_open(f"{model._meta.app_label}_{model._meta.model_name}_changelist"), view
            continue
        assert territory.is_known(model), f"{model._meta.label}: say in contacts.territory whose its rows are"
        assert isinstance(owner, ModelAdmin), f"{owner} must stand on contacts.admin.limited"


def test_every_call_of_the_api_keeps_to_branches() -> None:
    for path, view in api_operations():
        keys = [auth for auth in view.auth_callbacks if hasattr(auth, "by_branch")]
        assert keys, f"{path} asks for no key"
        assert all(key.by_branch for key in keys), f"{path}: a key that is limited to branches cannot use it"


def api_operations() -> list[tuple[str, Any]]:
    return [
        (path, operation)
        for _prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]


def test_every_other_address_is_for_people_and_machines_and_not_for_staff() -> None:
    names = {one.name for path, one in patterns() if not path}
    assert names - PUBLIC == set(), "an address of staff belongs under the admin"


def test_every_permission_that_changes_something_for_all_branches_is_gone() -> None:
    """A new permission is gone until somebody names it in config/fence.py."""
    for lost in (
        "contacts.change_business",
        "cascades.change_cascade",
        "channels.add_message",
        "auth.change_user",
        "contacts.erase_contact",
    ):
        assert not fence.is_left(lost)
    for kept in ("contacts.view_contact", "contacts.change_contact", "cascades.launch_cascade"):
        assert fence.is_left(kept)
