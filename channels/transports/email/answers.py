"""What a mail service's answer means for one message: taken, refused and by whose fault, or unclear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from anymail.exceptions import (
    AnymailAPIError,
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
)
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from channels.redaction import redact
from channels.transport import Fault, Receipt, Refused, Result, Unclear

# Refusals that come with a status which says something else; by service, the name or number that its own error bears.
# Postmark, "API error codes"; Mandrill, "Errors" (it answers 500 to all); Postal (200 to all); Brevo, "Status codes"; Unisender Go.
_BY_NAME: dict[str, dict[str, Fault]] = {
    "postmark": {
        "10": Fault.ACCOUNT, "100": Fault.TEMPORARY, "400": Fault.ACCOUNT, "401": Fault.ACCOUNT, "405": Fault.ACCOUNT,
        "412": Fault.ACCOUNT, "413": Fault.ACCOUNT, "406": Fault.PERSON, "429": Fault.TEMPORARY,
    },
    "mandrill": {
        "Invalid_Key": Fault.ACCOUNT, "PaymentRequired": Fault.ACCOUNT, "Unknown_Subaccount": Fault.ACCOUNT,
        "ValidationError": Fault.TEXT,
    },
    "brevo": {"unauthorized": Fault.ACCOUNT, "permission_denied": Fault.ACCOUNT, "not_enough_credits": Fault.ACCOUNT},
    "postal": {
        "InvalidServerAPIKey": Fault.ACCOUNT, "AccessDenied": Fault.ACCOUNT, "ServerSuspended": Fault.ACCOUNT,
        "UnauthenticatedFromAddress": Fault.ACCOUNT, "ValidationError": Fault.TEXT, "NoContent": Fault.TEXT,
    },
    "unisender_go": {"102": Fault.ACCOUNT, "103": Fault.ACCOUNT, "104": Fault.ACCOUNT, "114": Fault.ACCOUNT},
}  # fmt: skip
_NAMES = ("ErrorCode", "name", "code")

# Amazon SES API v2, "SendEmail, errors", and the common errors of AWS; others with a status below 500 concern the account.
_SES: dict[str, Fault] = {
    "TooManyRequestsException": Fault.TEMPORARY, "ThrottlingException": Fault.TEMPORARY, "Throttling": Fault.TEMPORARY,
    "LimitExceededException": Fault.TEMPORARY, "MessageRejected": Fault.TEXT, "BadRequestException": Fault.TEXT,
}  # fmt: skip
# botocore's words for a connection that was never made.
_NOT_CONNECTED = {"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError"}
# botocore's words for what was never sent at all.
_NOT_SENT = {
    "NoCredentialsError", "PartialCredentialsError", "NoRegionError", "InvalidRegionError", "InvalidEndpointConfigurationError",
    "ParamValidationError", "UnknownEndpointError", "NoAuthTokenError",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer, as far as it matters. retry_after: in seconds; body: the JSON in it, None for anything else."""

    status: int
    text: str
    retry_after: float | None = None
    body: Any = None

    @classmethod
    def of(cls, response: requests.Response) -> Reply:
        try:
            body = response.json()
        except ValueError:
            body = None
        return cls(response.status_code, response.text, seconds(response.headers.get("Retry-After")), body)

    @property
    def whole(self) -> bool:
        """Whether it surely refuses all that was asked, because of what was asked."""
        return self.status in (400, 413, 422)


def seconds(header: str | None, now: datetime | None = None) -> float | None:
    """Retry-After in seconds, from a number or a date (RFC 9110, 10.2.3)."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        at = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - (now or datetime.now(UTC))).total_seconds())


class Reader:
    """Reads the answers of one service for one account; no secret of it stands in what is told."""

    def __init__(self, service: str, secrets: Mapping[str, str]) -> None:
        self.service = service
        self.secrets = secrets

    def clean(self, words: object) -> str:
        return redact(words, self.secrets)

    def sent(self, status: Any) -> Result:
        """What anymail says of one recipient (an `AnymailRecipientStatus`, or None)."""
        if status is None:
            return Unclear("no_answer_for_recipient")
        if status.status in ("invalid", "rejected"):
            return Refused(Fault.PERSON, status.status, address_dead=status.status == "invalid")
        if status.status == "failed":
            return Refused(Fault.TEMPORARY, "failed")
        return Receipt(str(status.message_id or ""))

    def error(self, error: Exception, to: str) -> Result:
        """What an exception of anymail's, of requests' or of botocore's says of a message to this address."""
        if isinstance(error, AnymailRecipientsRefused):
            return self._refused_recipient(error)
        if isinstance(error, AnymailInvalidAddress | UnicodeError):
            return Refused(Fault.PERSON, "invalid_address", self.clean(error))
        response: Any = getattr(error, "response", None)
        if isinstance(error, AnymailRequestsAPIError) and response is not None:
            return self.answer(Reply.of(response), to)
        if isinstance(error, requests.RequestException):
            return self.connection(error)
        if self.service == "amazon_ses" and isinstance(error, AnymailError) and isinstance(error.__cause__, Exception):
            return self._amazon(error.__cause__, to)
        if isinstance(error, AnymailAPIError):
            return Unclear("unreadable_answer", self.clean(error))
        if isinstance(error, AnymailError | AnymailConfigurationError) and response is None:
            return Refused(Fault.ACCOUNT, "unsupported", self.clean(error))  # raised before anything was sent
        return Unclear("unreadable_answer", self.clean(error))

    def answer(self, answer: Reply, to: str) -> Result:
        """What an answer with no receipt in it says of a message to this address."""
        words = self.clean(answer.text)
        if fault := self.named(answer.body):
            return Refused(fault, str(answer.status), words, retry_after=answer.retry_after)
        if 200 <= answer.status < 300:
            return Unclear("unreadable_answer", words)
        if answer.status == 429 or (answer.status == 503 and answer.retry_after is not None):
            return Refused(Fault.TEMPORARY, str(answer.status), words, retry_after=answer.retry_after)
        if answer.status >= 500:
            return Unclear(str(answer.status), words)
        if answer.whole:
            # The service names the address it dislikes; else it is the text or the sender.
            theirs = answer.status != 413 and to.lower() in answer.text.lower()
            return Refused(Fault.PERSON if theirs else Fault.TEXT, str(answer.status), words)
        return Refused(Fault.ACCOUNT, str(answer.status), words)

    def named(self, body: Any) -> Fault | None:
        """Whose fault an error is by the name that it bears in its body."""
        names = _BY_NAME.get(self.service, {})
        told = body.get("data", body) if self.service == "postal" and isinstance(body, Mapping) else body
        found = [names.get(str(told.get(name))) for name in _NAMES] if isinstance(told, Mapping) else []
        return next((fault for fault in found if fault), None)

    def connection(self, error: requests.RequestException) -> Result:
        """Surely not taken only where no connection was made."""
        cause: object = error.__cause__ if isinstance(error.__cause__, requests.RequestException) else error
        inner = cause.args[0] if isinstance(cause, requests.RequestException) and cause.args else None
        reason = getattr(inner, "reason", inner)
        if isinstance(cause, requests.ConnectTimeout) or isinstance(
            reason, NewConnectionError | NameResolutionError | ConnectTimeoutError
        ):
            return Refused(Fault.TEMPORARY, "cannot_connect", self.clean(cause))
        return Unclear("timeout" if isinstance(cause, requests.Timeout) else "connection_lost", self.clean(cause))

    def _refused_recipient(self, error: AnymailRecipientsRefused) -> Refused:
        statuses = error.email_message.anymail_status.status if error.email_message else set()
        invalid = statuses == {"invalid"}
        return Refused(Fault.PERSON, "invalid" if invalid else "rejected", self.clean(error), address_dead=invalid)

    def _amazon(self, error: Exception, to: str) -> Result:
        """botocore's errors: a `ClientError` is Amazon's own word, others say how far the call came."""
        words, name = self.clean(error), type(error).__name__
        told: Any = getattr(error, "response", None)
        if isinstance(told, Mapping):
            code, status = str(told["Error"].get("Code", "")), told.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            fault = _SES.get(code, Fault.ACCOUNT)
            if code not in _SES and status >= 500:
                return Unclear(code or str(status), words)
            if fault is Fault.TEXT and to.lower() in str(error).lower():
                fault = Fault.PERSON
            return Refused(fault, code, words)
        if name in _NOT_CONNECTED:
            return Refused(Fault.TEMPORARY, "cannot_connect", words)
        if name in _NOT_SENT:
            return Refused(Fault.ACCOUNT, "settings", words)
        return Unclear("timeout" if "Timeout" in name else "connection_lost", words)
