"""The room as Django knows it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Contacts")

    def ready(self) -> None:
        from contacts import reasons, stories
        from contacts.models import SuppressionReason
        from contacts.models.event import OF_SHOPS
        from contacts.segments import conditions

        stories.register()
        conditions.register()
        reasons.register_words({reason.value: reason.label for reason in SuppressionReason} | OF_SHOPS)
