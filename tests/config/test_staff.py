"""Ready groups and periodic tasks: made once, and never written over."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django_celery_beat.models import PeriodicTask

from config import groups, schedule
from config.celery import app

pytestmark = pytest.mark.django_db


def _may(name: str) -> set[str]:
    rows = Group.objects.get(name=name).permissions.values_list("content_type__app_label", "codename")
    return {f"{app_label}.{codename}" for app_label, codename in rows}


def _migrate() -> None:
    groups.remember(using="default")
    call_command("migrate", verbosity=0)


def test_the_front_desk_can_neither_launch_nor_export_nor_see_accounts() -> None:
    may = _may("Front desk")
    assert {"contacts.view_contact", "contacts.change_contact", "cascades.view_cascade"} <= may
    assert not may & {
        "cascades.launch_cascade",
        "contacts.export_contact",
        "contacts.import_contact",
        "channels.view_channel",
        "channels.change_channel",
        "auth.view_user",
    }


def test_the_marketer_launches_and_exports_but_does_not_touch_accounts_or_mark_urgent() -> None:
    may = _may("Marketer")
    assert {
        "cascades.launch_cascade",
        "contacts.export_contact",
        "contacts.import_contact",
        "channels.view_channel",
    } <= may
    assert not may & {"channels.change_channel", "channels.add_channel", "channels.send_urgent", "auth.change_user"}


def test_the_viewer_only_looks() -> None:
    assert _may("Viewer")
    assert all(permission.split(".")[1].startswith("view_") for permission in _may("Viewer"))
    assert "channels.view_channel" not in _may("Viewer")


def test_the_owner_may_do_everything_in_the_rooms() -> None:
    rooms = Permission.objects.filter(content_type__app_label__in=("contacts", "channels", "cascades"))
    assert {f"{row.content_type.app_label}.{row.codename}" for row in rooms.select_related("content_type")} <= _may(
        "Owner"
    )


def test_what_the_owner_took_from_a_group_stays_taken() -> None:
    group = Group.objects.get(name="Marketer")
    group.permissions.remove(Permission.objects.get(codename="export_contact"))
    _migrate()
    assert "contacts.export_contact" not in _may("Marketer")


def test_a_permission_that_a_new_version_brings_reaches_the_groups_that_should_have_it() -> None:
    Permission.objects.get(codename="launch_cascade").delete()
    _migrate()
    assert "cascades.launch_cascade" in _may("Marketer")
    assert "cascades.launch_cascade" not in _may("Front desk")


def test_a_periodic_task_that_was_changed_stays_as_it_was_changed() -> None:
    PeriodicTask.objects.filter(task="channels.tasks.sweep").update(enabled=False, expire_seconds=7)
    _migrate()
    task = PeriodicTask.objects.get(task="channels.tasks.sweep")
    assert (task.enabled, task.expire_seconds) == (False, 7)


def test_a_tick_expires_after_its_own_period() -> None:
    for task in PeriodicTask.objects.select_related("interval"):
        assert task.interval is not None
        assert task.expire_seconds == task.interval.every


def test_every_periodic_task_exists_in_the_worker() -> None:
    app.loader.import_default_modules()
    missing = {periodic.task for periodic in schedule.PERIODIC} - set(app.tasks)
    assert not missing


def test_the_wiring_hangs_on_the_last_app_with_models() -> None:
    with_models = [config.label for config in apps.get_app_configs() if config.models_module is not None]
    assert with_models[-1] == "cascades"
