"""What would have gone out: the sandbox transport keeps it here and shows it as the person would see it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts import kinds
from contacts.models import LONGEST_ADDRESS


class SandboxMessage(models.Model):
    """A message that stayed in the house. `key` is the delivery's token ("" for test messages without one)."""

    channel = models.ForeignKey(
        "channels.Channel", models.CASCADE, related_name="sandbox_messages", verbose_name=_("channel")
    )
    key = models.CharField(max_length=32, db_index=True)
    provider_id = models.CharField(max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=20)
    to = models.CharField(_("to"), max_length=LONGEST_ADDRESS)
    recipient_name = models.CharField(_("name"), max_length=255, default="")
    sender = models.CharField(_("from"), max_length=340, default="")
    subject = models.CharField(_("subject"), max_length=255, default="")
    text = models.TextField(_("text"), default="")
    html = models.TextField(default="")
    headers = models.JSONField(default=dict)
    buttons = models.JSONField(default=list)
    sent_at = models.DateTimeField(_("sent"))
    played = models.JSONField(default=list)

    class Meta:
        verbose_name = _("sandbox message")
        verbose_name_plural = _("sandbox")
        ordering = ["-id"]
        permissions = [("play_sandbox", _("Can play the person in the sandbox"))]
        indexes = [models.Index(fields=["to", "-id"], name="sandbox_to")]

    def __str__(self) -> str:
        return self.subject or self.text[:60]

    @property
    def shown_to(self) -> str:
        """Where it would have gone, as staff read it."""
        return kinds.shown(kinds.address_of(self.kind), self.to)
