"""A shop or a booking program whose webhooks we take in, and what they sent, as it came."""

from __future__ import annotations

import secrets as random

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts import vault


def new_hook() -> str:
    """The unguessable last part of the address that it calls."""
    return random.token_urlsafe(24)


class Connection(models.Model):
    """`adapter`: the registered name of what reads its calls; `source` stands with all that it tells and never changes; `sealed`: the
    secret by which it signs, encrypted."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    adapter = models.CharField(_("program"), max_length=40)
    source = models.CharField(max_length=60, unique=True, default=new_hook, editable=False)
    hook = models.CharField(max_length=40, unique=True, default=new_hook, editable=False)
    sealed = models.TextField(default="", blank=True, editable=False)
    create_people = models.BooleanField(
        _("add those who are not here yet"), default=True,
        help_text=_("They are added without consent to marketing."),
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """By which it signs; "" where there is none, or where it cannot be decrypted any more."""
        try:
            return vault.unseal(self.sealed).get("secret", "")
        except vault.Unreadable:
            return ""

    @secret.setter
    def secret(self, value: str) -> None:
        self.sealed = vault.seal({"secret": value}) if value else ""


class ReceivedState(models.TextChoices):
    """How far a call has come."""

    STORED = "stored", _("waiting")
    APPLIED = "applied", _("taken in")
    REFUSED = "refused", _("could not be taken in")


class Received(models.Model):
    """A call of a connection, proven to be its own. `call_key` is unique, so that one that is sent again is stored once."""

    connection = models.ForeignKey(
        Connection, models.CASCADE, related_name="calls", verbose_name=_("connection"), db_index=False
    )
    call_key = models.CharField(max_length=64)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()
    received_at = models.DateTimeField(_("received"))
    state = models.CharField(_("state"), max_length=8, choices=ReceivedState.choices, default=ReceivedState.STORED)
    problem = models.CharField(_("problem"), max_length=255, default="")
    applied_at = models.DateTimeField(_("taken in at"), null=True)

    class Meta:
        verbose_name = _("call of a connection")
        verbose_name_plural = _("calls of connections")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["connection", "call_key"], name="received_once")]
        indexes = [models.Index(fields=["id"], name="received_waiting", condition=Q(state="stored"))]

    def __str__(self) -> str:
        return f"{self.connection} · {self.received_at:%Y-%m-%d %H:%M}"
