"""The kinds of condition that this room brings, one module for each matter. `contacts.apps` registers them."""

from contacts.segments import condition
from contacts.segments.conditions import (
    attributes,
    birthdays,
    bookings,
    consent,
    distance,
    events,
    membership,
    person,
    purchases,
    reach,
)

_MODULES = (person, birthdays, distance, attributes, membership, consent, reach, events, purchases, bookings)


def register() -> None:
    """Called once, when the room is ready."""
    for module in _MODULES:
        for kind in module.CONDITIONS:
            condition.register(kind)
