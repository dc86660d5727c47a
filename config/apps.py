"""The house as an installed app: on its start it wires what the rooms offer."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_migrate
from django.utils.translation import gettext_lazy as _


class HouseConfig(AppConfig):
    name = "config"
    verbose_name = _("House")

    def ready(self) -> None:
        from config import celery, groups, schedule  # noqa: F401  (shared tasks bind to config.celery's application)

        # Sent for apps with models only, and for cascades as the last of them: every table and permission is there then.
        last = apps.get_app_config("cascades")
        pre_migrate.connect(groups.remember, sender=last)
        post_migrate.connect(groups.provide, sender=last)
        post_migrate.connect(schedule.create_missing, sender=last)
