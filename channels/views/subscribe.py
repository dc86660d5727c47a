"""Pages where people leave an address: to subscribe, or because we lack theirs. Whoever exists, the answer is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from channels import confirming
from channels.confirming import Wish
from channels.join_links import join_links
from channels.joining import language_of
from channels.models import Invitation
from channels.views import speaking
from channels.views.address_form import AddressForm, askable
from channels.views.limits import measured
from channels.views.visits import Visit, delivery_of, not_found, page
from contacts.models import Business

SUBSCRIBE = ("email", "sms")


@require_safe
@measured
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """All ways in, as big buttons."""
    invitation = _invitation(token)
    if invitation is None:
        return not_found(request)
    business = Business.current()
    with translation.override(speaking.spoken(request, invitation.language)):
        return page(
            request, "landing", {"links": join_links(invitation, business), "switch": speaking.choices()}
        )  # fmt: skip


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@measured
def subscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Email, phone or both, with a tick for each channel and purpose."""
    invitation = _invitation(token)
    if invitation is None:
        return not_found(request)
    by = request.GET.get("by") or (invitation.channel.kind if invitation.channel else "")
    asked = askable([by] if by in SUBSCRIBE else SUBSCRIBE)
    if not asked:
        return not_found(request)
    wish = {"source": invitation.source, "contact_id": invitation.contact_id, "invitation": invitation}
    return _asked(request, asked, wish, spoken=invitation.language, switch=True)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@measured
def missing_address(request: HttpRequest, token: str) -> HttpResponse:
    """Where a person whom we know leaves the email that we lack (S17)."""
    delivery = delivery_of(token)
    asked = askable(["email"]) if delivery else []
    if delivery is None or not asked:
        return not_found(request)
    with translation.override(Business.current().language):  # staff read it
        source = _("page for a missing address")
    wish = {"source": source, "contact_id": delivery.contact_id, "address_left": True}
    return _asked(request, asked, wish, spoken=delivery.contact.language or delivery.language, switch=False)


def _invitation(token: str) -> Invitation | None:
    found = Invitation.objects.select_related("channel").filter(token=token).first() if len(token) <= 22 else None
    return found if found and found.holds(timezone.now()) else None


def _asked(
    request: HttpRequest, asked: Sequence[str], wish: Mapping[str, object], *, spoken: str, switch: bool
) -> HttpResponse:
    """The form; with a good answer the question goes out, and the page says where to look."""
    language, business = speaking.spoken(request, spoken), Business.current()
    with translation.override(language):
        form = AddressForm(
            asked,
            business,
            language,
            request.POST if request.method == "POST" else None,
            agreed=switch,
            named=switch,
            invitation=invitation if isinstance(invitation := wish.get("invitation"), Invitation) else None,
        )
        if request.method == "POST" and (form.trapped or form.is_valid()):
            if not form.trapped:
                _send(form, wish, Visit.of(request))
            return page(request, "look_into_mailbox", {"by_phone": bool(form.data.get("sms"))})
        context = {"form": form, "known": not switch, "switch": speaking.choices() if switch else ()}
        return page(request, "subscribe", context, status=422 if form.is_bound else 200)


def _send(form: AddressForm, wish: Mapping[str, object], visit: Visit) -> None:
    cleaned = form.cleaned_data
    for kind in form.asked:
        if cleaned.get(kind):
            confirming.ask(
                Wish(
                    kind=kind, normal=cleaned[kind], purposes=form.purposes(kind), language=language_of(cleaned["language"]), ip=visit.ip,
                    user_agent=visit.user_agent, name=cleaned.get("name", ""), **wish,  # type: ignore[arg-type]
                ),
                now=timezone.now(),
            )  # fmt: skip
