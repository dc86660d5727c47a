"""What somebody and the shop write to each other on one channel: who has it in hand, and what is still to be read and answered."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from contacts.models import LONGEST_ADDRESS


class Conversation(models.Model):
    """One per channel and address. Its lines are not kept here: what came is in `DeliveryEvent`, what went out in `Delivery`.

    `contact` is empty while nobody knows who writes; `name` is what the provider tells of them. `heard` counts what was written to us,
    `read` how much of it staff have seen, so that nothing that comes meanwhile is taken for read. `open`: it waits for an answer; staff
    close it, and the next words open it again. `wrote_at`: when the person last said anything, a pressed button included.
    """

    channel = models.ForeignKey(
        "channels.Channel", models.PROTECT, related_name="conversations", verbose_name=_("channel")
    )
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS)
    contact = models.ForeignKey(
        "contacts.Contact", models.SET_NULL, null=True, blank=True, related_name="conversations", verbose_name=_("contact")
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=120, default="")
    assigned = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("in hand of")
    )
    open = models.BooleanField(_("open"), default=False)
    heard = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    wrote_at = models.DateTimeField(_("last answer"))
    last_at = models.DateTimeField(_("last message"))

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-last_at"]
        permissions = [("answer_conversation", _("Can answer people in the inbox"))]
        constraints = [models.UniqueConstraint(fields=["channel", "address"], name="conversation_once")]
        indexes = [
            models.Index(fields=["-last_at"], name="conversation_open", condition=Q(open=True)),
            models.Index(fields=["-last_at"], name="conversation_newest"),
        ]

    def __str__(self) -> str:
        return str(self.contact) if self.contact else self.name or self.address

    @property
    def unread(self) -> bool:
        return self.heard > self.read


UNREAD = Q(heard__gt=F("read"))
