"""What the page of a rehearsal shows: the buttons of its clock, the chosen message as the person sees it, and what can be played on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.admin import picture
from cascades.models import Cascade
from cascades.rehearsal import Cell, Person, Script, Story, acts
from cascades.rehearsal.story import Column
from channels import sandbox_play
from channels.admin import sandbox_page
from channels.models import SandboxMessage
from channels.sandbox_play import Act
from contacts import events

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOVE = acts.MOVE
WORDS = (str(Act.ANSWER), acts.GOAL, acts.BOOKING, acts.MOVE)  # acts that need to be said
_PLAIN: dict[str, tuple[StrOrPromise, str]] = {
    Act.DELIVERED: (gettext_lazy("Arrives"), "mark_email_read"),
    Act.OPEN: (gettext_lazy("Opens it"), "drafts"),
    Act.BOUNCE: (gettext_lazy("Address does not exist"), "block"),
    Act.OPT_OUT: (gettext_lazy("Opts out"), "unsubscribe"),
}
_BOOKINGS = (
    ("confirm", gettext_lazy("Confirms")),
    ("cancel", gettext_lazy("Cancels")),
    ("attend", gettext_lazy("Comes")),
    ("miss", gettext_lazy("Does not come")),
)


@dataclass(frozen=True, slots=True)
class Shown:
    """The chosen message. html is safe only inside a frame without rights."""

    person: Person
    column: Column
    cell: Cell
    rich: bool = False
    html: str = ""
    preview: str = ""
    links: list[str] = field(default_factory=list)
    presses: list[str] = field(default_factory=list)
    buttons: list[tuple[str, StrOrPromise, str]] = field(default_factory=list)
    may_answer: bool = False

    @property
    def message(self) -> SandboxMessage | None:
        return self.cell.message


def shown(script: Script, story: Story, cascade: Cascade, who: str, step: str) -> dict[str, Any]:
    """The page's context beside the script and the story. who, step: what was chosen, as the address says it."""
    person = story.people[int(who)] if who.isdecimal() and int(who) < len(story.people) else None
    chosen = _chosen(story, person, step)
    return {
        "rows": [(one, [(column, one.cells.get(column.key)) for column in story.columns]) for one in story.people],
        "winds": list(_winds(story)), "shown": chosen, "person": person or (chosen.person if chosen else None),
        "cost": picture.money(story.cost, story.currency), "has_started": story.now > script.start or bool(script.plays),
        "goals": _goals(cascade), "bookings": _BOOKINGS if _has_bookings(cascade) else (),
        "notes": list(dict.fromkeys(story.notes)),
    }  # fmt: skip


def _winds(story: Story) -> Iterator[tuple[str, StrOrPromise, str]]:
    """(where to, words, icon)."""
    if story.next_at:
        yield story.next_at.isoformat(), _("To the next happening"), "skip_next"
    yield _on(story.now, hours=1), _("1 hour on"), "more_time"
    yield _on(story.now, days=1), _("1 day on"), "calendar_today"
    if story.next_at:
        yield "end", _("To the end"), "last_page"


def _on(now: datetime, **by: int) -> str:
    return (now + timedelta(**by)).isoformat()


def _chosen(story: Story, person: Person | None, step: str) -> Shown | None:
    """What was chosen; else the newest message, of this person if there is one."""
    columns = {column.key: column for column in story.columns}
    if person is not None and step in person.cells and step in columns:
        return _shown(person, columns[step], person.cells[step])
    people = [person] if person else story.people
    sent = [
        (cell.at, -one.number, one, cell) for one in people for cell in one.cells.values() if cell.message and cell.at
    ]
    if not sent:
        return None
    _at, _number, one, cell = max(sent, key=lambda found: found[:2])
    return _shown(one, columns[cell.step], cell)


def _shown(person: Person, column: Column, cell: Cell) -> Shown:
    message = cell.message
    if message is None:
        return Shown(person, column, cell)
    return Shown(
        person, column, cell, sandbox_page.is_rich(message), sandbox_page.as_shown(message), sandbox_page.preview(message),
        sandbox_play.links(message) if Act.CLICK in cell.acts else [],
        [str(button["label"]) for button in message.buttons],
        [(act, *_PLAIN[act]) for act in cell.acts if act in _PLAIN], Act.ANSWER in cell.acts,
    )  # fmt: skip


def _goals(cascade: Cascade) -> list[tuple[str, StrOrPromise]]:
    """What somebody can do by themselves; what ends this cascade comes first."""
    all_of_them = {name: words for name, words in events.GOALS.items() if not name.startswith("booking_")}
    first = [name for name in (*cascade.goal, *cascade.exits) if name in all_of_them]
    return [(name, all_of_them[name]) for name in dict.fromkeys([*first, *all_of_them])]


def _has_bookings(cascade: Cascade) -> bool:
    about = (cascade.trigger_params or {}).get("event", "")
    return cascade.trigger == "booking" or str(about).startswith("booking_")
