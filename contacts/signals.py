"""Nudges of the contacts room. With every receiver disconnected the next tick still does everything."""

from django.dispatch import Signal

# Sent after the commit that wrote facts (events, consent lines). Arguments: contact_ids, a list of the people concerned.
facts_recorded = Signal()
