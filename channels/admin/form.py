"""Forms in the admin: built on one page, looked at in each language, and what came out of them."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Count, Max, Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from channels import surveys
from channels.admin.form_fields import OptionsField, OptionsWidget, TextsField, languages
from channels.models import Form, FormAnswer, FormQuestion
from channels.models.form import CHOICES, said_in
from contacts import territory
from contacts.admin.limited import ModelAdmin
from contacts.exporting import csv_response
from contacts.models import Business, Group, Taken
from contacts.privacy import handouts

EXPORT = "contacts.export_contact"
LAST = 32_767  # the highest that the column holds


class QuestionForm(forms.ModelForm):  # type: ignore[type-arg]
    """One question."""

    position = forms.IntegerField(
        label=_("Place"), required=False, min_value=0, max_value=LAST, widget=UnfoldAdminIntegerFieldWidget({"min": 0})
    )
    labels = TextsField(label=_("Question"))
    options = OptionsField(label=_("Answers to choose from"), required=False)

    class Meta:
        model = FormQuestion
        fields = ("position", "kind", "labels", "options", "required", "attribute")
        widgets: ClassVar[dict[str, Any]] = {"kind": UnfoldAdminSelectWidget, "attribute": UnfoldAdminTextInputWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            self.initial["position"] = None

    @cached_property
    def changed_data(self) -> list[str]:
        """The page numbers every card; a number alone does not make a question of an empty one."""
        changed: list[str] = super().changed_data
        return changed if self.instance.pk else [name for name in changed if name != "position"]

    def clean_position(self) -> int:
        position = self.cleaned_data.get("position")
        return LAST if position is None else int(position)

    def clean_attribute(self) -> str:
        return str(self.cleaned_data["attribute"]).replace("\x00", "").strip()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        language = Business.current().language
        if cleaned.get("labels") and language not in cleaned["labels"]:
            self.add_error(
                "labels", _("Write it in the language of your business too: who speaks none of these reads that one.")
            )
        if cleaned.get("kind") in CHOICES and len(cleaned.get("options") or []) < 2 and "options" not in self.errors:
            self.add_error("options", _("A choice needs two answers at least."))
        return cleaned


class QuestionFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """All questions; the groups to choose from are read once."""

    @cached_property
    def groups(self) -> list[tuple[int, str]]:
        return list(Group.objects.offered().values_list("pk", "name"))

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        widget = form.fields["options"].widget
        assert isinstance(widget, OptionsWidget)
        widget.groups = self.groups

    def clean(self) -> None:
        super().clean()
        given = [form.cleaned_data for form in self.forms if hasattr(form, "cleaned_data")]
        names = [one["attribute"] for one in given if one.get("attribute") and not one.get("DELETE")]
        if len(names) != len(set(names)):
            raise forms.ValidationError(_now("Two questions fill the same detail. Each needs its own."))

    def save(self, commit: bool = True) -> Any:
        """Number the questions as they stand; one that was added without a place comes last."""
        kept = [form for form in self.forms if form.instance.pk or form.has_changed()]
        kept = [form for form in kept if not self._should_delete_form(form)]  # type: ignore[attr-defined]
        for place, form in enumerate(sorted(kept, key=lambda form: form.cleaned_data.get("position", LAST))):
            form.instance.position = place
            if place != form.initial.get("position") and "position" not in form.changed_data:
                form.changed_data.append("position")
        return super().save(commit)


class QuestionInline(StackedInline):
    model = FormQuestion
    form = QuestionForm
    formset = QuestionFormSet
    fields = ("position", ("kind", "required"), "labels", "options", "attribute")
    ordering_field = "position"
    hide_ordering_field = True
    verbose_name_plural = _("Questions, in the order in which they are asked")

    def get_extra(self, request: HttpRequest, obj: Form | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1


class FormForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its name for staff, and its texts."""

    title = TextsField(label=_("Title"))
    intro = TextsField(label=_("Introduction"), rows=3, required=False)
    thanks = TextsField(
        label=_("Thanks"),
        rows=2,
        required=False,
        help_text=_("Shown when it was sent. Empty: “Your answer has arrived.”"),
    )

    class Meta:
        model = Form
        fields = ("name", "active", "group", "title", "intro", "thanks")

    def clean_title(self) -> dict[str, str]:
        title: dict[str, str] = self.cleaned_data["title"]
        if Business.current().language not in title:
            raise forms.ValidationError(
                _("Write it in the language of your business too: who speaks none of these reads that one.")
            )
        return title


@admin.register(Form)
class FormAdmin(ModelAdmin):
    form = FormForm
    inlines = (QuestionInline,)
    list_display = ("name", "active", "spoken", "answers_counted", "newest")
    list_filter = ("active",)
    search_fields = ("name",)
    autocomplete_fields = ("group",)
    readonly_fields = ("in_messages",)
    fieldsets = ((None, {"fields": (("name", "active"), "group", "title", "intro", "thanks", "in_messages")}),)
    actions = None
    actions_detail = ("preview", "results")
    show_full_result_count = False
    warn_unsaved_form = True

    class Media:
        css = {"all": ("channels/form.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Form]:
        found: QuerySet[Form] = super().get_queryset(request)
        counting = Q(answers__replaced_at=None)
        theirs = territory.within(FormAnswer, territory.of(request.user), "answers__")
        return found.annotate(
            people=Count("answers", filter=counting & theirs), latest=Max("answers__at", filter=theirs)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Form | None = None) -> bool:
        """What was answered once stays, for it is people's history; a form is closed instead."""
        return bool(super().has_delete_permission(request, obj)) and not (obj and obj.answers.exists())

    @admin.display(description=_("languages"))
    def spoken(self, form: Form) -> str:
        return ", ".join(label for code, label in languages() if form.title.get(code)) or "–"

    @admin.display(description=_("answers"), ordering="people")
    def answers_counted(self, form: Any) -> SafeString:
        address = reverse("admin:channels_form_results", args=[form.pk])
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, form.people)

    @admin.display(description=_("newest answer"), ordering="latest")
    def newest(self, form: Any) -> Any:
        return form.latest

    @admin.display(description=_("in a message"))
    def in_messages(self, form: Form) -> SafeString | str:
        if not form.pk:
            return _now("Save the form first; then its address for messages stands here.")
        said = _now(
            "Use this as the address of a link. With ?score=9 behind it, 9 is chosen already in the first score."
        )
        return format_html(
            '<code class="form-place">{{{{ forms.{} }}}}</code><p class="text-xs mt-1">{}</p>', form.slug, said
        )

    @action(description=_("Preview"), url_path="preview", icon="visibility", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return _preview(request, self._one(request, object_id))

    @action(description=_("Results"), url_path="results", icon="bar_chart", permissions=["view"])
    def results(self, request: HttpRequest, object_id: str) -> HttpResponse:
        form = self._one(request, object_id)
        if "export" in request.GET and request.user.has_perm(EXPORT):
            answers = territory.visible(FormAnswer.objects.filter(form=form), request.user)
            return export(request, answers, form.slug)
        return TemplateResponse(
            request, "channels/forms/results.html", {**self.admin_site.each_context(request), **_results(request, form)}
        )

    def _one(self, request: HttpRequest, object_id: str) -> Any:
        form = self.get_object(request, object_id)
        if form is None:
            raise Http404
        return form


def export(request: HttpRequest, answers: QuerySet[FormAnswer], name: str) -> HttpResponse:
    """The answers as a CSV file."""
    handouts.note(request.user, Taken.ANSWERS, handouts.size(answers), now=timezone.now(), chosen=name)
    return csv_response(surveys.table(answers), f"{name} {timezone.localtime():%Y-%m-%d}.csv")  # type: ignore[return-value]


def _answers(request: HttpRequest, form: Any) -> QuerySet[FormAnswer]:
    return territory.visible(FormAnswer.objects.filter(form=form), request.user)


def _results(request: HttpRequest, form: Any) -> dict[str, Any]:
    here = reverse("admin:channels_form_results", args=[form.pk])
    return {
        "title": _now("Results: %(form)s") % {"form": form}, "form": form, "people": form.people, "newest": form.latest,
        "counts": surveys.numbers(_answers(request, form), list(form.questions.all()), translation.get_language() or "en"),
        "answers_url": f"{reverse('admin:channels_formanswer_changelist')}?form__id__exact={form.pk}", "export_url": f"{here}?export=1",
        "form_url": reverse("admin:channels_form_change", args=[form.pk]), "may_export": request.user.has_perm(EXPORT),
        "opts": Form._meta,
    }  # fmt: skip


def _preview(request: HttpRequest, form: Form) -> HttpResponse:
    """The page as people see it, in a chosen language; nothing can be sent from it."""
    business, wanted = Business.current(), request.GET.get("language", "")
    spoken = form.language_for(wanted, business.language)
    with translation.override(spoken):
        asked = surveys.asked(list(form.questions.all()), spoken, business.language)
        texts = {name: said_in(getattr(form, name), spoken, business.language) for name in ("title", "intro", "thanks")}
        shown = {
            "business": business, "asked": asked, "problems": [], **texts, "preview": True, "spoken": spoken,
            "choices": [(code, label) for code, label in languages() if form.title.get(code)],
            "back": reverse("admin:channels_form_change", args=[form.pk]),
        }  # fmt: skip
        return render(request, "public/form.html", shown)
