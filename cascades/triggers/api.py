"""Only when another program says so, by the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from cascades.trigger import Check, Entry, Trigger


class ByCall(Trigger):
    """Nobody enters by the clock; see `cascades.runner.enroll_contacts`."""

    name = "api"
    label = _("when another program says so")
    help = _("Another program names the people and the occasion, by the API.")
    too_late = _("Nobody: the other program tells it again.")

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        yield from ()
