"""Addresses of other programs that are told what happens here, and each call to them."""

from __future__ import annotations

import base64
import secrets as random

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts import vault


class Topic(models.TextChoices):
    """What a program may be told of."""

    EVENT = "event", _("orders, visits, bookings and whatever else happened")
    CONSENT = "consent", _("who agreed and who wants no more")
    DELIVERY = "delivery", _("what became of messages")


def new_secret() -> str:
    """As the scheme “Standard Webhooks” writes it: whsec_ and 24 random bytes."""
    return vault.seal({"secret": "whsec_" + base64.b64encode(random.token_bytes(24)).decode()})


class OutgoingHook(models.Model):
    """`settled`: by topic, the id up to which every fact has its call; what came after is looked at again, for ids are not in the order of
    commits. `problem`: why it was switched off, for staff."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    url = models.URLField(_("address"), max_length=500)
    topics = models.JSONField(_("is told of"), default=list)
    sealed = models.TextField(default=new_secret, editable=False)
    active = models.BooleanField(_("active"), default=True)
    settled = models.JSONField(default=dict, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    problem = models.CharField(_("problem"), max_length=255, default="", editable=False)
    created_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        verbose_name = _("outgoing webhook")
        verbose_name_plural = _("outgoing webhooks")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def secret(self) -> str:
        """By which we sign; "" where it cannot be decrypted any more."""
        try:
            return vault.unseal(self.sealed).get("secret", "")
        except vault.Unreadable:
            return ""


class HookState(models.TextChoices):
    """How a call stands."""

    WAITING = "waiting", _("waiting")
    DONE = "done", _("taken")
    FAILED = "failed", _("given up")


class HookCall(models.Model):
    """One fact told to one address. `next_attempt` is also the lease: whoever calls moves it on before they do."""

    hook = models.ForeignKey(
        OutgoingHook, models.CASCADE, related_name="calls", verbose_name=_("outgoing webhook"), db_index=False
    )
    topic = models.CharField(_("about"), max_length=8, choices=Topic.choices)
    fact_id = models.BigIntegerField()
    payload = models.JSONField(_("what is told"))
    state = models.CharField(_("state"), max_length=7, choices=HookState.choices, default=HookState.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    next_attempt = models.DateTimeField(_("next attempt"))
    status = models.PositiveSmallIntegerField(_("answer"), null=True)
    response = models.CharField(_("what was answered"), max_length=300, default="")
    created_at = models.DateTimeField(_("noticed"))
    done_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        verbose_name = _("call of a webhook")
        verbose_name_plural = _("calls of webhooks")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["hook", "topic", "fact_id"], name="hook_call_once")]
        indexes = [models.Index(fields=["next_attempt"], name="hook_call_due", condition=Q(state="waiting"))]

    def __str__(self) -> str:
        return f"{self.hook} · {self.pk}"
