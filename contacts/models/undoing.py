"""What an import changed of people who were known, and the undoing of a whole import."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.importing import ImportRun


class ImportChange(models.Model):
    """What one portion of an import changed of one person who was known before. Kept for the history, and for undoing.

    at: the instant that stands on all that the portion wrote (an address's `created_at`, a membership's `added_at`, a line's
    `recorded_at`). fields: name -> [was, is], "attributes" -> {key: [was, is]}, None where there was nothing; addresses: the added ones,
    [[kind, normal], ...]; groups: ids of those joined; said: kind of channel -> whether consent was given or ended.
    """

    run = models.ForeignKey(
        ImportRun, models.SET_NULL, null=True, related_name="changes", verbose_name=_("import"), db_index=False
    )
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="import_changes", verbose_name=_("contact")
    )
    at = models.DateTimeField(_("when"))
    fields = models.JSONField(_("fields"), default=dict)
    addresses = models.JSONField(_("addresses"), default=list)
    groups = models.JSONField(_("groups"), default=list)
    said = models.JSONField(_("consent"), default=dict)
    undone_at = models.DateTimeField(_("undone"), null=True)

    class Meta:
        verbose_name = _("change by an import")
        verbose_name_plural = _("changes by imports")
        ordering = ["-id"]
        indexes = [models.Index(fields=["run", "contact"], name="import_change_of")]

    def __str__(self) -> str:
        return f"{self.contact_id}"


class UndoState(models.TextChoices):
    """`counting` writes nothing; `counted` waits for staff to confirm."""

    COUNTING = "counting", _("being counted")
    COUNTED = "counted", _("counted, waiting for you")
    UNDOING = "undoing", _("being undone")
    DONE = "done", _("undone")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class ImportUndo(models.Model):
    """The undoing of one import. changed, added: up to which contact the people whom it changed, and whom it added, were gone through.

    counts: what was or would be done -> how many; failures: how often we failed at this place.
    """

    run = models.OneToOneField(ImportRun, models.CASCADE, related_name="undo", verbose_name=_("import"))
    state = models.CharField(_("state"), max_length=10, choices=UndoState.choices, default=UndoState.COUNTING)
    total = models.PositiveIntegerField(_("people"), default=0)
    seen = models.PositiveIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    added = models.BigIntegerField(default=0)
    counts = models.JSONField(default=dict)
    failures = models.PositiveSmallIntegerField(default=0)
    problem = models.TextField(_("problem"), blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False
    )
    asked_at = models.DateTimeField(_("asked for"))
    begun_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("undoing of an import")
        verbose_name_plural = _("undoing of imports")

    def __str__(self) -> str:
        return f"{self.run}"


class ImportLeft(models.Model):
    """Somebody whom undoing leaves alone, wholly or in part. why: a code of `contacts.importing.sparing`; what: the names of fields, or of
    the tables that tell of them; is_new: whether the import had added them."""

    undo = models.ForeignKey(ImportUndo, models.CASCADE, related_name="left")
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+", verbose_name=_("contact"))
    why = models.CharField(_("why"), max_length=20)
    what = models.JSONField(default=list)
    is_new = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("left alone by undoing")
        verbose_name_plural = _("left alone by undoing")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.why
