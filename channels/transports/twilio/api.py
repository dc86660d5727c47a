"""Requests to Twilio through its official client, and what each answer (or none) means."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from channels.redaction import redact
from channels.transport import Account, Balance, Fact, Fault, Inbound, Outgoing, Receipt, Refused, Result, Unclear
from channels.transports.twilio import codes
from channels.transports.twilio.calls import STATUSES

AT_ONCE = 16
WHATSAPP = "whatsapp"
_VALIDITY = (6, 36_000)  # seconds; Twilio takes 1 to 36,000 and advises more than 5
# Twilio's client logs numbers and headers of every request; nobody is to read them there. This logger belongs to no tree, so that no
# configuration of logging, ours or Celery's, can give it a voice.
_silent = logging.Logger("twilio.requests")  # noqa: LOG001
_silent.disabled = True


class Api:
    """One client, used by several threads at a time over kept connections."""

    def __init__(self, account: Account, timeout: float) -> None:
        self.account = account
        self.sid = account.settings.get("account_sid", "")
        http = TwilioHttpClient(timeout=timeout, logger=_silent)
        assert http.session is not None
        self._session = http.session
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=2, pool_maxsize=AT_ONCE))
        make: Any = Client
        self._client = make(self.sid, account.secrets.get("auth_token", ""), http_client=http)
        if url := account.settings.get("api_url"):  # hidden: tests and relays
            self._client.api.base_url = url

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """Each message once, several at a time; results come as they are known."""
        pool = ThreadPoolExecutor(min(AT_ONCE, max(1, len(messages))), thread_name_prefix="twilio")
        try:
            keys = {pool.submit(self.send, message): message.key for message in messages}
            for done in as_completed(keys):
                yield keys[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def send(self, message: Outgoing) -> Result:
        """One message. Never raises for it."""
        if message.kind == WHATSAPP and not message.template and not message.answered:
            return Refused(Fault.PERSON, "needs_template")
        try:
            answer = self._request("POST", "Messages.json", self._form(message))
        except Exception as error:  # noqa: BLE001 - whatever the client raises concerns this message alone
            return self._no_answer(error)
        return self._read(answer)

    def check(self) -> None:
        """One cheap request that needs the same permission as sending; raises `Refused` or `Unclear`."""
        try:
            answer = self._client.api.v2010.request(
                "GET", f"/Accounts/{self.sid}/Messages.json", params={"PageSize": 1}
            )
        except Exception as error:  # noqa: BLE001 - the client raises whatever its parts raise
            raise self._no_answer(error) from None
        if answer.status_code != 200:
            result = self._read(answer)
            raise result if isinstance(result, Refused | Unclear) else Unclear("unreadable_answer")

    def balance(self) -> Balance:
        """What Twilio says is left; raises `Refused` or `Unclear`. Source: api.twilio.com, resource Balance."""
        try:
            answer = self._client.api.v2010.request("GET", f"/Accounts/{self.sid}/Balance.json")
            told = json.loads(answer.text)
        except ValueError:
            raise Unclear("unreadable_answer") from None
        except Exception as error:  # noqa: BLE001 - the client raises whatever its parts raise
            raise self._no_answer(error) from None
        try:
            return Balance(Decimal(str(told["balance"])), str(told["currency"])[:3].upper())
        except (KeyError, TypeError, ArithmeticError):
            raise Refused(Fault.ACCOUNT, str(answer.status_code), "no balance told") from None

    def find(self, messages: Sequence[Outgoing], since: datetime) -> Iterator[tuple[str, Inbound]]:
        """Look up by recipient, day and text; told only where exactly one message of Twilio's fits and one of ours."""
        for message in messages:
            twins = [other for other in messages if (other.to, other.text) == (message.to, message.text)]
            found = [
                item for item in self._listed(_number(message, message.to), since) if item.get("body") == message.text
            ]
            if len(twins) == len(found) == 1:
                yield message.key, self._told(found[0])

    def close(self) -> None:
        """Close the kept connections."""
        self._session.close()

    def _listed(self, to: str, since: datetime) -> list[dict[str, Any]]:
        earliest = since.replace(microsecond=0)  # Twilio's own times have whole seconds
        params = {"To": to, "DateSent>": since.astimezone(UTC).strftime("%Y-%m-%d"), "PageSize": 50}
        try:
            answer = self._client.api.v2010.request("GET", f"/Accounts/{self.sid}/Messages.json", params=params)
            listed = json.loads(answer.text)["messages"] if answer.status_code == 200 else []
            return [
                item
                for item in listed
                if str(item.get("direction", "")).startswith("outbound") and _created(item) >= earliest
            ]
        except Exception:  # noqa: BLE001 - then nothing is known, as before
            return []

    def _told(self, item: dict[str, Any]) -> Inbound:
        status, code = str(item.get("status", "")), item.get("error_code")
        fact, dead = (
            codes.failure(code) if status in ("failed", "undelivered") else (STATUSES.get(status, Fact.ACCEPTED), False)
        )
        sid = str(item["sid"])
        return Inbound(
            fact,
            f"{sid}:{status}",
            provider_id=sid,
            address=str(item.get("to", "")).removeprefix("whatsapp:"),
            reason=str(code or ""),
            address_dead=dead,
        )

    def _request(self, method: str, path: str, form: dict[str, Any]) -> Any:
        return self._client.api.v2010.request(method, f"/Accounts/{self.sid}/{path}", data=form)

    def _form(self, message: Outgoing) -> dict[str, Any]:
        form: dict[str, Any] = {"To": _number(message, message.to)}
        if (
            message.template and not message.answered
        ):  # what was approved goes at any time; free text is free of charge where it may go
            form["ContentSid"] = message.template
            form["ContentVariables"] = json.dumps(dict(message.template_values), ensure_ascii=False)
        else:
            form["Body"] = message.text
        sender = message.sender if message.sender.address else self.account.sender
        if service := self.account.settings.get("messaging_service_sid"):
            form["MessagingServiceSid"] = service
        if message.sender.address or not service:  # a branch's own sender is one of the service's pool
            form["From"] = _number(message, sender.address)
        if self.account.callback_url:
            form["StatusCallback"] = self.account.callback_url
        if message.valid_for is not None:
            least, most = _VALIDITY
            form["ValidityPeriod"] = max(least, min(most, int(message.valid_for.total_seconds())))
        return form

    def _read(self, answer: Any) -> Result:
        """2xx with a sid: taken. An error with Twilio's own code: not taken. All else: nobody knows."""
        try:
            told = json.loads(answer.text)
            code = int(told.get("code") or 0)
        except (ValueError, TypeError, AttributeError):
            return self._read_bare(answer.status_code, answer.headers)
        if 200 <= answer.status_code < 300:
            return self._receipt(told)
        after = _seconds(answer.headers.get("Retry-After"))
        detail = redact(told.get("message", ""), self.account.secrets)
        if answer.status_code == 429:
            return Refused(Fault.TEMPORARY, str(code or 429), detail, retry_after=after)
        if answer.status_code >= 500 and code not in codes.TEMPORARY:
            return Unclear(str(code or answer.status_code), detail)
        if answer.status_code in (401, 403) and code not in codes.OPTED_OUT | codes.DEAD | codes.TEXT:
            return Refused(Fault.ACCOUNT, str(code or answer.status_code), detail)
        return codes.refusal(code or answer.status_code, detail, retry_after=after)

    def _read_bare(self, status: int, headers: Any) -> Result:
        """An answer that is not Twilio's JSON, such as a proxy's page."""
        if status == 429:
            return Refused(Fault.TEMPORARY, "429", retry_after=_seconds(headers.get("Retry-After")))
        if status in (401, 403):
            return Refused(Fault.ACCOUNT, str(status))
        return Unclear("unreadable_answer", str(status))

    def _receipt(self, told: dict[str, Any]) -> Result:
        sid, segments = str(told.get("sid") or ""), str(told.get("num_segments") or "")
        if not sid:
            return Unclear("unreadable_answer", "no sid")
        return Receipt(sid, segments=int(segments) if segments.isdecimal() and int(segments) > 0 else None)

    def _no_answer(self, error: Exception) -> Refused | Unclear:
        """Surely not taken only where no connection was made."""
        detail = redact(type(error).__name__, self.account.secrets)
        inner = error.args[0] if error.args else None
        reason = getattr(inner, "reason", inner)
        if isinstance(error, requests.ConnectTimeout) or isinstance(
            reason, NewConnectionError | NameResolutionError | ConnectTimeoutError
        ):
            return Refused(Fault.TEMPORARY, "cannot_connect", detail)
        if isinstance(error, ValueError | TypeError) and not isinstance(error, requests.RequestException):
            return Refused(Fault.ACCOUNT, "settings", detail)
        return Unclear("timeout" if isinstance(error, requests.Timeout) else "connection_lost", detail)


def _number(message: Outgoing, number: str) -> str:
    """A number as Twilio addresses it on this kind of channel."""
    return f"whatsapp:{number}" if message.kind == WHATSAPP else number


def _created(item: dict[str, Any]) -> datetime:
    return parsedate_to_datetime(str(item["date_created"]))


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date is not understood."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
