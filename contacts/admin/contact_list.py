"""The list of contacts: what stands beside each person, and what the list can be narrowed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.contrib.admin import ModelAdmin as AnyAdmin
from django.db.models import Case, Exists, OuterRef, Q, QuerySet, Subquery, Value, When, prefetch_related_objects
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter

from contacts import kinds, phones, reasons, segments, territory, walking
from contacts.admin.long_list import LongChangeList
from contacts.admin.rows import RowSection
from contacts.consent import Ask, Person, Verdict, gate
from contacts.models import (
    Address,
    Business,
    Consent,
    ConsentPurpose,
    Contact,
    Group,
    GroupKind,
    Membership,
    Segment,
    Validity,
)


class ContactChangeList(LongChangeList):
    """A page of contacts, each with what the gate says of them now: two statements for the whole page."""

    own_conditions = 1

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Contact]:
        people: QuerySet[Contact] = super().get_queryset(request, exclude_parameters)
        return people.filter(erased_at=None)

    def loaded(self, pks: Sequence[Any]) -> list[Any]:
        page: list[Any] = super().loaded(pks)
        prefetch_related_objects(page, "addresses", "groups")
        asks = [Ask(kind.name) for kind in kinds.all_kinds()]
        known = gate([contact.pk for contact in page], asks, now=timezone.now(), business=Business.current())
        for contact in page:
            contact.known = known.get(contact.pk)
        return page


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
    return format_html_join(" ", "{}", ((_chip(ask.kind, verdict),) for ask, verdict in verdicts.items()))


def _chip(kind: str, verdict: Verdict) -> SafeString:
    look, icon = _look(verdict)
    why = _("May be sent.") if verdict.ok else reasons.say(verdict.reason, verdict.params)
    return format_html(
        '<span class="inline-flex items-center gap-1 font-semibold h-6 leading-6 px-2 rounded-default text-[11px] '
        'whitespace-nowrap {}" title="{}">'
        '<span class="material-symbols-outlined text-sm" aria-hidden="true">{}</span>{}</span>',
        look, why, icon, kinds.label(kind),
    )  # fmt: skip


def _look(verdict: Verdict) -> tuple[str, str]:
    if verdict.ok:
        return "bg-green-100 text-green-700 dark:bg-green-500/20 dark:text-green-400", "check"
    if verdict.reason in {"consent_withdrawn", "suppressed"}:
        return "bg-red-100 text-red-700 dark:bg-red-500/20 dark:text-red-400", "block"
    return "bg-base-500/8 text-base-700 dark:bg-base-500/20 dark:text-base-200", "remove"


class MoreSection(RowSection):
    """What opens below a row: all addresses, groups, and why a channel is closed. It asks the database nothing more."""

    def drawn(self) -> SafeString:
        contact: Any = self.instance
        verdicts = contact.known.verdicts if getattr(contact, "known", None) else {}
        parts = (
            (_("Addresses"), [_as_it_is(address) for address in contact.addresses.all()]),
            (_("Groups"), [one.name for one in contact.groups.all() if one.kind != GroupKind.SELECTION]),
            (
                _("No marketing by"),
                [f"{kinds.label(a.kind)}: {reasons.say(v.reason, v.params)}" for a, v in verdicts.items() if not v.ok],
            ),
        )
        lists = (
            (title, format_html_join("", "<li>{}</li>", ((line,) for line in lines or ["–"]))) for title, lines in parts
        )
        return format_html(
            '<div class="grid gap-4 p-3 text-sm md:grid-cols-3">{}</div>', format_html_join("", _PART, lists)
        )


_PART = (
    '<div><h3 class="font-semibold mb-1 text-font-important-light dark:text-font-important-dark">{}</h3>'
    '<ul class="leading-relaxed break-words">{}</ul></div>'
)


def _as_it_is(address: Address) -> str:
    return f"{address.shown} – {_('does not work')}" if address.validity == Validity.INVALID else address.shown


def with_tags(contact: Contact) -> str:
    """The name, and beside it the tags."""
    tags = [group.name for group in contact.groups.all() if group.kind == GroupKind.TAG]
    look = "bg-primary-100 text-primary-700 dark:bg-primary-500/20 dark:text-primary-400 px-2 py-0.5 rounded-default text-[11px]"
    chips = format_html_join("", ' <span class="{} ml-1 whitespace-nowrap">{}</span>', ((look, name) for name in tags))
    return format_html("{}{}", contact, chips)


class GroupFilter(RelatedDropdownFilter):
    """Groups that staff keep; tags have a filter of their own."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        return field.get_choices(include_blank=False, ordering=("name",), limit_choices_to={"kind": GroupKind.GROUP})


class TagFilter(DropdownFilter):
    title = _("tag")
    parameter_name = "tag"

    def lookups(self, request: HttpRequest, model_admin: AnyAdmin[Any]) -> Sequence[tuple[str, Any]]:
        return [(str(pk), name) for pk, name in Group.objects.filter(kind=GroupKind.TAG).values_list("pk", "name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Contact]) -> QuerySet[Contact]:
        value = self.value() or ""
        if not (value.isascii() and value.isdecimal() and len(value) < 19):
            return queryset
        return queryset.filter(pk__in=Membership.objects.order_by().filter(group=int(value)).values("contact"))


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
        if territory.of(request.user) is None:
            return [(city, city) for city in walking.values_of(Contact, "city", 500)]
        newest = territory.visible(Contact.objects.order_by("-id"), request.user).values_list("city", flat=True)
        return [(city, city) for city in sorted(set(newest[:5000]) - {""})]

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
        if state == "none":
            return queryset.filter(~Exists(_said(kind)))
        if state in _RARE:  # an index has those who ever withdrew, and those whose consent ends
            queryset = queryset.filter(
                pk__in=Consent.objects.order_by().filter(_RARE[state], kind=kind).values("contact")
            )
        return queryset.alias(consent_state=_newest_state(kind)).filter(consent_state=state) if state else queryset

    @property
    def goes_without_index(self) -> bool:
        return (self.value() or "").rpartition(":")[2] not in _RARE


_RARE = {"withdrawn": Q(given=False), "expired": Q(expires_at__isnull=False)}


def _said(kind: str) -> QuerySet[Consent]:
    return Consent.objects.filter(contact=OuterRef("pk"), kind=kind, purpose=ConsentPurpose.MARKETING).order_by("-id")


def _newest_state(kind: str) -> Subquery:
    """What the newest line says; no state for whoever never said anything."""
    said = _said(kind).annotate(
        state=Case(
            When(given=False, then=Value("withdrawn")),
            When(expires_at__lte=Now(), then=Value("expired")),
            default=Value("given"),
        )
    )
    return Subquery(said.values("state")[:1])


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
        of_kind = Address.objects.order_by().filter(kind=kind)
        wanted = {
            "yes": Q(pk__in=of_kind.filter(validity=Validity.OK).values("contact")),
            "no": Q(~Exists(of_kind.filter(contact=OuterRef("pk")))),
            "broken": Q(pk__in=of_kind.filter(validity=Validity.INVALID).values("contact")),
        }
        return queryset.filter(wanted[state]) if state in wanted else queryset

    @property
    def goes_without_index(self) -> bool:
        return (self.value() or "").endswith(":no")
