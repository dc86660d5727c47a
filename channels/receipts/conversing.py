"""What people say, put into conversations: each channel and address has one. A bounded number of statements, in any order, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels.facts import Told
from channels.models import Channel, Conversation, Delivery, DeliveryEvent, MessageVersion
from channels.transport import Fact, Inbound
from contacts import bulk
from contacts.models import Address

# What only a person's own message can tell. A pressed button and a STOP need nobody's answer; words do.
_SAID = frozenset({Fact.REPLIED, Fact.STOPPED, Fact.RESUMED, Fact.JOINED})


@dataclass(frozen=True, slots=True)
class Heard:
    """One fact that is new. key: its event's; address: who says it; contact_id: whose address that is, as far as is known."""

    told: Inbound
    key: str
    address: str
    contact_id: int | None
    at: datetime

    @property
    def waits(self) -> bool:
        """Whether somebody should read it and answer."""
        return self.told.fact == Fact.REPLIED and not self.told.choice


def converse(channel: Channel, heard: Sequence[Heard]) -> None:
    """Open or carry on the conversations in the caller's transaction; four statements, one more where somebody joins, none for nothing."""
    said: dict[str, list[Heard]] = {}
    for one in heard:
        if one.told.fact in _SAID and one.address:
            said.setdefault(one.address, []).append(one)
    if not said:
        return
    people = _people(channel, said)
    bulk.insert(
        Conversation, _NEW, [_new(channel, lines[0]) for _, lines in sorted(said.items())], ignore_conflicts=True
    )
    found = Conversation.objects.filter(channel=channel, address__in=list(said)).order_by("id")
    rows = list(found.select_for_update(no_key=True))
    bulk.update(Conversation, _CHANGED, [_after(row, said[row.address], people) for row in rows])
    ids = {row.address: row.pk for row in rows}
    keys = sorted((one.key, ids[address]) for address, lines in said.items() for one in lines)
    bulk.update(DeliveryEvent, ("conversation_id",), keys, key="event_key", only={"channel_id": channel.pk})


def spell_out(told: Sequence[Told]) -> None:
    """A pressed button says what stood on it, where the provider tells its code only. Two statements, none where nothing was pressed."""
    silent = [one for one in told if one.delivery_id and one.data.get("choice") and not one.text]
    if not silent:
        return
    which = Delivery.objects.filter(bulk.Among("id", {one.delivery_id or 0 for one in silent}))
    about = {one.pk: one for one in which.only("kind", "language", "message_version_id")}
    versions = MessageVersion.objects.filter(pk__in={one.message_version_id for one in about.values()})
    contents: dict[int, Any] = dict(versions.values_list("pk", "content"))
    for one in silent:
        carried = about[one.delivery_id or 0]
        content = contents[carried.message_version_id]
        one.text = label(content, carried.kind, carried.language, str(one.data["choice"]))


def label(content: Sequence[Mapping[str, Any]], kind: str, language: str, choice: str) -> str:
    """What stood on the button, as it was written, in the person's language where there is such a text; "" for no button of ours."""
    texts = sorted((one for one in content if one["kind"] == kind), key=lambda one: one["language"] != language)
    buttons = (button for text in texts for button in text.get("buttons", ()))
    return next((str(button["label"]) for button in buttons if button.get("reply") == choice), "")


_NEW = ("channel_id", "address", "contact_id", "name", "assigned_id", "open", "heard", "read", "wrote_at", "last_at")
_CHANGED = ("contact_id", "name", "open", "heard", "wrote_at", "last_at")


def _new(channel: Channel, first: Heard) -> tuple[Any, ...]:
    return channel.pk, first.address, None, "", None, False, 0, 0, first.at, first.at


def _after(row: Conversation, lines: Sequence[Heard], people: Mapping[str, int]) -> tuple[Any, ...]:
    waiting = sum(line.waits for line in lines)
    latest = max(line.at for line in lines)
    name = next((line.told.name for line in reversed(lines) if line.told.name), row.name)
    return (
        row.pk, row.contact_id or people.get(row.address), name[:120], row.open or waiting > 0, row.heard + waiting,
        max(row.wrote_at, latest), max(row.last_at, latest),
    )  # fmt: skip


def _people(channel: Channel, said: Mapping[str, Sequence[Heard]]) -> dict[str, int]:
    """Whose addresses these are. Who has just joined is known since, so they are looked up."""
    known = {address: one.contact_id for address, lines in said.items() for one in lines if one.contact_id}
    joined = [
        address
        for address, lines in said.items()
        if address not in known and any(line.told.fact == Fact.JOINED for line in lines)
    ]
    if joined:
        owners = Address.objects.filter(kind=channel.address_kind, normal__in=joined).order_by("-contact_id")
        known |= dict(owners.values_list("normal", "contact_id"))
    return {address: contact_id for address, contact_id in known.items() if contact_id}
