"""A stage on which a blueprint is played as a story: people, a clock that the test moves, and at the end a table of what happened.

Everything real but the clock and the providers: the draft is made by `cascades.blueprints.using`, the runner decides, sending hands over to
the sandbox, and what people do comes in by the sandbox's own door. Nothing runs by itself; a test is some hundred statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.http import QueryDict

from cascades import runner
from cascades.blueprints import blueprint, using
from cascades.models import Cascade, Enrollment, Launch, LaunchState, Outcome, Step, StepRun
from cascades.publishing import ASKED
from channels import receipts, sandbox_play, sending, surveys
from channels.models import Delivery, DeliveryStatus, Form, MessageVariant, SandboxMessage
from channels.sandbox_play import Operator
from contacts import bookings, events, kinds, vouchers
from contacts.bookings import Slot
from contacts.models import Address, Basis, Booking, Consent, Contact, Voucher
from contacts.models.contact import fingerprint
from tests.factories import make_business

MADRID = ZoneInfo("Europe/Madrid")
YEAR = 2026
PLAYER = Operator(None, "test")
_LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
SHOWN = "%d %b %H:%M"


def fill_in(cascade: Cascade) -> bool:
    """Write what the draft's texts leave to staff; whether they left anything."""
    asked = MessageVariant.objects.filter(message__in=cascade.steps.values("message"), body__contains="[[")
    for variant in asked:
        variant.body = ASKED.sub("Shampoo, 12 EUR", variant.body)
    return bool(MessageVariant.objects.bulk_update(asked, ["body"]))


class Stage:
    """A shop with one blueprint in use. Times are texts such as "23 Nov 10:00", by Madrid's clock, in 2026 unless the year stands first.

    An automatic cascade is asked who enters whenever anything falls due, at each `until`, and so long after an event as the way in wants.
    fields: of the business.
    """

    def __init__(self, slug: str, at: str, **fields: Any) -> None:
        self.now, self.told = clock(at), 0
        self.asks: list[datetime] = []
        self.settled = False  # whether all that falls due at this moment has happened
        self.contacts: dict[str, Contact] = {}
        make_business(**fields)
        self.blueprint = blueprint(slug)
        self.cascade = using.use(self.blueprint, user_id=None).cascade
        spoken_on = Step.objects.filter(cascade=self.cascade).values("channel__kind")
        MessageVariant.objects.exclude(
            kind__in=spoken_on
        ).delete()  # nobody gets these, and freezing them takes its time
        fill_in(self.cascade)

    # --- people -------------------------------------------------------------------------------------------------------

    def person(
        self, name: str, language: str, *reached_by: str, agreed: Iterable[str] | None = None, added: str = "", **fields: Any
    ) -> Contact:  # fmt: skip
        """Somebody with an address for each of these kinds of channel, who agreed to all of them, or to those named."""
        since = clock(added) if added else self.now - timedelta(days=400)
        person = Contact(first_name=name, language=language, **fields)
        person.search = person.search_text([])
        Contact.objects.bulk_create([person])
        Contact.objects.filter(pk=person.pk).update(created_at=since)
        own = {kinds.get(kind).address: _address(kind, name, person.pk) for kind in reached_by}
        Address.objects.bulk_create(
            Address(contact=person, kind=kind, value=value, normal=value, fingerprint=fingerprint(kind, value))
            for kind, value in own.items()
        )
        Consent.objects.bulk_create(
            Consent(
                contact=person, kind=kind, purpose="marketing", given=True, basis=Basis.EXPRESS, source="test", at=since,
                recorded_at=since, handled_at=since,
            ) for kind in (reached_by if agreed is None else agreed)
        )  # fmt: skip
        self.contacts[name] = person
        return person

    # --- staff --------------------------------------------------------------------------------------------------------

    def confirms(self, booking: Booking) -> None:
        bookings.confirm(booking.pk, now=self.now)
        self.settled = False

    def cancels(self, booking: Booking) -> None:
        bookings.cancel(booking.pk, now=self.now)
        self.settled = False

    def attends(self, booking: Booking) -> None:
        bookings.attend(booking.pk, now=self.now)
        self.settled = False

    def launch(self, *, selection: dict[str, Any] | None = None, unknown_goes_on: bool = True) -> None:
        """Start it by hand, now, for everyone or for a selection (see `cascades.audience`)."""
        chosen = selection or {"contacts": [person.pk for person in self.contacts.values()]}
        runner.start(uuid4(), self.cascade, chosen, user=None, now=self.now, unknown_goes_on=unknown_goes_on)
        self.work()

    def switch_on(self) -> None:
        runner.switch_on(self.cascade, user=None, now=self.now)

    # --- what happens ---------------------------------------------------------------------------------------------------

    def does(self, name: str, act: str, *, text: str = "", button: int = 0) -> None:
        """Somebody does something with their newest message: open, click, answer, press, bounce, opt_out (see `sandbox_play.Act`)."""
        token = self._newest(name).token
        message = SandboxMessage.objects.select_related("channel").get(key=token)
        sandbox_play.play(message, act, now=self.now, operator=PLAYER, text=text, link=button)
        receipts.apply_inbound(now=self.now)
        self.settled = False

    def answers_form(self, name: str, *answers: str) -> None:
        """Somebody opens the form by the link in their newest message, and answers its questions in their order."""
        delivery, form = self._newest(name), Form.objects.get()
        assert any(link.startswith(f"http://127.0.0.1:8000/f/{delivery.token}/{form.slug}") for link in delivery.links)
        questions = list(form.questions.all())
        posted = QueryDict(mutable=True)
        posted.update({question.key: said for question, said in zip(questions, answers, strict=True)})
        language = self.contacts[name].language
        given = surveys.read(surveys.asked(questions, language, "en"), posted)
        assert not given.problems
        surveys.take(form, questions, delivery, given.answers, language=language, now=self.now)
        self.settled = False

    def redeems(self, name: str) -> None:
        """The counter takes the person's code in."""
        vouchers.redeem(Voucher.objects.get(contact=self.contacts[name]), now=self.now, where="counter")
        self.settled = False

    def happens(self, name: str, event: str, *, at: str = "", **data: Any) -> None:
        """The shop's other systems, or staff, tell of something."""
        self.told += 1
        when = clock(at) if at else self.now
        self.asks_again()
        events.record(
            self.contacts[name].pk, event, at=when, now=self.now, key=f"t{self.told}", data=data, source="shop"
        )

    def books(
        self, name: str, starts: str, title: str = "Haircut", *, kind: str = "appointment", minutes: int = 60
    ) -> Booking:
        start = clock(starts)
        slot = Slot(
            title=title, starts_at=start, ends_at=start + timedelta(minutes=minutes), zone=MADRID.key, kind=kind
        )
        self.settled = False
        return bookings.book(self.contacts[name].pk, slot, now=self.now).booking

    def moves(self, booking: Booking, starts: str) -> None:
        start = clock(starts)
        slot = Slot(
            title=booking.title,
            starts_at=start,
            ends_at=start + timedelta(minutes=60),
            zone=booking.zone,
            kind=booking.kind,
        )
        bookings.move(booking.pk, slot, now=self.now)
        self.settled = False

    # --- time -----------------------------------------------------------------------------------------------------------

    def until(self, when: str) -> None:
        """Let the time pass; whatever falls due on the way happens at its minute."""
        self._pass(clock(when))
        self.work()

    def due(self, when: str) -> None:
        """The same, but at this last moment it is only decided: nothing is handed over before the next `until`."""
        if clock(when) > self.now:
            self._pass(clock(when))
        self._listen()
        self._decide()
        self.settled = False

    def _pass(self, target: datetime) -> None:
        assert target >= self.now, "time does not run backwards"
        if not self.settled:
            self.work()
        while (moment := self._next(target)) < target:
            self.now = moment
            self.work()
        self.now = target

    def _next(self, target: datetime) -> datetime:
        """The next moment at which anything can fall due."""
        waiting = Delivery.objects.filter(status=DeliveryStatus.QUEUED, not_before__gt=self.now)
        found = [
            Enrollment.objects.filter(outcome=Outcome.OPEN, next_due_at__gt=self.now).values_list(
                "next_due_at", flat=True
            ),
            waiting.values_list("not_before", flat=True),
            Launch.objects.filter(state=LaunchState.PLANNED, start_at__gt=self.now).values_list("start_at", flat=True),
        ]
        moments = [first for rows in found if (first := rows.order_by(rows.query.values_select[0]).first())]
        moments += [moment for moment in self.asks if moment > self.now]
        return min([target, *moments])

    def asks_again(self) -> None:
        """Something happens now. The way in may notice it after its time of quiet, or at the next look at its segment."""
        self.settled = False
        looks_every = 900 if self.blueprint.trigger == "segment" else 0
        self.asks.append(self.now + timedelta(seconds=self.blueprint.params.get("quiet", looks_every)))

    def work(self) -> None:
        """Until nothing more happens at this moment: what beat and the workers do."""
        self.settled = True
        self._listen()
        for _ in range(12):
            if not self._decide() + sending.send_due(clock=lambda: self.now):
                break
        if Delivery.objects.filter(status=DeliveryStatus.QUEUED, valid_until__lte=self.now).exists():
            sending.sweep(self.now)
            self._decide()

    def _listen(self) -> None:
        if self.blueprint.trigger != "manual":
            runner.listen(self.now)

    def _decide(self) -> int:
        return runner.enroll_due(self.now) + runner.wake(self.now) + runner.advance(self.now)

    # --- what came of it ----------------------------------------------------------------------------------------------

    def rows(self) -> list[str]:
        """One line for each decision and each end: when | who | channel | language | reason."""
        found = [self._row(run) for run in self._runs()]
        ways = Enrollment.objects.filter(cascade=self.cascade, ended_at__isnull=False).select_related("contact")
        found += [
            (way.ended_at, 1_000_000, way.contact.first_name, "end", "–", way.reason) for way in ways if way.ended_at
        ]
        return [" | ".join((shown(when), *rest)) for when, _order, *rest in sorted(found)]

    def _runs(self) -> Iterable[StepRun]:
        runs = StepRun.objects.filter(enrollment__cascade=self.cascade)
        return runs.select_related("enrollment__contact", "step__channel", "delivery__message_version").order_by("pk")

    def _row(self, run: StepRun) -> tuple[datetime, int, str, str, str, str]:
        who, step, delivery = run.enrollment.contact.first_name, run.step, run.delivery
        if delivery is None:
            return run.decided_at, step.position, who, step.channel.kind, "–", run.reason
        if delivery.sent_at:
            return delivery.sent_at, step.position, who, delivery.kind, spoken(delivery), run.reason
        waits = delivery.status == DeliveryStatus.QUEUED
        return (
            delivery.ended_at or delivery.not_before,
            step.position,
            who,
            delivery.kind,
            "waits" if waits else "–",
            delivery.reason,
        )

    def step(self, number: int) -> Step:
        """A step of the draft, from 1, to be changed before the start."""
        return Step.objects.filter(cascade=self.cascade, version=None).order_by("position")[number - 1]

    def _newest(self, name: str) -> Delivery:
        return Delivery.objects.filter(contact=self.contacts[name], sent_at__isnull=False).latest("sent_at", "pk")

    def words(self, name: str) -> str:
        """The newest text that somebody got, title and text."""
        token = self._newest(name).token
        kept = SandboxMessage.objects.get(key=token)
        return f"{kept.subject}\n{kept.text}"


def told(table: str) -> list[str]:
    """A story as a test tells it, as `Stage.rows()` has it: columns with two blanks or more between them, lines by time, step and name."""
    return [" | ".join(re.split(r"\s{2,}", line.strip())) for line in table.strip().splitlines()]


def clock(text: str) -> datetime:
    """An instant by Madrid's clock: "23 Nov 10:00", "2027 3 Jan 10:00"."""
    year, said = (text[:4], text[5:]) if re.match(r"\d{4} ", text) else (str(YEAR), text)
    return datetime.strptime(f"{year} {said}", f"%Y {SHOWN}").replace(tzinfo=MADRID)


def shown(when: datetime) -> str:
    """The instant as `clock` reads it; seconds are shown where there are any."""
    local = when.astimezone(MADRID)
    said = local.strftime(SHOWN).lstrip("0") + (local.strftime(":%S") if local.second or local.microsecond else "")
    return said if local.year == YEAR else f"{local.year} {said}"


def spoken(delivery: Delivery) -> str:
    """The language in which the message really is, told by its words and not by what was planned."""
    text = SandboxMessage.objects.get(key=delivery.token).text
    scores: dict[str, int] = {}
    for variant in delivery.message_version.content:
        if variant["kind"] == delivery.kind:
            pieces = [piece.strip() for piece in re.split(r"\n|[\x02\x03]", _LIQUID.sub("\n", variant["text"]))]
            scores[variant["language"]] = sum(len(piece) for piece in pieces if piece in text)
    best = [language for language, score in scores.items() if score and score == max(scores.values())]
    return "/".join(best) or "?"


def _address(kind: str, name: str, number: int) -> str:
    if kind == "email":
        return f"{name.lower()}@x.example"
    return f"+346001{number:05d}" if kinds.get(kind).address == "phone" else f"{kind}-{number}"
