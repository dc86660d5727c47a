"""On a person's page: who answers for them, and for whom they answer."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from contacts import territory
from contacts.models import Contact, Guardian


class _LinkForm(forms.ModelForm):  # type: ignore[type-arg]
    """The two are two. Which of them is the page's own person, the inline knows."""

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        ends = [given.get(name) for name in ("student", "guardian")]
        if None not in ends and ends[0] == ends[1]:
            raise forms.ValidationError(_now("Nobody answers for themselves. Choose another person."))
        return given


class _OfTheirs(TabularInline):
    """Somebody who is limited to branches reads and chooses only their people at the other end."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Guardian]:
        rows: QuerySet[Guardian] = super().get_queryset(request)
        return rows.filter(territory.within(Contact, territory.of(request.user), f"{self.fields[0]}__"))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.queryset = territory.visible(field.queryset, request.user)
        return field


class GuardianInline(_OfTheirs):
    """The student's side."""

    model = Guardian
    form = _LinkForm
    fk_name = "student"
    fields = ("guardian", "relation", "receives")
    autocomplete_fields = ("guardian",)
    extra = 0
    verbose_name = _("person who answers for them")
    verbose_name_plural = _("who answers for this person, and gets the messages in their stead")


class StudentInline(_OfTheirs):
    """The guardian's side."""

    model = Guardian
    form = _LinkForm
    fk_name = "guardian"
    fields = ("student", "relation", "receives")
    autocomplete_fields = ("student",)
    extra = 0
    verbose_name = _("student")
    verbose_name_plural = _("for whom this person answers")
