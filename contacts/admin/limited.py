"""What every page of the admin stands on: somebody who is limited to branches meets only their people, in lists, forms and filters."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, QuerySet
from django.forms import BaseForm, ModelChoiceField
from django.http import HttpRequest
from unfold import admin as unfold
from unfold.contrib.filters.admin import RelatedDropdownFilter as AnyRelatedDropdownFilter

from contacts import territory
from contacts.models import Branch


def limit(form: BaseForm, request: HttpRequest) -> None:
    """Leave in a form's choices only what this person may choose."""
    if territory.of(request.user) is None:
        return
    for field in form.fields.values():
        asked: Any = getattr(field, "queryset", None)
        if isinstance(field, ModelChoiceField) and isinstance(asked, QuerySet):
            field.queryset = territory.visible(asked, request.user)


def _limit_own(form: Any, request: HttpRequest) -> None:
    """The same for a form of one row, which may stand at a branch that is not theirs; and a row of theirs cannot leave their branches."""
    limit(form, request)
    mine, field = territory.of(request.user), form.fields.get("branch")
    if mine is None or not isinstance(field, ModelChoiceField):
        return
    if territory.is_by_branch(form._meta.model):
        field.required = True
        field.empty_label = None if len(mine) == 1 else field.empty_label
    elif form.instance.branch_id:
        field.queryset = Branch.objects.filter(pk__in=[*mine, form.instance.branch_id])


class RelatedDropdownFilter(AnyRelatedDropdownFilter):
    """Offers only what this person may see."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        model = field.remote_field.model
        if territory.of(request.user) is None or not territory.is_limited(model):
            return list(super().field_choices(field, request, model_admin))
        seen = territory.visible(model._default_manager.all(), request.user)
        return [(one.pk, str(one)) for one in seen]


class ModelAdmin(unfold.ModelAdmin):
    """Unfold's, for those who are limited too."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return territory.visible(rows, request.user)

    def formfield_for_dbfield(self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, ModelChoiceField) and isinstance(field.queryset, QuerySet):
            field.queryset = territory.visible(field.queryset, request.user)
        return field

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if territory.of(request.user) is None:
            return form

        def begun(self: Any, *args: Any, **given: Any) -> None:
            form.__init__(self, *args, **given)
            _limit_own(self, request)

        return type(form.__name__, (form,), {"__init__": begun})
