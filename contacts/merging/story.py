"""What merging tells of a person."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from contacts import timeline
from contacts.models import Contact, Merge
from contacts.timeline import Entry


def register() -> None:
    """Called once, when the room is ready."""
    timeline.register(mergings)


def mergings(contact: Contact) -> Iterator[Entry]:
    for done in Merge.objects.filter(kept=contact):
        yield Entry(done.at, _("Made one with %(name)s") % {"name": done}, icon="merge")
        if done.undone_at:
            yield Entry(done.undone_at, _("Two contacts again: this one and %(name)s") % {"name": done}, icon="undo")
