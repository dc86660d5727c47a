"""A delivery is one message to one person, and the outbox at once; its events are everything that was heard of it."""

from __future__ import annotations

import secrets
from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from channels.models.message import Purpose
from contacts import kinds
from contacts.models import LONGEST_ADDRESS


def new_token() -> str:
    """96 random bits as 16 URL-safe characters: the delivery's name in links and at the provider."""
    return secrets.token_urlsafe(12)


class DeliveryStatus(models.TextChoices):
    """See docs/states.md for the one true diagram. `sets` of these stand beside the class."""

    QUEUED = "queued", _("waiting to be sent")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("failed")
    BOUNCED = "bounced", _("address does not exist")
    CANCELLED = "cancelled", _("not sent")
    EXPIRED = "expired", _("too late")
    UNKNOWN = "unknown", _("unclear")


OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)
# What may have reached the person: these count against the cap, and "unknown" counts as sent.
WENT_OUT = (DeliveryStatus.SENDING, DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.UNKNOWN)
DID_NOT_ARRIVE = (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.CANCELLED, DeliveryStatus.EXPIRED)


class Priority(models.IntegerChoices):
    """Whose message takes the last place where somebody has had nearly enough."""

    LOW = 0, _("low")
    NORMAL = 1, _("normal")
    HIGH = 2, _("high")


class Grade(models.TextChoices):
    """Who opened or clicked, as far as can be told."""

    HUMAN = "human", _("a person")
    UNSURE = "unsure", _("perhaps a person")
    MACHINE = "machine", _("a program")


class Delivery(models.Model):
    """One message to one address of one person.

    `scope` names the occasion in which identical text goes to one address once (written by whoever plans the delivery); `once_key` is the
    unique hash of scope, address and text without its links, set when the message is handed over. `pinned`: it answers whoever wrote from
    this address, and goes there or nowhere. `claim_token`/`lease_until` belong to the
    worker that has it. `not_before` delays, `valid_until` ends it. `reason` is a code of `contacts.reasons`, `reason_params` fill its
    sentence. Engagement is a time with a grade beside the status, never a status. `links` are the targets behind
    /c/<token>/<n>, in order of n. `unconfirmed`: it goes to `address` and to no other, even if that is not (yet) among the person's.
    `cost`: reserved from the `budget` while it is being sent, the real one afterwards.
    """

    token = models.CharField(max_length=16, default=new_token, editable=False)
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="deliveries", verbose_name=_("contact"), db_index=False
    )
    channel = models.ForeignKey(
        "channels.Channel", models.PROTECT, related_name="deliveries", verbose_name=_("channel"), db_index=False
    )
    message_version = models.ForeignKey("channels.MessageVersion", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(_("kind"), max_length=20)
    purpose = models.CharField(_("purpose"), max_length=14, choices=Purpose.choices)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)
    budget = models.ForeignKey("channels.Budget", models.PROTECT, null=True, related_name="+", db_index=False)
    urgent = models.BooleanField(default=False)
    sandbox = models.BooleanField(default=False, editable=False)
    scope = models.CharField(max_length=120, default="")
    once_key = models.CharField(max_length=64, null=True, editable=False)
    campaign = models.CharField(max_length=120, default="", help_text="utm_campaign")
    step_name = models.CharField(max_length=120, default="", help_text="utm_content")
    context = models.JSONField(default=dict)

    pinned = models.BooleanField(default=False, editable=False)
    address = models.CharField(_("address"), max_length=LONGEST_ADDRESS, default="")
    unconfirmed = models.BooleanField(default=False, editable=False)
    language = models.CharField(_("language"), max_length=8, default="")
    status = models.CharField(_("status"), max_length=10, choices=DeliveryStatus.choices, default=DeliveryStatus.QUEUED)
    reason = models.CharField(_("reason"), max_length=40, default="")
    reason_params = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    not_before = models.DateTimeField(_("not before"))
    valid_until = models.DateTimeField(_("valid until"), null=True)
    claim_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)

    provider_id = models.CharField(max_length=255, default="", editable=False)
    segments = models.PositiveSmallIntegerField(_("SMS segments"), null=True)
    cost = models.DecimalField(_("cost"), max_digits=9, decimal_places=4, default=Decimal(0))
    tracked = models.BooleanField(_("opening can be known"), default=False)
    links = models.JSONField(default=list)
    subject = models.CharField(_("subject"), max_length=255, default="")

    created_at = models.DateTimeField(_("planned"))
    sending_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(_("sent"), null=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True)
    ended_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(_("opened"), null=True)
    opened_grade = models.CharField(max_length=8, choices=Grade.choices, default="")
    clicked_at = models.DateTimeField(_("clicked"), null=True)
    clicked_grade = models.CharField(max_length=8, choices=Grade.choices, default="")
    replied_at = models.DateTimeField(_("answered"), null=True)
    unsubscribed_at = models.DateTimeField(_("unsubscribed"), null=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        # Each row is written four times on its way, and every index each time: none is there without a question that needs it.
        permissions = [("resolve_delivery", _("Can decide on messages whose fate is unclear"))]
        indexes = [
            models.Index(
                fields=["channel", "purpose", "not_before"], name="delivery_due", condition=Q(status="queued")
            ),
            models.Index(fields=["lease_until"], name="delivery_in_hand", condition=Q(status="sending")),
            models.Index(fields=["channel", "provider_id"], name="delivery_provider_id", condition=~Q(provider_id="")),
            models.Index(fields=["contact", "-id"], name="delivery_of_contact"),
            models.Index(
                fields=["channel", "sending_at"], name="delivery_handed_over", condition=Q(sending_at__isnull=False)
            ),
            models.Index(fields=["id"], name="delivery_unclear", condition=Q(status="unknown")),
            # The list shows what did not arrive. Written once for each such message, never for one that goes its way.
            models.Index(
                fields=["status", "id"],
                name="delivery_not_arrived",
                condition=Q(status__in=["failed", "bounced", "cancelled", "expired"]),
            ),
            # Segments ask who opened, clicked or answered of late. Written once for each such message, never on its way out.
            models.Index(
                fields=["opened_at", "contact", "kind", "sandbox"],
                name="delivery_opened",
                condition=Q(opened_grade="human"),
            ),
            models.Index(
                fields=["clicked_at", "contact", "kind", "sandbox"],
                name="delivery_clicked",
                condition=Q(clicked_grade="human"),
            ),
            models.Index(
                fields=["replied_at", "contact", "kind", "sandbox"],
                name="delivery_replied",
                condition=Q(replied_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["token"], name="delivery_token_once"),
            models.UniqueConstraint(fields=["once_key"], name="delivery_text_once"),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(lease_until__isnull=False, claim_token__isnull=False), name="delivery_sending_has_lease"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=["sent", "delivered", "unknown"]) | Q(sending_at__isnull=False), name="delivery_sent_was_sending"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.shown_address or str(self.contact_id)

    @property
    def shown_address(self) -> str:
        """Where it goes, as staff read it."""
        return kinds.shown(kinds.address_of(self.kind), self.address) if self.address else ""


class DeliveryEvent(models.Model):
    """One fact about a delivery, kept as it came. `delivery` is empty while its provider id is not yet known to us (parked).

    `fact` is a `channels.transport.Fact`; `at` the provider's time or ours, `recorded_at` ours. `handled_at` is empty until the
    cascades have taken notice; facts about no delivery (an inbound message, a STOP) have a contact or an address only.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, null=True, related_name="events")
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, null=True, related_name="+")
    channel = models.ForeignKey("channels.Channel", models.PROTECT, related_name="+", db_index=False)
    fact = models.CharField(_("what happened"), max_length=14)
    event_key = models.CharField(max_length=120, null=True)
    provider_id = models.CharField(max_length=255, default="")
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField()
    grade = models.CharField(max_length=8, choices=Grade.choices, default="")
    reason = models.CharField(max_length=60, default="")
    text = models.TextField(default="")
    data = models.JSONField(default=dict)
    call = models.ForeignKey("channels.InboundCall", models.SET_NULL, null=True, related_name="events")
    conversation = models.ForeignKey("channels.Conversation", models.SET_NULL, null=True, related_name="lines")
    played = models.BooleanField(default=False)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("delivery event")
        verbose_name_plural = _("delivery events")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "event_key"], condition=Q(event_key__isnull=False), name="delivery_event_once"
            )
        ]
        indexes = [
            models.Index(fields=["id"], name="delivery_event_unhandled", condition=Q(handled_at=None)),
            models.Index(fields=["contact"], name="delivery_event_unhandled_of", condition=Q(handled_at=None)),
            models.Index(fields=["channel", "provider_id"], name="delivery_event_parked", condition=Q(delivery=None)),
            models.Index(fields=["at"], name="delivery_event_reacted", condition=Q(fact__in=["clicked", "replied"])),
        ]

    def __str__(self) -> str:
        return self.fact
