"""The consent ledger (append-only) and the suppressed addresses. `contacts.consent` is the only writer of both."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.contact import LONGEST_ADDRESS

LONGEST_AGENT = 200  # characters of what a browser calls itself


class ConsentPurpose(models.TextChoices):
    """What a consent is for."""

    MARKETING = "marketing", _("marketing")
    TRACKING = "tracking", _("tracking of openings")


class Basis(models.TextChoices):
    """On what ground the line stands."""

    EXPRESS = "express", _("the person agreed")
    DOUBLE = "double", _("the person agreed and confirmed the address")
    SOFT = "soft", _("existing customer, similar goods")
    CONTRACT = "contract", _("contract")
    STAFF = "staff", _("told to staff")
    WITHDRAWAL = "withdrawal", _("the person withdrew")
    UNDONE = "undone", _("the import that said so was undone")


# On what a consent can stand.
GROUNDS = tuple(basis for basis in Basis if basis not in (Basis.WITHDRAWAL, Basis.UNDONE))


class Ledger(models.QuerySet["Consent"]):
    """Lines are added, never changed: only that the cascades took notice may be noted."""

    def update(self, **kwargs: Any) -> int:
        if set(kwargs) - {"handled_at"}:
            raise TypeError("the consent ledger is append-only")
        return super().update(**kwargs)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError("the consent ledger is append-only")


class Consent(models.Model):
    """One line of the ledger: from now on `given` holds for this contact, channel kind and purpose. The newest line counts."""

    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="consents", verbose_name=_("contact"), db_index=False
    )
    kind = models.CharField(_("channel"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=12, choices=ConsentPurpose.choices)
    given = models.BooleanField(_("given"))
    basis = models.CharField(_("basis"), max_length=12, choices=Basis.choices)
    source = models.CharField(
        _("source"), max_length=120, help_text=_("For example: form at the counter, import, reply STOP.")
    )
    wording = models.TextField(_("wording"), blank=True, default="", help_text=_("What the person read and agreed to."))
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    at = models.DateTimeField(_("when"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    recorded_at = models.DateTimeField(_("recorded"))
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("staff member"),
        db_index=False,
    )
    ip = models.GenericIPAddressField(_("IP address"), null=True, blank=True)
    user_agent = models.CharField(_("browser"), max_length=LONGEST_AGENT, blank=True, default="", db_default="")
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, blank=True, default="")
    delivery_token = models.CharField(max_length=16, blank=True, default="", editable=False)
    played = models.BooleanField(default=False, editable=False)
    handled_at = models.DateTimeField(null=True, editable=False)

    objects = Ledger.as_manager()

    class Meta:
        verbose_name = _("consent line")
        verbose_name_plural = _("consent ledger")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["contact", "kind", "purpose", "-id"], name="consent_newest"),
            models.Index(fields=["kind", "contact"], name="consent_withdrawn", condition=models.Q(given=False)),
            models.Index(fields=["kind", "contact"], name="consent_ends", condition=models.Q(expires_at__isnull=False)),
            models.Index(fields=["id"], name="consent_unhandled", condition=models.Q(handled_at=None)),
            models.Index(fields=["contact"], name="consent_unhandled_of", condition=models.Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        verb = _("agreed to") if self.given else _("withdrew from")
        return f"{verb} {self.get_purpose_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("the consent ledger is append-only")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError("the consent ledger is append-only")


class SuppressionReason(models.TextChoices):
    """Why an address is suppressed."""

    STOP = "stop", _("answered STOP")
    COMPLAINT = "complaint", _("marked a message as spam")
    BOUNCE = "bounce", _("the address does not exist")
    STAFF = "staff", _("entered by staff")
    PROVIDER = "provider", _("opted out at the provider")
    ERASED = "erased", _("the person asked to be forgotten")


class SuppressionScope(models.TextChoices):
    """What may no longer go to the address."""

    ALL = "all", _("everything")
    MARKETING = "marketing", _("marketing")


class Suppression(models.Model):
    """An address that must not be written to. It outlives the contact: only the keyed hash and a masked hint are kept.

    `kind` is the kind of address, `channel` the kind of channel it holds for ("" means every channel to that address); `again_at`: when it
    was last told once more.
    """

    kind = models.CharField(_("kind of address"), max_length=20)
    fingerprint = models.CharField(max_length=64, editable=False)
    hint = models.CharField(_("address"), max_length=60, help_text=_("Partly hidden."))
    channel = models.CharField(_("channel"), max_length=20, blank=True, default="")
    scope = models.CharField(_("holds for"), max_length=12, choices=SuppressionScope.choices)
    reason = models.CharField(_("reason"), max_length=12, choices=SuppressionReason.choices)
    source = models.CharField(_("source"), max_length=120, blank=True, default="")
    at = models.DateTimeField(_("since"))
    again_at = models.DateTimeField(null=True, editable=False)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    played = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("suppressed address")
        verbose_name_plural = _("suppressed addresses")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint", "channel", "scope", "played"],
                condition=models.Q(lifted_at=None),
                name="suppression_once",
            )
        ]
        indexes = [models.Index(fields=["fingerprint"], name="suppression_open", condition=models.Q(lifted_at=None))]

    def __str__(self) -> str:
        return self.hint
