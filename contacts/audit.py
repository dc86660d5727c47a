"""Writing down who changed what. What is saved row by row is seen by itself; what is done to many at once says so with `note()`.

Nothing here is asked on the way out of a message: sending and advancing save no row of what is watched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime, time
from functools import cache
from typing import TYPE_CHECKING, Any

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group as Rights
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.db.models.signals import m2m_changed, post_save, pre_delete, pre_save
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from contacts import bulk
from contacts.models import (
    Address,
    Branch,
    Business,
    By,
    Cap,
    Change,
    ClosedDay,
    Connection,
    Contact,
    Deed,
    GoesWith,
    Group,
    Guardian,
    ImportRun,
    Integration,
    IntegrationBranch,
    QuietRule,
    Retention,
    Segment,
    StaffBranch,
    Suppression,
    VoucherOffer,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

LONGEST = 500  # characters of one value
MOST_SAID = 4000  # of a list of rights
_BEFORE = "_audit_before"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts just now."""

    by: By
    name: str = ""
    user_id: int | None = None


MACHINE = Actor(By.MACHINE)
_actor: ContextVar[Actor | HttpRequest] = ContextVar("actor", default=MACHINE)


@dataclass(frozen=True, slots=True)
class Watched:
    """owner: the field that leads to the whole, where this is only a part; secret: fields whose values are never written down; skip: those
    that only the machine changes; unless: rows that are none of staff's."""

    owner: str = ""
    secret: frozenset[str] = field(default_factory=frozenset)
    skip: frozenset[str] = field(default_factory=frozenset)
    unless: Callable[[Any], bool] | None = None


_watched: dict[type[Model], Watched] = {}
_many: dict[type[Model], str] = {}


def watch(
    *models: type[Model], owner: str = "", secret: tuple[str, ...] = (), skip: tuple[str, ...] = (),
    unless: Callable[[Any], bool] | None = None,
) -> None:  # fmt: skip
    """Have changes of these written down; called when a room is ready. See `Watched`."""
    for model in models:
        if model not in _watched:
            _watched[model] = Watched(owner, frozenset(secret), frozenset(skip), unless)
            pre_save.connect(_remember, sender=model)
            post_save.connect(_saved, sender=model)
            pre_delete.connect(_deleted, sender=model)


def connect() -> None:
    """What staff do in the admin that no watched row tells, its own log says: that is taken over."""
    post_save.connect(_logged, sender=LogEntry)


def watch_many(through: type[Model], field_name: str) -> None:
    """Have it written down what was added to a thing's many others, and taken away: groups of a contact, rights of a login."""
    _many[through] = field_name
    m2m_changed.connect(_regrouped, sender=through)


def middleware(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Whoever is logged in acts; else the person whose page it is. Asked only when something changes."""

    def respond(request: HttpRequest) -> HttpResponse:
        token = _actor.set(request)
        try:
            return get_response(request)
        finally:
            _actor.reset(token)

    return respond


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """All that is changed inside was changed by this one."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


def actor() -> Actor:
    """Who acts just now: staff by their login, a program by its key, the person on a public page, else the machine."""
    found = _actor.get()
    if isinstance(found, Actor):
        return found
    program = getattr(found, "auth", None)
    if isinstance(program, Integration):
        return Actor(By.PROGRAM, program.name)
    user: AbstractBaseUser | AnonymousUser | None = getattr(found, "user", None)
    if user is not None and user.is_authenticated:
        return Actor(By.STAFF, str(user), int(user.pk or 0) or None)
    return Actor(By.PERSON)


def note(
    act: Deed, model: type[Model], *, object_id: Any = "", name: str = "", said: str = "", people: int | None = None,
    what: list[list[Any]] | None = None,
) -> None:  # fmt: skip
    """Write down what no saving of a row tells."""
    rows([row(act, model, object_id=object_id, name=name, said=said, people=people, what=what)])


def is_watched(model: type[Model]) -> bool:
    """Whether what is saved of it is written down field by field."""
    return model in _watched


def told(model: type[Model], said: str, count: int) -> None:
    """What a program has done to so many at once; nothing for none."""
    if count:
        note(Deed.DONE, model, said=said, people=count)


def done(instance: Model, said: str, people: int | None = None) -> None:
    """Something was done with a thing that no field of it tells."""
    note(Deed.DONE, type(instance), object_id=instance.pk, name=str(instance), said=said, people=people)


def row(
    act: Deed, model: type[Model], *, object_id: Any = "", name: str = "", said: str = "", people: int | None = None,
    what: list[list[Any]] | None = None,
) -> Change:  # fmt: skip
    who = actor()
    return Change(
        at=timezone.now(), by=who.by, user_id=who.user_id, who=who.name[:150], act=act, model=model._meta.label_lower,
        object_id=str(object_id), name=name[:200], said=said[:300], people=people, what=what or [],
    )  # fmt: skip


def rows(changes: list[Change]) -> None:
    """Many at once: one statement for any number of them."""
    bulk.insert(Change, _COLUMNS, [tuple(getattr(one, name) for name in _COLUMNS) for one in changes])


_COLUMNS = ("at", "by", "user_id", "who", "act", "model", "object_id", "name", "what", "said", "people")


def watch_own() -> None:
    """What of this room is watched; called once, when it is ready."""
    watch(Contact, Business, Branch, Group, Segment, VoucherOffer, Suppression, Retention, GoesWith)
    watch(Guardian, owner="student")
    watch(Integration, secret=("token_hash",))
    watch(Connection, secret=("sealed",))
    watch(ImportRun, skip=tuple(column.name for column in ImportRun._meta.concrete_fields))
    watch(get_user_model(), secret=("password",), skip=("last_login",))
    watch(Address, owner="contact")
    watch(StaffBranch, owner="user")
    watch(IntegrationBranch, owner="integration")
    watch(QuietRule, ClosedDay, Cap, owner="business")
    watch_many(Contact.groups.through, "groups")
    watch_staff()
    connect()


def watch_staff() -> None:
    """Who may do what. What the installation makes ready by itself is nobody's decision."""
    user: Any = get_user_model()
    watch(Rights, unless=_by_itself)
    watch_many(user.groups.through, "groups")
    watch_many(user.user_permissions.through, "user_permissions")
    watch_many(Rights.permissions.through, "permissions")


def _by_itself(_row: Any) -> bool:
    return actor().by == By.MACHINE


# --- what is saved row by row -----------------------------------------------------------------------------------------


def _remember(sender: type[Model], instance: Any, raw: bool = False, **more: Any) -> None:
    """The row as it was; one statement, for a row that is changed. A row that was never saved was nothing."""
    watched, only = _watched[sender], more.get("update_fields")
    instance.__dict__[_BEFORE] = None
    new = instance._state.adding  # noqa: SLF001 - Django's own word for it
    if raw or new or (only is not None and not set(only) & set(_columns(sender, watched.skip))):
        return
    names = [name for name in _columns(sender, watched.skip) if only is None or name in only]
    instance.__dict__[_BEFORE] = (names, QuerySet(sender).filter(pk=instance.pk).first())


def _saved(sender: type[Model], instance: Any, created: bool, raw: bool = False, **_: Any) -> None:
    watched = _watched[sender]
    before = instance.__dict__.pop(_BEFORE, None)
    if raw or (watched.unless and watched.unless(instance)):
        return
    if created:
        what = [] if not watched.owner else _of_part(sender, None, instance)
        _write(Deed.CHANGED if watched.owner else Deed.ADDED, sender, watched, instance, what)
    elif before and before[1] is not None and (what := _differences(sender, watched, before[0], before[1], instance)):
        _write(Deed.CHANGED, sender, watched, instance, what)


def _deleted(sender: type[Model], instance: Any, **_: Any) -> None:
    watched = _watched[sender]
    if watched.unless and watched.unless(instance):
        return
    what = _of_part(sender, instance, None) if watched.owner else []
    _write(Deed.CHANGED if watched.owner else Deed.DELETED, sender, watched, instance, what)


def _write(act: Deed, sender: type[Model], watched: Watched, instance: Any, what: list[list[Any]]) -> None:
    if not watched.owner:
        note(act, sender, object_id=instance.pk, name=str(instance), what=what)
        return
    link: Any = sender._meta.get_field(watched.owner)
    whole = getattr(instance, watched.owner)
    note(act, link.related_model, object_id=getattr(instance, link.attname), name=str(whole), what=what)


def _of_part(sender: type[Model], was: Any, is_: Any) -> list[list[Any]]:
    """A part that came or went, in one line."""
    return [[f"{sender._meta.label_lower}:", str(was) if was else "", str(is_) if is_ else ""]]


def _differences(sender: type[Model], watched: Watched, names: list[str], was: Any, now: Any) -> list[list[Any]]:
    found: list[list[Any]] = []
    for name in names:
        column: Any = sender._meta.get_field(name)
        if getattr(was, column.attname) == getattr(now, column.attname):
            continue
        label = f"{sender._meta.label_lower}:{name}" if watched.owner else name
        secret = name in watched.secret
        found.append([label, True, True] if secret else [label, plain(was, column), plain(now, column)])
    return [one for one in found if one[1] is True or one[1] != one[2]]


@cache
def _columns(model: type[Model], skip: frozenset[str]) -> tuple[str, ...]:
    """Fields that people change. A field that no form shows is the machine's, unless it is named as a secret."""
    kept = _watched[model].secret
    return tuple(
        column.name
        for column in model._meta.concrete_fields
        if (column.editable or column.name in kept) and not column.primary_key and column.name not in skip
    )


def plain(row: Any, column: Field[Any, Any]) -> Any:
    """A value as JSON that people can read: the words of a choice are looked up when it is shown."""
    if isinstance(column, ForeignKey):
        other = getattr(row, column.name)
        return str(other)[:LONGEST] if other else ""
    return simple(getattr(row, column.attname))


def simple(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {simple(one)}" for key, one in value.items())[:LONGEST]
    if isinstance(value, list | tuple):
        return ", ".join(str(simple(one)) for one in value)[:LONGEST]
    return str(value)[:LONGEST]


# --- what is no saving of a row ---------------------------------------------------------------------------------------


def _logged(instance: LogEntry, created: bool, **_: Any) -> None:
    """A sentence of the admin's log. Forms are logged as JSON: where their rows are watched, they were seen when they were saved."""
    model = instance.content_type.model_class() if created and instance.content_type else None
    if model is None:
        return
    by_form = not instance.change_message or instance.change_message.startswith("[")
    if by_form and (is_watched(model) or instance.change_message == "[]"):
        return
    act = _DEEDS.get(instance.action_flag, Deed.DONE) if by_form else Deed.DONE
    said = str(instance.get_change_message()) if instance.change_message else ""
    note(act, model, object_id=instance.object_id or "", name=instance.object_repr, said=said)


_DEEDS = {ADDITION: Deed.ADDED, CHANGE: Deed.CHANGED, DELETION: Deed.DELETED}


def _regrouped(
    sender: type[Model], instance: Any, action: str, pk_set: set[int] | None, model: Any, **_: Any
) -> None:  # fmt: skip
    """Taking all away tells no numbers afterwards, so it is told before."""
    if action not in ("post_add", "post_remove", "pre_clear") or (_by_itself(None) and isinstance(instance, Rights)):
        return
    field_name = _many[sender]
    others = (
        getattr(instance, field_name).order_by("pk")
        if action == "pre_clear" and hasattr(instance, field_name)
        else model._default_manager.filter(pk__in=pk_set or ()).order_by("pk")
    )
    names = ", ".join(str(one) for one in others)
    was, now = ("", names) if action == "post_add" else (names, "")
    if names:
        what = [[field_name, was[:MOST_SAID], now[:MOST_SAID]]]
        note(Deed.CHANGED, type(instance), object_id=instance.pk, name=str(instance), what=what)
