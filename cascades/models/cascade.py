"""A cascade as staff build it, its frozen versions, and its steps."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from channels.models import Priority


def new_step_key() -> str:
    """A step's name for ever: it survives versions, so that nobody gets the same step twice."""
    return secrets.token_hex(6)


class CascadeStatus(models.TextChoices):
    """What the whole cascade does. Whether it is finished is derived: no open enrollment is left."""

    DRAFT = "draft", _("draft")
    RUNNING = "running", _("running")
    PAUSED = "paused", _("paused")
    STOPPED = "stopped", _("stopped")


class Reentry(models.TextChoices):
    """Whether somebody who was in an automatic cascade before comes in again."""

    OCCASION = "occasion", _("for every new occasion")
    AFTER = "after", _("only after some time")
    NEVER = "never", _("never: once in a lifetime")


class WaitFrom(models.TextChoices):
    """What a step's waiting time counts from. `before` and `after`: the date that the occasion is about (see `Enrollment.anchor_at`)."""

    START = "start", _("the start")
    SENT = "sent", _("the previous message was sent")
    DELIVERED = "delivered", _("the previous message was delivered")
    OPENED = "opened", _("the previous message was opened")
    CLICKED = "clicked", _("a link in the previous message was clicked")
    BEFORE = "before", _("the date it is about, so long before it")
    AFTER = "after", _("the date it is about, so long after it")


class Who(models.TextChoices):
    """Whom a step is for, judged by all earlier steps of this person."""

    EVERYONE = "everyone", _("everyone still in the cascade")
    NOT_REACHED = "not_reached", _("those whom nothing has reached")
    NOT_OPENED = "not_opened", _("those who opened nothing")
    NOT_CLICKED = "not_clicked", _("those who clicked nothing")
    FAILED = "failed", _("those whose previous message failed or could not be sent")


class Seen(models.TextChoices):
    """What counts as seen and ends the cascade for that person. An answer or a click always implies the weaker ones."""

    OPENED = "opened", _("opening, click or answer")
    CLICKED = "clicked", _("click or answer")
    REPLIED = "replied", _("answer")
    NOTHING = "nothing", _("nothing: only the goal ends it")


class Mode(models.TextChoices):
    """How the steps follow on one another, and what ends it. Only step by step do the steps' own settings say it."""

    SERIES = "series", _("step by step: each step says what ends it")
    PARALLEL = "parallel", _("all channels at once: each step at its time, whatever became of the others")
    FIRST = "first", _("only the first channel that reaches the person")
    DELIVERED = "delivered", _("step by step until one message is delivered")
    SEEN = "seen", _("step by step until one message is opened, clicked or answered")
    GOAL = "goal", _("step by step until the goal: nothing else ends it")


class GoalAbout(models.TextChoices):
    """Which of the events that are the goal count, where each says what it is about (see `Cascade.goal_key`)."""

    ANY = "any", _("any of them")
    NOT_OTHER = "not_other", _("any, except one that names another")
    SAME = "same", _("only one that names the same")


class Cascade(models.Model):
    """A series of steps with a goal. Steps without a version are the draft; starting freezes them into a `CascadeVersion`.

    `mode`: what ends it (see `cascades.plan.Mode`); `preferred_first`: who prefers a channel gets the first step that goes by it first.
    `goal_where`: what must hold of such an event's details, as `[{"field", "is", "value"}]` (see `cascades.conditions`); `goal_about`,
    `goal_key`: whether an event that names another cart (or whatever the detail is) ends it. `at_end`: a list of `{"outcome", "group",
    "from_group"}`: into which group whoever ended like that comes, and which one they leave (ids, or null). outcome: "goal", "reached",
    "exhausted", "unreachable" or "failed"; "reached" holds for the goal too where nothing is said of that.

    `goal`: names of events that end it (see `contacts.events.GOALS`); `exits`: those that end it too and are no success, as a cancelled
    order; `goal_about` holds for them as well; `final_wait`: how long reactions are awaited after the last step.
    `trigger`, `trigger_params`: the way in, as drafted (see `cascades.trigger`). An automatic one listens from `listens_since` on, and was
    last asked who is to enter at `checked_at`.
    """

    name = models.CharField(_("name"), max_length=120)
    status = models.CharField(_("status"), max_length=8, choices=CascadeStatus.choices, default=CascadeStatus.DRAFT)
    mode = models.CharField(_("what ends it"), max_length=10, choices=Mode.choices, default=Mode.SERIES)
    preferred_first = models.BooleanField(
        _("preferred channel first"), default=False,
        help_text=_("Who prefers one of these channels, or really uses it, gets its step first; the others keep their order."),
    )  # fmt: skip
    goal = models.JSONField(_("goal"), default=list, blank=True)
    goal_where = models.JSONField(_("only if"), default=list, blank=True)
    goal_about = models.CharField(
        _("which of them count"), max_length=10, choices=GoalAbout.choices, default=GoalAbout.ANY
    )
    goal_key = models.CharField(_("named by the detail"), max_length=60, default="", blank=True)
    exits = models.JSONField(_("also ends it"), default=list, blank=True)
    at_end = models.JSONField(_("groups at the end"), default=list, blank=True)
    final_wait = models.DurationField(
        _("wait for reactions after the last step"),
        default=timedelta(days=3),
        validators=[MinValueValidator(timedelta(0))],
    )
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL,
        help_text=_("Who has nearly had enough gets the more important message."),
    )  # fmt: skip
    budget = models.OneToOneField("channels.Budget", models.PROTECT, null=True, editable=False, related_name="cascade")
    campaign = models.SlugField(_("utm_campaign"), max_length=60, blank=True, default="")
    trigger = models.CharField(_("how people get in"), max_length=40, default="manual")
    trigger_params = models.JSONField(default=dict, blank=True)
    reentry = models.CharField(
        _("again for the same person"), max_length=8, choices=Reentry.choices, default=Reentry.OCCASION
    )
    reentry_after = models.DurationField(
        _("not again within"), null=True, blank=True, validators=[MinValueValidator(timedelta(minutes=1))]
    )
    deadline = models.DurationField(
        _("over at the latest after"), null=True, blank=True, validators=[MinValueValidator(timedelta(minutes=1))],
        help_text=_("Counted from when the person came in. Nothing is sent after it. Empty: only the steps decide."),
    )  # fmt: skip
    listens_since = models.DateTimeField(null=True, editable=False)
    checked_at = models.DateTimeField(null=True, editable=False)
    version = models.ForeignKey("CascadeVersion", models.PROTECT, null=True, editable=False, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("cascade")
        verbose_name_plural = _("cascades")
        ordering = ["-id"]
        permissions = [
            ("launch_cascade", _("Can start, pause, resume and stop cascades")),
            ("export_recipients", _("Can export the recipients of a cascade")),
        ]

    def __str__(self) -> str:
        return self.name


class CascadeVersion(models.Model):
    """A cascade as it was frozen at a start; it never changes. Enrollments are pinned to it."""

    cascade = models.ForeignKey(Cascade, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.SERIES)
    preferred_first = models.BooleanField(default=False)
    goal = models.JSONField(default=list)
    goal_where = models.JSONField(default=list)
    goal_about = models.CharField(max_length=10, choices=GoalAbout.choices, default=GoalAbout.ANY)
    goal_key = models.CharField(max_length=60, default="")
    exits = models.JSONField(default=list)
    at_end = models.JSONField(default=list)
    final_wait = models.DurationField()
    trigger = models.CharField(max_length=40, default="manual")
    trigger_params = models.JSONField(default=dict)
    reentry = models.CharField(max_length=8, choices=Reentry.choices, default=Reentry.OCCASION)
    reentry_after = models.DurationField(null=True)
    deadline = models.DurationField(null=True)
    digest = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["cascade", "number"], name="cascade_version_once")]

    def __str__(self) -> str:
        return f"{self.cascade} · {self.number}"


class Step(models.Model):
    """One message on one channel, when, and for whom. Without a version it is part of the draft, with one it is frozen.

    `answers`: a list of `{"choice", "then", "group", "from_group"}`: what an answer means ("stop" or "continue"), and which group it brings
    the person into or out of (ids, or null). choice: a button's code or a word, "*" for any other words.
    `only_if`: a list of `{"step", "is", "answer"}` and `{"segment", "is"}`, all of which must hold when the step is due: what became of an
    earlier step (by its key; see `cascades.conditions.Became`), and whether the person is "in" a segment or "not_in" it.
    `at_time`, `weekdays` (0 is Monday): the step waits on for this hour and one of these days on the person's clock.
    """

    cascade = models.ForeignKey(Cascade, models.CASCADE, related_name="steps")
    version = models.ForeignKey(CascadeVersion, models.CASCADE, null=True, editable=False, related_name="steps")
    key = models.CharField(max_length=12, default=new_step_key, editable=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    channel = models.ForeignKey("channels.Channel", models.PROTECT, related_name="+", verbose_name=_("channel"))
    message = models.ForeignKey(
        "channels.Message", models.PROTECT, limit_choices_to={"system": ""}, related_name="+", verbose_name=_("message")
    )  # fmt: skip
    message_version = models.ForeignKey(
        "channels.MessageVersion", models.PROTECT, null=True, editable=False, related_name="+"
    )
    wait = models.DurationField(_("wait"), default=timedelta(0), validators=[MinValueValidator(timedelta(0))])
    wait_from = models.CharField(_("counted from"), max_length=10, choices=WaitFrom.choices, default=WaitFrom.SENT)
    at_time = models.TimeField(
        _("but not before the clock shows"), null=True, blank=True,
        help_text=_("The person's own clock. Empty: as soon as the waiting time is over."),
    )  # fmt: skip
    weekdays = models.JSONField(_("only on these days"), default=list, blank=True)
    longest_wait = models.DurationField(
        _("but go on after"), null=True, blank=True, validators=[MinValueValidator(timedelta(seconds=1))],
        help_text=_("When what is waited for never comes. Empty: after the waiting time itself, or one day if that is nothing."),
    )  # fmt: skip
    who = models.CharField(_("for whom"), max_length=12, choices=Who.choices, default=Who.EVERYONE)
    seen = models.CharField(_("ends for those who react by"), max_length=10, choices=Seen.choices, default=Seen.OPENED)
    only_if = models.JSONField(_("only if"), default=list, blank=True)
    answers = models.JSONField(_("what answers mean"), default=list, blank=True)
    validity = models.DurationField(
        _("valid for"), default=timedelta(days=3), validators=[MinValueValidator(timedelta(minutes=1))],
        help_text=_("A message that could not leave by then is not sent any more."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "key"], condition=models.Q(version__isnull=False), name="step_once_per_version"
            ),
            models.UniqueConstraint(
                fields=["cascade", "key"], condition=models.Q(version=None), name="step_once_in_draft"
            ),
            models.CheckConstraint(
                condition=models.Q(version=None) | models.Q(message_version__isnull=False), name="step_frozen_has_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.message}"


class StepControl(models.Model):
    """The brake of one step, beside its versions. Set by staff, or by the machine when a provider refuses the text."""

    cascade = models.ForeignKey(Cascade, models.CASCADE, related_name="controls")
    step_key = models.CharField(max_length=12)
    paused_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=255, default="")

    class Meta:
        verbose_name = _("step's brake")
        verbose_name_plural = _("steps' brakes")
        constraints = [models.UniqueConstraint(fields=["cascade", "step_key"], name="step_control_once")]

    def __str__(self) -> str:
        return self.step_key
