"""The house as an installed app: on its start it wires what the rooms offer."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HouseConfig(AppConfig):
    name = "config"
    verbose_name = _("House")

    def ready(self) -> None:
        from config import celery  # noqa: F401  (shared tasks bind to this application)
