"""The admin pages of the contacts room, one module per noun."""

from contacts.admin import business, consent, contact, event, group, imports, suppression

__all__ = ["business", "consent", "contact", "event", "group", "imports", "suppression"]
