"""The script of somebody's rehearsal of a cascade, as they left it. What comes of it is worked out anew each time and kept nowhere."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Rehearsal(models.Model):
    """One for each cascade and member of staff. script: see `cascades.rehearsal.Script`; until: how far its clock was wound."""

    cascade = models.ForeignKey("cascades.Cascade", models.CASCADE, related_name="rehearsals")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    script = models.JSONField(default=dict)
    until = models.DateTimeField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("rehearsal")
        verbose_name_plural = _("rehearsals")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["cascade", "user"], name="rehearsal_of_each")]

    def __str__(self) -> str:
        return f"{self.cascade} · {self.user}"
