"""The business itself (one row) and its branches: who we are, where, and when people may be disturbed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import time
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts import branch_hours, timezones
from contacts.caps import Limit
from contacts.models.limits import CAPS, CLOSED, QUIET, Cap, ClosedDay, QuietRule, closed_of, gathered, quiet_of
from contacts.opening import Hours

COLOUR = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write the colour as # and six digits, for example #7c3aed."))


class TrackingPolicy(models.TextChoices):
    """When an opening may be tracked (see `contacts.consent`)."""

    LAW = "law", _("as the law of our country asks")
    CONSENT = "consent", _("only with the person's tracking consent")
    ALWAYS = "always", _("for everyone")


class Business(models.Model):
    """Exactly one row; `Business.current()` reads it. Wall times are in the zone of the person, money in `currency`."""

    name = models.CharField(_("name"), max_length=120, default="")
    country = models.CharField(_("country"), max_length=2, default="GB", help_text=_("Two letters, for example ES."))
    language = models.CharField(_("language"), max_length=8, default="en")
    time_zone = models.CharField(_("time zone"), max_length=64, default="Europe/London")
    currency = models.CharField(_("currency"), max_length=3, default="EUR")

    postal_address = models.CharField(
        _("postal address"), max_length=255, blank=True, default="", help_text=_("Shown at the foot of every email.")
    )
    website = models.URLField(_("website"), blank=True, default="")
    logo = models.ImageField(_("logo"), upload_to="brand/", blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#6d28d9", validators=[COLOUR])

    quiet_from = models.TimeField(_("quiet from"), default=time(21))
    quiet_until = models.TimeField(
        _("quiet until"), default=time(8), help_text=_("Nothing leaves in these hours of the person's own time zone.")
    )
    keep_holidays = models.BooleanField(
        _("nothing on public holidays"), default=False, help_text=_("By the calendar of the person's country, as far as it is known."),
    )  # fmt: skip
    holiday_region = models.CharField(
        _("holidays of"), max_length=40, blank=True, default="", help_text=_("Where parts of our country have days of their own."),
    )  # fmt: skip
    cap_messages = models.PositiveSmallIntegerField(
        _("messages per person, at most"), null=True, blank=True, default=5, validators=[MinValueValidator(1)],
        help_text=_("Marketing messages over all cascades. Empty means no limit."),
    )  # fmt: skip
    cap_days = models.PositiveSmallIntegerField(
        _("in so many days"), default=7, validators=[MinValueValidator(1)], help_text=_("A rolling period.")
    )
    month_budget = models.DecimalField(
        _("spend at most, in a month"), max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)],
        help_text=_("For messages over all cascades, in our currency. Empty means no limit."),
    )  # fmt: skip
    tracking = models.CharField(
        _("openings are tracked"), max_length=8, choices=TrackingPolicy.choices, default=TrackingPolicy.LAW
    )
    confirm_days = models.PositiveSmallIntegerField(
        _("days to confirm an address"), default=7, validators=[MinValueValidator(1)],
        help_text=_("Who leaves an address on a page has so many days to confirm it."),
    )  # fmt: skip
    join_countries = models.JSONField(
        _("countries of phone numbers on join pages"), default=list, blank=True,
        help_text=_("Numbers of other countries are not taken there. Empty means our own country and those of our branches."),
    )  # fmt: skip
    utm_source = models.CharField(_("utm_source of our links"), max_length=60, default="cascada")

    public_address = models.URLField(
        _("public address"), blank=True, default="",
        help_text=_("Where people and providers reach this program, for example https://news.our-salon.com"),
    )  # fmt: skip
    public_checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    public_checked_address = models.CharField(max_length=200, default="", editable=False)
    public_nonce = models.CharField(max_length=43, default="", editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("business")
        verbose_name_plural = _("business")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="business_one_row")]

    def __str__(self) -> str:
        return self.name or str(_("Our business"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        self.public_address = self.public_address.rstrip("/")
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Business:
        """The one row with all its rules, in one statement; made with its defaults on the first call."""
        rules = {
            "quiet_rows": gathered(QuietRule, *QUIET), "closed_rows": gathered(ClosedDay, *CLOSED), "cap_rows": gathered(Cap, *CAPS),
        }  # fmt: skip
        return cls.objects.annotate(**rules).filter(pk=1).first() or cls.objects.get_or_create(pk=1)[0]

    @property
    def hours(self) -> Hours:
        """When it may write."""
        return Hours(
            (self.quiet_from, self.quiet_until),
            tuple(quiet_of(*row) for row in self._rows("quiet_rows", QuietRule, QUIET)),
            tuple(closed_of(*row) for row in self._rows("closed_rows", ClosedDay, CLOSED)),
            self.keep_holidays, self.country, self.holiday_region,
        )  # fmt: skip

    @property
    def limits(self) -> tuple[Limit, ...]:
        """How much is enough for one person: over all, and what further caps there are."""
        overall = (Limit(self.cap_messages, days=self.cap_days),) if self.cap_messages is not None else ()
        return (*overall, *(Limit(*row) for row in self._rows("cap_rows", Cap, CAPS)))

    def _rows(self, name: str, model: type[models.Model], columns: Sequence[str]) -> Iterable[Sequence[Any]]:
        """The rules that came with the row; a business that was read in another way asks for them."""
        if name not in self.__dict__:
            found = model._default_manager.filter(business=self.pk).order_by("pk")
            return found.values_list(*columns) if self.pk else []
        return [row[1:] for row in sorted(self.__dict__[name] or ())]

    def countries_served(self) -> set[str]:
        """Whose phone numbers strangers may leave: as staff chose, else our own country and those in which branches are. One statement."""
        if self.join_countries:
            return {str(one) for one in self.join_countries}
        zones = Branch.objects.exclude(time_zone="").values_list("time_zone", flat=True).distinct()
        return {self.country, *(found for zone in zones if (found := timezones.country_of(zone)))}

    @property
    def asks_tracking_consent(self) -> bool:
        """France asks for prior consent to individual open tracking (CNIL deliberation 2026-042)."""
        if self.tracking == TrackingPolicy.LAW:
            return self.country in settings.TRACKING_CONSENT_COUNTRIES
        return self.tracking == TrackingPolicy.CONSENT

    @property
    def address_is_proven(self) -> bool:
        """The public address is https and a round trip to this very address succeeded (a setting lifts this in tests)."""
        if not settings.CASCADA_REQUIRE_HTTPS:
            return bool(self.public_address)
        proven = self.public_checked_at is not None and self.public_checked_address == self.public_address
        return self.public_address.startswith("https://") and proven


class Branch(models.Model):
    """A place of the business, with its own zone. Coordinates are degrees (WGS 84); `opening_hours`: see `contacts.branch_hours`."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    city = models.CharField(_("city"), max_length=120, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    address = models.CharField(_("address"), max_length=255, blank=True, default="")
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)], help_text=_("In degrees, for example 40.416775."),
    )  # fmt: skip
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)], help_text=_("In degrees, for example -3.703790."),
    )  # fmt: skip
    opening_hours = models.JSONField(_("opening hours"), default=dict, blank=True, validators=[branch_hours.check])
    sender_name = models.CharField(
        _("sender name"), max_length=80, blank=True, default="",
        help_text=_("Who its people's emails and messages come from, instead of the channel's sender name."),
    )  # fmt: skip
    reply_to = models.EmailField(
        _("answers go to"), blank=True, default="", help_text=_("Where answers to emails of its people go; empty: where the channel says.")
    )  # fmt: skip
    sms_sender = models.CharField(
        _("sender of SMS"), max_length=16, blank=True, default="",
        validators=[RegexValidator(
            r"^(\+[1-9]\d{6,14}|(?=.*[A-Za-z])[A-Za-z0-9][A-Za-z0-9 _&+-]{0,10})\Z",
            _("A number such as +34600111222, or a name of at most 11 letters and digits."),
        )],
        help_text=_("A number or name that your SMS account may use; empty: the channel's."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
