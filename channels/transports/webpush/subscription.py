"""A browser's push subscription as an address: canonical compact JSON, and what people read instead of it.

Source: W3C Push API (PushSubscription.toJSON), RFC 8291 (p256dh: an uncompressed point on P-256, auth: 16 bytes).
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from channels.transports.webpush import doors
from contacts.models import LONGEST_ADDRESS

# The first that is named in the user agent counts: most of them name Chrome or Safari as well.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("YaBrowser", "Yandex Browser"), ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"), ("FxiOS", "Firefox"), ("Firefox/", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("CrOS", "ChromeOS"), ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip


class BadSubscription(ValueError):
    """What was given is no subscription that could be written to."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """endpoint: where messages are posted; p256dh, auth: the browser's keys, base64url; agent: "Chrome on Windows"."""

    endpoint: str
    p256dh: str
    auth: str
    agent: str = ""

    @property
    def normal(self) -> str:
        """The address as it is stored and compared."""
        return start_of(self.endpoint) + _compact(
            {"keys": {"p256dh": self.p256dh, "auth": self.auth}, "agent": self.agent}
        ).removeprefix("{")


def start_of(endpoint: str) -> str:
    """What every address with this endpoint begins with, whatever its keys."""
    return f'{{"endpoint":{json.dumps(endpoint)},'


def given(told: object, user_agent: str) -> Subscription:
    """What a browser says of itself (`subscription.toJSON()`), checked; `BadSubscription`. Nothing is looked up yet."""
    if not isinstance(told, Mapping) or not isinstance(told.get("keys"), Mapping):
        raise BadSubscription("not a subscription")
    parts = [told.get("endpoint"), told["keys"].get("p256dh"), told["keys"].get("auth")]
    if not all(isinstance(part, str) for part in parts):
        raise BadSubscription("not a subscription")
    endpoint, p256dh, auth = (str(part) for part in parts)
    try:
        doors.check(endpoint)
    except doors.NotPublic as error:
        raise BadSubscription(str(error)) from None
    found = Subscription(endpoint, _key(p256dh, 65), _key(auth, 16), agent_of(user_agent))
    _check_point(found.p256dh)
    if len(found.normal) > LONGEST_ADDRESS:
        raise BadSubscription("too long")
    return found


def read(normal: str) -> Subscription:
    """A stored address; `BadSubscription` for one that is none."""
    try:
        told = json.loads(normal)
        return Subscription(
            str(told["endpoint"]), str(told["keys"]["p256dh"]), str(told["keys"]["auth"]), str(told.get("agent", ""))
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadSubscription("not a subscription") from None


def shown(normal: str) -> str:
    """What staff read: "Chrome on Windows". Never the endpoint, which is all that one needs to write to the browser."""
    try:
        browser, _on, system = read(normal).agent.partition(" on ")
    except BadSubscription:
        return _("a browser")
    if not browser:
        return _("a browser")
    return _("%(browser)s on %(system)s") % {"browser": browser, "system": system} if system else browser


def agent_of(user_agent: str) -> str:
    """Browser and system, without versions, so that an update of the browser makes no new address."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return f"{browser} on {system}" if browser and system else browser


def raw(key: str) -> bytes:
    """The bytes of a base64url key, padded or not."""
    return base64.urlsafe_b64decode(key + "=" * (-len(key) % 4))


def _key(text: str, length: int) -> str:
    """The key in one spelling; browsers differ in their padding."""
    try:
        found = base64.b64decode(
            text.rstrip("=").translate(_URL_SAFE) + "=" * (-len(text.rstrip("=")) % 4), validate=True
        )
    except (binascii.Error, ValueError):
        raise BadSubscription("a key cannot be read") from None
    if len(found) != length:
        raise BadSubscription("a key has the wrong length")
    return base64.urlsafe_b64encode(found).decode().rstrip("=")


_URL_SAFE = str.maketrans("-_", "+/")


def _check_point(p256dh: str) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw(p256dh))
    except ValueError:
        raise BadSubscription("a key is no point of the curve") from None


def _compact(told: Mapping[str, object]) -> str:
    return json.dumps(told, separators=(",", ":"))
