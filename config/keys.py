"""The secrets of an installation: made at the first start, kept in a file that only the user can read.

Each can be given by the environment instead, as several hosts must share them. The suppression key is never rotated:
suppressed addresses are stored only as its HMAC, and would no longer be recognised.
"""

import base64
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FROM_ENVIRONMENT = {
    "signing": "CASCADA_SECRET_KEYS",
    "fields": "CASCADA_FIELD_KEYS",
    "suppression": "CASCADA_SUPPRESSION_KEY",
    "push": "CASCADA_PUSH_KEY",
}
_NEEDED = {"signing", "fields", "suppression"}

_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, secp256r1


class KeysUnavailable(Exception):
    """The keys can be neither read nor made; the message is a sentence for the person who starts the program."""


@dataclass(frozen=True, repr=False)
class Keys:
    """signing: newest first, the others only verify. fields: Fernet keys, newest first. suppression: raw bytes.

    push: the private P-256 number by which browsers know us (RFC 8292), 32 bytes in base64url.
    """

    signing: tuple[str, ...]
    fields: tuple[str, ...]
    suppression: bytes
    push: str


def load(path: Path, environment: Mapping[str, str], *, beside: Path | None = None) -> Keys:
    """Read the keys, making the file at the first start.

    `beside` is a database that the keys belong to: where it exists and the file does not, the keys were lost, and new
    ones would make its secrets unreadable. Raises KeysUnavailable.
    """
    given = {name: environment[variable] for name, variable in FROM_ENVIRONMENT.items() if environment.get(variable)}
    stored: dict[str, Any] = {} if set(given) >= _NEEDED else _stored(path, beside)
    suppression = _several(given.get("suppression"), stored, "suppression", path)[0].encode()
    return Keys(
        signing=_several(given.get("signing"), stored, "signing", path),
        fields=_fernet(_several(given.get("fields"), stored, "fields", path)),
        suppression=suppression,
        push=_push(given.get("push") or stored.get("push") or _number(suppression)),
    )


def _several(given: str | None, stored: dict[str, Any], name: str, path: Path) -> tuple[str, ...]:
    values = given.split(",") if given else stored.get(name)
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, list) or not values or not all(isinstance(value, str) and value for value in values):
        raise KeysUnavailable(f"{path} holds no usable '{name}' keys. Restore the file from a backup.")
    return tuple(value.strip() for value in values)


def _fernet(keys: tuple[str, ...]) -> tuple[str, ...]:
    for key in keys:
        try:
            usable = len(base64.urlsafe_b64decode(key)) == 32
        except ValueError:
            usable = False
        if not usable:
            raise KeysUnavailable("A field key is not 32 bytes in URL-safe base64 (CASCADA_FIELD_KEYS or keys.json).")
    return keys


def _push(key: object) -> str:
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(f"{key}" + "=" * (-len(f"{key}") % 4)))
    except ValueError:
        number = 0
    if not 0 < number < _P256_ORDER:
        raise KeysUnavailable(
            "The key for web push is not a private P-256 key of 32 bytes in URL-safe base64 (CASCADA_PUSH_KEY or keys.json)."
        )
    return str(key).rstrip("=")


def _number(suppression: bytes) -> str:
    """Where no key for web push is kept: one that is the same on every host, from the one key that is never rotated either."""
    return _base64(1 + int.from_bytes(hmac.digest(suppression, b"web push", "sha512")) % (_P256_ORDER - 1))


def _new_push() -> str:
    return _base64(1 + secrets.randbelow(_P256_ORDER - 1))


def _base64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32)).decode().rstrip("=")


def _stored(path: Path, beside: Path | None) -> dict[str, Any]:
    try:
        if not path.exists():
            _make(path, beside)
        loaded = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise KeysUnavailable(f"The data folder {path.parent} cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise KeysUnavailable(f"{path} is damaged. Restore the file from a backup.") from error
    if not isinstance(loaded, dict):
        raise KeysUnavailable(f"{path} is damaged. Restore the file from a backup.")
    return loaded


def _make(path: Path, beside: Path | None) -> None:
    if beside is not None and beside.exists() and beside.stat().st_size:
        raise KeysUnavailable(
            f"{path} is missing, but the database {beside} is there. Restore the file from a backup: "
            "without it the stored secrets and the suppression list cannot be read."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = {
        "signing": [secrets.token_urlsafe(50)],
        "fields": [base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()],
        "suppression": secrets.token_urlsafe(32),
        "push": _new_push(),
    }
    write_private(path, json.dumps(fresh, indent=1), keep_existing=True)


def write_private(path: Path, text: str, *, keep_existing: bool = False) -> None:
    """Write a file of mode 0600 in one step. With keep_existing the process that was first wins, and no other overwrites."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if not keep_existing:
            Path(name).replace(path)
            return
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
