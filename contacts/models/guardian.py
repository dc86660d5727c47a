"""Who answers for whom: a student's parents, to whom the student's messages go."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Guardian(models.Model):
    """`guardian` answers for `student`. With `receives` the student's messages go to the guardian, under the guardian's own consent,
    language and hours; where nobody receives, they go to the student as to everybody."""

    student = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="guardians", verbose_name=_("student"), db_index=False
    )
    guardian = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="students", verbose_name=_("answers for them")
    )
    relation = models.CharField(
        _("who they are"), max_length=40, blank=True, default="", help_text=_("For example: mother.")
    )
    receives = models.BooleanField(_("gets the messages"), default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("person who answers for a student")
        verbose_name_plural = _("people who answer for students")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["student", "guardian"], name="guardian_once"),
            models.CheckConstraint(condition=~Q(student=F("guardian")), name="guardian_is_another"),
        ]

    def __str__(self) -> str:
        return f"{self.guardian} → {self.student}"
