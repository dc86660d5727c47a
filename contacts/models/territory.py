"""Who is limited to which branches: members of staff, and programs with a key. Nobody named here means: all branches."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class StaffBranch(models.Model):
    """One branch whose people a member of staff may see. A branch that somebody is limited to cannot be deleted: they would see all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="territory", db_index=False)
    branch = models.ForeignKey("contacts.Branch", models.PROTECT, related_name="+", verbose_name=_("branch"))

    class Meta:
        verbose_name = _("limit to a branch")
        verbose_name_plural = _("limits to branches")
        constraints = [models.UniqueConstraint(fields=["user", "branch"], name="staff_branch_once")]

    def __str__(self) -> str:
        return f"{self.user} · {self.branch}"


class IntegrationBranch(models.Model):
    """One branch whose people a program may read and write."""

    integration = models.ForeignKey(
        "contacts.Integration", models.CASCADE, related_name="territory", db_index=False
    )  # fmt: skip
    branch = models.ForeignKey("contacts.Branch", models.PROTECT, related_name="+", verbose_name=_("branch"))

    class Meta:
        verbose_name = _("limit of a program to a branch")
        verbose_name_plural = _("limits of programs to branches")
        constraints = [models.UniqueConstraint(fields=["integration", "branch"], name="integration_branch_once")]

    def __str__(self) -> str:
        return f"{self.integration} · {self.branch}"
