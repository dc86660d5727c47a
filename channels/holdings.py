"""What this room's tables hold of people, and what becomes of a message that waits or is just leaving when its person is erased."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any

from django.db.models import CharField, F, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from channels import models as own
from channels import sending
from channels.models import (
    Channel,
    Confirmation,
    Conversation,
    Delivery,
    DeliveryEvent,
    DeliveryStatus,
    FormAnswer,
    HookCall,
    HookState,
    InboundCall,
    InboundState,
    Invitation,
    SandboxMessage,
)
from channels.transport import Fact
from contacts import audit, kinds, privacy
from contacts.models import Contact
from contacts.privacy import Holding, Subject, proof, retention
from contacts.privacy.own import theirs
from contacts.privacy.proof import Statement, both_clocks
from contacts.privacy.retention import Purge

REASON = "erased"
# What a fact's details may say for good: numbers and codes of our own.
_PLAIN = ("attempt", "addresses", "choice", "grade_reasons", "n")


def register() -> None:
    """Called once, when the room is ready."""
    privacy.before_erasing(call_back)
    proof.register(confirmations)
    audit.watch(Channel, own.OutgoingHook, secret=("sealed",))
    audit.watch(own.Message, own.Form, own.Site)
    audit.watch(own.Budget, skip=("spent", "ends"))
    audit.watch(Invitation, unless=lambda one: one.by_message)
    audit.watch(own.MessageVariant, owner="message")
    audit.watch(own.FormQuestion, owner="form")
    retention.register(*_PURGES)
    privacy.register(*_MESSAGES, *_TALK, *_RAW)
    privacy.nothing_in(_HOUSE, "the house's own settings, texts and accounts; a tally's key is a keyed hash")


def call_back(subject: Subject, now: datetime) -> int:
    """What is still queued does not leave. What is just being sent is recorded afterwards, without its words (see `sending.record`)."""
    waiting = Delivery.objects.filter(contact_id=subject.id, status=DeliveryStatus.QUEUED)
    return len(sending.cancel(waiting, reason=REASON, now=now))


def confirmations(contact: Contact, zone: tzinfo) -> Iterator[Statement]:
    """How an address was proven to be theirs: the question, and the link that was followed."""
    for one in Confirmation.objects.filter(contact=contact).order_by("id"):
        facts: list[tuple[Any, str]] = [
            (_("channel"), str(kinds.label(one.kind))), (_("address"), one.address), (_("how"), one.source),
            (_("asked for"), both_clocks(one.requested_at, zone)), (_("IP address"), one.ip or ""), (_("browser"), one.user_agent),
            (_("confirmed"), both_clocks(one.confirmed_at, zone) if one.confirmed_at else ""),
            (_("IP address of the confirmation"), one.confirmed_ip or ""), (_("browser of the confirmation"), one.confirmed_agent),
            (_("language"), one.language),
        ]  # fmt: skip
        title = _("The address was confirmed") if one.confirmed_at else _("The address has not been confirmed")
        yield Statement(
            one.confirmed_at or one.requested_at,
            title,
            tuple(fact for fact in facts if fact[1]),
            "\n".join(one.wordings),
        )


def _unlinked(prefix: str) -> Concat:
    """A text of its own for each row, where a constraint wants one."""
    return Concat(Value(prefix), Cast("pk", CharField()), output_field=CharField())


def _numbers_at_providers(subject: Subject, now: datetime) -> int:
    """A chat's number may be part of a message's number at the provider."""
    mine = Delivery.objects.filter(contact_id=subject.id).exclude(provider_id="")
    for normal in subject.normals:
        mine.filter(provider_id__contains=normal).update(provider_id="")
    return 0


def _of_person(subject: Subject) -> Q:
    """Facts of their messages, and what they wrote from an address of theirs before anybody knew whose it was."""
    return theirs(subject) | Q(delivery__contact_id=subject.id) | Q(conversation__in=_talks(subject))


def _talks(subject: Subject) -> Any:
    return Conversation.objects.filter(_talk(subject)).order_by().values("pk")


def _talk(subject: Subject) -> Q:
    return theirs(subject) | Q(contact=None, address__in=subject.normals)


def _facts(subject: Subject, now: datetime) -> int:
    """Texts and details go, codes stay: they are what reports count. Their raw calls are read by nobody again."""
    found = DeliveryEvent.objects.filter(_of_person(subject))
    calls = found.filter(call__isnull=False).order_by().values("call_id")
    done = InboundCall.objects.filter(pk__in=calls, state__in=[InboundState.APPLIED, InboundState.UNREADABLE])
    done.update(**_EMPTY_CALL)
    rows = [(pk, kept) for pk, data in found.order_by().values_list("pk", "data") if (kept := plain(data)) != data]
    changed = [DeliveryEvent(pk=pk, data=kept) for pk, kept in rows]
    DeliveryEvent.objects.bulk_update(changed, ["data"], batch_size=500)
    keyed = found.exclude(event_key=None)
    for normal in subject.normals:
        keyed.filter(event_key__contains=normal).update(event_key=None)
    found.exclude(provider_id="").filter(delivery=None).update(provider_id="")
    return len(rows)


def plain(data: Any) -> Mapping[str, Any]:
    return {key: data[key] for key in _PLAIN if key in data} if isinstance(data, Mapping) else {}


def _answers(subject: Subject, now: datetime) -> int:
    return wordless(FormAnswer.objects.filter(theirs(subject)))


def wordless(answers: QuerySet[Any]) -> int:
    """Scores and choices stay, for the form's numbers; words go. A few statements; how many answers."""
    found = list(answers)
    texts = set(
        own.FormQuestion.objects.filter(
            kind=own.QuestionKind.TEXT, form__in={one.form_id for one in found}
        ).values_list("key", flat=True)
    )
    known = set(own.FormQuestion.objects.filter(form__in={one.form_id for one in found}).values_list("key", flat=True))
    for one in found:
        one.answers = {
            key: answer if key in known - texts else {**answer, "value": "", "said": ""}
            for key, answer in one.answers.items()
        }
    FormAnswer.objects.bulk_update(found, ["answers"], batch_size=500)
    return len(found)


def _errors(subject: Subject, now: datetime) -> int:
    """The last error of an account may name the address that it was about."""
    for normal in subject.normals:
        Channel.objects.filter(last_error__contains=normal).update(last_error="")
        Channel.objects.filter(breaker_reason__contains=normal).update(breaker_reason="")
    return 0


_EMPTY_CALL: dict[str, Any] = {"url": "", "headers": {}, "body": b"", "problem": ""}

_MESSAGES = (
    Holding(
        model=Delivery, whose=theirs, act=_numbers_at_providers, related=("message_version__message",),
        shown=(
            "channel", "message_version", "kind", "purpose", "address", "subject", "language", "status", "reason", "reason_params",
            "cost", "links", "created_at", "sent_at", "delivered_at", "opened_at", "clicked_at", "replied_at", "unsubscribed_at",
        ),
        empty={"address": "", "subject": "", "links": [], "context": {}, "reason_params": {}, "once_key": None},
        kept=("token", "scope", "campaign", "step_name", "language", "reason", "provider_id"),
        goes=_("addresses, subjects and links; what waits is not sent"),
        stays=_("that something was sent or not, when, by which channel, its cost and what became of it"),
    ),
    Holding(
        model=DeliveryEvent, whose=_of_person, act=_facts, shown=("channel", "fact", "at", "grade", "reason", "text", "data"),
        empty={"text": "", "reason": ""}, kept=("event_key", "provider_id", "data"), goes=_("all words, and who looked from where"),
        stays=_("that a message was delivered, opened or answered, and when"),
    ),
    Holding(
        model=SandboxMessage,
        whose=lambda subject: Q(key__in=_tokens(subject)) | Q(to__in=subject.normals),
        shown=("channel", "to", "recipient_name", "sender", "subject", "text", "buttons", "sent_at"),
        empty={
            "to": "", "recipient_name": "", "subject": "", "text": "", "html": "", "headers": {}, "buttons": [], "played": [],
        },
        kept=("key", "provider_id", "sender"), goes=_("address and text"),
    ),
)  # fmt: skip


def _tokens(subject: Subject) -> Any:
    return Delivery.objects.filter(theirs(subject)).order_by().values("token")


_TALK = (
    Holding(
        model=Conversation, whose=_talk, shown=("channel", "address", "name", "wrote_at", "last_at"),
        empty={"address": _unlinked("erased:"), "name": "", "open": False, "read": F("heard")}, goes=_("address, name and every word"),
    ),
    Holding(
        model=FormAnswer, whose=theirs, act=_answers, shown=("form", "answers", "language", "at", "replaced_at"),
        kept=("answers", "joined"), goes=_("every word that was written"), stays=_("scores and choices, for the form's numbers"),
    ),
    Holding(
        model=Confirmation, whose=theirs,
        shown=(
            "kind", "address", "purposes", "wordings", "source", "language", "ip", "user_agent",
            "requested_at", "confirmed_at", "confirmed_ip", "confirmed_agent",
        ),
        empty={
            "address": "", "ip": None, "user_agent": "", "confirmed_ip": None, "confirmed_agent": "", "newcomer": False,
            "token": _unlinked("erased:"), "expires_at": F("requested_at"),
        },
        kept=("purposes", "wordings", "source", "fingerprint"), goes=_("addresses and links"),
        stays=_("that they were confirmed, and when"),
    ),
    Holding(
        model=Invitation, whose=theirs, shown=("source", "channel", "language", "created_at", "used_at"),
        empty={"active": False, "token": _unlinked("erased:")}, kept=("source", "language"), goes=_("their links"),
    ),
)  # fmt: skip

_RAW = (
    Holding(
        model=InboundCall, scanned=("url", "headers", "body", "problem"), empty=_EMPTY_CALL, kept=("call_key", "method"),
        over=lambda: Q(state__in=[InboundState.APPLIED, InboundState.UNREADABLE]),
    ),
    Holding(
        model=HookCall, scanned=("payload", "response"), empty={"payload": {}, "response": ""},
        over=lambda: ~Q(state=HookState.WAITING),
    ),
    Holding(
        model=Channel, act=_errors,
        kept=(
            "name", "kind", "transport", "settings", "sealed", "sender_name", "sender_address", "reply_to", "hook", "breaker_reason",
            "last_error", "balance_currency",
        ),
    ),
)  # fmt: skip

_OPEN = (DeliveryStatus.QUEUED, DeliveryStatus.SENDING)
_PURGES = (
    Purge(
        name="calls", model=InboundCall, period="raw", at="received_at",
        only=lambda: Q(state__in=[InboundState.APPLIED, InboundState.UNREADABLE]),
    ),
    Purge(
        name="words", model=DeliveryEvent, period="texts", at="recorded_at", empty={"text": ""}, only=lambda: ~Q(text=""),
    ),
    Purge(
        name="visitors", model=DeliveryEvent, period="texts", at="recorded_at", empty={"data": {}},
        only=lambda: ~Q(fact=Fact.REPLIED) & ~Q(data={}),
    ),
    Purge(
        name="subjects", model=Delivery, period="texts", at="created_at", empty={"subject": "", "context": {}},
        only=lambda: ~Q(status__in=_OPEN),
    ),
    Purge(name="answers", model=FormAnswer, period="answers", at="at", empty={}, each=wordless),
    Purge(name="sandbox", model=SandboxMessage, period="texts", at="sent_at"),
)  # fmt: skip

_HOUSE = (
    own.Budget, own.Form, own.FormQuestion, own.Message, own.MessageImage, own.MessageVariant, own.MessageVersion, own.OutgoingHook,
    own.Site, own.Tally,
)  # fmt: skip
