"""The start by hand: staff choose the people, and the start's own id is the occasion."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from cascades import audience
from cascades.trigger import Entry, Trigger


class Manual(Trigger):
    """params: `{"launch": the start's id, "selection": see cascades.audience}`."""

    name = "manual"
    label = _("started by hand")

    def due(self, params: Mapping[str, Any], now: datetime) -> Iterator[Entry]:
        yield Entry(audience.people(params["selection"], now), f"launch:{params['launch']}", shared=True)
