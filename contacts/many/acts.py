"""What is done to a portion of the selected people, set-based; each act returns how many it was done to, and why not to the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Value
from django.utils.translation import gettext as _

from contacts import bulk, consent
from contacts.bulk import Among
from contacts.consent import Line
from contacts.models import Act, BulkDone, BulkRun, Consent, Contact, Group, Membership

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
    line = Line(
        0, said["kind"], given=True, basis=said["basis"], source=said["source"], purpose=said["purpose"], wording=said["wording"],
        language=said["language"], at=datetime.fromisoformat(said["at"]), operator_id=run.created_by_id,
    )  # fmt: skip
    done = consent.record_alike(ids, line, now=now)
    said_now = Consent.objects.order_by().filter(
        Among("contact_id", ids), recorded_at=now, kind=line.kind, purpose=line.purpose
    )
    _keep(run, said_now, "contact_id", now)
    return done


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
