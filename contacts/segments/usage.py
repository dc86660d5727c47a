"""Who uses a segment: a registry, asked before one is deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _

from contacts.models import Segment
from contacts.segments.rules import lines

# Tells where a room uses the segment, each place as a phrase.
User = Callable[[int], Iterable[str]]

_users: list[User] = []


def register_user(user: User) -> None:
    """Let a room tell where it uses segments; called when the room is ready."""
    if user not in _users:
        _users.append(user)


def uses(segment_id: int) -> list[str]:
    """Every place that would find nobody without the segment."""
    return [place for user in _users for place in user(segment_id)]


def _other_segments(segment_id: int) -> list[str]:
    found = Segment.objects.exclude(pk=segment_id).filter(rules__isnull=False)
    return [
        _("segment “%(name)s”") % {"name": other.name}
        for other in found
        if any(isinstance(line, dict) and line.get("segment") == segment_id for line in lines(other.rules))
    ]


register_user(_other_segments)
