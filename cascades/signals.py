"""Nudges of the cascades room, sent on commit. With every receiver disconnected the next tick still does everything."""

from django.dispatch import Signal

# A start was planned, or its people are in: somebody may be due.
launch_planned = Signal()
people_entered = Signal()
