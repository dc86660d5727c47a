"""The cascades' pages: the builder, the start, the results, every recipient, and the health of it all."""

from cascades.admin import cascade, health, launch, launches, recipients, report

launch.offer_in_contacts()

__all__ = ["cascade", "health", "launch", "launches", "recipients", "report"]
