"""A webhook call as it came, stored before anything is made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class InboundState(models.TextChoices):
    """How far the call has come."""

    STORED = "stored", _("waiting")
    APPLIED = "applied", _("taken in")
    PARKED = "parked", _("waits for its message")
    UNREADABLE = "unreadable", _("could not be read")


class InboundCall(models.Model):
    """Raw and verified. `call_key` is unique per channel, so that a replayed call is stored once."""

    channel = models.ForeignKey("channels.Channel", models.CASCADE, related_name="calls", verbose_name=_("channel"))
    call_key = models.CharField(max_length=64)
    method = models.CharField(_("method"), max_length=8)
    url = models.TextField(_("address called"))
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received"))
    state = models.CharField(_("state"), max_length=10, choices=InboundState.choices, default=InboundState.STORED)
    problem = models.CharField(_("problem"), max_length=255, default="")
    applied_at = models.DateTimeField(_("taken in at"), null=True)
    claim_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("call from a provider")
        verbose_name_plural = _("calls from providers")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["channel", "call_key"], name="inbound_call_once")]
        indexes = [models.Index(fields=["id"], name="inbound_waiting", condition=Q(state__in=["stored", "parked"]))]

    def __str__(self) -> str:
        return f"{self.channel} · {self.received_at:%Y-%m-%d %H:%M}"
