"""A form that staff build: its questions in several languages, and what people answered."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

LONGEST_TEXT = 4000  # characters of one text in one language
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


def new_key() -> str:
    """A question's name for ever, by which answers know it whatever becomes of its words."""
    return "q" + secrets.token_hex(4)


def by_language(value: object) -> None:
    """Validator: {"en": "...", "es": "..."} with languages of the house."""
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ValidationError(_("This is no text in several languages."))
    if value.keys() - dict(settings.LANGUAGES).keys():
        raise ValidationError(_("There is a language among these that the program does not speak."))
    if any(len(text) > LONGEST_TEXT for text in value.values()):
        raise ValidationError(_("A text may have %(count)s characters at most.") % {"count": LONGEST_TEXT})


def said_in(texts: Mapping[str, str], *languages: str) -> str:
    """The text in the first of these languages that it has, else in any, else ""."""
    for language in languages:
        if texts.get(language):
            return texts[language]
    return next((text for text in texts.values() if text), "")


class QuestionKind(models.TextChoices):
    """What can be answered."""

    SCORE_10 = "score_10", _("score from 0 to 10")
    SCORE_5 = "score_5", _("score from 1 to 5")
    ONE = "one", _("one of several")
    SEVERAL = "several", _("any of several")
    TEXT = "text", _("text")


SCORES = {QuestionKind.SCORE_10: range(11), QuestionKind.SCORE_5: range(1, 6)}
CHOICES = (QuestionKind.ONE, QuestionKind.SEVERAL)


class Form(models.Model):
    """A survey, or a choice of preferences. Texts are {"en": "...", "es": "..."}; `slug` stands in its address and in messages."""

    name = models.CharField(_("name"), max_length=120, help_text=_("For staff only."))
    slug = models.SlugField(max_length=48, unique=True, editable=False)
    title = models.JSONField(_("title"), default=dict, validators=[by_language])
    intro = models.JSONField(_("introduction"), default=dict, blank=True, validators=[by_language])
    thanks = models.JSONField(_("thanks"), default=dict, blank=True, validators=[by_language])
    active = models.BooleanField(_("open"), default=True, help_text=_("A closed form thanks and takes no answers."))
    group = models.ForeignKey(
        "contacts.Group", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("put who answered into"),
    )  # fmt: skip
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    updated_at = models.DateTimeField(_("last changed"), auto_now=True)

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self.slug:
            self.slug = new_slug(self.name)
        super().save(*args, **kwargs)

    def language_for(self, *wanted: str) -> str:
        """The first of these languages that the form speaks, else any that it does."""
        spoken = [language for language, text in self.title.items() if text]
        return next((one for one in wanted if one in spoken), spoken[0] if spoken else wanted[-1])


def new_slug(name: str) -> str:
    """A name that a text can say (`forms.visit_survey_k7m2x9pq`) and nobody can guess."""
    plain = re.sub(r"\W+", "_", slugify(name))[:32].strip("_") or "form"
    code = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{'f_' if plain[0].isdigit() else ''}{plain}_{code}"


class FormQuestion(models.Model):
    """One question. `options`: [{"value": "yes", "labels": {"en": "Yes"}, "group": 7}], the value for ever, the labels as one likes.

    `attribute`: the contact's other detail which the answer fills, "" for none.
    """

    form = models.ForeignKey(Form, models.CASCADE, related_name="questions")
    key = models.CharField(max_length=12, default=new_key, editable=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0)
    kind = models.CharField(_("answer"), max_length=8, choices=QuestionKind.choices, default=QuestionKind.SCORE_10)
    labels = models.JSONField(_("question"), default=dict, validators=[by_language])
    options = models.JSONField(_("answers to choose from"), default=list, blank=True)
    required = models.BooleanField(_("must be answered"), default=False)
    attribute = models.CharField(
        _("fills the detail"), max_length=60, blank=True, default="",
        help_text=_("One of the person's other details, such as “Pet name”. Empty: none."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["form", "key"], name="form_question_once")]

    def __str__(self) -> str:
        return said_in(self.labels)


class FormAnswer(models.Model):
    """What one person answered. A later answer to the same message replaces this one, which stays (`replaced_at`).

    `answers`: by the question's key, {"value": 9 | "yes" | ["a", "b"] | "text", "label": the question, "said": the answer as it was read,
    "n": its place in the form}.
    `joined`: ids of the groups that this answer added the person to; `played`: told about a message of the sandbox.
    """

    form = models.ForeignKey(Form, models.CASCADE, related_name="answers", verbose_name=_("form"))
    contact = models.ForeignKey(
        "contacts.Contact", models.CASCADE, related_name="form_answers", verbose_name=_("contact")
    )
    delivery = models.ForeignKey(
        "channels.Delivery", models.SET_NULL, null=True, related_name="form_answers", verbose_name=_("message")
    )
    answers = models.JSONField(_("answers"), default=dict)
    joined = models.JSONField(default=list)
    language = models.CharField(_("language"), max_length=8)
    at = models.DateTimeField(_("when"))
    replaced_at = models.DateTimeField(_("replaced"), null=True)
    played = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("answer")
        verbose_name_plural = _("answers")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["form", "delivery"], condition=Q(replaced_at=None, delivery__isnull=False), name="form_answer_once"
            )
        ]  # fmt: skip
        indexes = [models.Index(fields=["contact", "-id"], name="form_answer_of_contact")]

    def __str__(self) -> str:
        return f"{self.form} · {self.contact}"

    @property
    def in_order(self) -> list[dict[str, Any]]:
        """The answers as they were asked; PostgreSQL keeps no order of keys."""
        return sorted(self.answers.values(), key=lambda one: int(one["n"]))
