"""Other programs that may talk to us: their keys, what each may do, and what they were answered lately."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What an integration may do."""

    CONTACTS_WRITE = "contacts:write", _("add and change contacts")
    EVENTS_WRITE = "events:write", _("report orders, carts, visits and the like")
    BOOKINGS_WRITE = "bookings:write", _("enter, move and cancel bookings")
    CONSENT_READ = "consent:read", _("read who agreed to what")
    CONSENT_WRITE = "consent:write", _("report who agreed and who wants no more")
    VOUCHERS_REDEEM = "vouchers:redeem", _("look vouchers up and redeem them")
    CASCADES_RUN = "cascades:run", _("bring people into cascades and take them out")
    DELIVERIES_READ = "deliveries:read", _("read what was sent and what became of it")


class Integration(models.Model):
    """A program with a key of its own, of which only a hash is kept.

    `source` stands with everything that it tells and never changes, so that what is told twice counts once. `minute` and `day` say which
    minute (since 1970) and day the two counts are of.
    """

    name = models.CharField(_("name"), max_length=60, unique=True, help_text=_("For example: web shop, till, website."))
    source = models.CharField(max_length=60, unique=True, editable=False)
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(_("key ends with"), max_length=4, editable=False)
    scopes = models.JSONField(_("may"), default=list)
    per_minute = models.PositiveIntegerField(
        _("calls in a minute"), default=300, validators=[MinValueValidator(1), MaxValueValidator(100_000)]
    )
    active = models.BooleanField(_("active"), default=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("made by")
    )  # fmt: skip
    created_at = models.DateTimeField(_("made"), editable=False)
    rotated_at = models.DateTimeField(_("key since"), editable=False)
    last_used_at = models.DateTimeField(_("last call"), null=True, editable=False)
    minute = models.BigIntegerField(default=0, editable=False)
    minute_calls = models.PositiveIntegerField(default=0, editable=False)
    day = models.DateField(null=True, editable=False)
    day_calls = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("integration")
        verbose_name_plural = _("integrations")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class AnsweredCall(models.Model):
    """What a call with an Idempotency-Key was answered, kept for a day. `status` is empty while the first call is still at work."""

    integration = models.ForeignKey(Integration, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    asked = models.CharField(max_length=64, help_text="hash of method, address and body")
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(default="")
    at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["integration", "key"], name="answered_call_once")]

    def __str__(self) -> str:
        return self.key
