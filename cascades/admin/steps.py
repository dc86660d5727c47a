"""The steps of the builder: one card each, put into order by dragging, by buttons or by number."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from cascades.admin import answers, only_if, options
from cascades.admin.answers import AnswersField
from cascades.admin.durations import LengthField
from cascades.admin.only_if import KEY, ConditionsField
from cascades.admin.ways_in import WeekdaysField
from cascades.models import Cascade, Mode, Step
from cascades.models.cascade import new_step_key
from channels.models import Channel, MessageVariant

if TYPE_CHECKING:
    _Form = forms.ModelForm[Step]
    _FormSet = BaseInlineFormSet[Step, Cascade, "StepForm"]
else:  # Django's own classes take no types while running
    _Form, _FormSet = forms.ModelForm, BaseInlineFormSet

NEXT_STEP_AFTER = timedelta(hours=4)
LAST = 32_767  # the highest that the column holds: a step without a number goes to the end


class StepForm(_Form):
    """One step of the draft. Its place is renumbered when the whole is saved."""

    channel = forms.ModelChoiceField(Channel.objects.none(), label=_("Channel"), widget=UnfoldAdminSelectWidget)
    position = forms.IntegerField(
        label=_("Place"), required=False, min_value=0, max_value=LAST, widget=UnfoldAdminIntegerFieldWidget({"min": 0})
    )
    wait = LengthField(label=_("Wait"), initial=timedelta(0))
    longest_wait = LengthField(
        label=_("But go on after"), required=False, help_text=_("If what is waited for never comes. Empty: after the waiting time itself."),
    )  # fmt: skip
    at_time = forms.TimeField(
        label=_("Not before the clock shows"), required=False, widget=UnfoldAdminTextInputWidget({"type": "time"}),
        help_text=_("The person's own clock. Empty: as soon as the waiting time is over."),
    )  # fmt: skip
    weekdays = WeekdaysField(label=_("Only on these days"), help_text=_("None ticked: on any day."))
    validity = LengthField(
        label=_("Valid for"), initial=timedelta(days=3), least=timedelta(minutes=1),
        help_text=_("What could not leave by then is not sent any more."),
    )  # fmt: skip

    only_if = ConditionsField(label=_("Only if"))
    answers = AnswersField(label=_("What answers mean"))
    mark = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput)
    whole: Cascade | None = None  # read only when it is cleaned: by then the page's own choices stand in it

    class Meta:
        model = Step
        fields = (
            "position", "channel", "message", "wait", "wait_from", "at_time", "weekdays", "longest_wait", "who", "seen", "validity",
            "only_if", "answers",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["mark"] = self.instance.key if self.instance.pk else ""
        if not self.instance.pk:
            self.initial["position"] = None

    @cached_property
    def changed_data(self) -> list[str]:
        """The page numbers and marks every card; that alone does not make a step of an empty one."""
        changed: list[str] = [name for name in super().changed_data if name != "mark"]
        return changed if self.instance.pk else [name for name in changed if name != "position"]

    def clean_position(self) -> int:
        position = self.cleaned_data.get("position")
        return LAST if position is None else int(position)

    def clean(self) -> dict[str, Any]:
        """What concerns the step alone; what depends on its neighbours is judged by the whole."""
        cleaned = super().clean() or self.cleaned_data
        channel, seen = cleaned.get("channel"), cleaned.get("seen")
        if not self.instance.pk and KEY.match(cleaned.get("mark") or ""):
            self.instance.key = cleaned["mark"]
        if self.whole and self.whole.mode != Mode.SERIES:  # the mode says what ends it
            return cleaned
        if channel and seen and (problem := options.seen_problem(seen, channel)):
            self.add_error("seen", problem)
        if channel and seen and cleaned.get("answers") and (problem := options.answers_problem(seen, channel)):
            self.add_error("answers", problem)
        return cleaned


class StepFormSet(_FormSet):
    """All steps of the draft, judged and saved in their new order."""

    @cached_property
    def channels(self) -> list[Channel]:
        """Those in use, and those that a step has although it was switched off since."""
        theirs = [step.channel_id for step in self.get_queryset()] if self.instance.pk else []
        return list(Channel.objects.filter(Q(active=True) | Q(pk__in=theirs)).defer("sealed"))

    @cached_property
    def messages(self) -> list[tuple[Any, str]]:
        """Read once for all steps, not once for each."""
        field = self.form.base_fields["message"]
        assert isinstance(field, forms.ModelChoiceField)
        assert field.queryset is not None
        return [("", "---------"), *((message.pk, str(message)) for message in field.queryset.filter(system=""))]

    @cached_property
    def groups(self) -> answers.Groups:
        return answers.groups()

    @cached_property
    def segments(self) -> only_if.Named:
        return only_if.segments()

    @cached_property
    def named(self) -> only_if.Named:
        """The steps that are there, for those that ask what became of one."""
        steps = self.get_queryset() if self.instance.pk else []
        return [(step.key, f"{number}. {step.message}") for number, step in enumerate(steps, start=1)]

    def add_fields(self, form: StepForm, index: int | None) -> None:
        super().add_fields(form, index)
        form.whole = self.instance
        form.fields["only_if"].widget.segments, form.fields["only_if"].widget.steps = self.segments, self.named
        field = form.fields["channel"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Channel.objects.defer("sealed")
        field.widget.choices = [("", "---------"), *((channel.pk, str(channel)) for channel in self.channels)]
        form.fields["message"].widget.choices = self.messages
        form.fields["answers"].widget.groups = self.groups
        if index is None:  # the one that new cards are copied from
            form.initial["wait"] = NEXT_STEP_AFTER

    @cached_property
    def for_browser(self) -> dict[str, Any]:
        """See `cascades.admin.options.for_browser`."""
        texts: dict[int, dict[str, list[str]]] = defaultdict(dict)
        written = MessageVariant.objects.order_by("id").values_list("message_id", "kind", "buttons")
        for message_id, kind, buttons in written:
            codes = texts[message_id].setdefault(kind, [])
            codes += [button["reply"] for button in buttons if button["reply"] and button["reply"] not in codes]
        return options.for_browser(self.channels, texts)

    @property
    def kept(self) -> list[StepForm]:
        """The forms that hold a step after this, in their new order."""
        kept = [form for form in self.forms if form.has_changed() or form.instance.pk]
        kept = [form for form in kept if not self._should_delete_form(form) and hasattr(form, "cleaned_data")]  # type: ignore[attr-defined]
        places = {id(form): place for place, form in enumerate(kept)}
        return sorted(kept, key=lambda form: (form.cleaned_data.get("position", LAST), places[id(form)]))

    def clean(self) -> None:
        """Whether each step fits what comes before it."""
        super().clean()
        mode, before, keys = Mode(self.instance.mode or Mode.SERIES), list[Channel](), self._keys()
        for form in self.kept:
            channel, given = form.cleaned_data.get("channel"), form.cleaned_data
            previous = before[-1] if before else None
            if mode != Mode.PARALLEL and (problem := options.wait_problem(given.get("wait_from", ""), previous)):
                form.add_error("wait_from", problem)
            if (
                options.asks_for_whom(mode)
                and given.get("who")
                and (problem := options.who_problem(given["who"], before))
            ):
                form.add_error("who", problem)
            self._judge_conditions(form, mode, keys)
            before += [channel] if channel else []

    def _keys(self) -> dict[str, Channel | None]:
        """The channels of the steps in their new order, by key; no two have the same."""
        found: dict[str, Channel | None] = {}
        for form in self.kept:
            if form.instance.key in found:
                form.instance.key = new_step_key()
            found[form.instance.key] = form.cleaned_data.get("channel")
        return found

    def _judge_conditions(self, form: StepForm, mode: Mode, keys: dict[str, Channel | None]) -> None:
        """Of a step that comes earlier; where all leave at once, of any other."""
        order = list(keys)
        mine = order.index(form.instance.key)
        others = order if mode == Mode.PARALLEL else order[:mine]
        allowed = {key: keys[key] for key in others if key != form.instance.key}
        for row in form.cleaned_data.get("only_if") or ():
            if problem := only_if.problem(row, allowed):
                form.add_error("only_if", problem)
                return

    def save(self, commit: bool = True) -> Any:
        """Number the steps as they stand, so that no two share a place."""
        for place, form in enumerate(self.kept):
            form.instance.position = place
            if place != form.initial.get("position") and "position" not in form.changed_data:
                form.changed_data.append("position")
        return super().save(commit)


class StepInline(StackedInline):
    """The draft's steps; the frozen ones belong to their versions."""

    model = Step
    form = StepForm
    formset = StepFormSet
    template = "cascades/builder/steps.html"
    ordering_field = "position"
    hide_ordering_field = True
    extra = 0
    fields = StepForm.Meta.fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        drafts: QuerySet[Step] = super().get_queryset(request).filter(version=None)
        return drafts.select_related("channel", "message").order_by("position", "id")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A message is written and edited from here, in a window of its own, but not deleted."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "message":
            field.widget.can_delete_related = field.widget.can_view_related = False
        return field

    def get_extra(self, request: HttpRequest, obj: Cascade | None = None, **kwargs: Any) -> int:
        """A new cascade begins with one empty step."""
        return 0 if obj else 1
