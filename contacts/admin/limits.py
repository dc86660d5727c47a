"""The rows on the business's page: further quiet hours and closed days."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline

from contacts.forms.limits import CapForm, QuietRuleForm, QuietRuleFormSet
from contacts.models import Cap, ClosedDay, QuietRule


class QuietRuleInline(TabularInline):
    """Beside the hours above, which hold for everything."""

    model = QuietRule
    form = QuietRuleForm
    formset = QuietRuleFormSet
    fields = QuietRuleForm.Meta.fields
    extra = 0
    verbose_name = _("rule")
    verbose_name_plural = _("Further quiet hours, for one channel or on some days")


class ClosedDayInline(TabularInline):
    model = ClosedDay
    fields = ("day", "yearly", "name")
    extra = 0
    verbose_name_plural = _("Days on which nothing leaves")


class CapInline(TabularInline):
    """Beside the one above, which counts everything."""

    model = Cap
    form = CapForm
    fields = CapForm.Meta.fields
    extra = 0
    verbose_name_plural = _("Further caps, for one channel or by the calendar")


INLINES: tuple[Any, ...] = (QuietRuleInline, ClosedDayInline, CapInline)
