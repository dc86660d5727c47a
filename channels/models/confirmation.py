"""An address that was left on a page, until its owner confirms it (double opt-in)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models.joining import new_invitation
from contacts.models import LONGEST_ADDRESS
from contacts.models.consent import LONGEST_AGENT


class Confirmation(models.Model):
    """`kind` is of the channel that carries the question; `purposes` and `wordings` belong together: what was ticked, and what it said.

    `newcomer`: the contact exists for this alone and goes again if nobody confirms. `address_left`: a known person filled a gap.
    """

    token = models.CharField(max_length=22, unique=True, default=new_invitation, editable=False)
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="confirmations", verbose_name=_("contact")
    )
    newcomer = models.BooleanField(default=False)
    invitation = models.ForeignKey("channels.Invitation", models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("channel"), max_length=20)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS)
    fingerprint = models.CharField(max_length=64, db_index=True)
    purposes = models.JSONField(default=list)
    wordings = models.JSONField(default=list)
    source = models.CharField(_("source"), max_length=120)
    address_left = models.BooleanField(default=False)
    language = models.CharField(_("language"), max_length=8)
    ip = models.GenericIPAddressField(_("IP address"), null=True)
    requested_at = models.DateTimeField(_("asked for"))
    asked = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField()
    reminded_at = models.DateTimeField(_("reminded"), null=True)
    expires_at = models.DateTimeField(_("ends"))
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    user_agent = models.CharField(_("browser"), max_length=LONGEST_AGENT, default="", db_default="")
    confirmed_agent = models.CharField(max_length=LONGEST_AGENT, default="", db_default="")
    confirmed_ip = models.GenericIPAddressField(null=True)

    class Meta:
        verbose_name = _("confirmation")
        verbose_name_plural = _("confirmations")
        ordering = ["-id"]
        indexes = [models.Index(fields=["expires_at"], name="confirmation_open", condition=Q(confirmed_at=None))]

    def __str__(self) -> str:
        return self.source
