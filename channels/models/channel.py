"""A channel: a configured account with its sender, its price and its pace."""

from __future__ import annotations

import secrets as random
from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.transport import Account, Sender, Transport, transport_class
from contacts import kinds, vault


def new_hook() -> str:
    """The unguessable last part of the channel's webhook address."""
    return random.token_urlsafe(18)


class PriceUnit(models.TextChoices):
    """What the price is for."""

    MESSAGE = "message", _("per message")
    SEGMENT = "segment", _("per SMS segment")


class Channel(models.Model):
    """An account at a provider. `kind` ("email", "sms") is what it carries, `transport` the registered name of who carries it.

    `rate`: messages per second over all workers; `paced_until`: the instant up to which that rate is already spent (shared by all workers);
    `breaker_until`: nobody uses the account before; `day_count`: handed over since the day began that `day_ends` (the business's midnight)
    ends; `balance`: what the provider said was left at `balance_at`; `sealed` holds the secrets, encrypted.
    """

    name = models.CharField(_("name"), max_length=80, unique=True)
    kind = models.CharField(_("kind"), max_length=20)
    transport = models.CharField(_("carried by"), max_length=40, default="sandbox")
    settings = models.JSONField(_("account settings"), default=dict, blank=True)
    sealed = models.TextField(default="", blank=True, editable=False)
    sender_name = models.CharField(_("sender's name"), max_length=80, blank=True, default="")
    sender_address = models.CharField(
        _("sender's address or number"),
        max_length=254,
        blank=True,
        default="",
        help_text=_("As agreed with the provider."),
    )
    reply_to = models.CharField(_("answers go to"), max_length=254, blank=True, default="")
    price = models.DecimalField(
        _("price"), max_digits=9, decimal_places=4, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )
    price_unit = models.CharField(_("price is"), max_length=8, choices=PriceUnit.choices, default=PriceUnit.MESSAGE)
    rate = models.FloatField(_("messages per second"), default=10.0, validators=[MinValueValidator(0.01)])
    daily_limit = models.PositiveIntegerField(
        _("messages a day, at most"), null=True, blank=True, validators=[MinValueValidator(1)],
        help_text=_("Of this account, over all cascades. Empty means no limit."),
    )  # fmt: skip
    spread_minutes = models.PositiveSmallIntegerField(
        _("after quiet hours, spread over so many minutes"), default=0, validators=[MaxValueValidator(720)],
        help_text=_("What waited for the morning then leaves bit by bit. 0: as fast as the channel can."),
    )  # fmt: skip
    active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    hook = models.CharField(max_length=32, default=new_hook, unique=True, editable=False)
    paced_until = models.DateTimeField(null=True, editable=False)
    day_ends = models.DateTimeField(null=True, editable=False)
    day_count = models.PositiveIntegerField(default=0, editable=False)
    breaker_until = models.DateTimeField(_("stopped until"), null=True, editable=False)
    breaker_reason = models.CharField(_("stopped because"), max_length=255, default="", editable=False)
    breaker_count = models.PositiveSmallIntegerField(default=0, editable=False)
    last_success_at = models.DateTimeField(_("last success"), null=True, editable=False)
    last_error_at = models.DateTimeField(_("last error"), null=True, editable=False)
    last_error = models.CharField(_("last error"), max_length=255, default="", editable=False)
    balance = models.DecimalField(_("balance"), max_digits=14, decimal_places=4, null=True, editable=False)
    balance_currency = models.CharField(max_length=3, default="", editable=False)
    balance_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["position", "id"]
        permissions = [("test_channel", _("Can send a test message"))]

    def __str__(self) -> str:
        return self.name

    @property
    def carrier(self) -> type[Transport]:
        """The transport's class; `LookupError` when it is no longer installed."""
        return transport_class(self.transport)

    @property
    def is_sandbox(self) -> bool:
        return not self.carrier.live

    @property
    def address_kind(self) -> str:
        return kinds.get(self.kind).address

    @property
    def spread(self) -> timedelta:
        return timedelta(minutes=self.spread_minutes)

    @property
    def sender(self) -> Sender:
        return Sender(self.sender_name, self.sender_address, self.reply_to)

    def secrets(self) -> dict[str, str]:
        """The secrets in the clear; never log, show or store them."""
        return vault.unseal(self.sealed)

    def keep_secrets(self, given: Mapping[str, str]) -> None:
        """Seal the secrets that were given and keep the others; a secret is never emptied by an empty form field."""
        self.sealed = vault.seal({**self.secrets(), **{name: value for name, value in given.items() if value}})

    def account(self, public_address: str) -> Account:
        """What a transport is opened with. public_address: the business's own, "" if there is none."""
        url = f"{public_address}/hooks/{self.hook}/" if public_address else ""
        return Account(self.pk, self.kind, self.sender, dict(self.settings), self.secrets(), url)
