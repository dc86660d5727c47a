"""What staff choose of the cascade as a whole, as one form: how people get in, what ends it, which goal counts, and what follows."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from cascades.admin import endings, ways_in
from cascades.admin.durations import LengthField
from cascades.models import Cascade, GoalAbout, Mode, Reentry
from cascades.parameters import Field, Parameter
from contacts import events

if TYPE_CHECKING:
    _Form = forms.ModelForm[Cascade]
else:  # Django's own class takes no types while running
    _Form = forms.ModelForm

CENT = Decimal("0.01")


class _WaysIn(_Form):
    """How people get in, and again. The settings of all ways in are fields; those of the chosen one count."""

    trigger = forms.ChoiceField(label=_("How people get in"), choices=ways_in.choices, widget=UnfoldAdminSelectWidget)
    locals().update(ways_in.fields())


class CascadeForm(_WaysIn):
    """Name, the way in, goal, and how long reactions are awaited."""

    reentry_after = LengthField(label=_("Not again within"), required=False)
    deadline = LengthField(
        label=_("Over at the latest after"), required=False, least=timedelta(minutes=1),
        help_text=_("Counted from when the person came in; nothing is sent after it. Empty: only the steps decide."),
    )  # fmt: skip

    goal = forms.MultipleChoiceField(
        label=_("Goal"), required=False, choices=list(events.GOALS.items()), widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Whoever has done this gets no further message."),
    )  # fmt: skip
    exits = forms.MultipleChoiceField(
        label=_("Also ends it"), required=False, choices=list(events.GOALS.items()), widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("No further message after this either, but it does not count as the goal: a cancelled order, for example."),
    )  # fmt: skip
    goal_where = ways_in.ConditionsField(
        label=_("Only if"), required=False, help_text=_("What must hold of its details, one in each line. Empty: any.")
    )
    goal_key = forms.CharField(
        label=_("Named by the detail"), required=False, max_length=60, widget=UnfoldAdminTextInputWidget({"placeholder": "cart"}),
        help_text=_("The detail that says what an event is about. What the person came in for must name it too."),
    )  # fmt: skip
    at_end = endings.EndingsField(label=_("Groups at the end"))
    final_wait = LengthField(
        label=_("Wait for reactions"), initial=timedelta(days=3), help_text=_("So long after the last message reactions still count."),
    )  # fmt: skip

    spend_at_most = forms.DecimalField(
        label=_("Spend at most"), required=False, min_value=0, max_digits=12, decimal_places=2, widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("In our currency, for all messages of this cascade. What would cost more waits and says so. Empty: no limit."),
    )  # fmt: skip

    class Meta:
        model = Cascade
        fields = (
            "name",
            "trigger",
            "reentry",
            "reentry_after",
            "mode",
            "preferred_first",
            "goal",
            "goal_where",
            "goal_about",
            "goal_key",
            "exits",
            "at_end",
            "final_wait",
            "deadline",
            "campaign",
            "priority",
        )
        labels = {"campaign": _("Name in web statistics")}
        help_texts = {"campaign": _("Travels in the links as utm_campaign. Empty: made of the cascade's name.")}
        widgets = dict.fromkeys(("priority", "reentry", "mode", "goal_about"), UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"trigger", "reentry", "priority", "mode", "goal_about"} & set(
            self.fields
        ):  # what is not said stays as it is
            self.fields[name].required = False
        budget = self.instance.budget
        self.initial["spend_at_most"] = budget.amount.quantize(CENT) if budget and budget.amount is not None else None
        if not self.instance.pk:
            self.initial.setdefault("trigger", "manual")
        ways_in.fill(self, self.instance.trigger, self.instance.trigger_params)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["trigger"] = cleaned.get("trigger") or "manual"
        for name, plain in (("reentry", Reentry.OCCASION), ("mode", Mode.SERIES), ("goal_about", GoalAbout.ANY)):
            cleaned[name] = cleaned.get(name) or plain
        self._clean_goal(cleaned)
        self.instance.trigger_params = ways_in.collect(self, cleaned["trigger"])
        if cleaned["reentry"] == Reentry.AFTER and not cleaned.get("reentry_after"):
            self.add_error("reentry_after", __("Say how long it is before the same person may come in again."))
        return cleaned

    def _clean_goal(self, cleaned: dict[str, Any]) -> None:
        """The conditions in the language of the way in, and the name of what an event is about."""
        for name, field in (("goal_where", Field.FILTERS), ("goal_key", Field.NAME)):
            try:
                cleaned[name] = Parameter(name, self.fields[name].label or "", field, default="").clean(
                    cleaned.get(name)
                )
            except ValueError as error:
                self.add_error(name, str(error))
        cleaned["goal_where"] = cleaned.get("goal_where") or []
        if cleaned["goal_about"] != GoalAbout.ANY and not cleaned.get("goal_key"):
            self.add_error("goal_key", __("Say which detail names it, for example: cart"))
