"""Who changed what, and when: one row for each thing that was changed at once."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class By(models.TextChoices):
    """Who acted."""

    STAFF = "staff", _("staff")
    PROGRAM = "program", _("another program")
    PERSON = "person", _("the person")
    MACHINE = "machine", _("by itself")


class Deed(models.TextChoices):
    """What was done."""

    ADDED = "added", _("added")
    CHANGED = "changed", _("changed")
    DELETED = "deleted", _("deleted")
    DONE = "done", _("done")


class Change(models.Model):
    """`model`, `object_id`: of what ("contacts.contact", "17"); parts of a thing, such as an address, stand with the whole.

    `what`: a list of [field, was, is], texts as people read them, or true for both where a secret was changed; `said`: a sentence for what
    no field tells; `who`: their name, should they leave; `people`: how many it was done to, for what is done to many at once.
    """

    at = models.DateTimeField(_("when"))
    by = models.CharField(_("by whom"), max_length=7, choices=By.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("staff member"), db_index=False
    )  # fmt: skip
    who = models.CharField(_("who"), max_length=150, default="")
    act = models.CharField(_("act"), max_length=7, choices=Deed.choices)
    model = models.CharField(_("kind"), max_length=60)
    object_id = models.CharField(max_length=40, default="")
    name = models.CharField(_("name"), max_length=200, default="")
    what = models.JSONField(_("what"), default=list)
    said = models.CharField(_("what was done"), max_length=300, default="")
    people = models.PositiveIntegerField(_("how many"), null=True)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["-id"]
        default_permissions = ("view",)
        indexes = [models.Index(fields=["model", "object_id", "-id"], name="change_of")]

    def __str__(self) -> str:
        return f"{self.get_act_display()} · {self.name}"
