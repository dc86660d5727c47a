"""The texts of a wave, made before any lock is taken and before any transaction is begun."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils.translation import gettext

from channels import rendering
from channels.contention import insist
from channels.models import Channel, MessageVersion
from channels.personal_links import PersonalLinks
from channels.sending.claim import Job
from channels.transport import Outgoing, Sender
from contacts import bookings, consent, events, goods, kinds, vouchers
from contacts.consent import Person, Verdict
from contacts.models import Branch, Business

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message with its text. `rendered` is None while the person may not be written to, or where there is no text to send.

    problem: why this person cannot have it (reason, parameters); broken: why nobody can, in the words for staff; sender: of the person's
    branch, if it has one of its own.
    """

    job: Job
    person: Person | None = None
    tracked: bool = False
    rendered: rendering.Rendered | None = None
    digest: str = ""
    problem: tuple[str, Mapping[str, Any]] | None = None
    broken: str = ""
    sender: Sender = field(default_factory=Sender)

    def outdated(self, person: Person, verdict: Verdict) -> bool:
        """Whether the text was made for someone who has changed since: another language, or tracking no longer (or again) allowed."""
        if self.rendered is None or self.person is None:
            return True
        return verdict.tracked != self.tracked or person.language != self.person.language

    def outgoing(
        self, address: str, now: datetime, *, answered: bool = False, also: tuple[str, ...] = ()
    ) -> Outgoing:  # fmt: skip
        """What the transport is handed. answered: the person wrote to us within the channel's window; also: their further addresses."""
        assert self.rendered is not None and self.person is not None  # noqa: PT018
        job, text = self.job, self.rendered
        return Outgoing(
            key=job.token, kind=job.kind, to=address, text=text.text, subject=text.subject, html=text.html,
            language=self.person.language, sender=self.sender, recipient_name=f"{self.person.first_name} {self.person.last_name}".strip(),
            headers=text.headers, valid_for=job.valid_until - now if job.valid_until else None, buttons=text.buttons,
            template=text.template, template_values=text.template_values, topic=job.scope, answered=answered, also=also,
        )  # fmt: skip


class Texts:
    """Makes the texts of one channel's messages; what all of them share is worked out once."""

    def __init__(self, channel: Channel, business: Business) -> None:
        self.channel, self.business = channel, business
        self.contents: dict[int, list[dict[str, Any]]] = {}
        self.named: dict[tuple[int, str, str], set[str]] = {}
        self.links = PersonalLinks(business)
        self.vouchers, self.offers = vouchers.Vouchers(business), goods.Offers()

    def people(self, jobs: Sequence[Job], now: datetime, *, lock: bool = False) -> dict[int, Person]:
        """The gate's answer for everyone in the jobs, and for the students whom they are about: two statements."""
        asks = {job.ask for job in jobs}
        ids = [*(job.contact_id for job in jobs), *(job.student for job in jobs if job.student)]
        return consent.gate(ids, asks, now=now, business=self.business, lock=lock)

    def learn(self, jobs: Sequence[Job], people: Mapping[int, Person], now: datetime) -> None:
        """Read what the texts of these jobs are made from, and have the links by which their people join, and their vouchers, ready, where
        a text has such."""
        self._read({job.message_version_id for job in jobs})
        wanted = [
            (job.contact_id, name) for job in jobs if (names := self._named(job, "joins")) and _may(people, job) for name in names
        ]  # fmt: skip
        if wanted:
            self.links.make(wanted, now)
        given = [
            want
            for job in jobs
            if (names := self._named(job, "vouchers")) and _goes(people, job, now)
            for want in _wants(job, names)
        ]
        if given:
            insist(lambda: self.vouchers.make(given, now))

    def prepare(self, jobs: Iterable[Job], people: Mapping[int, Person], now: datetime) -> list[Prepared]:
        """The texts for those who may be written to, as far as is known now."""
        jobs = list(jobs)
        self.learn(jobs, people, now)
        known = _Occasions(jobs)
        offered = self._goods(jobs, people, known, now)
        return [
            self._prepare(
                job, people.get(job.contact_id), self.contents[job.message_version_id], {**known.of(job), **offered.get(job.id, {})}, now,
                people.get(job.student),
            )
            for job in jobs
        ]  # fmt: skip

    def _goods(
        self, jobs: Sequence[Job], people: Mapping[int, Person], known: _Occasions, now: datetime
    ) -> dict[int, dict[str, Any]]:
        """What goes with what people bought or looked at, by delivery, where a text shows it and something does."""
        theirs = [job for job in jobs if self._named(job, "goes_with") and _may(people, job)]
        if not theirs:
            return {}
        found = self.offers.find([goods.About(job.about, known.event(job), job.sandbox) for job in theirs], now)
        return {job.id: {rendering.GOES_WITH: things} for job, things in zip(theirs, found, strict=True) if things}

    def _read(self, versions: set[int]) -> None:
        """Frozen messages never change, so each is read once; one statement, or none."""
        if missing := versions - set(self.contents):
            found = MessageVersion.objects.filter(pk__in=missing)
            self.contents.update(found.values_list("pk", "content"))

    def _named(self, job: Job, what: str) -> set[str]:
        """The joins or vouchers that the texts for this kind of channel, in whatever language, name."""
        key = (job.message_version_id, job.kind, what)
        if key not in self.named:
            variants = [one for one in self.contents.get(key[0], ()) if one["kind"] == job.kind]
            self.named[key] = {name for one in variants for name in one.get(what, ())}
        return self.named[key]

    def _prepare(
        self, job: Job, person: Person | None, content: list[dict[str, Any]], occasion: Mapping[str, Any], now: datetime,
        student: Person | None = None,
    ) -> Prepared:  # fmt: skip
        verdict = person.verdicts[job.ask] if person else None
        if person is None or verdict is None or not verdict.ok:
            return Prepared(job)
        variant = rendering.choose(content, job.kind, person.language, self.business.language)
        if variant is None:
            return Prepared(job, person, problem=("no_text", {}))
        try:
            context = rendering.context_for(person, occasion, student)
            if names := variant.get("joins"):
                context[rendering.JOIN] = self.links.of(job.contact_id, names)
            if names := variant.get("vouchers"):
                context[rendering.VOUCHER], problem = self._in_hand(job, names, now)
                if problem:
                    return Prepared(job, person, problem=problem)
            rendered = rendering.render(variant, context, self._frame(job, variant, tracked=verdict.tracked))
        except rendering.MissingField as missing:
            return Prepared(job, person, problem=("missing_field", {"field": missing.field}))
        except rendering.BadTemplate as broken:
            return Prepared(job, person, broken=str(broken))
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this message and not the others of the wave
            _log.exception("the text of delivery %s cannot be made", job.id)
            return Prepared(job, person, broken=gettext("it cannot be put together"))
        sender = self._branches.get(person.branch_name, _THE_CHANNELS) if person.branch_name else _THE_CHANNELS
        return Prepared(job, person, verdict.tracked, rendered, rendering.text_digest(rendered), sender=sender)

    @cached_property
    def _branches(self) -> dict[str, Sender]:
        """The senders of branches that have one of their own, by the branch's name; asked for with the first person of a branch."""
        kind = kinds.get(self.channel.kind)
        return {
            branch.name: sender
            for branch in Branch.objects.all()
            if (sender := _sender(branch, self.channel, kind)) is not None
        }

    def _in_hand(self, job: Job, names: Iterable[str], now: datetime) -> tuple[dict[str, Any], vouchers.Problem | None]:
        """The person's vouchers by their names in the text; a problem with one keeps the message back."""
        found: dict[str, Any] = {}
        for want in _wants(job, names):
            found[want.slug], problem = self.vouchers.of(want, now)
            if problem:
                return {}, problem
        return found, None

    def _frame(self, job: Job, variant: Mapping[str, Any], *, tracked: bool) -> rendering.Frame:
        utm = {
            "source": self.business.utm_source,
            "medium": job.kind,
            "campaign": job.campaign,
            "content": job.step_name,
        }
        return rendering.Frame(self.business.public_address, job.token, job.purpose, tracked, utm, variant["language"])


_THE_CHANNELS = Sender()


def _sender(branch: Branch, channel: Channel, kind: kinds.Kind) -> Sender | None:
    """Who a message to the branch's people comes from. A mail keeps the account's mailbox, which it is signed for, under another name."""
    name = branch.sender_name or channel.sender_name
    if kind.rich:
        own = branch.sender_name or branch.reply_to
        return Sender(name, channel.sender_address, branch.reply_to or channel.reply_to) if own else None
    if kind.segmented:
        return Sender(name, branch.sms_sender) if branch.sms_sender else None
    return Sender(branch.sender_name) if branch.sender_name else None


def _may(people: Mapping[int, Person], job: Job) -> bool:
    person = people.get(job.contact_id)
    return person is not None and person.verdicts[job.ask].ok


def _goes(people: Mapping[int, Person], job: Job, now: datetime) -> bool:
    """Whether it may go now: a voucher is not given out in the night for a message that waits for the morning."""
    if not _may(people, job):
        return False
    opens = people[job.contact_id].verdicts[job.ask].not_before
    return opens is None or opens <= now


def _wants(job: Job, names: Iterable[str]) -> list[vouchers.Want]:
    """The vouchers that a message needs."""
    occasion = vouchers.occasion_of(job.context, job.token)
    return [vouchers.Want(name, job.contact_id, occasion, job.sandbox) for name in names]


class _Occasions:
    """What the messages of a wave are about: an event with its details as they were told, a booking with what it is now, so that a moved
    one shows the new time. One statement for each of the two, where any message is about it."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self.events = events.facts({number for job in jobs if (number := _number(job, "event"))})
        self.bookings = bookings.facts({number for job in jobs if (number := _number(job, "booking"))})

    def event(self, job: Job) -> Mapping[str, Any]:
        """The event that the message is about; empty for none, and for somebody else's."""
        found = self.events.get(_number(job, "event"), {})
        return found if found.get("contact_id") == job.about else {}

    def of(self, job: Job) -> Mapping[str, Any]:
        """What the text may use. Somebody else's is none, and what is blank is left out."""
        if not job.context:
            return job.context
        occasion = {
            name: value for name, value in job.context.items() if name not in ("booking", "event", "way", "student")
        }
        event, booking = self.events.get(_number(job, "event"), {}), self.bookings.get(_number(job, "booking"), {})
        if event.get("contact_id") == job.about:
            # What goes by "cart_changed" is `event` and `cart` to the text.
            occasion |= dict.fromkeys(("event", str(event["name"]).partition("_")[0]), _filled(event))
        if booking.get("contact_id") == job.about:
            occasion["booking"] = _filled(booking)
        return occasion


def _number(job: Job, name: str) -> int:
    """The number of the booking or event that the message is about; 0 if it is about none."""
    number = job.context.get(name)
    return number if type(number) is int else 0


def _filled(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if value not in (None, "")}
