"""The start by hand: staff choose the people, and the start's own id is the occasion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from cascades import audience
from cascades.trigger import Check, Entry, Trigger


class Manual(Trigger):
    """params of a start: `{"launch": the start's id, "selection": see cascades.audience}`; the cascade itself has none."""

    name = "manual"
    label = _("started by hand")
    help = _("You choose the people and press the button.")
    too_late = _("A start whose time has passed takes its people in as soon as the program runs again.")
    automatic = False

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        if params:
            yield Entry(audience.people(params["selection"], check.now), f"launch:{params['launch']}", shared=True)
