"""The gallery of ready cascades: all at a glance, each with its texts and what it needs, and the button that makes a draft of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import TextField
from django.db.models.functions import Cast
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from cascades.admin import answers, picture
from cascades.admin.picture import Stair
from cascades.blueprints import TRADES, Blueprint, blueprint, blueprints, looks, needs, using
from cascades.blueprints.blueprint import Plank
from cascades.blueprints.words import LANGUAGES
from cascades.models import Cascade, Step
from cascades.trigger import trigger
from channels.models import Channel, Message
from contacts import kinds
from contacts.models import Business

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAY_WRITE = "channels.add_message"
MAY_URGENT = "channels.send_urgent"


@dataclass(frozen=True, slots=True)
class Card:
    """A blueprint as the gallery shows it."""

    blueprint: Blueprint
    trades: list[StrOrPromise]
    stairs: list[Stair]
    wants: list[needs.Standing]

    @property
    def missing(self) -> list[needs.Standing]:
        return [one for one in self.wants if not one.there]

    @property
    def words(self) -> str:
        """All in which a search looks."""
        named = [self.blueprint.slug, self.blueprint.title, self.blueprint.story, *self.trades]
        return " ".join([*map(str, named), *(stair.channel for stair in self.stairs)]).casefold()


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_gallery`, `.._blueprint` (slug), `.._use` (slug)."""

    def gallery(request: HttpRequest) -> HttpResponse:
        _allow(owner, request)
        return TemplateResponse(request, "cascades/gallery/all.html", {**_base(owner, request), **_all(request)})

    def one(request: HttpRequest, slug: str) -> HttpResponse:
        _allow(owner, request)
        found = _found(slug)
        context = {**_base(owner, request), **_one(request, found), "title": found.title}
        return TemplateResponse(request, "cascades/gallery/one.html", context)

    def use(request: HttpRequest, slug: str) -> HttpResponse:
        _allow(owner, request)
        if not request.user.has_perm(MAY_WRITE):
            raise PermissionDenied
        return _use(request, _found(slug))

    wrap = owner.admin_site.admin_view
    return [
        path("blueprints/", wrap(gallery), name="cascades_cascade_gallery"),
        path("blueprints/<slug:slug>/", wrap(one), name="cascades_cascade_blueprint"),
        path("blueprints/<slug:slug>/use/", wrap(require_POST(use)), name="cascades_cascade_use"),
    ]


def _allow(owner: ModelAdmin, request: HttpRequest) -> None:
    if not owner.has_add_permission(request):
        raise PermissionDenied


def _found(slug: str) -> Blueprint:
    try:
        return blueprint(slug)
    except LookupError:
        raise Http404 from None


def _use(request: HttpRequest, found: Blueprint) -> HttpResponse:
    made = using.use(found, user_id=request.user.pk, may_urgent=request.user.has_perm(MAY_URGENT))
    _note_urgent(request, made.cascade)
    messages.success(
        request, _("This is your draft of “%(name)s”. Nothing is sent until you start it.") % {"name": found.title}
    )
    for remark in made.remarks:
        messages.info(request, remark)
    return HttpResponseRedirect(reverse("admin:cascades_cascade_change", args=[made.cascade.pk]))


def _note_urgent(request: HttpRequest, cascade: Cascade) -> None:
    """Who brought a message along that passes quiet hours stands in its history, as where it is marked by hand."""
    told = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(Message)).values("object_id")
    urgent = Message.objects.filter(pk__in=cascade.steps.values("message"), urgent=True)
    fresh = urgent.annotate(key=Cast("pk", TextField())).exclude(key__in=told)
    if request.user.pk and fresh:
        LogEntry.objects.log_actions(request.user.pk, fresh, CHANGE, [{"changed": {"fields": ["urgent"]}}])


def _base(owner: ModelAdmin, request: HttpRequest) -> dict[str, Any]:
    return {
        **owner.admin_site.each_context(request), "opts": Cascade._meta, "title": _("Ready cascades"),
        "may_use": request.user.has_perm(MAY_WRITE),
    }  # fmt: skip


def _all(request: HttpRequest) -> dict[str, Any]:
    """The cards that were asked for; a fixed number of statements."""
    house, currency = needs.House(), Business.current().currency
    cards = [_card(one, house, currency) for one in blueprints()]
    trade, ready, words = (request.GET.get(name, "").strip() for name in ("for", "ready", "q"))
    shown = [
        card for card in cards
        if (trade not in TRADES or trade in card.blueprint.trades)
        and not (ready and card.missing)
        and all(word in card.words for word in words.casefold().split())
    ]  # fmt: skip
    return {
        "cards": shown,
        "trades": list(TRADES.items()),
        "trade": trade,
        "ready": ready,
        "words": words,
        "count": len(cards),
    }


def _card(one: Blueprint, house: needs.House, currency: str) -> Card:
    return Card(one, [TRADES[trade] for trade in one.trades], stairs(one, house, currency), needs.of(one, house))


def stairs(one: Blueprint, house: needs.House, currency: str) -> list[Stair]:
    """The steps in words, as they will be in this house; where it has no channel for one, the kinds by which it may go."""
    channels = [house.channel(plank.kinds) for plank in one.steps]
    drawn = picture.stairs(
        [_step(one, plank, channel) for plank, channel in zip(one.steps, channels, strict=True)], currency
    )
    return [
        replace(
            stair, channel=needs.either([str(kinds.label(kind)) for kind in plank.kinds]) if channel is None else stair.channel,
            price=stair.price if channel else "", answers=tuple(_answers(plank)),
        )
        for stair, plank, channel in zip(drawn, one.steps, channels, strict=True)
    ]  # fmt: skip


def _step(one: Blueprint, plank: Plank, channel: Channel | None) -> Step:
    """A step that nobody keeps, for its picture."""
    kept = ("wait", "wait_from", "at_time", "who")
    return Step(
        channel=channel or Channel(kind=plank.kinds[0]), message=Message(name=str(one.letters[plank.letter].name)),
        weekdays=list(plank.weekdays), **{name: getattr(plank, name) for name in kept},
    )  # fmt: skip


def _answers(plank: Plank) -> Iterator[str]:
    names: dict[Any, str] = {name: str(name) for one in plank.answers for name in (one.into, one.out_of)}
    rows = [
        {"choice": a.choice, "then": a.then, "group": a.into, "from_group": a.out_of} for a in plank.answers
    ]  # fmt: skip
    return answers.say(rows, names)


def _one(request: HttpRequest, found: Blueprint) -> dict[str, Any]:
    business = Business.current()
    asked = (request.GET.get("language", ""), get_language() or "", business.language)
    language = next((one for one in asked if one in LANGUAGES), LANGUAGES[0])
    way_in = trigger(found.trigger)
    return {
        "card": _card(found, needs.House(), business.currency), "letters": looks.letters(found, language, business),
        "language": language, "languages": list(_named(LANGUAGES)), "way_in": way_in.label, "way_in_help": way_in.help,
    }  # fmt: skip


def _named(languages: Sequence[str]) -> Iterable[tuple[str, str]]:
    return ((code, get_language_info(code)["name_local"]) for code in languages)
