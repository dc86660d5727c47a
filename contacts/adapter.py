"""The contract of an adapter: it turns what another system's webhook says into events and bookings. And the lookup by name.

An adapter is a class in one file under `contacts/adapters/` and one line in `settings.ADAPTERS`. It reads and checks; it writes nothing.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_noop as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from contacts.bookings import Slot


class BadSignature(Exception):
    """The call is not proven to be the system's."""


class Unreadable(ValueError):
    """The call says nothing that can be understood. str() is the sentence for staff."""


@dataclass(frozen=True, slots=True)
class Call:
    """A webhook's call as it came; headers by small letters."""

    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object; Unreadable."""
        try:
            told = json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unreadable(_("The call is not JSON.")) from None
        if not isinstance(told, dict):
            raise Unreadable(_("The call is not an object."))
        return told


@dataclass(frozen=True, slots=True)
class Who:
    """The person whom it is about; what is not known is empty."""

    email: str = ""
    phone: str = ""
    first_name: str = ""
    last_name: str = ""

    def told(self) -> dict[str, Any]:
        """As `intake.Cleaner` reads it."""
        names = {"first_name": self.first_name[:120], "last_name": self.last_name[:120]}
        return {**names, "emails": [self.email] if self.email else [], "phones": [self.phone] if self.phone else []}


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: its name and data as in `contacts.events`; key: the system's own number of it."""

    who: Who
    name: str
    key: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it stands there now. number: of the booking in that system; status: a BookingStatus."""

    who: Who
    number: str
    status: str
    slot: Slot | None


News = Happened | Booked


class Adapter:
    """Base class and manual. You **must** set `name` and `label` and write `read()`, and set `secret` to False where nothing is signed."""

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]
    secret: ClassVar[bool] = True  # whether staff enter one
    signature_header: ClassVar[str] = ""
    id_header: ClassVar[str] = ""

    def verify(self, call: Call, secret: str) -> None:
        """Raise BadSignature. By default: base64 of the HMAC-SHA256 of the body, in `signature_header`."""
        wanted = base64.b64encode(hmac.digest(secret.encode(), call.body, "sha256"))
        given = call.headers.get(self.signature_header, "").encode()
        if not secret or not hmac.compare_digest(wanted, given):
            raise BadSignature

    def call_key(self, call: Call) -> str:
        """The same for a call that is sent again: the system's own id of it, else a hash of its body."""
        return call.headers.get(self.id_header, "")[:64] or sha256(call.body).hexdigest()

    def is_greeting(self, call: Call) -> bool:
        """Whether the system only tries whether somebody is there; it is answered and not kept."""
        return False

    def read(self, call: Call) -> Iterable[News]:
        """What it says; nothing where it is about something else. Unreadable, or any error, where it is not as the system's manual says."""
        raise TypeError(f"{type(self).__name__} must write read()")


def names() -> list[str]:
    """Names of the registered adapters, in the order of the settings."""
    return list(settings.ADAPTERS)


@cache
def adapter(name: str) -> Adapter:
    """The adapter by its registered name; `LookupError` if there is none."""
    try:
        dotted = settings.ADAPTERS[name]
    except KeyError:
        raise LookupError(f"no adapter is registered as {name!r}") from None
    found: Adapter = import_string(dotted)()
    return found


def instant(text: Any, fallback: datetime | None = None) -> datetime:
    """ISO text as an instant; without an offset it is in UTC. Unreadable, unless there is a fallback."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        if fallback is None:
            raise Unreadable(_("A time in the call cannot be read.")) from None
        return fallback
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def number(text: Any) -> float | None:
    """Money or a quantity as a number; None for what is none."""
    try:
        found = float(text)
    except (TypeError, ValueError):
        return None
    if found != found or abs(found) > 10**12:
        return None
    return int(found) if found == int(found) else round(found, 4)


def filled(**fields: Any) -> dict[str, Any]:
    """Only what was said."""
    return {name: value for name, value in fields.items() if value not in ("", None, [])}


def with_amount(data: dict[str, Any]) -> dict[str, Any]:
    """An order's data with its amount in words for staff."""
    if data.get("total") is None:
        return data
    return {**data, "amount": f"{data['total']:.2f} {data.get('currency', '')}".strip()}
