"""Many mails in one call, as data: which services take them so that each person gets exactly their own, and why the others do not.

Our texts are made per person, so a batch is whole mails side by side (Postmark, Resend ...) or whole parts as merge data (Mailgun).
Sources: anymail 15.2 (backends/*.py) and the pages named at each entry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from channels.transport import Fault, Outgoing, Receipt, Refused, Result, Sender
from channels.transports.email.answers import Reader, Reply

LARGEST = 4_000_000  # characters of text and HTML in one call

Split = Callable[[Reader, Any, Sequence[Outgoing]], list[Result]]


@dataclass(frozen=True, slots=True)
class Batch:
    """How a service takes many mails at once.

    endpoint: of its API, "" for the usual one; size: mails in a call; join: bodies of single calls -> the body of one; None where
    anymail's merge data is used; split: its answer -> a result for each mail, in order, `LookupError` or `TypeError` for an answer of
    another shape; each_answered: a refused mail holds up no other, so that even a single one goes this way; fits: may this mail go
    with others.
    """

    endpoint: str
    size: int
    split: Split
    join: Callable[[Sequence[Any]], Any] | None = None
    each_answered: bool = False
    fits: Callable[[Outgoing], bool] = lambda _: True


def _postmark(reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    return [_postmark_one(reader, told, message) for told, message in zip(body, messages, strict=True)]


def _postmark_one(reader: Reader, told: Mapping[str, Any], message: Outgoing) -> Result:
    code, words = int(told["ErrorCode"]), str(told.get("Message", ""))
    if code == 0:
        return Receipt(str(told["MessageID"]))
    theirs = "'To'" in words or message.to.lower() in words.lower()
    fault = reader.named(told) or (Fault.PERSON if theirs else Fault.TEXT)
    return Refused(fault, str(code), reader.clean(words))


def _mailjet_join(bodies: Sequence[Any]) -> Any:
    return {"Messages": [{**body["Globals"], **body["Messages"][0]} for body in bodies]}


def _mailjet(reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    return [_mailjet_one(reader, told) for told, _ in zip(body["Messages"], messages, strict=True)]


def _mailjet_one(reader: Reader, told: Mapping[str, Any]) -> Result:
    if told["Status"] == "success":
        return Receipt(str(told["To"][0]["MessageID"]))
    error = told["Errors"][0]
    status = int(error.get("StatusCode", 400))
    fault = {401: Fault.ACCOUNT, 402: Fault.ACCOUNT, 403: Fault.ACCOUNT, 429: Fault.TEMPORARY}.get(status, Fault.TEXT)
    if fault is Fault.TEXT and any(str(part).startswith("To") for part in error.get("ErrorRelatedTo", ())):
        fault = Fault.PERSON
    return Refused(fault, str(error.get("ErrorCode", status)), reader.clean(error.get("ErrorMessage", "")))


def _mailtrap(reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    return [_mailtrap_one(reader, told, message) for told, message in zip(body["responses"], messages, strict=True)]


def _mailtrap_one(reader: Reader, told: Mapping[str, Any], message: Outgoing) -> Result:
    if told["success"]:
        return Receipt(str(told["message_ids"][0]))
    words = reader.clean(" ".join(str(error) for error in told.get("errors", ())))
    theirs = message.to.lower() in words.lower() or "'to'" in words.lower()
    return Refused(Fault.PERSON if theirs else Fault.TEXT, "refused", words)


def _resend(_reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    return [Receipt(str(told["id"])) for told, _ in zip(body["data"], messages, strict=True)]


def _brevo_join(bodies: Sequence[Any]) -> Any:
    own = ("to", "subject", "htmlContent", "textContent", "headers", "replyTo")
    versions = [{name: body[name] for name in own if name in body} for body in bodies]
    base = {name: value for name, value in bodies[0].items() if name not in ("to", "headers", "replyTo")}
    return {**base, "messageVersions": versions}


def _brevo(_reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    return [Receipt(str(told)) for told, _ in zip(body["messageIds"], messages, strict=True)]


def _mailgun(_reader: Reader, body: Any, messages: Sequence[Outgoing]) -> list[Result]:
    """One id for the whole batch: the address behind it tells its mails apart, and our key travels with each."""
    if not str(body["message"]).startswith("Queued"):
        raise TypeError("not queued")
    return [Receipt(f"{body['id']} {message.to}") for message in messages]


def _whole(message: Outgoing) -> bool:
    """A version that lacks a part gets the first mail's."""
    return bool(message.subject and message.html and message.text)


def _no_marks(message: Outgoing) -> bool:
    """Nothing in it that Mailgun would fill in, and an address that it knows its variables by."""
    parts = (message.subject, message.text, message.html, *message.headers.values())
    return message.to.isascii() and _whole(message) and not any("%recipient" in part for part in parts)


BATCHES: dict[str, Batch] = {
    # "Batch send customised transactional emails": 1000 versions; a version has its own to, subject, contents, headers.
    "brevo": Batch("smtp/email", 100, _brevo, _brevo_join, fits=_whole),
    # "Batch sending": 1000 recipients, recipient variables stand for whole parts; anymail leads the headers and our key through them.
    "mailgun": Batch("", 100, _mailgun, fits=_no_marks),
    # "Send API v3.1": 50 messages, each with a status of its own; a wrong one stops no other.
    "mailjet": Batch("send", 50, _mailjet, _mailjet_join, each_answered=True),
    # "Batch send": 500 messages, each with an answer of its own.
    "mailtrap": Batch("batch", 100, _mailtrap, lambda bodies: {"base": {}, "requests": list(bodies)}, each_answered=True),
    # "Send batch emails": 500 messages, each with an ErrorCode of its own, always with status 200.
    "postmark": Batch("email/batch", 100, _postmark, list, each_answered=True),
    # "Send batch emails": 100 mails, ids in order; one wrong mail refuses all.
    "resend": Batch("emails/batch", 100, _resend, list),
}  # fmt: skip

# One by one, and why.
ONE_BY_ONE: dict[str, str] = {
    "amazon_ses": "SendBulkEmail fills in a template that is stored at Amazon; a whole mail with its headers goes alone",
    "mailersend": "its bulk call answers before it has looked at the mails, and tells who was refused only to those who ask later",
    "mandrill": "its merge data reach no headers, so that the unsubscribe address could not differ by person",
    "postal": "its API takes one mail",
    "scaleway": "its API takes one mail",
    "sendgrid": "its substitutions end at 10,000 bytes a person, which is less than a mail",
    "sparkpost": "it tells how many of a batch it refused, and not whom",
    "unisender_go": "of the headers only List-Unsubscribe may differ, and its substitutions are not said to leave HTML as it is",
}


def calls(service: str, messages: Sequence[Outgoing]) -> list[list[Outgoing]]:
    """The messages by call: of one sender and one set of headers, no address twice, neither too many nor too large."""
    batch = BATCHES.get(service)
    if batch is None:
        return [[message] for message in messages]
    groups: dict[Any, list[list[Outgoing]]] = {}
    alone: list[list[Outgoing]] = []
    for message in messages:
        if not batch.fits(message):
            alone.append([message])
            continue
        kind: tuple[Sender, frozenset[str]] = (message.sender, frozenset(message.headers))
        filling = groups.setdefault(kind, [])
        if not filling or not _has_room(filling[-1], message, batch.size):
            filling.append([])
        filling[-1].append(message)
    return [*(call for filling in groups.values() for call in filling), *alone]


def _has_room(call: Sequence[Outgoing], message: Outgoing, size: int) -> bool:
    letters = sum(len(one.text) + len(one.html) for one in (*call, message))
    return len(call) < size and letters <= LARGEST and all(one.to.lower() != message.to.lower() for one in call)


def merged(mails: Sequence[Any], messages: Sequence[Outgoing]) -> Any:
    """One mail of Django's to all of them, in which everything that is a person's own is merge data of anymail's."""
    mail = mails[0]
    mail.to = [one.to[0] for one in mails]
    pairs = list(zip(mails, messages, strict=True))
    mail.merge_data = {
        one.to: {"subject": own.subject, "text": one.text, "html": one.html} for own, one in pairs
    }  # fmt: skip
    mail.merge_metadata = {one.to: {"delivery": one.key} for one in messages}
    mail.merge_headers = {one.to: dict(own.extra_headers) for own, one in pairs}
    mail.subject, mail.body, mail.alternatives = "%recipient.subject%", "%recipient.text%", []
    mail.attach_alternative("%recipient.html%", "text/html")
    mail.extra_headers, mail.metadata = {}, {}
    return mail


def results(batch: Batch, reader: Reader, answer: Reply, messages: Sequence[Outgoing]) -> list[Result] | None:
    """A result for each message of a call; None where all were refused for the sake of some, so that each must be asked alone."""
    if 200 <= answer.status < 300 or (batch.each_answered and answer.status < 500):
        try:
            return batch.split(reader, answer.body, messages)
        except (LookupError, TypeError, ValueError):  # not an answer to each
            pass
    if answer.whole and len(messages) > 1 and reader.named(answer.body) is None:
        return None
    return [reader.answer(answer, message.to) for message in messages]
