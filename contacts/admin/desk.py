"""The desk beside a person's form: where they stand, what happened, and the two forms that note something down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contacts import consent, events, kinds, phones, reasons, territory, timeline
from contacts.consent import Ask, Verdict
from contacts.forms.recording import ConsentForm, EventForm
from contacts.models import Address, Business, Consent, ConsentPurpose, Contact
from contacts.stories import event_title

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin

STORY_PAGE = 25
SOURCE = "desk"  # of what staff note down; with the page's nonce it makes a second click the same fact


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands on one channel, in words."""

    label: str
    verdict: Verdict
    address: str
    sentence: str
    marketing: str
    wording: str
    tracking: str


def context(request: HttpRequest, contact: Contact) -> dict[str, Any]:
    """What the person's page shows beside the form."""
    now, business = timezone.now(), Business.current()
    lines = _newest(contact)
    page = Paginator(timeline.story(contact), STORY_PAGE).get_page(request.GET.get("story"))
    return {
        "standings": _standings(contact, lines, business, now),
        "story": page,
        "event_form": EventForm.fresh()
        if request.user.has_perm("contacts.record_event") and not contact.erased_at
        else None,
        "goals": [(name, event_title(name)) for name in events.NOTED],
        "consent_form": ConsentForm(now=now, business=business, newest=lines)
        if request.user.has_perm("contacts.add_consent") and not contact.erased_at
        else None,
        "business": business,
        "shared": sharing(contact, request),
    }


def record_event(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """POST: the person bought, came or answered."""
    contact, back = _person(request, pk, "contacts.record_event")
    form = EventForm(request.POST)
    if not form.is_valid():
        return _again(request, model_admin, contact, form, "contacts/event_again.html", _("What happened"))
    now, name = timezone.now(), form.cleaned_data["name"]
    event = events.record(
        contact.pk, name, at=now, now=now, key=str(form.cleaned_data["nonce"]), source=SOURCE, operator_id=request.user.pk,
        data=form.data_for_event(Business.current().currency),
    )  # fmt: skip
    if event.recorded_at == now:
        model_admin.log_change(request, contact, f"{event_title(name)} {event.data.get('amount', '')}".strip())
        messages.success(request, _("Noted: %(what)s.") % {"what": event_title(name).lower()})
    else:
        messages.info(request, _("This was noted already."))
    return back


def record_consent(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """POST: what the person said about being written to, as a new line of the ledger."""
    contact, back = _person(request, pk, "contacts.add_consent")
    form = ConsentForm(request.POST, now=timezone.now(), business=Business.current(), newest=_newest(contact))
    if not form.is_valid():
        return _again(request, model_admin, contact, form, "contacts/consent_again.html", _("What the person said"))
    line = form.line(contact.pk, int(request.user.pk or 0))
    consent.record([line], now=form.now)
    told = _("Noted: the person agreed.") if line.given else _("Noted: the person wants no more.")
    model_admin.log_change(request, contact, f"{told} {kinds.label(line.kind)}")
    messages.success(request, told)
    return back


def _person(request: HttpRequest, pk: int, permission: str) -> tuple[Contact, HttpResponseRedirect]:
    if not (request.user.has_perm(permission) and request.user.has_perm("contacts.view_contact")):
        raise PermissionDenied
    contact = territory.found(Contact, request.user, pk=pk, erased_at=None)
    return contact, HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[contact.pk]))


def _again(
    request: HttpRequest, model_admin: ModelAdmin, contact: Contact, form: Any, template: str, title: str
) -> HttpResponse:
    """The form by itself, with all that was typed and what is wrong with it."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    page = {
        **model_admin.admin_site.each_context(request), "title": title, "subtitle": str(contact), "contact": contact, "form": form,
        "media": model_admin.media + form.media, "opts": Contact._meta, "goals": [(name, event_title(name)) for name in events.NOTED],
    }  # fmt: skip
    return TemplateResponse(request, template, page)


def _newest(contact: Contact) -> dict[tuple[str, str], Consent]:
    return {(kind, purpose): line for (_contact, kind, purpose), line in consent.newest([contact.pk]).items()}


def _standings(contact: Contact, lines: dict[tuple[str, str], Consent], business: Business, now: Any) -> list[Standing]:
    asks = [Ask(kind.name) for kind in kinds.all_kinds()]
    found = consent.gate([contact.pk], asks, now=now, business=business)
    verdicts = found[contact.pk].verdicts if contact.pk in found else {}
    return [_standing(ask, verdict, lines) for ask, verdict in verdicts.items()]


def _standing(ask: Ask, verdict: Verdict, lines: dict[tuple[str, str], Consent]) -> Standing:
    marketing = lines.get((ask.kind, ConsentPurpose.MARKETING))
    tracking = lines.get((ask.kind, ConsentPurpose.TRACKING))
    kind = kinds.get(ask.kind)
    address = phones.pretty(verdict.address) if kind.address == "phone" else kind.show(verdict.address)
    return Standing(
        str(kinds.label(ask.kind)), verdict, address, reasons.say(verdict.reason, verdict.params) or _("Marketing may be sent."),
        _told(marketing) if marketing else "", marketing.wording if marketing else "", _told(tracking) if tracking else "",
    )  # fmt: skip


def _told(line: Consent) -> str:
    """The story of a line: who said what, when, and how we know."""
    said = _("Agreed on %(day)s") if line.given else _("Withdrew on %(day)s")
    parts = [said % {"day": _day(line.at)}, line.source]
    if line.given:
        parts.append(str(line.get_basis_display()))
    if line.operator:
        parts.append(_("entered by %(name)s") % {"name": line.operator.get_full_name() or line.operator.get_username()})
    if line.given and line.expires_at:
        parts.append(_("holds until %(day)s") % {"day": _day(line.expires_at)})
    return " · ".join(part for part in parts if part)


def _day(instant: Any) -> str:
    return date_format(timezone.localtime(instant), "DATE_FORMAT")


def sharing(contact: Contact, request: HttpRequest) -> list[str]:
    """A sentence for each address that others have too whom this person may see; one statement."""
    mine = contact.addresses.order_by().values("fingerprint")
    others = (
        territory.visible(Address.objects.filter(fingerprint__in=mine), request.user)
        .exclude(contact=contact)
        .select_related("contact")
        .order_by("normal", "contact_id")
    )
    names: dict[str, list[str]] = {}
    for other in others[:50]:
        names.setdefault(other.shown, []).append(str(other.contact))
    return [
        _("%(address)s is also the address of %(names)s.") % {"address": address, "names": ", ".join(who)}
        for address, who in names.items()
    ]
