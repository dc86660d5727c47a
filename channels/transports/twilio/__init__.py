"""SMS by Twilio, over its official client; its statuses and what people write come back by signed calls.

Source: Twilio's OpenAPI description of Messages (2026-04-14) and twilio.com/docs/messaging.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from channels.transport import (
    Account,
    BadSignature,
    Fact,
    Field,
    Inbound,
    Outgoing,
    RawCall,
    Result,
    Transport,
)
from channels.transports.twilio import calls
from contacts.kinds import Kind

if TYPE_CHECKING:
    from channels.transports.twilio.api import Api

SMS = Kind("sms", "phone", _("SMS"), _("Phone"), dear_rank=90, segmented=True)


class TwilioTransport(Transport):
    """One account at Twilio. There is no idempotency key: what may have been taken is looked up, never sent again."""

    name = "twilio"
    label = _("Twilio")
    kinds = (SMS,)
    reports = {
        "sms": frozenset(
            {
                Fact.ACCEPTED,
                Fact.SENT,
                Fact.DELIVERED,
                Fact.FAILED,
                Fact.BOUNCED,
                Fact.EXPIRED,
                Fact.REPLIED,
                Fact.STOPPED,
                Fact.RESUMED,
            }
        )
    }
    timeout = timedelta(seconds=20)
    fields = (
        Field("account_sid", _("Account SID"), help_text=_("Begins with AC.")),
        Field("auth_token", _("Auth token"), secret=True),
        Field(
            "messaging_service_sid", _("Messaging service SID"), required=False,
            help_text=_("Begins with MG. Without it the sender's number is used."),
        ),
    )  # fmt: skip

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._seconds = min(self.timeout.total_seconds(), float(account.settings.get("timeout") or 3600))
        self.timeout = timedelta(seconds=self._seconds)

    @cached_property
    def _api(self) -> Api:
        from channels.transports.twilio.api import Api  # Twilio's client takes half a second to load

        return Api(self.account, self._seconds)

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        yield from self._api.send_many(messages)

    def verify(self, call: RawCall) -> None:
        token = self.account.secrets.get("auth_token", "")
        if not token or not calls.is_signed(call, token):
            raise BadSignature("not signed by Twilio with this account's token")

    def parse(self, call: RawCall) -> list[Inbound]:
        return calls.read(call)

    def check(self) -> None:
        self._api.check()

    def reconcile(self, messages: Sequence[Outgoing], since: datetime) -> Iterator[tuple[str, Inbound]]:
        yield from self._api.find(messages, since)

    def close(self) -> None:
        if "_api" in self.__dict__:
            self._api.close()
            del self.__dict__["_api"]
