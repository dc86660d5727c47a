"""Vouchers: what the house gives, and each code in somebody's hand."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

LONGEST_CODE = 40
PATTERN = "####-####-##"


class CodeKind(models.TextChoices):
    """Where the codes of an offer come from."""

    UNIQUE = "unique", _("each person gets a code of their own")
    FIXED = "fixed", _("one code for everybody")
    LISTED = "listed", _("codes from a list, made by the till or the shop")


class VoucherOffer(models.Model):
    """What a voucher gives, and how its codes look. A message shows a person's code by `{{ voucher.<slug> }}`.

    `pattern`: "#" stands for a random letter or digit; `most`: so many codes at most go out, none for no limit.
    """

    name = models.CharField(_("name"), max_length=80, unique=True, help_text=_("For staff, for example: birthday."))
    slug = models.CharField(
        _("name in messages"), max_length=40, unique=True,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*\Z", _("Small letters, digits and _ only, beginning with a letter."))],
        help_text=_("{{ voucher.birthday }} in a message shows the code, {{ voucher.birthday.until }} its last day."),
    )  # fmt: skip
    gives = models.CharField(
        _("what it gives"), max_length=120, help_text=_("In words: 10 %, or 5 euros off a haircut.")
    )
    terms = models.CharField(
        _("terms"), max_length=200, blank=True, default="", help_text=_("In words: for orders of at least 30 euros.")
    )
    kind = models.CharField(_("codes"), max_length=6, choices=CodeKind.choices, default=CodeKind.UNIQUE)
    code = models.CharField(
        _("the one code"),
        max_length=LONGEST_CODE,
        blank=True,
        default="",
        help_text=_("Where everybody gets the same."),
    )
    pattern = models.CharField(
        _("how codes look"), max_length=LONGEST_CODE, default=PATTERN,
        help_text=_("Each # becomes a random letter or digit: BDAY-####-####. At least eight, so that nobody can guess."),
    )  # fmt: skip
    valid_days = models.PositiveSmallIntegerField(
        _("valid for days"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(3660)],
        help_text=_("From the day on which the person gets the code. Empty: no such limit."),
    )  # fmt: skip
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("The last day for everybody."))
    most = models.PositiveIntegerField(
        _("at most so many codes"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Empty: no limit.")
    )  # fmt: skip
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("voucher offer")
        verbose_name_plural = _("voucher offers")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Voucher(models.Model):
    """A code in a person's hand, or of a list and not given out yet (then without `contact`).

    `normal`: the code as it is compared; `single`: nobody else has it; `occasion`: what it was given for ("way:<enrollment>"), so that the
    same person gets the same code on every channel; `practice`: it was only ever shown in the sandbox.
    """

    offer = models.ForeignKey(
        VoucherOffer, models.PROTECT, related_name="vouchers", verbose_name=_("voucher offer"), db_index=False
    )
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, null=True, related_name="vouchers", verbose_name=_("contact")
    )
    occasion = models.CharField(max_length=60, default="")
    code = models.CharField(_("code"), max_length=LONGEST_CODE)
    normal = models.CharField(max_length=LONGEST_CODE)
    single = models.BooleanField(default=True)
    practice = models.BooleanField(_("for practice"), default=False)
    issued_at = models.DateTimeField(_("given"), null=True)
    expires_at = models.DateTimeField(_("expires"), null=True)
    redeemed_at = models.DateTimeField(_("redeemed"), null=True)
    redeemed_where = models.CharField(_("where"), max_length=120, default="")
    reference = models.CharField(max_length=100, default="")
    redeemed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("redeemed by"),
        db_index=False,
    )

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ["-id"]
        permissions = [
            ("redeem_voucher", _("Can redeem vouchers at the counter")),
            ("undo_redemption", _("Can undo a redemption")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["normal"], condition=Q(single=True), name="voucher_code_once"),
            models.UniqueConstraint(
                fields=["offer", "contact", "occasion"],
                condition=Q(contact__isnull=False),
                name="voucher_once_for_occasion",
            ),
        ]
        indexes = [models.Index(fields=["offer", "id"], name="voucher_in_list", condition=Q(contact=None))]

    def __str__(self) -> str:
        return self.code
