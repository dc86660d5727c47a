"""One act for many people at once: who was selected, what is done to them, how far it is, and who was left out, with the reason."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts.models.importing import private_storage


class Act(models.TextChoices):
    """What is done."""

    ADD = "add", _("add to a group")
    REMOVE = "remove", _("remove from a group")
    MOVE = "move", _("move to another group")
    CONSENT = "consent", _("record consent")
    EXPORT = "export", _("export")


class BulkState(models.TextChoices):
    """How far it is."""

    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("being done")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")
    FAILED = "failed", _("failed")


class BulkRun(models.Model):
    """`selection`: `{"ids": [..]}`, or `{"query": {parameter: [values]}, "through": id}` for all whom a filtered list shows; who is added
    later is not of them. `words` says the same for staff. It is asked anew for each portion, as `created_by` may see people then.

    `position`: the contact up to which all is done, in the order of ids; the work goes on from there after a crash. `done` counts people,
    `skipped` the others by reason. `details`: what the act needs to know. `leads_to`: a page to go on to when it is done.
    """

    act = models.CharField(_("what is done"), max_length=10, choices=Act.choices)
    state = models.CharField(_("state"), max_length=10, choices=BulkState.choices, default=BulkState.WAITING)
    selection = models.JSONField(default=dict)
    words = models.TextField(_("who"), default="")
    details = models.JSONField(default=dict)
    group = models.ForeignKey("contacts.Group", models.SET_NULL, null=True, related_name="+", verbose_name=_("group"))
    from_group = models.ForeignKey("contacts.Group", models.SET_NULL, null=True, related_name="+")
    total = models.PositiveIntegerField(_("people"), default=0)
    position = models.BigIntegerField(default=0)
    seen = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(_("done"), default=0)
    skipped = models.JSONField(default=dict)
    file = models.FileField(storage=private_storage, upload_to="exports/", blank=True)
    leads_to = models.CharField(max_length=255, default="")
    problem = models.TextField(_("problem"), default="")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("asked for"))
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    lease_until = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True)

    class Meta:
        verbose_name = _("bulk action")
        verbose_name_plural = _("bulk actions")
        ordering = ["-id"]
        permissions = [("consent_bulkrun", _("Can record consent of many people at once"))]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.words}"

    @property
    def left_out(self) -> int:
        return sum(self.skipped.values())


class BulkDone(models.Model):
    """One person to whom it was done, for their history. `at`: when their portion was."""

    run = models.ForeignKey(BulkRun, models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey("contacts.Contact", models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("bulk action on a person")
        verbose_name_plural = _("bulk actions on a person")
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.run_id} · {self.contact_id}"
