"""Mail by a service's API: anymail's backends with settings per account, several at a time, each answer told apart."""

from __future__ import annotations

import queue
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import requests
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailWarning,
)
from django.utils.module_loading import import_string
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from channels.redaction import redact
from channels.transport import Account, Fault, Outgoing, Receipt, Refused, Result, Unclear
from channels.transports.email import mime
from channels.transports.email.providers import SERVICES

AT_ONCE = 16


class Desk:
    """The account at one service: a pool of anymail backends, each with its own kept session."""

    def __init__(self, account: Account, timeout: float) -> None:
        self.account = account
        self.timeout = timeout
        self.service = SERVICES[account.settings.get("service", "")]
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """Hand over each message once; results come as they are known."""
        pool = ThreadPoolExecutor(min(AT_ONCE, max(1, len(messages))), thread_name_prefix="esp")
        try:
            keys = {pool.submit(self.send, message): message.key for message in messages}
            for done in as_completed(keys):
                yield keys[done], done.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def send(self, message: Outgoing) -> Result:
        """One message. Never raises for it."""
        try:
            backend = self._take()
        except (AnymailConfigurationError, ImportError, ValueError) as error:
            return Refused(Fault.ACCOUNT, "settings", self._clean(error))
        try:
            mail = self._mail(message)
            backend.send_messages([mail])
            self._idle.put(backend)
            return self._receipt(mail)
        except AnymailRecipientsRefused as error:
            self._idle.put(backend)
            return self._refused_recipient(error)
        except Exception as error:  # noqa: BLE001 - whatever a backend raises concerns this message alone
            backend.close()
            return self._read(error, message)

    def check(self) -> None:
        """The settings are complete; `Refused` if not. Whether they are right, only a message can tell."""
        try:
            self._idle.put(self._take())
        except (AnymailConfigurationError, ImportError, ValueError) as error:
            raise Refused(Fault.ACCOUNT, "settings", self._clean(error)) from None

    def close(self) -> None:
        """Close all sessions."""
        while not self._idle.empty():
            self._idle.get().close()

    def _take(self) -> Any:
        if not self._idle.empty():
            try:
                return self._idle.get_nowait()
            except queue.Empty:
                pass
        backend = self._make()
        backend.open()
        return backend

    def _make(self) -> Any:
        given = {**self.account.settings, **self.account.secrets}
        options = {theirs: given[ours] for ours, theirs in self.service.options.items() if given.get(ours)}
        if self.service.module == "amazon_ses":
            return import_string("anymail.backends.amazon_ses.EmailBackend")(client_params=options)
        with warnings.catch_warnings():  # SendGrid: anymail no longer tests it, and says so at every start
            warnings.simplefilter("ignore", AnymailWarning)
            backend = import_string(f"anymail.backends.{self.service.module}.{self.service.backend}")
            return backend(**options, timeout=self.timeout)

    def _mail(self, message: Outgoing) -> Any:
        sender = message.sender if message.sender.address else self.account.sender
        mail: Any = mime.as_django(message, sender, dict(message.headers))
        if self.service.key_in == "metadata":
            mail.metadata = {"delivery": message.key}
        else:
            mail.tags = [message.key]
        return mail

    def _receipt(self, mail: Any) -> Result:
        """The recipient's own id: `message_id` of the whole may be a set."""
        statuses = list(mail.anymail_status.recipients.values())
        if not statuses:
            return Unclear("no_answer_for_recipient")
        status = statuses[0]
        if status.status == "failed":
            return Refused(Fault.TEMPORARY, "failed")
        return Receipt(str(status.message_id or ""))

    def _refused_recipient(self, error: AnymailRecipientsRefused) -> Refused:
        statuses = error.email_message.anymail_status.status if error.email_message else set()
        invalid = statuses == {"invalid"}
        return Refused(Fault.PERSON, "invalid" if invalid else "rejected", self._clean(error), address_dead=invalid)

    def _read(self, error: Exception, message: Outgoing) -> Result:
        if isinstance(error, AnymailInvalidAddress | UnicodeError):
            return Refused(Fault.PERSON, "invalid_address", self._clean(error))
        if isinstance(error, AnymailRequestsAPIError) and error.status_code:
            return self._read_status(error, message)
        if isinstance(error, requests.RequestException):
            return self._read_connection(error)
        if isinstance(error, AnymailError | AnymailConfigurationError) and getattr(error, "response", None) is None:
            return Refused(Fault.ACCOUNT, "unsupported", self._clean(error))  # raised before anything was sent
        return Unclear("unreadable_answer", self._clean(error))

    def _read_status(self, error: Any, message: Outgoing) -> Result:
        status, words = int(error.status_code), self._clean(error.describe_response() or "")
        if 200 <= status < 300:
            return Unclear("unreadable_answer", words)
        after = _seconds(error.response.headers.get("Retry-After"))
        if status == 429 or (status == 503 and after is not None):
            return Refused(Fault.TEMPORARY, str(status), words, retry_after=after)
        if status >= 500:
            return Unclear(str(status), words)
        if status in (400, 413, 422):
            # The service names the address it dislikes; else it is the text or the sender.
            names_them = status != 413 and message.to.lower() in error.response.text.lower()
            return Refused(Fault.PERSON if names_them else Fault.TEXT, str(status), words)
        return Refused(Fault.ACCOUNT, str(status), words)

    def _read_connection(self, error: requests.RequestException) -> Result:
        """Surely not taken only where no connection was made."""
        cause: object = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
        inner = cause.args[0] if isinstance(cause, requests.RequestException) and cause.args else None
        reason = getattr(inner, "reason", inner)
        if isinstance(cause, requests.ConnectTimeout) or isinstance(
            reason, NewConnectionError | NameResolutionError | ConnectTimeoutError
        ):
            return Refused(Fault.TEMPORARY, "cannot_connect", self._clean(cause))
        return Unclear("timeout" if isinstance(cause, requests.Timeout) else "connection_lost", self._clean(cause))

    def _clean(self, words: object) -> str:
        return redact(words, self.account.secrets)


def _seconds(header: str | None) -> float | None:
    """Retry-After in seconds; a date is not understood."""
    try:
        return max(0.0, float(header)) if header else None
    except ValueError:
        return None
