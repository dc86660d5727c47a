"""Who was forgotten: when, by whom, and what is still to be gone through for them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Erasure(models.Model):
    """One person who was erased. The contact is emptied at once; what holds them elsewhere is gone through by a task, from `place` on.

    `marks`: keyed hashes of their addresses, by which the row is found again when somebody asks with the address in hand. `sealed`: what
    is looked for, encrypted, until `watched_until`: reports that come late still hold an address. `counts`: rows emptied, by table.
    """

    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="erasures", verbose_name=_("contact")
    )  # fmt: skip
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )  # fmt: skip
    asked = models.CharField(
        _("how they asked"), max_length=200, blank=True, default="",
        help_text=_("For example: by email on 3 May. Write no name and no address here."),
    )  # fmt: skip
    marks = models.JSONField(default=list, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    sealed = models.TextField(default="", editable=False)
    place = models.JSONField(default=list, editable=False)
    swept_at = models.DateTimeField(_("gone through"), null=True, editable=False)
    watched_until = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["id"], name="erasure_unfinished", condition=~Q(sealed=""))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"
