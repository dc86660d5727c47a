"""A person's way through a cascade, and what was decided about them at each step."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """How it ended for a person; blank while it is open. Each enrollment has exactly one.

    `moved`: the person goes on, in an enrollment for the new date; the numbers count them there. `guardians`: a student, to whom those who
    answer for them are spoken to in their stead, each in an enrollment of their own.
    """

    OPEN = "", _("still running")
    REACHED = "reached", _("reached")
    EXHAUSTED = "exhausted", _("no reaction")
    UNREACHABLE = "unreachable", _("could not be reached")
    STOPPED = "stopped", _("stopped")
    FAILED = "failed", _("failed")
    MOVED = "moved", _("moved to another date")
    GUARDIANS = "guardians", _("through those who answer for them")


class Enrollment(models.Model):
    """A person in a cascade, for one occasion. While open it always has a deadline (`next_due_at`) at which it is looked at again.

    `occasion` is never empty: `launch:<id>` for a start by hand, else what the trigger says ("birthday:2026", "cart:81"). `shared`: the
    occasion is one for all (a launch), so that identical text goes to a shared address once. `max_until`: it is over by then at the latest.
    `prefers`: the kind of channel that came first for this person when they came in, "" for the order of the steps.
    `on_behalf_of`: the student for whom this guardian is in it; the occasion then ends with "~" and the student's id.
    `context`: what the occasion is about, by number (`{"booking": 17}`, `{"event": 99}`); `anchor_at`: the date it is about.
    """

    cascade = models.ForeignKey(
        "cascades.Cascade", models.CASCADE, related_name="enrollments", verbose_name=_("cascade"), db_index=False
    )
    version = models.ForeignKey("cascades.CascadeVersion", models.PROTECT, related_name="enrollments", db_index=False)
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="enrollments", verbose_name=_("contact")
    )
    on_behalf_of = models.ForeignKey(
        "contacts.Contact",
        models.CASCADE,
        null=True,
        related_name="enrollments_through",
        verbose_name=_("for"),
        db_index=False,
    )
    launch = models.ForeignKey("cascades.Launch", models.CASCADE, null=True, related_name="enrollments", db_index=False)
    occasion = models.CharField(max_length=120)
    shared = models.BooleanField(default=False)
    unknown_goes_on = models.BooleanField(default=False)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.OPEN, blank=True)
    reason = models.CharField(_("reason"), max_length=40, default="")
    reason_params = models.JSONField(default=dict)
    started_at = models.DateTimeField(_("started"))
    context = models.JSONField(default=dict)
    anchor_at = models.DateTimeField(_("the date it is about"), null=True)
    next_due_at = models.DateTimeField(_("next due"), null=True)
    max_until = models.DateTimeField()
    prefers = models.CharField(max_length=20, default="", db_default="", blank=True)
    prolonged = models.CharField(
        max_length=12, default="", help_text="key of the step whose wait an unsure opening prolonged"
    )
    ended_at = models.DateTimeField(_("ended"), null=True)
    claim_token = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("person in a cascade")
        verbose_name_plural = _("people in cascades")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["cascade", "contact", "occasion"], name="enrollment_once"),
            models.CheckConstraint(
                condition=~Q(outcome="") | Q(next_due_at__isnull=False), name="enrollment_open_has_deadline"
            ),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(ended_at__isnull=False), name="enrollment_ended_has_time"
            ),
        ]
        indexes = [
            models.Index(fields=["cascade", "next_due_at"], name="enrollment_due", condition=Q(outcome="")),
            models.Index(fields=["launch", "outcome"], name="enrollment_of_launch"),
            models.Index(fields=["contact"], name="enrollment_open_of", condition=Q(outcome="")),
            # Schools ask it for a student; elsewhere it has no entry.
            models.Index(
                fields=["on_behalf_of"], name="enrollment_for_student", condition=Q(on_behalf_of__isnull=False)
            ),
            # The list shows those with whom something went wrong; nobody else costs it anything.
            models.Index(
                fields=["outcome", "id"],
                name="enrollment_not_well",
                condition=Q(outcome__in=["failed", "unreachable", "moved"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} · {self.occasion}"


class Decision(models.TextChoices):
    """What was decided at a step."""

    SEND = "send", _("sent on")
    SKIP = "skip", _("skipped")


class StepRun(models.Model):
    """The decision about one person at one step, with its reason; the message itself is the delivery."""

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="runs", db_index=False)
    step = models.ForeignKey("cascades.Step", models.PROTECT, related_name="runs", db_index=False)
    step_key = models.CharField(max_length=12)
    decision = models.CharField(max_length=4, choices=Decision.choices)
    reason = models.CharField(max_length=40, default="")
    reason_params = models.JSONField(default=dict)
    decided_at = models.DateTimeField()
    delivery = models.OneToOneField("channels.Delivery", models.CASCADE, null=True, related_name="run")

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "step_key"], name="step_run_once"),
            models.CheckConstraint(
                condition=Q(decision="send", delivery__isnull=False) | Q(decision="skip", delivery=None),
                name="step_run_send_has_delivery",
            ),
        ]
        indexes = [models.Index(fields=["step_key", "decision"], name="step_run_of_step")]

    def __str__(self) -> str:
        return f"{self.step_key} · {self.decision}"
