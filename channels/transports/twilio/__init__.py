"""SMS and WhatsApp by Twilio, over its official client; its statuses and what people write come back by signed calls.

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
    Balance,
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
WHATSAPP = Kind("whatsapp", "phone", _("WhatsApp"), _("Phone"), dear_rank=60, templates=True, longest=1600)

_SMS_FACTS = frozenset(
    {
        Fact.ACCEPTED, Fact.SENT, Fact.DELIVERED, Fact.FAILED, Fact.BOUNCED, Fact.EXPIRED, Fact.REPLIED, Fact.STOPPED, Fact.RESUMED,
    }
)  # fmt: skip


class TwilioTransport(Transport):
    """One account at Twilio. There is no idempotency key: what may have been taken is looked up, never sent again."""

    name = "twilio"
    label = _("Twilio")
    kinds = (SMS, WHATSAPP)
    # A person may have switched read receipts off: then a message that was read stays "delivered".
    reports = {"sms": _SMS_FACTS, "whatsapp": _SMS_FACTS | {Fact.READ, Fact.JOINED}}
    # twilio.com/docs/whatsapp: free text within 24 hours after the person last wrote, approved templates at any time.
    window = {"whatsapp": timedelta(hours=24)}
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

    def join_url(self, invitation: str) -> str:
        """WhatsApp opens with the words that `calls` reads as joining; an SMS link carries no text that all phones understand."""
        digits = self.account.sender.address.lstrip("+")
        return f"https://wa.me/{digits}?text={calls.JOIN}%20{invitation}" if self.account.kind == "whatsapp" else ""

    def balance(self) -> Balance | None:
        return self._api.balance()

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
