"""A message that staff write, in variants by channel kind and language, and its frozen versions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts import kinds


class Purpose(models.TextChoices):
    """What a message is for; it decides which rules hold."""

    MARKETING = "marketing", _("marketing")
    TRANSACTIONAL = "transactional", _("about an order, a booking or a contract")


class Message(models.Model):
    """What is being said. Its variants may be edited at any time; what was started with keeps its `MessageVersion`.

    `system`: what the house itself needs it for ("reply": the frame of what staff write in the inbox); such a one is nobody's to edit.
    """

    name = models.CharField(_("name"), max_length=120)
    purpose = models.CharField(_("purpose"), max_length=14, choices=Purpose.choices, default=Purpose.MARKETING)
    urgent = models.BooleanField(
        _("urgent"), default=False,
        help_text=_("Passes quiet hours. Only for what cannot wait, such as a class that was moved."),
    )  # fmt: skip
    system = models.CharField(max_length=12, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["-id"]
        permissions = [("send_urgent", _("Can mark a message as urgent"))]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(urgent=False) | models.Q(purpose="transactional"),
                name="message_urgent_is_transactional",
                violation_error_message=_("Only a message about an order, a booking or a contract can be urgent."),
            ),
            models.UniqueConstraint(fields=["system"], condition=~models.Q(system=""), name="message_system_once"),
        ]

    def __str__(self) -> str:
        return self.name


class MessageVariant(models.Model):
    """The message for one kind of channel in one language. `body` is rich text for email, plain text elsewhere; both are Liquid.

    `buttons`: a list of `{"label", "reply", "url"}`, one of the last two filled, label and url being Liquid; `template`: the provider's
    name of an approved text, `template_values` the Liquid for each of its places.
    """

    message = models.ForeignKey(Message, models.CASCADE, related_name="variants")
    kind = models.CharField(_("channel"), max_length=20)
    language = models.CharField(_("language"), max_length=8)
    subject = models.CharField(_("subject"), max_length=255, blank=True, default="")
    preheader = models.CharField(_("preview line"), max_length=255, blank=True, default="")
    body = models.TextField(_("text"))
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    template = models.CharField(_("approved template"), max_length=64, blank=True, default="")
    template_values = models.JSONField(_("what fills the template in"), default=dict, blank=True)

    class Meta:
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "kind", "language"],
                name="variant_once",
                violation_error_message=_("There is already a text for this channel in this language."),
            )
        ]

    def __str__(self) -> str:
        return f"{kinds.label(self.kind)} · {self.language}"


class MessageVersion(models.Model):
    """A message as it was frozen for sending; never changed afterwards.

    `content`: a list of variants, each `{"kind", "language", "subject", "body", "html", "links"}`: Liquid sources, `html` with MJML already
    compiled ("" for plain kinds). `digest` is the hash of the content, so that freezing the same text twice gives the same version.
    """

    message = models.ForeignKey(Message, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    purpose = models.CharField(max_length=14, choices=Purpose.choices)
    urgent = models.BooleanField(default=False)
    content = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("frozen message")
        verbose_name_plural = _("frozen messages")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["message", "number"], name="message_version_once"),
            models.UniqueConstraint(fields=["message", "digest"], name="message_version_same_text"),
        ]

    def __str__(self) -> str:
        return f"{self.message} · {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("a frozen message never changes")
        super().save(*args, **kwargs)


class MessageImage(models.Model):
    """A picture that was put into an email; served from the business's public address."""

    file = models.ImageField(_("picture"), upload_to="mail/%Y/%m/")
    uploaded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    uploaded_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    def __str__(self) -> str:
        return self.file.name or ""
