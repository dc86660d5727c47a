"""Two contacts who are one person: who may be so, who was made one, and by which old numbers they are still known."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Duplicate(models.Model):
    """Two contacts who may be one person; `first` has the lower id. `reasons`: codes of `contacts.merging.reasons`, the best one first;
    `weight`: how much speaks for it. Staff who say that they are not the same are remembered (`dismissed_at`)."""

    first = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="+", verbose_name=_("contact"), db_index=False
    )
    second = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+", verbose_name=_("contact"))
    reasons = models.JSONField(_("why"), default=list)
    weight = models.PositiveSmallIntegerField(default=0)
    found_at = models.DateTimeField(_("found"))
    dismissed_at = models.DateTimeField(_("not the same person"), null=True)
    dismissed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("possible duplicate")
        verbose_name_plural = _("possible duplicates")
        ordering = ["-weight", "id"]
        default_permissions = ("view", "change")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="duplicate_once"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="duplicate_in_order"),
        ]
        indexes = [
            models.Index(fields=["-weight", "id"], name="duplicate_open", condition=Q(dismissed_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.first} · {self.second}"


class Merge(models.Model):
    """A contact who was made one with another. `gone_id` is the id that it had; `gone` its columns, `kept_before` and `kept_after` those of
    the one that stayed, `moved` what each room moved: all that undoing needs, emptied when either is erased."""

    kept = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="merges", verbose_name=_("stays"))
    gone_id = models.BigIntegerField(db_index=True)
    name = models.CharField(_("became part of it"), max_length=255, blank=True, default="")
    gone = models.JSONField(default=dict)
    kept_before = models.JSONField(default=dict)
    kept_after = models.JSONField(default=dict)
    moved = models.JSONField(default=dict)
    at = models.DateTimeField(_("when"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    undone_at = models.DateTimeField(_("undone"), null=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )

    class Meta:
        verbose_name = _("merged contact")
        verbose_name_plural = _("merged contacts")
        ordering = ["-id"]
        default_permissions = ("view",)
        permissions = [
            ("merge_contact", _("Can make two contacts one")),
            ("undo_merge", _("Can undo the merging of two contacts")),
        ]

    def __str__(self) -> str:
        return self.name or str(_("No name"))


class Alias(models.Model):
    """What a person was known by before: the id of a contact that became part of this one, or a number of another system."""

    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="aliases")
    former_id = models.BigIntegerField(null=True, unique=True)
    external_id = models.CharField(max_length=100, null=True, unique=True)
    merge = models.ForeignKey(Merge, models.CASCADE, related_name="aliases")

    class Meta:
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=Q(former_id__isnull=False) | Q(external_id__isnull=False), name="alias_says_something"
            )
        ]

    def __str__(self) -> str:
        return self.external_id or str(self.former_id)
