"""What happened outside: an order, a visit, an answer. `contacts.events.record()` is the one way in."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

# What staff call those that the house itself knows; others go by their own name.
NAMES = {"order": _("bought"), "visit": _("came"), "answer": _("answered")}
# What becomes of a booking; told by `contacts.bookings` alone. `data["booking"]` says which.
OF_BOOKINGS = {
    "booking_booked": _("booked"),
    "booking_confirmed": _("confirmed a booking"),
    "booking_moved": _("booking moved"),
    "booking_cancelled": _("booking cancelled"),
    "booking_attended": _("came to what was booked"),
    "booking_missed": _("did not come to what was booked"),
}
# What a shop and its pages tell; "order" above is the order placed.
OF_SHOPS = {
    "order_paid": _("paid an order"),
    "order_shipped": _("order on its way"),
    "order_delivered": _("order delivered"),
    "order_cancelled": _("order cancelled"),
    "cart_changed": _("changed the cart"),
    "cart_emptied": _("emptied the cart"),
    "page_viewed": _("looked at a page"),
}
# What becomes of a voucher; told by `contacts.vouchers` alone. `data["voucher"]` says of which offer.
REDEEMED, REDEMPTION_UNDONE = "redeemed", "redemption_undone"
OF_VOUCHERS = {REDEEMED: _("redeemed a voucher")}
UNDONE = {REDEMPTION_UNDONE: _("redemption of a voucher undone")}
# What people do on our public pages.
OF_PAGES = {"address_left": _("left an address")}


class Event(models.Model):
    """A fact about a person. `handled_at` is empty until the cascades have taken notice of it.

    `name`: "order", "visit", "answer" or any other; `key`: the source's own id of the fact, so that telling it twice counts once.
    `amount`: the money in `data` ("total", else "amount"), in the business's currency, for what is added up over many people.
    """

    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="events", verbose_name=_("contact"), db_index=False
    )
    name = models.CharField(_("what happened"), max_length=60)
    key = models.CharField(max_length=120, null=True, blank=True, editable=False)
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))
    data = models.JSONField(_("details"), default=dict, blank=True)
    amount = models.DecimalField(_("amount"), max_digits=14, decimal_places=2, null=True, editable=False)
    source = models.CharField(_("source"), max_length=60, default="")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("staff member"),
    )
    played = models.BooleanField(default=False, editable=False)
    handled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "name", "key"], condition=models.Q(key__isnull=False), name="event_once"
            )
        ]
        indexes = [
            models.Index(fields=["contact", "name", "at"], name="event_of_contact"),
            # Segments count and add up what many people did in a span of time, from this index alone.
            models.Index(fields=["name", "at", "contact", "amount", "played"], name="event_by_name"),
            models.Index(fields=["name", "recorded_at"], name="event_heard"),
            models.Index(fields=["at"], name="event_at"),
            models.Index(fields=["id"], name="event_unhandled", condition=models.Q(handled_at=None)),
            models.Index(fields=["contact"], name="event_unhandled_of", condition=models.Q(handled_at=None)),
        ]

    def __str__(self) -> str:
        return str({**NAMES, **OF_SHOPS, **OF_VOUCHERS, **UNDONE, **OF_BOOKINGS, **OF_PAGES}.get(self.name, self.name))
