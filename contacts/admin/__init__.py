"""The admin pages of the contacts room, one module per noun."""

<<<<<<< HEAD
from contacts.admin import booking, business, consent, contact, event, group, imports, segment, suppression

__all__ = ["booking", "business", "consent", "contact", "event", "group", "imports", "segment", "suppression"]
=======
from contacts.admin import booking, business, consent, contact, event, group, imports, integration, suppression

__all__ = ["booking", "business", "consent", "contact", "event", "group", "imports", "integration", "suppression"]
>>>>>>> origin/main
