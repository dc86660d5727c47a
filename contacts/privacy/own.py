"""What this room's tables hold of people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from contacts import models as own
from contacts.models import (
    Address,
    Alias,
    AnsweredCall,
    Booking,
    BulkDone,
    BulkRun,
    Change,
    Consent,
    Contact,
    Duplicate,
    Erasure,
    Event,
    Guardian,
    Handout,
    ImportChange,
    ImportLayout,
    ImportLeft,
    ImportRow,
    ImportRun,
    Membership,
    Merge,
    Received,
    ReceivedState,
    Segment,
    Suppression,
    Voucher,
)
from contacts.privacy import retention
from contacts.privacy.holdings import Holding, Subject, nothing_in, register
from contacts.privacy.needles import Needles
from contacts.privacy.retention import Purge


def theirs(subject: Subject) -> Q:
    """The rows of a table that names the contact."""
    return Q(contact_id=subject.id)


def registered() -> None:
    """Called once, when the room is ready."""
    register(*_PERSON, *_STORY, *_BROUGHT, *_LOGS)
    retention.register(*_PURGES)
    nothing_in(_HOUSE, "the house's own settings, texts and accounts")
    nothing_in(_of_others(), "other apps' tables: staff, their sessions and rights, periodic tasks")


_PERSON = (
    Holding(
        model=Contact, whose=lambda subject: Q(pk=subject.id),
        shown=(
            "external_id", "first_name", "last_name", "language", "time_zone", "preferred_channel", "birth_date", "city", "latitude",
            "longitude", "notes", "attributes", "branch", "created_at", "updated_at",
        ),
        empty={
            "external_id": None, "first_name": "", "last_name": "", "language": "", "time_zone": "", "preferred_channel": "",
            "birth_date": None, "city": "", "latitude": None, "longitude": None, "notes": "", "attributes": {}, "search": "",
        },
        goes=_("name, birth date, place, notes, other details and numbers in other systems"),
        stays=_("an empty entry with the day it was added and its branch, so that numbers still add up"),
    ),
    Holding(
        model=Address, whose=theirs, shown=("kind", "value", "normal", "validity", "invalid_reason", "created_at"), delete=True,
        goes=_("all of them"), stays=_("a keyed hash of each, so that nobody writes to it again, also after another import"),
    ),
    Holding(model=Membership, whose=theirs, shown=("group", "added_at"), delete=True, goes=_("all of them")),
    Holding(
        model=Consent, whose=theirs,
        shown=(
            "kind", "purpose", "given", "basis", "source", "wording", "language", "at", "expires_at", "recorded_at", "ip",
            "user_agent", "address",
        ),
        empty={"ip": None, "user_agent": "", "address": ""}, kept=("source", "wording", "language", "delivery_token"),
        goes=_("addresses and IP addresses"), stays=_("who agreed to what and when, without a name: the proof that we were allowed to"),
    ),
    Holding(
        model=Suppression, whose=lambda subject: Q(fingerprint__in=subject.marks),
        shown=("kind", "hint", "channel", "scope", "reason", "source", "at", "lifted_at"),
        kept=("fingerprint", "hint", "source"), stays=_("keyed hashes without a letter of the address"),
    ),
)  # fmt: skip

_STORY = (
    Holding(
        model=Event, whose=theirs, shown=("name", "at", "data", "amount", "source", "recorded_at"), empty={"data": {}, "key": None},
        kept=("name", "source"), goes=_("all details"), stays=_("what happened when, and its amount"),
    ),
    Holding(
        model=Booking, whose=theirs,
        shown=("kind", "title", "starts_at", "ends_at", "branch", "place", "status", "source", "external_id", "created_at"),
        empty={"title": "", "external_id": None, "place": ""}, kept=("source", "zone"),
        goes=_("titles and numbers in other systems"), stays=_("that a time was booked, and what became of it"),
    ),
    Holding(
        model=Voucher, whose=theirs,
        shown=("offer", "code", "issued_at", "expires_at", "redeemed_at", "redeemed_where", "reference"), empty={"reference": ""},
        kept=("occasion", "code", "normal", "redeemed_where"), goes=_("references to purchases"),
        stays=_("the codes, so that one in the person's hand is still good at the counter"),
    ),
    Holding(
        model=Merge, whose=lambda subject: Q(kept_id=subject.id), shown=("name", "at", "undone_at"),
        empty={"name": "", "gone": {}, "kept_before": {}, "kept_after": {}, "moved": {}},
        goes=_("what two contacts were before they were made one"), stays=_("that they were"),
    ),
    Holding(
        model=Guardian, whose=lambda subject: Q(student_id=subject.id) | Q(guardian_id=subject.id),
        shown=("student", "guardian", "relation", "receives", "created_at"), delete=True, related=("student", "guardian"),
        goes=_("who answers for whom"),
    ),
    Holding(model=Alias, whose=theirs, shown=("external_id",), delete=True, goes=_("former numbers in other systems")),
    Holding(
        model=Duplicate, whose=lambda subject: Q(first_id=subject.id) | Q(second_id=subject.id), delete=True, kept=("reasons",),
    ),
    Holding(model=BulkDone, whose=theirs, shown=("at",), delete=True),
    Holding(
        model=Erasure, whose=theirs, kept=("asked", "marks", "counts", "sealed", "place"),
    ),
)  # fmt: skip


def _rules(subject: Subject, now: datetime) -> int:
    """A rule that names the person's address finds nobody any more, and does not name it either."""
    needles, changed = Needles.of(subject.addresses), 0
    for segment in Segment.objects.order_by("pk") if subject.addresses else ():
        if needles.stand_in(segment.rules):
            Segment.objects.filter(pk=segment.pk).update(rules=hidden(segment.rules, needles), updated_at=now)
            changed += 1
    return changed


def hidden(value: Any, needles: Needles) -> Any:
    """JSON in which each text that holds an address is three dots."""
    if isinstance(value, dict):
        return {key: hidden(one, needles) for key, one in value.items()}
    if isinstance(value, list):
        return [hidden(one, needles) for one in value]
    return "•••" if isinstance(value, str) and needles.stand_in(value) else value


_BROUGHT = (
    Holding(
        model=ImportChange, whose=theirs, shown=("run", "at", "fields", "addresses", "said"), delete=True, kept=("groups",),
        goes=_("what imports changed, before and after"),
    ),
    Holding(model=ImportLeft, whose=theirs, delete=True, kept=("why", "what")),
    Holding(
        model=ImportRow, shown=("run", "line", "outcome", "cells", "changes", "reason"), scanned=("cells", "changes", "reason"),
        empty={"cells": [], "changes": {}, "reason": ""},
    ),
    Holding(
        model=ImportRun, scanned=("sample", "problem"), empty={"sample": [], "problem": ""},
        kept=("filename", "file", "table", "digest", "encoding", "delimiter", "headers", "mapping", "options"),
    ),
    Holding(model=ImportLayout, scanned=("filename", "headers"), delete=True, kept=("fingerprint", "mapping")),
    Holding(
        model=BulkRun, scanned=("selection", "words", "details", "problem"), by_name=True,
        empty={"selection": {"ids": []}, "words": "", "details": {}, "problem": ""}, kept=("skipped", "file", "leads_to"),
        over=lambda: Q(finished_at__isnull=False),
    ),
    Holding(
        model=Received, scanned=("headers", "body", "problem"), empty={"headers": {}, "body": b"", "problem": ""}, kept=("call_key",),
        over=lambda: ~Q(state=ReceivedState.STORED),
    ),
    Holding(model=AnsweredCall, scanned=("key", "body"), delete=True, over=lambda: Q(status__isnull=False)),
    Holding(model=Segment, act=_rules, kept=("name", "description", "rules")),
)  # fmt: skip

_LOGS = (
    Holding(
        model=LogEntry, scanned=("object_repr", "change_message"), by_name=True, empty={"object_repr": "–", "change_message": ""},
        whose=lambda subject: Q(
            content_type__app_label="contacts", content_type__model="contact", object_id=str(subject.id)
        ),
        kept=("object_id",),
    ),
    Holding(
        model=Change, whose=lambda subject: Q(model="contacts.contact", object_id=str(subject.id)),
        scanned=("name", "what", "said"),
        by_name=True, shown=("at", "by", "act", "what", "said"), empty={"name": "", "what": [], "said": ""},
        kept=("who", "model", "object_id"),
        goes=_("what it was before and after"), stays=_("that something was changed, when and by whom"),
    ),
    Holding(
        model=Handout, whose=theirs, empty={"chosen": ""}, kept=("name",), scanned=("chosen",), by_name=True,
        shown=("at", "what"), stays=_("that somebody took them out, and when"),
    ),
)  # fmt: skip

_PURGES = (
    Purge(
        name="received", model=Received, period="raw", at="received_at", only=lambda: ~Q(state=ReceivedState.STORED),
    ),
    Purge(name="events", model=Event, period="events", at="at", by_id=False, only=lambda: Q(handled_at__isnull=False)),
    Purge(name="handouts", model=Handout, period="logs", at="at"),
    Purge(name="changes", model=Change, period="logs", at="at"),
    Purge(name="changes by imports", model=ImportChange, period="logs", at="at"),
    Purge(name="admin log", model=LogEntry, period="logs", at="action_time"),
)  # fmt: skip

_HOUSE = (
    own.BoughtTogether, own.Branch, own.Business, own.Cap, own.ClassSession, own.ClosedDay, own.Connection, own.GoesWith, own.Group,
    own.ImportPortion, own.ImportUndo, own.Integration, own.IntegrationBranch,
    own.QuietRule, own.Retention, own.StaffBranch, own.VoucherOffer,
)  # fmt: skip
_OTHER_APPS = ("auth", "contenttypes", "sessions", "django_celery_beat", "admin")


def _of_others() -> Iterator[Any]:
    for label in _OTHER_APPS:
        if apps.is_installed(f"django.contrib.{label}") or apps.is_installed(label):
            yield from (
                one for one in apps.get_app_config(label).get_models(include_auto_created=True) if one is not LogEntry
            )
