"""Services behind the library `apprise` (Discord, Slack, ntfy, Pushover ...): each person's address is an Apprise URL.

Source: apprise 2.2 (github.com/caronc/apprise). Its answer is yes or no; why it was no stands only in what it logs, so that is read here,
where we can: a status of HTTP, or that no connection was made. Where it says neither, the service may have taken the message before the
answer was lost (a time-out looks like that): unclear, since a lost message is better than a double one.
"""

from __future__ import annotations

import logging
import re
import socket
import warnings
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from hashlib import sha256
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels import exchange
from channels.outside import is_public
from channels.transport import Account, Fact, Fault, Field, Outgoing, Receipt, Refused, Result, Transport, Unclear
from contacts.kinds import Kind

# Schemes of services whose own host is fixed in the library, all over https.
CLOUD = frozenset({
    "discord", "flock", "gchat", "groupme", "guilded", "ifttt", "join", "pbul", "pover", "prowl", "pushed", "pushy", "revolt", "simplepush",
    "slack", "spush", "tgram", "threema", "webex", "wxteams",
})  # fmt: skip
# Schemes of services that run on whatever host the address names, https only.
HOSTED = frozenset({"barks", "gotifys", "mastodons", "mmosts", "nctalks", "ntfys", "rockets", "synologys"})
# The same in the clear, only where an installation's own settings say so (tests).
INSIDE = frozenset({"gotify", "json", "mmost", "ntfy"})

_REFUSED = re.compile(r"\berror=(\d{3,})")
_NOT_CONNECTED = (
    "NewConnectionError",
    "ConnectTimeoutError",
    "NameResolutionError",
    "Failed to establish a new connection",
)
# The library logs addresses, which hold secrets. Nobody hears this logger but `exchange.hushed`.
_logger = logging.getLogger("apprise")
_logger.propagate = False


def shown(address: str) -> str:
    """An address for people's eyes: the service, and a mark that tells two addresses apart but gives neither away."""
    return f"{address.partition('://')[0][:20]} ••• {sha256(address.encode()).hexdigest()[:4]}"


def normal(raw: str) -> str:
    """An address that staff typed, as it is sent to; `ValueError` with a sentence for them."""
    address = raw.strip()
    opened(address)
    return address


APPRISE = Kind(
    "apprise", "apprise", gettext_lazy("Apprise"), gettext_lazy("Address of a service (Apprise)"), dear_rank=20, titled=True, longest=2000,
    shown=shown, normal=normal,
)  # fmt: skip


class AppriseTransport(Transport):
    """No account is needed: each address holds what its service asks for."""

    name = "apprise"
    label = gettext_lazy("Apprise (Discord, Slack, ntfy and others)")
    kinds = (APPRISE,)
    reports = {"apprise": frozenset({Fact.ACCEPTED, Fact.SENT})}
    timeout = timedelta(seconds=20)
    fields = (
        Field(
            "picture", gettext_lazy("Picture beside the message"), required=False,
            help_text=gettext_lazy(
                "Address of a picture, for services that show one. These services tell only whether they took a message: not whether it "
                "arrived or was read. Where one does not say why it refused, the message counts as unclear and is not sent again."
            ),
        ),
    )  # fmt: skip

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.timeout = timedelta(seconds=exchange.patience(account, self))

    @property
    def _inside(self) -> bool:
        return self.account.settings.get("inside") == "yes"  # hidden: tests

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        library()  # before the threads start, which would find it half made
        yield from exchange.each(messages, self._send)

    def _send(self, message: Outgoing) -> Result:
        name = message.sender.name or self.account.sender.name
        try:
            service = opened(message.to, name, self.account.settings.get("picture", ""), inside=self._inside)
        except ValueError as error:
            return Refused(Fault.PERSON, "bad_address", str(error), address_dead=True)
        if not self._inside and names_host(message.to, service):
            must_be_public(str(service.host))
        service.socket_connect_timeout = service.socket_read_timeout = self.timeout.total_seconds()
        _logger.setLevel(logging.DEBUG)
        with exchange.hushed("apprise") as heard:
            taken = service.notify(body=message.text, title=message.subject)
        return Receipt(f"apprise-{message.key}") if taken else refusal(" ".join(heard))


@cache
def library() -> Any:
    """The library with all its services, which takes a second. Some of its parts use what Python will drop; that is not ours to hear."""
    with warnings.catch_warnings(), exchange.hushed("apprise"):
        warnings.simplefilter("ignore")
        import apprise

        apprise.Apprise.instantiate("ntfys://ntfy.sh/topic")
    return apprise


def opened(address: str, sender: str = "", picture: str = "", *, inside: bool = False) -> Any:
    """The library's service for an address, with what an address may not decide set by us; `ValueError` with a sentence."""
    scheme = address.partition("://")[0].lower()
    if not address.partition("://")[2].strip("/ ") or scheme not in CLOUD | HOSTED | (
        INSIDE if inside else frozenset()
    ):
        raise ValueError(
            _("This is no address of a service that can be used here. It looks like ntfys://ntfy.sh/topic.")
        )
    apprise = library()
    asset = apprise.AppriseAsset(
        app_id=sender or "Cascada", app_desc=sender or "Cascada", app_url="", image_url_logo=picture, image_url_mask=picture,
        http_redirects=False, secure_logging=True, async_mode=False,
    )  # fmt: skip
    with exchange.hushed("apprise"):
        service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        raise ValueError(_("The service does not understand this address."))
    service.retry = 0  # an address may ask for second tries
    service.redirects = False
    service.verify_certificate = True
    if len(service) != 1:
        raise ValueError(_("An address must lead to one place only."))
    return service


def names_host(address: str, service: Any) -> bool:
    """Whether the request goes to a host that the address names; ntfys://topic goes to ntfy's own."""
    return address.partition("://")[0].lower() not in CLOUD and getattr(service, "mode", None) != "cloud"


def must_be_public(host: str) -> None:
    """`Refused` for a host within our own walls. The name is asked again for the request itself, and might then mean another address:
    what guards that gap is that only https with a valid certificate for the name is spoken."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            raise Refused(Fault.TEMPORARY, "cannot_connect", "the name cannot be looked up now") from None
        raise Refused(Fault.PERSON, "no_such_host") from None
    except (OSError, UnicodeError):
        raise Refused(Fault.PERSON, "no_such_host") from None
    if not all(is_public(str(where[0])) for *_rest, where in found):
        raise Refused(Fault.PERSON, "private_host")


def refusal(logged: str) -> Refused | Unclear:
    """What a no of the library means, from what it logged."""
    if any(sign in logged for sign in _NOT_CONNECTED):
        return Refused(Fault.TEMPORARY, "cannot_connect")
    if not (found := _REFUSED.search(logged)):
        return Unclear("not_accepted")
    code = int(found[1][:3])  # ntfy tells 40301 for a kind of 403
    if code == 429:
        return Refused(Fault.TEMPORARY, "429")
    return Unclear(str(code)) if code >= 500 else Refused(Fault.PERSON, str(code))
