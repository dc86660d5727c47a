"""Nudges of the contacts room. With every receiver disconnected the next tick still does everything."""

from django.dispatch import Signal

# Sent after the commit that wrote facts (events, consent lines). Arguments: contact_ids, a list of the people concerned.
facts_recorded = Signal()
# Sent after the commit in which staff changed the house's hours, caps or budget: what waits because of them may be looked at again.
limits_changed = Signal()
