"""An import of a file: what was chosen, how far it is, and every row that was refused."""

from __future__ import annotations

from django.conf import settings
from django.core.files.storage import storages
from django.core.files.storage.base import Storage
from django.db import models
from django.db.models.fields.files import FieldFile
from django.utils.translation import gettext_lazy as _


def private_storage() -> Storage:
    """Where uploads lie that no visitor may fetch."""
    return storages["private"]


class ImportState(models.TextChoices):
    """Where an import stands. `checking` writes nothing; `checked` waits for staff to confirm."""

    UPLOADED = "uploaded", _("uploaded")
    MAPPED = "mapped", _("waiting to be checked")
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked, waiting for you")
    CONFIRMED = "confirmed", _("waiting to be imported")
    IMPORTING = "importing", _("being imported")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class ImportRun(models.Model):
    """One file on its way in. Counters are of data rows; `position` is the row from which the work goes on after a crash.

    table: what the chosen sheet of a workbook became; digest: SHA-256 of what is read, the table where there is one.
    """

    file = models.FileField(_("file"), storage=private_storage, upload_to="imports/")
    table = models.FileField(storage=private_storage, upload_to="imports/", blank=True, default="", editable=False)
    digest = models.CharField(max_length=64, default="", editable=False)
    filename = models.CharField(_("file name"), max_length=255)
    state = models.CharField(_("state"), max_length=12, choices=ImportState.choices, default=ImportState.UPLOADED)
    encoding = models.CharField(_("encoding"), max_length=20, default="")
    delimiter = models.CharField(_("separator"), max_length=4, default="")
    headers = models.JSONField(default=list, blank=True)
    sample = models.JSONField(default=list, blank=True)
    mapping = models.JSONField(_("columns"), default=dict, blank=True)
    options = models.JSONField(default=dict, blank=True)
    group = models.ForeignKey(
        "contacts.Group",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("add everyone to the group"),
    )
    total = models.PositiveIntegerField(_("rows"), default=0)
    position = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(_("new"), default=0)
    changed = models.PositiveIntegerField(_("changed"), default=0)
    unchanged = models.PositiveIntegerField(_("unchanged"), default=0)
    refused = models.PositiveIntegerField(_("refused"), default=0)
    conflict = models.PositiveIntegerField(_("unclear"), default=0)
    given = models.PositiveIntegerField(_("consents given"), default=0)
    ended = models.PositiveIntegerField(_("consents ended"), default=0)
    problem = models.TextField(_("problem"), blank=True, default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.filename

    @property
    def read_from(self) -> FieldFile:
        """What the rows are read from."""
        return self.table or self.file


class ImportLayout(models.Model):
    """What staff once made of a file's columns, for the next file with the same ones in the same order.

    columns: field keys; dates, several: by the column's number, as on the run's mapping.
    """

    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    filename = models.CharField(_("first seen in"), max_length=255)
    headers = models.JSONField(default=list)
    mapping = models.JSONField(_("columns"), default=dict)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    used_at = models.DateTimeField(_("last used"))

    class Meta:
        verbose_name = _("remembered layout")
        verbose_name_plural = _("remembered layouts")
        ordering = ["-used_at"]

    def __str__(self) -> str:
        return self.filename


class RowOutcome(models.TextChoices):
    """What became, or would become, of one row."""

    NEW = "new", _("new")
    CHANGED = "changed", _("changed")
    UNCHANGED = "unchanged", _("unchanged")
    CONFLICT = "conflict", _("unclear")
    REFUSED = "refused", _("refused")


class ImportRow(models.Model):
    """A row that staff should see: every refused one, and the first few of the others. `line` is the line in the file, from 1."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("line"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=RowOutcome.choices)
    reason = models.TextField(_("reason"), blank=True, default="")
    cells = models.JSONField(default=list)
    changes = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("row")
        verbose_name_plural = _("rows")
        ordering = ["line"]
        constraints = [models.UniqueConstraint(fields=["run", "line"], name="import_row_once")]

    def __str__(self) -> str:
        return f"{self.line}"


class ImportPortion(models.Model):
    """A portion of an import that is written: rows first..end-1 of the file, so that a crash neither loses nor doubles a row.

    apart: rows left to be planned one by one; made: ids of the contacts that it added, as pairs of the first and the last;
    at: the instant that stands on all that it wrote.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="portions")
    one_by_one = models.BooleanField(default=False)
    first = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    apart = models.JSONField(default=list)
    made = models.JSONField(default=list)
    at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("portion of an import")
        verbose_name_plural = _("portions of imports")
        constraints = [models.UniqueConstraint(fields=["run", "one_by_one", "first"], name="import_portion_once")]

    def __str__(self) -> str:
        return f"{self.first}-{self.end}"
