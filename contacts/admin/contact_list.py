"""The list of contacts: what stands beside each person, and what the list can be narrowed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin as AnyAdmin
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.sections import TemplateSection
from unfold.views import ChangeList

from contacts import kinds, phones, reasons, segments, territory
from contacts.consent import Ask, Person, Verdict, gate
from contacts.models import Address, Business, Consent, ConsentPurpose, Contact, Segment, Validity
from contacts.models.contact import fold

NUMBER_MARKS = set("0123456789+-(). ")


def found_by(people: QuerySet[Contact], term: str) -> QuerySet[Contact]:
    """The people in whose names, city, number or addresses every word of the term occurs, whatever its case and accents."""
    if set(term) <= NUMBER_MARKS and any(mark.isdigit() for mark in term):  # a phone number, however it is grouped
        return people.filter(search__contains="".join(mark for mark in term if mark.isdigit()))
    for word in fold(term).split():
        people = people.filter(search__contains=word)
    return people


class ContactChangeList(ChangeList):
    """A page of contacts, each with what the gate says of them now: two statements for the whole page."""

    result_list: Any

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Contact]:
        people: QuerySet[Contact] = super().get_queryset(request, exclude_parameters)
        return people.prefetch_related("addresses", "groups")

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page: list[Any] = list(self.result_list)
        asks = [Ask(kind.name) for kind in kinds.all_kinds()]
        known = gate([contact.pk for contact in page], asks, now=timezone.now(), business=Business.current())
        for contact in page:
            contact.known = known.get(contact.pk)
        self.result_list = page


def addresses_of(contact: Contact) -> list[str]:
    """The addresses that work, as people write them."""
    return [
        phones.pretty(a.normal) if a.kind == "phone" else a.shown
        for a in contact.addresses.all()
        if a.validity == Validity.OK
    ]


def consent_chips(known: Person | None) -> SafeString:
    """For each channel whether marketing may be sent, with the reason where it may not."""
    verdicts = known.verdicts if known else {}
    return format_html_join(" ", "{}", ((_chip(ask, verdict),) for ask, verdict in verdicts.items()))


def _chip(ask: Ask, verdict: Verdict) -> SafeString:
    look, icon = _look(verdict)
    why = _("May be sent.") if verdict.ok else reasons.say(verdict.reason, verdict.params)
    return format_html(
        '<span class="inline-flex items-center gap-1 font-semibold h-6 leading-6 px-2 rounded-default text-[11px] '
        'whitespace-nowrap {}" title="{}">'
        '<span class="material-symbols-outlined text-sm" aria-hidden="true">{}</span>{}</span>',
        look, why, icon, kinds.label(ask.kind),
    )  # fmt: skip


def _look(verdict: Verdict) -> tuple[str, str]:
    if verdict.ok:
        return "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400", "check"
    if verdict.reason in {"consent_withdrawn", "suppressed"}:
        return "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400", "block"
    return "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200", "remove"


class MoreSection(TemplateSection):
    """What opens below a row: all addresses, groups, and why a channel is closed. It asks the database nothing more."""

    template_name = "contacts/contact_more.html"

    def get_context_data(self, request: HttpRequest, instance: Any) -> dict[str, Any]:
        verdicts = instance.known.verdicts if getattr(instance, "known", None) else {}
        closed = [(kinds.label(a.kind), reasons.say(v.reason, v.params)) for a, v in verdicts.items() if not v.ok]
        return {"closed": closed}


class SegmentFilter(DropdownFilter):
    """Those whom a segment's rules find now."""

    title = _("segment")
    parameter_name = "segment"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        return [(str(pk), name) for pk, name in Segment.objects.values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        value = self.value() or ""
        if not (value.isascii() and value.isdecimal() and len(value) < 19):
            return queryset
        return queryset.filter(pk__in=segments.people(int(value), timezone.now()).values("pk"))


class LanguageFilter(DropdownFilter):
    title = _("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        return [("-", _("as the business")), *settings.LANGUAGES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        value = self.value()
        return queryset.filter(language="" if value == "-" else value) if value else queryset


class CityFilter(DropdownFilter):
    title = _("city")
    parameter_name = "city"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        theirs = territory.visible(Contact.objects.exclude(city=""), request.user)
        cities = theirs.order_by("city").values_list("city", flat=True).distinct()
        return [(city, city) for city in cities[:500]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        return queryset.filter(city=self.value()) if self.value() else queryset


class ConsentFilter(DropdownFilter):
    """By what the newest line for marketing on a channel says."""

    title = _("marketing consent")
    parameter_name = "consent"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        states = (
            ("given", _("given")),
            ("withdrawn", _("withdrawn")),
            ("expired", _("expired")),
            ("none", _("never asked")),
        )
        return [(f"{name}:{state}", f"{label}: {word}") for name, label in kinds.choices() for state, word in states]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        kind, _colon, state = (self.value() or "").partition(":")
        return queryset.alias(consent_state=_newest_state(kind)).filter(consent_state=state) if state else queryset


def _newest_state(kind: str) -> Case:
    lines = Consent.objects.filter(contact=OuterRef("pk"), kind=kind, purpose=ConsentPurpose.MARKETING).order_by("-id")
    said = lines.annotate(
        state=Case(
            When(given=False, then=Value("withdrawn")),
            When(expires_at__lte=Now(), then=Value("expired")),
            default=Value("given"),
        )
    )
    newest = Subquery(said.values("state")[:1])
    return Case(When(Exists(lines), then=newest), default=Value("none"))


class AddressFilter(DropdownFilter):
    title = _("address")
    parameter_name = "address"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        states = (("yes", _("has one")), ("no", _("has none")), ("broken", _("does not work")))
        return [
            (f"{name}:{state}", f"{label}: {word}") for name, label in kinds.address_choices() for state, word in states
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        kind, _colon, state = (self.value() or "").partition(":")
        theirs = Address.objects.filter(contact=OuterRef("pk"), kind=kind)
        wanted = {
            "yes": Q(Exists(theirs.filter(validity=Validity.OK))),
            "no": Q(~Exists(theirs)),
            "broken": Q(Exists(theirs.filter(validity=Validity.INVALID))),
        }
        return queryset.filter(wanted[state]) if state in wanted else queryset
