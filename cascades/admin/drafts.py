"""A start that is being prepared: whom, when, what was shown. It waits in the session under the id of the start that it may become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest

from cascades.models import Launch
from cascades.runner import WallTime

_KEY = "cascades.starts"
_CHOSEN = "cascades.chosen"
_CHOSEN_GROUPS = "cascades.chosen.groups"
KEPT = 5  # older ones are forgotten: a session is no archive


@dataclass
class Draft:
    """selection: see `cascades.audience`; reading, zone: a wall time as ISO text and its zone, "" for now; shown: the last numbers."""

    cascade: int
    selection: dict[str, Any] = field(default_factory=dict)
    reading: str = ""
    zone: str = ""
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def at(self) -> WallTime | None:
        return WallTime(datetime.fromisoformat(self.reading), self.zone) if self.reading else None

    @property
    def stamp(self) -> str:
        """Changes with what was chosen: a page that shows something older starts nothing."""
        said = repr((sorted(self.selection.items()), self.reading, self.zone))
        return sha256(said.encode()).hexdigest()[:16]


def open_for(request: HttpRequest, cascade_id: int, *, chosen: bool = False) -> UUID:
    """The id of the start being prepared here; a second tab gets the same. chosen: a new one, for people chosen in the list."""
    known = _all(request)
    mine = [] if chosen else [key for key, value in known.items() if value["cascade"] == cascade_id]
    used = {str(pk) for pk in Launch.objects.filter(pk__in=mine).values_list("pk", flat=True)}
    if free := [key for key in mine if key not in used]:
        return UUID(free[-1])
    launch_id = uuid4()
    named = {"groups": chosen_groups(request), "contacts": request.session.get(_CHOSEN, []), "filter": {}}
    selection = named if chosen else {}
    keep(request, launch_id, Draft(cascade_id, selection))
    return launch_id


def find(request: HttpRequest, launch_id: UUID, cascade_id: int) -> Draft:
    """What was prepared under this id; an empty draft where nothing was, for the session may have ended."""
    values = _all(request).get(str(launch_id))
    return Draft(**values) if values and values["cascade"] == cascade_id else Draft(cascade_id)


def keep(request: HttpRequest, launch_id: UUID, draft: Draft) -> None:
    known = {key: value for key, value in _all(request).items() if key != str(launch_id)}
    newest = dict(list(known.items())[-KEPT + 1 :])
    request.session[_KEY] = {**newest, str(launch_id): asdict(draft)}


def forget(request: HttpRequest, launch_id: UUID) -> None:
    request.session[_KEY] = {key: value for key, value in _all(request).items() if key != str(launch_id)}


def choose(request: HttpRequest, contact_ids: list[int], *, group: int | None = None) -> None:
    """Remember the people chosen in the list of contacts, or the group that holds them; many ids do not travel in an address."""
    request.session[_CHOSEN] = contact_ids
    request.session[_CHOSEN_GROUPS] = [group] if group else []


def chosen_groups(request: HttpRequest) -> list[int]:
    found: list[int] = request.session.get(_CHOSEN_GROUPS, [])
    return found


def chosen(request: HttpRequest) -> list[int]:
    found: list[int] = request.session.get(_CHOSEN, [])
    return found


def _all(request: HttpRequest) -> Mapping[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = request.session.get(_KEY, {})
    return found
