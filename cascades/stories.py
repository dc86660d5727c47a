"""What this room tells of a student: each message that went to somebody who answers for them."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _

from cascades.models import StepRun
from contacts import timeline
from contacts.models import Contact
from contacts.timeline import Entry

MOST = 100  # of one person that a page tells of


def register() -> None:
    """Called once, when the room is ready."""
    timeline.register(through_guardians)


def through_guardians(student: Contact) -> Iterator[Entry]:
    """One statement; answered by the index of those who are in a cascade for a student."""
    runs = StepRun.objects.filter(enrollment__on_behalf_of=student, delivery__isnull=False).order_by("-id")
    told = runs.select_related("delivery__contact", "delivery__channel", "delivery__message_version__message")
    for run in told[:MOST]:
        sent = run.delivery
        assert sent is not None
        what = {
            "message": sent.message_version.message.name, "guardian": sent.contact,
            "state": sent.get_status_display(),
        }  # fmt: skip
        title = _("“%(message)s” to %(guardian)s, who answers for them: %(state)s") % what
        link = reverse("admin:channels_delivery_change", args=[sent.pk])
        yield Entry(sent.sent_at or sent.created_at, title, sent.channel.name, icon="family_restroom", url=link)
