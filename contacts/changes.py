"""Changes in words: who, what was before and what is now, in the language of whoever reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Field, Model
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from contacts.audit import simple as audit_simple
from contacts.models import Branch, BulkDone, BulkRun, By, Change, Contact, Deed, Group, ImportChange

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST = 200


@dataclass(frozen=True, slots=True)
class Told:
    """One change for a page. lines: (what, before, after); sentence: where there are none."""

    at: datetime
    who: StrOrPromise
    act: StrOrPromise
    lines: list[tuple[str, str, str]]
    sentence: str


def told_of(thing: Model) -> list[Told]:
    """The newest changes of a thing and its parts; one statement."""
    found = Change.objects.filter(model=thing._meta.label_lower, object_id=str(thing.pk)).select_related("user")
    all_told = [told(change) for change in found[:MOST]]
    if isinstance(thing, Contact):
        brought = ImportChange.objects.filter(contact=thing).select_related("run__created_by")
        beside = [*(brought_by(one) for one in brought[:MOST]), *_with_many(thing)]
        all_told = sorted([*all_told, *beside], key=lambda one: one.at, reverse=True)
    return all_told[:MOST]


def _with_many(contact: Contact) -> list[Told]:
    """What was done to them together with others, as far as it is not told already; one statement."""
    found = BulkDone.objects.filter(contact=contact).select_related("run__created_by", "run__group", "run__from_group")
    return [
        Told(one.at, str(one.run.created_by or ""), Deed.DONE.label, [], _together(one.run))
        for one in found.order_by("-id")[:MOST]
    ]


def _together(run: BulkRun) -> str:
    """“move to another group: Old → New (with 17 people)”."""
    groups = " → ".join(str(one) for one in (run.from_group, run.group) if one)
    told = f"{run.get_act_display()}: {groups}" if groups else str(run.get_act_display())
    return f"{told} ({_('together with others')})" if run.done > 1 else told


def brought_by(change: ImportChange) -> Told:
    """What an import changed of a person."""
    run, label = change.run, Contact._meta.label_lower
    by = run.created_by if run else None
    lines = [_line(label, *_named(name, *pair)) for name, pair in change.fields.items() if name != "attributes"]
    lines += [(key, simple(was), simple(now)) for key, (was, now) in change.fields.get("attributes", {}).items()]
    lines += [(str(capfirst(_("address"))), "", normal) for _kind, normal in change.addresses]
    groups = Group.objects.filter(pk__in=change.groups).values_list("name", flat=True)
    lines += [(str(capfirst(_("groups"))), "", ", ".join(groups))] if groups else []
    lines += [(f"{_('Consent')}: {kind}", "", _("yes") if given else _("no")) for kind, given in change.said.items()]
    said = _("Changed by the import “%(file)s”.") % {"file": run} if run else _("Changed by an import.")
    if change.undone_at:
        said = f"{said} {_('The import was undone.')}"
    who = (by.get_full_name() or by.get_username()) if by else str(By.MACHINE.label)
    return Told(change.at, who, Deed.CHANGED.label, lines, said)


def _named(name: str, was: Any, now: Any) -> tuple[str, Any, Any]:
    """A branch by its name; every other field as it is."""
    if name != "branch_id":
        return name, was, now
    names = dict(Branch.objects.values_list("id", "name"))
    return "branch", names.get(was, ""), names.get(now, "")


def simple(value: Any) -> str:
    """A detail in words."""
    return "" if value is None else str(audit_simple(value))


def told(change: Change) -> Told:
    lines = [_line(change.model, *one) for one in change.what if isinstance(one, list) and len(one) == 3]
    return Told(change.at, who(change), change.get_act_display(), lines, change.said)


def who(change: Change) -> str:
    """A member of staff by name, a program by its own, and whose page it was."""
    if change.user is not None:
        return change.user.get_full_name() or change.user.get_username()
    if change.who:
        return _("%(name)s (program)") % {"name": change.who} if change.by == By.PROGRAM else change.who
    return str(change.get_by_display())


def summary(change: Change) -> str:
    """All in one line, for lists."""
    said = told(change)
    return "; ".join([*(_joined(*line) for line in said.lines), *([said.sentence] if said.sentence else [])]) or str(
        said.act
    )


def kind(change: Change) -> str:
    """What sort of thing it is."""
    model = _model(change.model)
    return capfirst(str(model._meta.verbose_name)) if model else change.model


def _joined(what: str, was: str, now: str) -> str:
    return f"{what}: {was or '–'} → {now or '–'}" if was or now else what


def _line(label: str, name: str, was: Any, now: Any) -> tuple[str, str, str]:
    """field: of the thing itself, "app.model:field" of a part of it, "app.model:" for a part that came or went."""
    part, colon, field_name = str(name).rpartition(":")
    model = _model(part if colon else label)
    column = _column(model, field_name)
    title = _title(model, column, field_name, is_part=bool(colon))
    if was is True and now is True and getattr(column, "get_internal_type", str)() != "BooleanField":
        return title, "", _("changed; the value is not kept here")
    return title, _word(column, was), _word(column, now)


def _title(model: type[Model] | None, column: Any, name: str, *, is_part: bool) -> str:
    whole = str(model._meta.verbose_name) if model and is_part else ""
    own = str(getattr(column, "verbose_name", name)) if name else ""
    return str(capfirst(" · ".join(text for text in (whole, own) if text))) or name


def _column(model: type[Model] | None, name: str) -> Field[Any, Any] | None:
    known: Iterable[Any] = model._meta.get_fields() if model else ()
    return next((one for one in known if one.name == name), None)


def _model(label: str) -> type[Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _word(column: Field[Any, Any] | None, value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    choices = dict(getattr(column, "flatchoices", None) or ())
    return str(choices.get(value, value))
