"""What is done to a portion of the selected people, set-based; each act returns how many it was done to, and why not to the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.utils.translation import gettext as _

from contacts import bulk, consent, kinds
from contacts.bulk import Among
from contacts.consent import Line
from contacts.models import Act, Address, BulkDone, BulkRun, Contact, Group, Membership

Done = tuple[int, dict[str, int]]
_DONE = ["run_id", "contact_id", "at"]
_MEMBER = ["group_id", "contact_id", "added_at"]


class Impossible(Exception):
    """The act makes no sense any more; str() is the sentence for staff."""


def apply(run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    """Do it to these people, in the caller's transaction; of a whole portion nobody may be meant."""
    if not ids:
        return 0, {}
    return _ACTS[Act(run.act)](run, ids, now)


def _add(run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    people = Contact.objects.order_by().filter(Among("id", ids))
    inside = Membership.objects.filter(group=_group(run.group), contact=OuterRef("pk"))
    _keep(run, people.exclude(Exists(inside)), "pk", now)
    there = people.annotate(into=Value(_group(run.group).pk), since=Value(now)).values_list("into", "pk", "since")
    asked, added = bulk.insert_select(Membership, _MEMBER, there)
    return added, {"already": asked - added}


def _remove(run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    theirs = Membership.objects.order_by().filter(Among("contact_id", ids), group=_group(run.group))
    _keep(run, theirs, "contact_id", now)
    removed, _each = theirs.delete()
    return removed, {"not_in": len(ids) - removed}


def _move(run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    theirs = Membership.objects.order_by().filter(Among("contact_id", ids), group=_group(run.from_group))
    _keep(run, theirs, "contact_id", now)
    into = theirs.annotate(into=Value(_group(run.group).pk), since=Value(now))
    bulk.insert_select(Membership, _MEMBER, into.values_list("into", "contact_id", "since"))
    moved, _each = theirs.delete()
    return moved, {"not_in": len(ids) - moved}


def _consent(run: BulkRun, ids: Sequence[int], now: datetime) -> Done:
    """Through the ledger's own door: who withdrew, or whose address is closed, stays so."""
    said = run.details
    kind, at = said["kind"], datetime.fromisoformat(said["at"])
    reachable = Address.objects.filter(Among("contact_id", ids), kind=kinds.get(kind).address)
    there = sorted(set(reachable.values_list("contact_id", flat=True)))
    agreed = {
        pk
        for (pk, *_rest), line in consent.newest(there, [said["purpose"]]).items()
        if line.kind == kind and line.given
    }
    lines = [
        Line(
            pk, kind, given=True, basis=said["basis"], source=said["source"], purpose=said["purpose"], wording=said["wording"],
            language=said["language"], at=at, operator_id=run.created_by_id,
        ) for pk in there if pk not in agreed
    ]  # fmt: skip
    refused = consent.record_imported(lines, now=now)
    left = {id(one.line) for one in refused}
    rows = [(run.pk, line.contact_id, now) for line in lines if id(line) not in left]
    bulk.insert(BulkDone, _DONE, rows)
    why: dict[str, int] = dict(Counter(one.reason for one in refused))
    why |= {"already": len(agreed), "no_address": len(ids) - len(there)}
    return len(lines) - len(refused), why


def _keep(run: BulkRun, whom: QuerySet[Any], column: str, now: datetime) -> None:
    """Note to whom it is done, for their histories; one statement."""
    rows = whom.annotate(of_run=Value(run.pk), done_at=Value(now)).values_list("of_run", column, "done_at")
    bulk.insert_select(BulkDone, _DONE, rows)


def _group(group: Group | None) -> Group:
    if group is None:
        raise Impossible(_("The group was deleted meanwhile."))
    return group


_ACTS: dict[Act, Callable[[BulkRun, Sequence[int], datetime], Done]] = {
    Act.ADD: _add, Act.REMOVE: _remove, Act.MOVE: _move, Act.CONSENT: _consent,
}  # fmt: skip


def reasons(run: BulkRun) -> list[tuple[str, int]]:
    """Why somebody was left out, as sentences, with how many."""
    words: dict[str, Any] = {
        "already": _("had agreed already") if run.act == Act.CONSENT else _("were in it already"), "not_in": _("were not in it"),
        "no_address": _("have no address for this channel"), "consent_withdrawn": _("withdrew their consent, which stays so"),
        "suppressed": _("have an address that is closed, which stays so"),
    }  # fmt: skip
    return [(str(words.get(why, why)), count) for why, count in run.skipped.items() if count]
