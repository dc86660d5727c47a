"""A blueprint becomes a draft: the cascade with its steps, its messages, and what else it brings along. Nothing starts by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext as _

from cascades.blueprints import needs
from cascades.blueprints.blueprint import Blueprint, Gift, Own, Plank
from cascades.blueprints.words import Letter
from cascades.models import Cascade, Seen, Step, Who
from channels import capabilities
from channels.models import Channel, Form, FormQuestion, Invitation, Message, MessageVariant
from channels.rendering import Written
from channels.transport import Fact
from contacts import kinds, segments
from contacts.models import Group, Segment, VoucherOffer

LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Used:
    """The draft, and what to look at before it starts, in sentences."""

    cascade: Cascade
    remarks: list[str]


def use(blueprint: Blueprint, *, user_id: int | None, may_urgent: bool = True) -> Used:
    """Make a draft, in one transaction; names in the language in force. What an earlier use left unchanged is used again, not doubled.

    may_urgent: whether whoever does this may mark messages as urgent; else they are not.
    """
    with transaction.atomic():
        making = _Making(blueprint, needs.House())
        letters = {key: making.message(letter, urgent=may_urgent) for key, letter in blueprint.letters.items()}
        kept = ("goal", "final_wait", "reentry", "reentry_after", "deadline", "trigger")
        fields = {name: getattr(blueprint, name) for name in kept}
        cascade = Cascade.objects.create(
            name=free_name(Cascade, str(blueprint.title)), created_by_id=user_id,
            **{**fields, "goal": list(blueprint.goal), "exits": list(blueprint.exits), "trigger_params": making.params(), **blueprint.more},
        )  # fmt: skip
        making.steps(cascade, letters)
    if not may_urgent and any(letter.urgent for letter in blueprint.letters.values()):
        making.remarks.append(
            _("You may not mark messages as urgent, so this one waits in quiet hours. Ask the owner to mark it.")
        )
    return Used(cascade, [*([str(blueprint.look_at)] if blueprint.look_at else []), *making.remarks])


def free_name(model: type[models.Model], wanted: str) -> str:
    """The name, or "name 2" and so on where it is taken."""
    wanted = wanted[: LONGEST_NAME - 5]
    taken = set(model._default_manager.filter(name__startswith=wanted).values_list("name", flat=True))
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted} {number}"
    return name


@dataclass
class _Making:
    """One use: what was made or found for it so far."""

    blueprint: Blueprint
    house: needs.House
    remarks: list[str] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    survey: str = ""

    def __post_init__(self) -> None:
        for name in dict.fromkeys(str(name) for name in self.blueprint.groups):
            self.groups[name] = Group.objects.get_or_create(name=name)[0].pk
        if self.blueprint.survey:
            self.survey = self._survey().slug
        if self.blueprint.gift:
            self._gift(self.blueprint.gift)

    def _gift(self, gift: Gift) -> None:
        """The offer by the name that the texts say; one of this name that staff keep already is what is given."""
        fresh = {
            "name": free_name(VoucherOffer, str(gift.name)[:70]),
            "gives": gift.gives,
            "valid_days": gift.valid_days,
        }
        offer, _made = VoucherOffer.objects.get_or_create(slug=gift.slug, defaults=fresh)
        told = {"name": offer.name, "gives": offer.gives}
        self.remarks.append(_("It gives the voucher “%(name)s” (%(gives)s): look at the offer.") % told)

    def message(self, letter: Letter, *, urgent: bool) -> Message:
        """The message with its texts; one that says exactly the same is there already."""
        wanted = [self._filled(text) for text in letter.texts()]
        fields = {"purpose": letter.purpose, "urgent": letter.urgent and urgent}
        for known in Message.objects.filter(system="", name__startswith=str(letter.name), **fields).prefetch_related(
            "variants"
        ):
            if {_told(one) for one in known.variants.all()} == {_told(one) for one in wanted}:
                return known
        message = Message.objects.create(name=free_name(Message, str(letter.name)), **fields)
        MessageVariant.objects.bulk_create(
            MessageVariant(
                message=message, kind=text.kind, language=text.language, subject=text.subject, body=text.body, buttons=list(text.buttons)
            ) for text in wanted
        )  # fmt: skip
        return message

    def _filled(self, text: Written) -> Written:
        if not self.survey:
            return text
        body = text.body.replace("forms.survey", f"forms.{self.survey}")
        return Written(text.kind, text.language, text.subject, text.preheader, body, text.buttons)

    def params(self) -> dict[str, Any]:
        """The settings of the way in, with the numbers of what was brought along."""
        own = {Own.GROUP: self.groups.get(str(self.blueprint.group))}
        if self.blueprint.segment:
            own[Own.SEGMENT] = self._segment(own).pk
        if self.blueprint.invitation:
            self._invitation()
        settings: dict[str, Any] = _put_in(self.blueprint.params, own)
        return settings

    def _invitation(self) -> None:
        """The page on which people join; the one of an earlier use is enough."""
        there: dict[str, Any] = {
            "source": str(self.blueprint.invitation),
            "contact": None,
            "channel": None,
            "by_message": False,
        }
        Invitation.objects.get_or_create(**there, group=Group.objects.get(name=str(self.blueprint.group)))

    def _segment(self, own: Mapping[Own, int | None]) -> Segment:
        crowd = self.blueprint.segment
        assert crowd is not None
        rules = segments.clean(_put_in(crowd.rules, own))
        known = Segment.objects.filter(name__startswith=str(crowd.name))
        same = next((one for one in known if one.rules == rules), None)
        if self.blueprint.trigger == "manual":
            self.remarks.append(_("At the start, choose the segment “%(name)s”.") % {"name": same or crowd.name})
        return same or Segment.objects.create(name=free_name(Segment, str(crowd.name)), rules=rules)

    def _survey(self) -> Form:
        survey = self.blueprint.survey
        assert survey is not None
        asked = [(one.kind, dict(one.labels)) for one in survey.questions]
        for known in Form.objects.filter(name__startswith=str(survey.name), active=True).prefetch_related("questions"):
            if known.title == survey.title and [(one.kind, one.labels) for one in known.questions.all()] == asked:
                return known
        form = Form.objects.create(
            name=free_name(Form, str(survey.name)), title=dict(survey.title), intro=dict(survey.intro), thanks=dict(survey.thanks),
        )  # fmt: skip
        for position, one in enumerate(survey.questions):
            options = [{"value": value, "labels": dict(labels), "group": None} for value, labels in one.options.items()]
            FormQuestion.objects.create(
                form=form,
                position=position,
                kind=one.kind,
                labels=dict(one.labels),
                options=options,
                required=one.required,
            )
        return form

    def steps(self, cascade: Cascade, letters: Mapping[str, Message]) -> None:
        before: list[Channel] = []
        for position, plank in enumerate(self.blueprint.steps):
            channel = self.house.channel(plank.kinds) or self._practice(plank.kinds[0])
            Step.objects.create(
                cascade=cascade, position=position, channel=channel, message=letters[plank.letter],
                **{**self._fields(plank, channel, before), **plank.more},
            )  # fmt: skip
            before.append(channel)

    def _practice(self, kind: str) -> Channel:
        """An account of the sandbox, where the house has none of this kind."""
        label = str(kinds.label(kind))
        name = _("%(channel)s (practice)") % {"channel": label}
        made = Channel.objects.create(
            name=free_name(Channel, name[:70]), kind=kind, transport="sandbox", position=len(self.house.channels)
        )
        self.house.channels.append(made)
        self.remarks.append(
            _("There is no %(channel)s yet, so the draft uses “%(name)s”: nothing leaves the house.")
            % {"channel": label, "name": made.name}
        )
        return made

    def _fields(self, plank: Plank, channel: Channel, before: list[Channel]) -> dict[str, Any]:
        """The step's settings, as far as its channel and those before it can tell what they ask for."""
        kept = ("wait", "wait_from", "longest_wait", "at_time", "validity")
        seen, who = plank.seen, plank.who
        if seen == Seen.OPENED and not tells_opening(channel):
            seen = Seen.CLICKED
        if who == Who.NOT_OPENED and not any(tells_opening(one) for one in before):
            who = Who.NOT_CLICKED
        answers = [
            {
                "choice": one.choice, "then": one.then, "group": self.groups.get(str(one.into)) if one.into else None,
                "from_group": self.groups.get(str(one.out_of)) if one.out_of else None,
            } for one in plank.answers
        ]  # fmt: skip
        return {name: getattr(plank, name) for name in kept} | {
            "seen": seen, "who": who, "weekdays": list(plank.weekdays), "answers": answers,
        }  # fmt: skip


def _put_in(value: Any, own: Mapping[Own, int | None]) -> Any:
    """The same data with the numbers of what was brought along."""
    if isinstance(value, Mapping):
        return {name: _put_in(one, own) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_put_in(one, own) for one in value]
    return own[value] if isinstance(value, Own) else value


def tells_opening(channel: Channel) -> bool:
    return bool(capabilities.of_channel(channel) & {Fact.OPENED, Fact.READ})


def _told(text: Written | MessageVariant) -> tuple[str, ...]:
    buttons = [part for button in text.buttons for part in (button["label"], button["reply"], button["url"])]
    return (text.kind, text.language, text.subject, text.body, *buttons)
