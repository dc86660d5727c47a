"""The first page of a start: whom, and when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.db.models import Count, Q
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from cascades import audience
from cascades.admin.drafts import Draft
from cascades.publishing import NotReady
from cascades.runner import WallTime
from contacts import calendar, kinds, territory
from contacts.models import Branch, Business, Contact, Group, GroupKind, Membership, Segment

NOW, LATER = "now", "later"
if TYPE_CHECKING:
    _Groups = forms.ModelMultipleChoiceField[Group]
else:  # Django's own class takes no types while running
    _Groups = forms.ModelMultipleChoiceField
_Day = partial(UnfoldAdminTextInputWidget, {"type": "date"})


class Members(_Groups):
    """Groups with the number of people in each."""

    def label_from_instance(self, obj: Any) -> str:
        return ngettext("%(name)s (%(count)s person)", "%(name)s (%(count)s people)", obj.size) % {
            "name": obj.name,
            "count": obj.size,
        }


class SelectionForm(forms.Form):
    """Groups, segments and chosen contacts add up; the filter narrows them."""

    groups = Members(
        Group.objects.none(), label=_("Groups"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )
    segments = forms.ModelMultipleChoiceField(
        Segment.objects.none(), label=_("Segments"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("People are found by the segment's rules at the moment of the start."),
    )  # fmt: skip
    contacts = forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget)
    everyone = forms.BooleanField(
        label=_("All contacts"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text=_("Those who are in the list now."),
    )
    language = forms.ChoiceField(label=_("Language"), required=False, widget=UnfoldAdminSelectWidget)
    city = forms.CharField(
        label=_("City"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget({"list": "cities"})
    )
    branch = forms.ModelChoiceField(
        Branch.objects.none(), label=_("Branch"), required=False, widget=UnfoldAdminSelectWidget
    )
    consent = forms.ChoiceField(label=_("Agreed to marketing by"), required=False, widget=UnfoldAdminSelectWidget)
    search = forms.CharField(
        label=_("Name, email or phone has"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget
    )
    added_since = forms.DateField(label=_("Added since"), required=False, widget=_Day())
    added_before = forms.DateField(label=_("Added before"), required=False, widget=_Day())
    when = forms.ChoiceField(
        label=_("When does it start?"), choices=[(NOW, _("now")), (LATER, _("at a chosen time"))], initial=NOW,
        widget=UnfoldAdminRadioSelectWidget(radio_style=1),
    )  # fmt: skip
    day = forms.DateField(label=_("Day"), required=False, widget=_Day())
    clock = forms.TimeField(label=_("Time"), required=False, widget=UnfoldAdminTextInputWidget({"type": "time"}))

    def __init__(
        self, data: Any = None, *, draft: Draft, business: Business, now: datetime, mine: territory.Territory = None
    ) -> None:
        super().__init__(data, initial=_initial(draft, business))
        self.draft, self.business, self.now, self.mine = draft, business, now, mine
        self.fields["consent"].choices = [("", gettext("any")), *kinds.choices()]  # type: ignore[attr-defined]
        self.chosen: list[int] = draft.selection.get("contacts") or []
        offered = ~Q(kind=GroupKind.SELECTION) | Q(
            pk__in=draft.selection.get("groups") or []
        )  # the one that was made for this start
        theirs = territory.within(Membership, mine, "memberships__")
        self._field("groups").queryset = Group.objects.filter(offered).annotate(
            size=Count("memberships", filter=theirs)
        )
        self._field("segments").queryset = Segment.objects.all()
        self._field("branch").queryset = Branch.objects.filter(territory.within(Branch, mine))
        self.fields["language"].choices = [("", gettext("any")), *_languages()]  # type: ignore[attr-defined]
        count = len(self.chosen)
        said = ngettext("%(count)s contact chosen in the list", "%(count)s contacts chosen in the list", count) % {
            "count": count
        }
        self.fields["contacts"].label = said

    def _field(self, name: str) -> Any:
        found = self.fields[name]
        assert isinstance(found, forms.ModelChoiceField)
        return found

    @property
    def cities(self) -> list[str]:
        """To pick from while writing."""
        theirs = Contact.objects.filter(territory.within(Contact, self.mine)).exclude(city="")
        return list(theirs.order_by("city").values_list("city", flat=True).distinct()[:200])

    @property
    def has_groups(self) -> bool:
        return bool(self.fields["groups"].choices)  # type: ignore[attr-defined]

    @property
    def has_segments(self) -> bool:
        return bool(self.fields["segments"].choices)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            self._judge(cleaned)
        return cleaned

    def _judge(self, given: dict[str, Any]) -> None:
        named = bool(given["groups"] or given["segments"] or (given["contacts"] and self.chosen))
        if given["everyone"] and named:
            self.add_error("everyone", gettext("Choose either all contacts or some of them."))
        if not (named or given["everyone"] or self._narrow()):
            raise forms.ValidationError(
                gettext("Nobody is selected yet. Choose a group, a segment, a filter or all contacts.")
            )
        if given["when"] == LATER:
            self._judge_time(given)

    def _judge_time(self, given: dict[str, Any]) -> None:
        if not given["day"] or not given["clock"]:
            self.add_error("day", gettext("Choose a day and a time."))
            return
        try:
            instant = WallTime(datetime.combine(given["day"], given["clock"]), self.business.time_zone).instant()
        except NotReady as error:
            self.add_error("day", " ".join(error.problems))
            return
        if instant < self.now:
            self.add_error("day", gettext("This time has passed already. Choose a later one, or start now."))

    def _narrow(self) -> dict[str, Any]:
        """The filter, as JSON."""
        given = self.cleaned_data
        zone = ZoneInfo(self.business.time_zone)
        days = {
            name: calendar.at_local(given[name], time(0), zone).isoformat()
            for name in ("added_since", "added_before")
            if given[name]
        }
        words = {name: given[name].strip() for name in ("language", "city", "consent", "search") if given[name].strip()}
        return {**words, **days, **({"branch": given["branch"].pk} if given["branch"] else {})}

    def as_draft(self) -> Draft:
        """What was chosen. All contacts means all that were added until now."""
        given, narrow = self.cleaned_data, self._narrow()
        if given["everyone"] and not narrow:
            narrow = {"added_before": (self.now + timedelta(microseconds=1)).isoformat()}
        selection = {
            "groups": [group.pk for group in given["groups"]], "segments": [segment.pk for segment in given["segments"]],
            "contacts": self.chosen if given["contacts"] else [], "filter": narrow,
        }  # fmt: skip
        if given["when"] == NOW:
            return Draft(self.draft.cascade, selection)
        reading = datetime.combine(given["day"], given["clock"]).isoformat()
        return Draft(self.draft.cascade, selection, reading, self.business.time_zone)


def _initial(draft: Draft, business: Business) -> dict[str, Any]:
    """The form as it was filled in."""
    narrow = dict(draft.selection.get("filter") or {})
    zone = ZoneInfo(business.time_zone)
    everyone = is_everyone(draft.selection, business)
    if everyone:
        narrow = {}
    for name in ("added_since", "added_before"):
        if name in narrow:
            narrow[name] = datetime.fromisoformat(narrow[name]).astimezone(zone).date().isoformat()
    at = draft.at
    times = {"when": LATER, "day": at.reading.date().isoformat(), "clock": at.reading.strftime("%H:%M")} if at else {}
    named = {
        "groups": draft.selection.get("groups"),
        "segments": draft.selection.get("segments"),
        "contacts": bool(draft.selection.get("contacts")),
        "everyone": everyone,
    }
    return {**named, **narrow, **times}


def is_everyone(selection: Mapping[str, Any], business: Business) -> bool:
    """Whether it means all contacts: those added until the moment of choosing, which is no day that staff could have picked."""
    narrow = selection.get("filter") or {}
    if any(selection.get(name) for name in ("groups", "segments", "contacts")) or set(narrow) != {"added_before"}:
        return False
    return datetime.fromisoformat(narrow["added_before"]).astimezone(ZoneInfo(business.time_zone)).time() != time(0)


def whom(selection: Mapping[str, Any], business: Business) -> str:
    """What was selected, in words."""
    if not is_everyone(selection, business):
        return audience.describe(selection)
    return "; ".join([gettext("all contacts"), *audience.describe_limit(selection)])


def _languages() -> list[tuple[str, Any]]:
    """Those that contacts have, and ours."""
    ours = dict(settings.LANGUAGES)
    theirs = Contact.objects.exclude(language="").order_by().values_list("language", flat=True).distinct()[:50]
    return [*ours.items(), *((code, code) for code in sorted(set(theirs) - set(ours)))]
