"""The admin pages of the contacts room, one module per noun."""

from contacts.admin import (
    booking,
    business,
    connection,
    consent,
    contact,
    event,
    goods,
    group,
    import_layouts,
    imports,
    integration,
    privacy,
    roster,
    segment,
    suppression,
    voucher,
)

__all__ = [
    "booking",
    "business",
    "connection",
    "consent",
    "contact",
    "event",
    "goods",
    "group",
    "import_layouts",
    "imports",
    "integration",
    "privacy",
    "roster",
    "segment",
    "suppression",
    "voucher",
]
