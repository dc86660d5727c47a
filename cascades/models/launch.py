"""A start by hand: whom, when, and how many that was."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class LaunchState(models.TextChoices):
    """How far a start has come. Whether its people are through is derived from their enrollments."""

    PLANNED = "planned", _("planned")
    ENROLLING = "enrolling", _("taking people in")
    ENROLLED = "enrolled", _("started")
    CANCELLED = "cancelled", _("cancelled")


class Launch(models.Model):
    """One start. Its id is minted with the start page, so that a second click or tab is the same start.

    `selection`: `{"groups": [ids], "segments": [ids], "contacts": [ids] | null, "filter": {...}}`, see `cascades.audience`;
    `audience` is counted from the source query in the snapshot that enrolled; `unknown_goes_on`: whether the dearer step goes to those
    whose opening cannot be known.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    cascade = models.ForeignKey("cascades.Cascade", models.CASCADE, related_name="launches", verbose_name=_("cascade"))
    version = models.ForeignKey("cascades.CascadeVersion", models.PROTECT, related_name="launches")
    state = models.CharField(_("state"), max_length=10, choices=LaunchState.choices, default=LaunchState.PLANNED)
    selection = models.JSONField(default=dict)
    start_at = models.DateTimeField(_("begins"))
    start_wall = models.DateTimeField(null=True, help_text="wall time as staff entered it, without zone")
    start_zone = models.CharField(max_length=64, default="")
    audience = models.PositiveIntegerField(_("people"), null=True)
    unknown_goes_on = models.BooleanField(default=False)
    forecast = models.JSONField(default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(_("created"))
    enrolled_at = models.DateTimeField(null=True)
    problem = models.CharField(_("problem"), max_length=255, default="")
    claim_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("start")
        verbose_name_plural = _("starts")
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["start_at"], name="launch_due", condition=models.Q(state__in=["planned", "enrolling"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cascade} · {self.start_at:%Y-%m-%d %H:%M}"

    @property
    def occasion(self) -> str:
        return f"launch:{self.pk}"
