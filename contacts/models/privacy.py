"""Who was forgotten: when, by whom, and what is still to be gone through for them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Erasure(models.Model):
    """One person who was erased. The contact is emptied at once; what holds them elsewhere is gone through by a task, from `place` on.

    `marks`: keyed hashes of their addresses, by which the row is found again when somebody asks with the address in hand. `sealed`: what
    is looked for, encrypted, until `watched_until`: reports that come late still hold an address. `counts`: rows emptied, by table.
    """

    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="erasures", verbose_name=_("contact")
    )  # fmt: skip
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )  # fmt: skip
    asked = models.CharField(
        _("how they asked"), max_length=200, blank=True, default="",
        help_text=_("For example: by email on 3 May. Write no name and no address here."),
    )  # fmt: skip
    marks = models.JSONField(default=list, editable=False)
    counts = models.JSONField(default=dict, editable=False)
    sealed = models.TextField(default="", editable=False)
    place = models.JSONField(default=list, editable=False)
    swept_at = models.DateTimeField(_("gone through"), null=True, editable=False)
    watched_until = models.DateTimeField(editable=False)

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["id"], name="erasure_unfinished", condition=~Q(sealed=""))]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class Period(models.IntegerChoices):
    """How long something is kept, in days; FOREVER is told apart by being nothing."""

    FOREVER = 0, _("for ever")
    WEEK = 7, _("a week")
    MONTH = 30, _("30 days")
    QUARTER = 91, _("3 months")
    HALF = 183, _("6 months")
    YEAR = 365, _("12 months")
    TWO_YEARS = 730, _("2 years")
    THREE_YEARS = 1095, _("3 years")
    FIVE_YEARS = 1825, _("5 years")
    TEN_YEARS = 3650, _("10 years")


def _choices(*periods: Period) -> list[tuple[int, Any]]:
    return [(period.value, period.label) for period in periods]


class Retention(models.Model):
    """Exactly one row: after how long things are forgotten by themselves. `places`: how far each purge of rows that stay has come."""

    raw = models.PositiveSmallIntegerField(
        _("reports as they came"), default=Period.MONTH.value,
        choices=_choices(Period.WEEK, Period.MONTH, Period.QUARTER, Period.HALF, Period.YEAR),
        help_text=_("What providers, shops and booking programs call, word for word. What it meant is kept elsewhere."),
    )  # fmt: skip
    texts = models.PositiveSmallIntegerField(
        _("words of messages"), default=Period.YEAR.value,
        choices=_choices(Period.QUARTER, Period.HALF, Period.YEAR, Period.TWO_YEARS, Period.THREE_YEARS, Period.FOREVER),
        help_text=_("What was written to people, what they answered, and from where they looked. That it was sent or opened stays."),
    )  # fmt: skip
    answers = models.PositiveSmallIntegerField(
        _("words in answers to forms"), default=Period.THREE_YEARS.value, db_default=Period.THREE_YEARS.value,
        choices=_choices(Period.HALF, Period.YEAR, Period.TWO_YEARS, Period.THREE_YEARS, Period.FIVE_YEARS, Period.FOREVER),
        help_text=_("What people wrote in their own words. Scores and choices stay, for the form’s numbers."),
    )  # fmt: skip
    events = models.PositiveSmallIntegerField(
        _("purchases, visits and other events"), default=Period.THREE_YEARS.value,
        choices=_choices(
            Period.YEAR, Period.TWO_YEARS, Period.THREE_YEARS, Period.FIVE_YEARS, Period.TEN_YEARS, Period.FOREVER
        ),
        help_text=_("Segments know nothing of what was before."),
    )  # fmt: skip
    logs = models.PositiveSmallIntegerField(
        _("who changed and exported what"), default=Period.THREE_YEARS.value,
        choices=_choices(Period.YEAR, Period.TWO_YEARS, Period.THREE_YEARS, Period.FIVE_YEARS, Period.FOREVER),
    )  # fmt: skip
    places = models.JSONField(default=dict, editable=False)
    purged_at = models.DateTimeField(_("last time that something was deleted"), null=True, editable=False)

    class Meta:
        verbose_name = _("how long things are kept")
        verbose_name_plural = _("how long things are kept")
        default_permissions = ("view", "change")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="retention_one_row")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def current(cls) -> Retention:
        """The one row; made with its defaults on the first call."""
        return cls.objects.filter(pk=1).first() or cls.objects.get_or_create(pk=1)[0]

    def days(self, name: str) -> int | None:
        """After how many days; None for never."""
        return getattr(self, name) or None


class Taken(models.TextChoices):
    """What left the house, or was printed."""

    CONTACTS = "contacts", _("contacts as a table")
    PERSON = "person", _("everything about one person")
    PROOF = "proof", _("proof of consent")
    REFUSED = "refused", _("refused rows of an import")
    RECIPIENTS = "recipients", _("recipients of cascades")
    ANSWERS = "answers", _("answers to a form")
    READ = "read", _("read by a program, in a day")
    OTHER = "other", _("something else")


class Handout(models.Model):
    """One time that somebody of the staff took people's data out. `chosen`: which, as the filter said; `name`: theirs, for good."""

    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("who")
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=150, default="")
    what = models.CharField(_("what"), max_length=12, choices=Taken.choices)
    people = models.PositiveIntegerField(_("how many"), null=True)
    chosen = models.CharField(_("which"), max_length=500, default="")
    contact = models.ForeignKey(
        "contacts.Contact", models.SET_NULL, null=True, related_name="handouts", verbose_name=_("contact")
    )  # fmt: skip

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return f"{self.get_what_display()} · {self.at:%Y-%m-%d %H:%M}"
