"""An appointment or a place in a class. `contacts.bookings` is the one way to book, move, confirm and cancel."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts import timezones


class BookingKind(models.TextChoices):
    """What was booked."""

    APPOINTMENT = "appointment", _("appointment")
    CLASS = "class", _("class")


class BookingStatus(models.TextChoices):
    """How it stands."""

    BOOKED = "booked", _("booked")
    CONFIRMED = "confirmed", _("confirmed")
    CANCELLED = "cancelled", _("cancelled")
    ATTENDED = "attended", _("came")
    MISSED = "missed", _("did not come")


class BookedBy(models.TextChoices):
    """Who said so."""

    PERSON = "person", _("the person")
    STAFF = "staff", _("staff")
    API = "api", _("another program")


# Still to come, as far as anybody said.
AHEAD = (BookingStatus.BOOKED, BookingStatus.CONFIRMED)


class ClassSession(models.Model):
    """A class that takes place once, at one time; the people on its roster are its bookings. `contacts.rosters` is its one writer.

    `series`: the same for those that staff entered together, week after week. `made_for`: a mark of title, time and branch where it came
    with a booking that was told from elsewhere, and staff have not touched it; such a one is not shown when nobody is on it.
    """

    title = models.CharField(_("class"), max_length=160)
    teacher = models.CharField(_("teacher"), max_length=120, blank=True, default="")
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64)
    branch = models.ForeignKey("contacts.Branch", models.SET_NULL, null=True, blank=True, verbose_name=_("branch"))
    place = models.CharField(_("room"), max_length=255, blank=True, default="")
    places = models.PositiveIntegerField(_("places"), null=True, blank=True, help_text=_("Empty: as many as come."))
    series = models.UUIDField(null=True, editable=False, db_index=True)
    made_for = models.CharField(max_length=64, null=True, unique=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)
    created_at = models.DateTimeField(_("entered"), editable=False)

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["starts_at"], name="class_starts")]

    def __str__(self) -> str:
        return self.title

    def local(self, instant: datetime | None = None) -> datetime:
        """The start, or another instant, by the clock of the place."""
        return (instant or self.starts_at).astimezone(timezones.named(self.zone) or timezones.UTC)

    @property
    def where(self) -> str:
        """Room and branch, as far as they are known."""
        return ", ".join(part for part in (self.place, self.branch.name if self.branch else "") if part)


class Booking(models.Model):
    """One person's place at one time. `zone` is the clock of the place, by which the time is shown and meant.

    `source` and `external_id`: who keeps it elsewhere and under which number, both or neither; `revision` counts the changes, so that each
    is told once and a page can see that it is outdated; `moved_at`: when its time was last changed.
    `session`: the class that it is a place in.
    """

    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="bookings", verbose_name=_("contact"))
    source = models.CharField(_("source"), max_length=60, blank=True, default="", editable=False)
    external_id = models.CharField(
        _("number in your other system"), max_length=100, null=True, blank=True, default=None
    )
    session = models.ForeignKey(
        ClassSession, models.PROTECT, null=True, blank=True, related_name="bookings", verbose_name=_("class"), editable=False
    )  # fmt: skip
    kind = models.CharField(_("kind"), max_length=11, choices=BookingKind.choices, default=BookingKind.APPOINTMENT)
    title = models.CharField(_("what"), max_length=160)
    starts_at = models.DateTimeField(_("starts"))
    ends_at = models.DateTimeField(_("ends"), null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64)
    branch = models.ForeignKey("contacts.Branch", models.SET_NULL, null=True, blank=True, verbose_name=_("branch"))
    place = models.CharField(_("place"), max_length=255, blank=True, default="")
    status = models.CharField(_("status"), max_length=9, choices=BookingStatus.choices, default=BookingStatus.BOOKED)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, editable=False)
    cancelled_by = models.CharField(
        _("cancelled by"), max_length=6, choices=BookedBy.choices, default="", editable=False
    )
    moved_at = models.DateTimeField(_("moved"), null=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("entered"), editable=False)
    updated_at = models.DateTimeField(_("last changed"), editable=False)

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        ordering = ["-starts_at", "-id"]
        indexes = [
            models.Index(fields=["contact", "starts_at"], name="booking_of_contact"),
            models.Index(fields=["starts_at"], name="booking_starts"),
            models.Index(fields=["updated_at"], name="booking_changed"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "external_id"], condition=Q(external_id__isnull=False), name="booking_once"
            ),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gte=models.F("starts_at")),
                name="booking_ends_after_start",
                violation_error_message=_("The end must be after the start."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def local(self, instant: datetime | None = None) -> datetime:
        """The start, or another instant, by the clock of the place."""
        return (instant or self.starts_at).astimezone(timezones.named(self.zone) or timezones.UTC)

    @property
    def where(self) -> str:
        """The place, else the branch's name."""
        return self.place or (self.branch.name if self.branch else "")

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to say anything about coming."""
        return self.starts_at <= now or self.status in (BookingStatus.ATTENDED, BookingStatus.MISSED)
