"""The room as Django knows it."""

from django.apps import AppConfig
from django.core import checks
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ContactsConfig(AppConfig):
    name = "contacts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Contacts")

    def ready(self) -> None:
        from contacts import audit, events, merging, reasons, searching, stories
        from contacts.merging import own as merged
        from contacts.merging import story
        from contacts.models import SuppressionReason
        from contacts.models.event import OF_SHOPS, OF_VOUCHERS
        from contacts.privacy import own
        from contacts.segments import conditions
        from contacts.vouchers.redeeming import named_by_orders

        checks.register(searching.check, checks.Tags.database)
        post_migrate.connect(searching.prepare, sender=self)
        stories.register()
        merging.register(merged.PART)
        story.register()
        own.registered()
        audit.watch_own()
        conditions.register()
        reasons.register_words({reason.value: reason.label for reason in SuppressionReason} | OF_SHOPS | OF_VOUCHERS)
        events.follow_vouchers(named_by_orders)
