"""Nudges, sent on commit: with every receiver disconnected, the next tick of the clock still does all the work."""

from __future__ import annotations

from django.dispatch import Signal

# Deliveries were planned or released: there may be something to send.
deliveries_waiting = Signal()
# A provider's call was stored: there is something to take in.
call_stored = Signal()
