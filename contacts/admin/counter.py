"""The counter: a code is typed or scanned, the page says whose it is and what it gives, and the button redeems it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import territory, vouchers
from contacts.forms.voucher import CounterForm, RedeemForm
from contacts.models import Contact, Voucher, VoucherOffer
from contacts.searching import found_by

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin

REDEEM, UNDO = "contacts.redeem_voucher", "contacts.undo_redemption"
_PLACE = "counter_place"  # in the session: the branch that was chosen last
_MOST = 10  # people to choose from


def page(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """GET: what is known of a code; looking changes nothing."""
    if not request.user.has_perm(REDEEM):
        raise PermissionDenied
    form = CounterForm(request.GET if "code" in request.GET else None)
    shown: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        shown = _looked_up(request, form.cleaned_data["code"], form.cleaned_data["who"].strip())
    context = {
        **model_admin.admin_site.each_context(request), "title": _("Vouchers at the counter"), "form": form, "opts": Voucher._meta,
        "media": model_admin.media + form.media, **shown,
    }  # fmt: skip
    return TemplateResponse(request, "contacts/counter.html", context)


def redeem(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """POST: it is taken in, once; a second press of the same button changes nothing."""
    form, voucher = _pressed(request, REDEEM)
    where = form.place()
    request.session[_PLACE] = form.cleaned_data["where"]
    reference = f"counter:{form.cleaned_data['nonce']}"
    try:
        done = vouchers.redeem(
            voucher, now=timezone.now(), where=where, operator_id=request.user.pk, reference=reference
        )
    except vouchers.NotRedeemable as refused:
        messages.error(request, str(refused))
        return _back(voucher)
    model_admin.log_change(request, done, _("redeemed: %(offer)s") % {"offer": done.offer})
    messages.success(
        request, _("Redeemed: %(gives)s for %(person)s.") % {"gives": done.offer.gives, "person": done.contact}
    )
    return _back(done, done="1")


def undo(request: HttpRequest, model_admin: ModelAdmin) -> HttpResponse:
    """POST: it was redeemed by mistake."""
    _form, voucher = _pressed(request, UNDO)
    if vouchers.undo(voucher, now=timezone.now(), operator_id=request.user.pk):
        model_admin.log_change(request, voucher, _("redemption undone"))
        messages.success(request, _("Undone: the code can be redeemed again."))
    else:
        messages.info(request, _("This code is not redeemed."))
    return _back(voucher)


def _pressed(request: HttpRequest, permission: str) -> tuple[RedeemForm, Voucher]:
    if request.method != "POST" or not request.user.has_perm(permission):
        raise PermissionDenied
    form = RedeemForm(request.POST)
    if not form.is_valid():
        raise PermissionDenied
    found = Voucher.objects.select_related("offer", "contact")
    return form, territory.found(found, request.user, pk=form.cleaned_data["voucher"])


def _back(voucher: Voucher, **more: str) -> HttpResponse:
    asked = {"code": voucher.code, **more} | ({} if voucher.single else {"who": f"#{voucher.contact_id}"})
    return HttpResponseRedirect(f"{reverse('admin:contacts_voucher_counter')}?{urlencode(asked)}")


def _looked_up(request: HttpRequest, code: str, who: str) -> dict[str, Any]:
    now = timezone.now()
    found, people = vouchers.look_up(code, now=now), list[Contact]()
    if found and found.problem == "whose" and who:
        people = _named(found.offer, who, request)
        if len(people) == 1:
            found = vouchers.look_up(code, now=now, contact_id=people[0].pk)
    if found is None or not _is_theirs(found.voucher, request):
        return {"unknown": True}
    voucher = found.voucher
    return {
        "found": found, "voucher": voucher, "people": [(one, f"#{one.pk}") for one in people] if len(people) > 1 else [],
        "last_day": voucher.expires_at - timedelta(seconds=1) if voucher and voucher.expires_at else None, "done": "done" in request.GET,
        "nobody": bool(who) and found.problem == "whose" and not people, "code": code,
        "redeem_form": RedeemForm.fresh(voucher, request.session.get(_PLACE, "")) if voucher and found.ok else None,
        "undo_form": RedeemForm.fresh(voucher, "") if voucher and found.problem == "redeemed" and request.user.has_perm(UNDO) else None,
    }  # fmt: skip


def _is_theirs(voucher: Voucher | None, request: HttpRequest) -> bool:
    """Of what was given to another branch's people, who is limited to some hears as little as of a code that there is not."""
    if voucher is None or voucher.contact_id is None or territory.of(request.user) is None:
        return True
    return territory.visible(Contact.objects.filter(pk=voucher.contact_id), request.user).exists()


def _named(offer: VoucherOffer, who: str, request: HttpRequest) -> list[Contact]:
    """The holders of the offer's code who are meant: by "#" and their number, as our links say it, else as people are searched."""
    holders = Contact.objects.filter(
        pk__in=Voucher.objects.filter(offer=offer, contact__isnull=False).values("contact_id")
    )
    holders = territory.visible(holders, request.user)
    number = who.removeprefix("#")
    if who.startswith("#") and number.isascii() and number.isdecimal() and len(number) < 19:
        return list(holders.filter(pk=int(number)))
    return list(found_by(holders.order_by("id"), who)[:_MOST])
