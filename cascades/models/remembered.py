"""What ways in must remember: who was found inside a segment, and which dates events have told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SegmentWatch(models.Model):
    """A segment that running cascades listen to, and when it was last asked for. `played`: what was played in the sandbox counts."""

    segment = models.ForeignKey("contacts.Segment", models.CASCADE, related_name="+")
    played = models.BooleanField()
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["segment", "played"], name="segment_watched_once")]

    def __str__(self) -> str:
        return str(self.segment)


class SegmentStay(models.Model):
    """A person's time inside a watched segment, open until they are found outside. Each entering is a row, and so an occasion.

    `entered_at`, `left_at`: when it was noticed; `entered_after`, `left_after`: when it had not happened yet.
    """

    watch = models.ForeignKey(SegmentWatch, models.CASCADE, related_name="stays", db_index=False)
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")
    entered_after = models.DateTimeField()
    entered_at = models.DateTimeField()
    left_after = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["watch", "contact"], condition=Q(left_at=None), name="segment_stay_open_once"
            )
        ]
        indexes = [
            models.Index(fields=["watch", "entered_at"], name="segment_stay_entered"),
            models.Index(fields=["watch", "left_at"], name="segment_stay_left", condition=Q(left_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} · {self.entered_at:%Y-%m-%d}"


class ToldDate(models.Model):
    """A date that an event told to a cascade that counts from it. Of one thing (`about`) the last telling is what holds.

    `date_at`: empty where the thing has no date any more; `text`: as it was told; `known_at`: when the event was recorded; `read_at`: when
    it was read here.
    """

    cascade = models.ForeignKey("cascades.Cascade", models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")
    event = models.ForeignKey("contacts.Event", models.CASCADE, related_name="+")
    about = models.CharField(max_length=70)
    text = models.CharField(max_length=40, default="")
    date_at = models.DateTimeField(null=True)
    known_at = models.DateTimeField()
    read_at = models.DateTimeField()
    played = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cascade", "event"], name="told_date_once")]
        indexes = [
            models.Index(fields=["cascade", "date_at"], name="told_date_due", condition=Q(date_at__isnull=False)),
            models.Index(fields=["cascade", "contact", "about", "event"], name="told_date_about"),
        ]

    def __str__(self) -> str:
        return f"{self.about} · {self.text}"
