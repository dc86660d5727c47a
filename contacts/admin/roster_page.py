"""The roster of a class: who is on it, put on it by name or by group, and ticked off at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts import phones, rosters, territory
from contacts.bookings import Teller
from contacts.forms.roster import PeopleForm
from contacts.models import BookedBy, Booking, BookingStatus, ClassSession

if TYPE_CHECKING:
    from unfold.admin import ModelAdmin

TONES = {
    BookingStatus.BOOKED: "info", BookingStatus.CONFIRMED: "success", BookingStatus.CANCELLED: "danger",
    BookingStatus.ATTENDED: "success", BookingStatus.MISSED: "warning",
}  # fmt: skip


def roster(request: HttpRequest, pk: int, model_admin: ModelAdmin) -> HttpResponse:
    """GET: who is on it. POST: who came and who did not (`tick`, `rest`), or who else is put on it (`put_on`)."""
    session = session_of(model_admin, request, pk)
    rights = {
        "may_tick": request.user.has_perm("contacts.change_booking"),
        "may_put_on": request.user.has_perm("contacts.add_booking") and session.cancelled_at is None,
        "may_change": model_admin.has_change_permission(request, session) and session.cancelled_at is None,
    }
    posted = request.POST if "put_on" in request.POST else None
    mine = territory.of(request.user)
    form = PeopleForm(posted, site=model_admin.admin_site, in_series=session.series is not None, mine=mine)
    if request.method == "POST":
        if not rights["may_put_on" if posted else "may_tick"]:
            raise PermissionDenied
        if _put_on(request, session, form) if posted else _tick(request, session):
            return HttpResponseRedirect(request.path)
    return TemplateResponse(request, "contacts/roster.html", _page(request, session, form, model_admin) | rights)


def session_of(model_admin: ModelAdmin, request: HttpRequest, pk: int) -> ClassSession:
    """The class, for somebody who may see it."""
    if not (model_admin.has_view_permission(request) and request.user.has_perm("contacts.view_booking")):
        raise PermissionDenied
    return territory.found(ClassSession.objects.select_related("branch"), request.user, pk=pk)


def headline(session: ClassSession) -> str:
    """Name and time, by the clock of the place."""
    return f"{session.title}, {date_format(session.local(), 'l j F, H:i')}"


def taken_words(session: ClassSession, taken: int) -> tuple[str, str]:
    """How full it is: a tone and the words."""
    if session.cancelled_at is not None:
        return "off", _("cancelled")
    if session.places is None:
        return "free", str(taken)
    words = _("%(taken)s of %(places)s") % {"taken": taken, "places": session.places}
    return ("full", f"{words} · {_('full')}") if taken >= session.places else ("free", words)


def _page(request: HttpRequest, session: ClassSession, form: PeopleForm, model_admin: ModelAdmin) -> dict[str, Any]:
    on_it = Booking.objects.filter(session=session)
    everyone = list(
        territory.visible(on_it, request.user).select_related("contact").prefetch_related("contact__addresses")
        .order_by("contact__first_name", "contact__last_name", "pk")
    )  # fmt: skip
    lines = [_line(one, session) for one in everyone if one.status != BookingStatus.CANCELLED]
    places = len(lines) if territory.of(request.user) is None else on_it.exclude(status=BookingStatus.CANCELLED).count()
    tone, words = taken_words(session, places)
    return {
        **model_admin.admin_site.each_context(request), "title": headline(session), "session": session, "form": form,
        "opts": ClassSession._meta, "lines": lines, "gone": [one for one in everyone if one.status == BookingStatus.CANCELLED],
        "came": sum(one.status == BookingStatus.ATTENDED for one in everyone),
        "missed": sum(one.status == BookingStatus.MISSED for one in everyone), "taken": words,
        "tone": {"free": "success", "full": "warning", "off": "danger"}[tone], "media": model_admin.media + form.media,
        "others": places - len(lines), "waiting": sum(line["booking"].status not in rosters.TICKED for line in lines),
    }  # fmt: skip


def _line(booking: Booking, session: ClassSession) -> dict[str, Any]:
    numbers = [one.normal for one in booking.contact.addresses.all() if one.kind == "phone"]
    other = "" if booking.starts_at == session.starts_at else date_format(booking.local(), "SHORT_DATETIME_FORMAT")
    return {
        "booking": booking, "tone": TONES[BookingStatus(booking.status)], "phone": phones.pretty(numbers[0]) if numbers else "",
        "call": numbers[0] if numbers else "", "other_time": other,
        "choices": [("attended", _("Came")), ("missed", _("Did not come"))],
    }  # fmt: skip


def teller(request: HttpRequest) -> Teller:
    """The member of staff, as bookings know them."""
    return Teller(BookedBy.STAFF.value, request.user.pk)


def _put_on(request: HttpRequest, session: ClassSession, form: PeopleForm) -> bool:
    if not form.is_valid():
        return False
    following = bool(form.cleaned_data.get("following"))
    try:
        made = rosters.put_on(session.pk, form.chosen(), now=timezone.now(), who=teller(request), following=following)
    except rosters.Full as full:
        form.add_error(None, _full(full))
        return False
    except rosters.Off:
        form.add_error(None, _("The class is cancelled."))
        return False
    if made:
        told = ngettext("%(count)s place was booked.", "%(count)s places were booked.", made) % {"count": made}
        messages.success(request, told)
    else:
        messages.info(request, _("They were all on the roster already."))
    return True


def _full(full: rosters.Full) -> str:
    left = ngettext(
        "%(what)s has %(free)s place left, and %(asked)s are asked for. Nobody was put on it.",
        "%(what)s has %(free)s places left, and %(asked)s are asked for. Nobody was put on it.", full.free,
    )  # fmt: skip
    none = _("%(what)s is full. Nobody was put on it.")
    return (left if full.free else none) % {"what": headline(full.session), "free": full.free, "asked": full.asked}


def _tick(request: HttpRequest, session: ClassSession) -> bool:
    now, who = timezone.now(), teller(request)
    said = _said(request)
    mine = territory.of(request.user)
    if mine is not None:
        theirs = territory.visible(Booking.objects.filter(session=session), request.user).values_list("pk", flat=True)
        said = {pk: said[pk] for pk in theirs if pk in said}
    ticked = rosters.tick(session.pk, said, now=now, who=who)
    done = ticked.done
    if request.POST.get("rest") in rosters.TICKED:
        done += rosters.tick_rest(session.pk, request.POST["rest"], now=now, who=who, mine=mine)
    if ticked.stale:
        messages.warning(request, _("Somebody else changed the roster meanwhile. Look at it once more."))
    if done:
        told = ngettext("%(count)s person was ticked off.", "%(count)s people were ticked off.", done) % {"count": done}
        messages.success(request, told)
    elif not ticked.stale:
        messages.info(request, _("Nothing was changed."))
    return True


def _said(request: HttpRequest) -> dict[int, tuple[str, str]]:
    """Booking -> (status that the page showed, status chosen)."""
    said = {}
    for name, value in request.POST.items():
        number = name.removeprefix("now-")
        if number != name and number.isdecimal() and len(number) < 19:
            said[int(number)] = (str(request.POST.get(f"was-{number}", "")), str(value))
    return said
