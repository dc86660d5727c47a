"""Links by which one person joins a channel, for the text of a message. Each works once, and stays the same until it has been used."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from channels.contention import insist
from channels.join_links import Way, ways
from channels.models import Invitation
from channels.models.joining import new_invitation
from contacts import bulk
from contacts.models import Business

NAMES = {"push": "webpush"}  # what staff may write for a kind of channel beside its own name
_SAMPLE = "your-own-link-to-join-"  # as long as a token
_COLUMNS = (
    "token", "source", "channel_id", "contact_id", "group_id", "language", "single_use", "by_message", "used_at", "expires_at", "active",
    "created_by_id", "created_at", "sms_a_day", "sms_full_at",
)  # fmt: skip

_Key = tuple[int, int]  # a contact's id and a channel's


class PersonalLinks:
    """The links of the people in one worker's hands; what was made or found once is not asked for again."""

    def __init__(self, business: Business) -> None:
        self.business = business
        self._known: dict[_Key, str] = {}

    @cached_property
    def _ways(self) -> dict[str, Way]:
        return ways(self.business)

    def make(self, wanted: Iterable[tuple[int, str]], now: datetime) -> None:
        """Have a link ready for each (contact, name after `join.`); none for channels that nobody can join. Two statements, or none."""
        keys = {(contact_id, way.channel.pk) for contact_id, name in wanted if (way := self._way(name))}
        if missing := keys - self._known.keys():
            insist(lambda: self._make(missing, now))

    def of(self, contact_id: int, names: Iterable[str]) -> dict[str, str]:
        """The person's own addresses by these names; those that there are not are left out."""
        found = {}
        for name in names:
            way = self._way(name)
            token = self._known.get((contact_id, way.channel.pk)) if way else None
            if way and token:
                found[name] = _opened(way.link(token), token, self.business)
        return found

    def _way(self, name: str) -> Way | None:
        return self._ways.get(NAMES.get(name, name))

    def _make(self, missing: set[_Key], now: datetime) -> None:
        self._find(missing, now)
        new = sorted(missing - self._known.keys())
        with translation.override(self.business.language):  # staff read it
            source = _("link in a message")
        rows = [
            (new_invitation(), source, channel, contact, None, "", True, True, None, None, True, None, now, 1, None)
            for contact, channel in new
        ]  # fmt: skip
        returning = ("contact_id", "channel_id", "token")
        made = bulk.insert(Invitation, _COLUMNS, rows, ignore_conflicts=True, returning=returning)
        self._known.update({(contact, channel): token for contact, channel, token in made})
        if len(made) < len(new):  # another worker was quicker
            self._find(set(new) - self._known.keys(), now)

    def _find(self, keys: set[_Key], now: datetime) -> None:
        lasts = Q(expires_at=None) | Q(expires_at__gt=now)
        mine = Invitation.objects.filter(
            lasts, bulk.Among("contact_id", {contact for contact, _channel in keys}), by_message=True, active=True, used_at=None
        )  # fmt: skip
        found = mine.values_list("contact_id", "channel_id", "token")
        self._known.update({(contact, channel): token for contact, channel, token in found if contact and channel})


def examples(business: Business) -> dict[str, str]:
    """Addresses as everybody's will look, by their names: for trying a text out."""
    found = {kind: _opened(way.link(_SAMPLE), _SAMPLE, business) for kind, way in ways(business).items()}
    return {**found, **{name: found[kind] for name, kind in NAMES.items() if kind in found}}


def _opened(link: str, token: str, business: Business) -> str:
    """What mail programs and telephones do not open from a text (viber://) is reached by our own page."""
    if link.startswith(("https://", "http://")):
        return link
    return f"{business.public_address}/j/{token}" if business.public_address else link
