"""Who we are to the push services: one key of the installation signs for every account (RFC 8292). Changing it ends every subscription."""

from __future__ import annotations

import base64
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

from channels.transport import Account

if TYPE_CHECKING:
    from py_vapid import Vapid02

# A push service takes a claim of at most 24 hours; signing costs more than all else, so one serves for a while.
_VALID, _RENEWED_AFTER = 12 * 3600, 3600


@lru_cache(maxsize=2)
def _signer(key: str) -> Vapid02:
    from py_vapid import Vapid02

    signer: Vapid02 = Vapid02.from_raw(key.encode())
    return signer


def public_key() -> str:
    """What a browser subscribes with: the uncompressed point, base64url."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    point = _signer(settings.PUSH_KEY).public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode().rstrip("=")


def contact_of(account: Account) -> str:
    """Whom a push service may ask about us (`sub`): the business's public address, else a mailbox of the account."""
    address = urlsplit(account.callback_url)
    if address.scheme == "https" and address.hostname and "." in address.hostname:
        return f"https://{address.hostname}"
    mailbox = next((one for one in (account.sender.reply_to, account.sender.address) if "@" in one), "")
    return f"mailto:{mailbox or 'push@localhost'}"


def authorization(origin: str, sub: str) -> str:
    """The header for a push service, the same for an hour. origin: "https://fcm.googleapis.com"."""
    return _signed(settings.PUSH_KEY, origin, sub, int(time.time()) // _RENEWED_AFTER)


@lru_cache(maxsize=256)
def _signed(key: str, origin: str, sub: str, hour: int) -> str:
    claims = {
        "aud": origin,
        "exp": hour * _RENEWED_AFTER + _VALID,
        "sub": sub,
    }  # py_vapid is given a dict of its own each time
    signed: dict[str, str] = _signer(key).sign(claims)
    return signed["Authorization"]
