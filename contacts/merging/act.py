"""Making two contacts one, in one transaction that locks both, and undoing it while nothing was said of the merged person since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, transaction
from django.utils.translation import gettext as _

from contacts.merging import fields, tables
from contacts.merging.registry import Moved, Pair, known_models, parts, sentences
from contacts.models import Alias, Contact, Merge
from contacts.models.contact import searchable

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

TRIES = 3


class NotNow(Exception):
    """It cannot be done, at this moment or at all; `sentences` say why."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def merge(
    kept_id: int, gone_id: int, choices: Mapping[str, str] | None = None, *, by: AbstractBaseUser | None, now: datetime
) -> Merge:  # fmt: skip
    """Make the second contact part of the first. choices: see `fields.read`; what is not said is taken from whichever has it, the kept
    one first. Raises NotNow."""
    if kept_id == gone_id:
        raise NotNow([_("This is one contact, not two.")])
    return _insist(lambda: _merge(kept_id, gone_id, choices or {}, by, now))


def undo(merge_id: int, *, by: AbstractBaseUser | None, now: datetime) -> Merge:
    """Two contacts again, each with what it had. Raises NotNow where something was said to or of the merged person since."""
    return _insist(lambda: _undo(merge_id, by, now))


def obstacles(done: Merge) -> list[str]:
    """Why the merging cannot be undone any more, in sentences; empty while it can."""
    if done.undone_at is not None:
        return [_("This was undone already.")]
    if not done.gone:
        return [_("What undoing needs was deleted, because the person asked to be forgotten.")]
    found = sentences(part.since(done.kept_id, {**done.moved, "merge": done.pk}) for part in parts())
    if _plain(done.kept) != done.kept_after:
        found.append(_("Their details were changed since."))
    if (number := done.gone["external_id"]) and Contact.objects.filter(external_id=number).exclude(
        pk=done.kept_id
    ).exists():
        found.append(_("Somebody else has the number “%(number)s” now.") % {"number": number})
    return found


Done = TypeVar("Done")


def _insist(do: Callable[[], Done]) -> Done:
    """Somebody may write about one of them at this very moment: then nothing was done, and it is tried again."""
    for _try in range(TRIES):
        try:
            with transaction.atomic():
                return do()
        except (IntegrityError, OperationalError):
            continue
    raise NotNow([_("Something is just being written down about one of them. Try again in a moment.")])


def _merge(kept_id: int, gone_id: int, choices: Mapping[str, str], by: AbstractBaseUser | None, now: datetime) -> Merge:
    pair = _locked(kept_id, gone_id, choices, now)
    _be_ready(pair)
    gone, before = _plain(pair.gone), _plain(pair.kept)
    moved: Moved = {part.name: part.settle(pair) for part in parts()}
    moved["rows"] = tables.move(known_models(), pair)
    fields.apply(pair)
    # Alone: what came in meanwhile and still refers to it must refuse this, and not go with it.
    tables.plain(Contact).filter(pk=gone_id)._raw_delete(using=DEFAULT_DB_ALIAS)  # noqa: SLF001
    pair.kept.search = pair.kept.search_text(searchable(pair.kept.addresses.all()))
    pair.kept.save()
    moved["newest"] = tables.newest(known_models(), kept_id)
    moved["at"] = now.isoformat()
    for part in parts():
        moved |= part.after(kept_id)
    moved["addresses_after"] = sorted(pair.kept.addresses.values_list("pk", flat=True))
    done = Merge.objects.create(
        kept=pair.kept, gone_id=gone_id, name=str(pair.gone), gone=gone, kept_before=before, kept_after=_plain(pair.kept),
        moved=moved, at=now, by_id=by.pk if by else None,
    )  # fmt: skip
    _name(done, pair, gone["external_id"], before["external_id"])
    return done


def _locked(kept_id: int, gone_id: int, choices: Mapping[str, str], now: datetime) -> Pair:
    """Both, in the order of their ids, as every part of the house locks contacts."""
    found = Contact.objects.filter(pk__in=[kept_id, gone_id]).order_by("pk").select_for_update(no_key=True)
    known = {contact.pk: contact for contact in found}
    if len(known) < 2:
        raise NotNow([_("One of the two is not there any more.")])
    return Pair(known[kept_id], known[gone_id], now, choices)


def _be_ready(pair: Pair) -> None:
    for part in parts():
        if reasons := part.ready(pair):
            raise NotNow(reasons)


def _plain(contact: Contact) -> dict[str, Any]:
    """Its columns as JSON, without what follows from others."""
    [row] = tables.values(tables.plain(Contact).filter(pk=contact.pk))
    return {name: value for name, value in row.items() if name not in ("search", "updated_at")}


def _name(done: Merge, pair: Pair, theirs: str | None, ours: str | None) -> None:
    """Under its old id, and any number that is nobody's now, the person is found from now on."""
    lost = {number for number in (theirs, ours) if number and number != pair.kept.external_id}
    lost -= set(Alias.objects.filter(external_id__in=lost).values_list("external_id", flat=True))
    first, *more = [*sorted(lost), None] if not lost else sorted(lost)
    Alias.objects.create(contact=pair.kept, former_id=done.gone_id, external_id=first, merge=done)
    Alias.objects.bulk_create([Alias(contact=pair.kept, external_id=number, merge=done) for number in more])


def _undo(merge_id: int, by: AbstractBaseUser | None, now: datetime) -> Merge:
    done = Merge.objects.select_for_update().get(pk=merge_id)
    done.kept = Contact.objects.select_for_update(no_key=True).get(pk=done.kept_id)
    if reasons := obstacles(done):
        raise NotNow(reasons)
    done.aliases.all().delete()
    _put_back(done)
    pair = Pair(done.kept, Contact.objects.get(pk=done.gone_id), now)
    _be_ready(pair)
    tables.move_back(known_models(), pair, done.moved["rows"])
    for part in parts():
        part.restore(pair, done.moved[part.name])
    for contact in (pair.kept, pair.gone):
        again = Contact.objects.get(pk=contact.pk)
        again.save(update_fields=["search", "updated_at"])
    done.undone_at, done.undone_by_id = now, by.pk if by else None
    done.save(update_fields=["undone_at", "undone_by"])
    return done


def _put_back(done: Merge) -> None:
    """The one as it was, then the other with its old id: their numbers are each other's no more."""
    restored = {
        name: _value(name, value) for name, value in done.kept_before.items() if name not in ("id", "created_at")
    }
    Contact.objects.filter(pk=done.kept_id).update(**restored)
    tables.revive(Contact, [done.gone])


def _value(name: str, value: Any) -> Any:
    return next(field.to_python(value) for field in Contact._meta.concrete_fields if field.attname == name)
