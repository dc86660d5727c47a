"""A segment: rules by which people are found anew each time it is asked for."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Segment(models.Model):
    """`rules`: a tree as `contacts.segments.clean()` leaves it. `played`: what was played in the sandbox counts as well."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("what it is for"), max_length=255, blank=True, default="")
    rules = models.JSONField(_("rules"), default=dict, blank=True)
    played = models.BooleanField(
        _("count what was played in the sandbox too"), default=False,
        help_text=_("For trying out and training. Without it only what really happened counts."),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        verbose_name = _("segment")
        verbose_name_plural = _("segments")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
