"""Encryption of account secrets at rest, with keys that can be rotated (the first key encrypts, all of them decrypt)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """The secrets were encrypted with a key that is no longer here."""


@lru_cache(maxsize=2)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(secrets: Mapping[str, str]) -> str:
    """Secrets as one encrypted text; nothing for nothing."""
    if not secrets:
        return ""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(json.dumps(dict(secrets)).encode()).decode()


def unseal(sealed: str) -> dict[str, str]:
    """The secrets again; `Unreadable` when no key fits."""
    if not sealed:
        return {}
    try:
        plain = _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(sealed.encode())
    except InvalidToken:
        raise Unreadable("no key of this installation opens these secrets") from None
    opened: dict[str, str] = json.loads(plain)
    return opened
