"""What other programs may do with cascades: bring people in, take them out, and read what was sent to whom."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Path, Router
from pydantic import BaseModel, Field, StringConstraints

from cascades import runner
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, StepRun
from cascades.publishing import NotReady
from cascades.trigger import Entry
from channels.api import PAGE, DeliveriesOut, Limit, cursor_of, number_of, shown
from channels.models import Delivery
from contacts import audit, territory
from contacts.api.door import Key, Problem
from contacts.api.once import once
from contacts.api.shapes import MOST, Id, Lenient, Person, Refusal, Result, Results, Shape, find, refused, sorted_out
from contacts.bulk import Among
from contacts.models import Contact, Scope
from contacts.privacy import handouts

router = Router(tags=["cascades"])
People = Annotated[list[Annotated[Person, Lenient]], Field(min_length=1, max_length=MOST)]
Occasion = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class CascadeOut(BaseModel):
    """A cascade that was published."""

    id: int
    name: str
    status: str


class CascadesOut(BaseModel):
    """The newest first."""

    cascades: list[CascadeOut]


class EnrollIn(Shape):
    """`occasion` is the reason in your own words, such as "trial-2026-11": nobody enters a cascade twice for the same one."""

    people: People
    occasion: Occasion


class StopIn(Shape):
    """Without `cascade` it is all of them."""

    people: People
    cascade: Id | None = None


@router.get(
    "/cascades", auth=Key(Scope.CASCADES_RUN, by_branch=True), response={200: CascadesOut}, summary="List the cascades"
)
def listed(request: HttpRequest) -> CascadesOut:
    """Drafts are not among them."""
    found = Cascade.objects.exclude(status=CascadeStatus.DRAFT).order_by("-id")[:MOST]
    return CascadesOut(cascades=[CascadeOut(id=one.pk, name=one.name, status=one.status) for one in found])


@router.post(
    "/cascades/{cascade}/enroll", auth=Key(Scope.CASCADES_RUN, by_branch=True), summary="Bring people in",
    response={200: Results, 404: Refusal, 409: Refusal, 422: Refusal},
)  # fmt: skip
@once
def enroll(request: HttpRequest, cascade: Annotated[int, Path(ge=1, le=2**53)], told: EnrollIn) -> Results:
    """ "known": this person came in for the same occasion before."""
    now = timezone.now()
    running = Cascade.objects.select_related("version").filter(pk=cascade).first()
    if running is None:
        raise Problem(404, "not_found", _("There is no cascade with this number."))
    if running.status != CascadeStatus.RUNNING or running.version is None:
        raise Problem(409, "not_running", _("This cascade is not running, so nobody can enter."))
    results, good = _found(request, told.people, now)
    before, after = _enter(running, running.version, sorted(set(good.values())), told.occasion, now)
    kept_out = {n for n, contact in good.items() if contact not in after}
    results += [
        refused(n, _("This person was in the cascade before, and its rules let nobody in again.")) for n in kept_out
    ]
    answer = _answer(results, {n: contact for n, contact in good.items() if n not in kept_out}, before)
    if answer.changed:
        audit.done(running, _("People were brought in."), answer.changed)
    return answer


@router.post(
    "/stop",
    auth=Key(Scope.CASCADES_RUN, by_branch=True),
    response={200: Results, 422: Refusal},
    summary="Take people out",
)
@once
def stop(request: HttpRequest, told: StopIn) -> Results:
    """What is queued for them is called back. "known": the person was in no such cascade."""
    now = timezone.now()
    results, good = _found(request, told.people, now)
    left = runner.release(sorted(set(good.values())), told.cascade, now=now)
    answer = _answer(results, good, set(good.values()) - left)
    audit.told(Cascade, _("People were taken out."), answer.changed)
    return answer


@router.get(
    "/cascades/{cascade}/deliveries", auth=Key(Scope.DELIVERIES_READ, by_branch=True), summary="Read what a cascade sent",
    response={200: DeliveriesOut, 422: Refusal},
)  # fmt: skip
def deliveries(
    request: HttpRequest, cascade: Annotated[int, Path(ge=1, le=2**53)], cursor: str = "", limit: Limit = PAGE
) -> DeliveriesOut:
    """In the order in which it was decided, the newest first."""
    theirs = territory.visible(StepRun.objects.all(), request.auth)  # type: ignore[attr-defined]
    runs = theirs.filter(enrollment__cascade_id=cascade, delivery__isnull=False).order_by("-id")
    runs = runs.filter(pk__lt=number_of(cursor)) if cursor else runs
    found = list(runs.values_list("id", "delivery_id")[: limit + 1])
    rows = Delivery.objects.select_related("contact").in_bulk(
        [delivery for _run, delivery in found[:limit] if delivery]
    )
    handouts.read_by(request.auth.name, "deliveries", len(rows), now=timezone.now())  # type: ignore[attr-defined]
    more = cursor_of(found[limit - 1][0]) if len(found) > limit else ""
    return DeliveriesOut(deliveries=[shown(rows[pk]) for _run, pk in found[:limit] if pk], next=more)


def _enter(
    cascade: Cascade, version: CascadeVersion, people: list[int], occasion: str, now: datetime
) -> tuple[set[int], set[int]]:
    """Who was in for this occasion before, and who is now."""
    if not people:
        return set(), set()
    inside = Enrollment.objects.filter(
        Among("contact_id", people), cascade=cascade, occasion__in=[f"api:{occasion}", runner.ONCE]
    ).values_list("contact_id", flat=True)
    before = set(inside.all())
    try:
        if version.trigger == "api":
            runner.enroll_contacts(cascade.pk, people, occasion, now=now)
        else:  # one that staff start by hand takes more people in while it runs
            runner.enroll(version, Entry(Contact.objects.filter(Among("id", people)), f"api:{occasion}"), now=now)
    except NotReady as why:
        raise Problem(409, "not_running", " ".join(why.problems)) from None
    return before, set(inside.all())


def _found(request: HttpRequest, people: list[Person], now: datetime) -> tuple[list[Result], dict[int, int]]:
    """Those who could not be found, refused; and by place in the list, the contacts of the others."""
    results, good = sorted_out(people, Person)
    theirs = find([one for _n, one in good], now=now, mine=territory.of(request.auth))  # type: ignore[attr-defined]
    met = zip(good, theirs, strict=True)
    contacts = {n: who for (n, _one), who in met}
    results += [refused(n, who.problem) for n, who in contacts.items() if who.contact_id is None]
    return results, {n: who.contact_id for n, who in contacts.items() if who.contact_id}


def _answer(results: list[Result], good: dict[int, int], known: set[int]) -> Results:
    told = [Result(index=n, status="known" if pk in known else "done", contact=pk) for n, pk in good.items()]
    return Results.of(sorted([*results, *told], key=lambda one: one.index))
