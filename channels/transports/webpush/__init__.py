"""Notifications in the browser, by the web's own protocol (RFC 8030, 8291, 8292): no provider, no account, no price.

People bring their address by the page `/push/`; what becomes of a message is told by the service worker of that page.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from channels.transport import Account, Fact, Fault, Field, Outgoing, Refused, Result, Transport
from channels.transports.webpush import subscription
from contacts.kinds import Kind

if TYPE_CHECKING:
    from channels.transports.webpush.api import Api

BROWSERS = 20  # of one person, that one message goes to; nobody has more that are alive
WEBPUSH = Kind(
    "webpush", "webpush", _("Web push"), _("Browser"), dear_rank=5, titled=True, buttons=2, longest=1000, typed=False,
    at_once=BROWSERS, shown=subscription.shown,
)  # fmt: skip
ANYBODY, INVITED = "anybody", "invited"


class WebPushTransport(Transport):
    """Every subscribed browser, over kept connections to whichever push services they have."""

    name = "webpush"
    label = _("Web push (notifications in the browser)")
    kinds = (WEBPUSH,)
    # Accepted by the push service; shown, touched, answered and closed as our service worker tells. Closing is not told reliably.
    reports = {
        "webpush": frozenset(
            {Fact.ACCEPTED, Fact.DELIVERED, Fact.CLICKED, Fact.REPLIED, Fact.CLOSED, Fact.UNSUBSCRIBED}
        )
    }
    timeout = timedelta(seconds=10)
    fields = (
        Field(
            "who", _("Who may subscribe"), default=ANYBODY,
            choices=((ANYBODY, _("everybody who opens the page")), (INVITED, _("only people with a link of their own"))),
            help_text=_("The page has the address /push/ under your public address."),
        ),
    )  # fmt: skip

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._seconds = min(self.timeout.total_seconds(), float(account.settings.get("timeout") or 3600))
        self.timeout = timedelta(seconds=self._seconds)

    @cached_property
    def _api(self) -> Api:
        from channels.transports.webpush.api import Api  # what it stands on takes a third of a second to load

        return Api(self.account, self._seconds)

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        yield from self._api.send_many(messages)

    def check(self) -> None:
        """There is nobody to ask; what can be wrong is our own key."""
        from channels.transports.webpush import vapid

        try:
            vapid.authorization("https://push.invalid", vapid.contact_of(self.account))
        except Exception:  # noqa: BLE001 - whatever the library raises about a key
            raise Refused(Fault.ACCOUNT, "key", "the key for web push cannot be used") from None

    def join_url(self, invitation: str) -> str:
        """Our own page."""
        own = urlsplit(self.account.callback_url)
        return f"{own.scheme}://{own.netloc}/push/{invitation}" if own.netloc else ""

    def close(self) -> None:
        if "_api" in self.__dict__:
            self._api.close()
            del self.__dict__["_api"]
