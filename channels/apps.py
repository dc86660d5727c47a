"""The room as Django knows it; at the start it learns from the registered transports which kinds of channel there are."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChannelsConfig(AppConfig):
    name = "channels"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Channels")

    def ready(self) -> None:
        from channels import engagement, holdings, merging, reasons, stories, tasks, whose
        from channels.transport import names, transport_class
        from contacts import kinds

        for name in names():
            for kind in transport_class(name).kinds:
                kinds.register(kind)
        holdings.register()
        reasons.register()
        stories.register()
        engagement.register()
        merging.connect()
        tasks.connect()
        whose.register()
