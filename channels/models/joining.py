"""Invitations to join a channel: at the counter for whoever comes, or for one person and once."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

DAY = timedelta(days=1)
TOKEN_BYTES = 16  # 22 URL-safe characters


def new_invitation() -> str:
    """128 random bits as 22 URL-safe characters: what stands in the join link."""
    return secrets.token_urlsafe(TOKEN_BYTES)


class Invitation(models.Model):
    """What a join link stands for. `channel` empty: any of them; `contact`: whom it is for, then it works once; `group`: who joins gets in.

    `by_message`: made for the text of a message, of which each person has one per channel until it is used.
    `source` is what staff call the place ("counter", "receipt") and stands in the consent ledger. `language`: of the pages that it opens.
    """

    token = models.CharField(max_length=22, unique=True, default=new_invitation, editable=False)
    source = models.CharField(
        _("where it is shown"), max_length=60, help_text=_("For example: counter, receipt, shop window.")
    )
    channel = models.ForeignKey(
        "channels.Channel", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("channel"),
        help_text=_("Empty means: every channel that people can join."),
    )  # fmt: skip
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, null=True, blank=True, related_name="invitations", verbose_name=_("contact")
    )
    group = models.ForeignKey(
        "contacts.Group", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("group"),
        help_text=_("Who joins by it gets into this group."),
    )  # fmt: skip
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    single_use = models.BooleanField(_("works once"), default=False)
    by_message = models.BooleanField(_("from a message"), default=False, editable=False)
    used_at = models.DateTimeField(_("used"), null=True, blank=True, editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    active = models.BooleanField(_("in use"), default=True)
    sms_a_day = models.PositiveSmallIntegerField(
        _("SMS to confirm numbers, a day at most"), default=50, validators=[MinValueValidator(1)],
        help_text=_("Each number that somebody leaves costs one SMS. When so many were sent, no more numbers are taken that day."),
    )  # fmt: skip
    sms_full_at = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("invitation to join")
        verbose_name_plural = _("invitations to join")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(contact=None) | Q(single_use=True), name="invitation_personal_works_once"
            ),
            models.UniqueConstraint(
                fields=["contact", "channel"], condition=Q(by_message=True, active=True, used_at=None), name="invitation_by_message_once"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.source

    def holds(self, now: datetime) -> bool:
        """Whether its link still leads in."""
        return self.active and (self.expires_at is None or self.expires_at > now) and not self.is_spent

    def had_enough(self, now: datetime) -> bool:
        """Whether its SMS of a day were used up within the last one."""
        return self.sms_full_at is not None and self.sms_full_at > now - DAY

    @property
    def is_spent(self) -> bool:
        return self.single_use and self.used_at is not None
