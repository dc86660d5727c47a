"""What goes with what: a list that marketers keep by hand or by a table."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from contacts import goods_table
from contacts.admin.limited import ModelAdmin
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.admin.tables import ImportsTable
from contacts.goods.offering import fold
from contacts.models import BoughtTogether, GoesWith


class GoesWithForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = GoesWith
        fields = ("by", "what", "name", "sku", "category", "price", "link", "image", "position")

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        self.instance.folded = fold(found.get("what"))
        same = GoesWith.objects.filter(by=found.get("by"), folded=self.instance.folded, name=found.get("name"))
        if same.exclude(pk=self.instance.pk).exists():
            raise ValidationError({"name": _("This stands in the list already.")})
        return found


@admin.register(GoesWith)
class GoesWithAdmin(ImportsTable, ModelAdmin):
    table_reader = goods_table.read
    table_title = _("What goes with what, from a table")
    table_columns = _(
        "Columns: category or sku (what was bought), goes with (what is offered), and as you have them goes with sku, link, image, "
        "price, place."
    )
    table_of_people = False
    actions_list = ["import_table"]
    form = GoesWithForm
    list_display = ("what", "by", "name", "price", "position")
    list_filter = ("by",)
    search_fields = ("what", "name", "sku")
    show_full_result_count = False
    warn_unsaved_form = True
    fieldsets = (
        (_("Whoever bought or looked at"), {"fields": (("by", "what"),)}),
        (_("Is offered"), {"fields": ("name", ("sku", "category"), ("price", "position"), "link", "image")}),
    )

    def has_table_permission(self, request: HttpRequest, *_args: Any) -> bool:
        return request.user.has_perm("contacts.add_goeswith")


@admin.register(BoughtTogether)
class BoughtTogetherAdmin(ReadOnlyAdmin):
    """What the orders say, where staff keep nothing. Found anew every few hours."""

    walks_by = ""
    change_list_template = None
    paginator = Paginator
    list_display = ("thing", "name", "times", "category")
    search_fields = ("thing", "name")
    fields = ("thing", "other", "name", "sku", "category", "price", "link", "image", "times")
