"""What mail services answer to a call that they take, after their own descriptions; for the peer on loopback."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

Answer = Callable[[str], object]


def _one(told: object) -> Answer:
    return lambda _body: told


def _brevo(body: str) -> object:
    asked = json.loads(body)
    if "messageVersions" not in asked:
        return 201, {"messageId": "<b0@relay>"}, {}
    return 201, {"messageIds": [f"<b{n}@relay>" for n in range(len(asked["messageVersions"]))]}, {}


def _mailjet(body: str) -> object:
    asked = json.loads(body)["Messages"]
    told = [
        {"Status": "success", "To": [{"Email": one["To"][0]["Email"], "MessageID": 100 + n}]}
        for n, one in enumerate(asked)
    ]
    return {"Messages": told}


def _mailtrap(body: str) -> object:
    asked = json.loads(body)["requests"]
    return {"success": True, "responses": [{"success": True, "message_ids": [f"t{n}"]} for n in range(len(asked))]}


def _postmark(body: str) -> object:
    return [
        {"ErrorCode": 0, "Message": "OK", "MessageID": f"p{n}", "To": one["To"]}
        for n, one in enumerate(json.loads(body))
    ]


def _resend(body: str) -> object:
    asked = json.loads(body)
    return {"data": [{"id": f"r{n}"} for n in range(len(asked))]} if isinstance(asked, list) else {"id": "r0"}


def _mandrill(body: str) -> object:
    return [{"email": one["email"], "status": "sent", "_id": "m0"} for one in json.loads(body)["message"]["to"]]


def _unisender_go(body: str) -> object:
    return {
        "status": "success",
        "job_id": "u0",
        "emails": [one["email"] for one in json.loads(body)["message"]["recipients"]],
    }


def _postal(body: str) -> object:
    return {"status": "success", "data": {"message_id": "x", "messages": {"ana@mail.example": {"id": 7, "token": "t"}}}}


TAKES: Mapping[str, Answer] = {
    "amazon_ses": _one({"MessageId": "s0"}),
    "brevo": _brevo,
    "mailersend": _one((202, "", {"X-Message-Id": "ms0", "Content-Type": "text/html"})),
    "mailgun": _one({"id": "<g0@mg.example>", "message": "Queued. Thank you."}),
    "mailjet": _mailjet,
    "mailtrap": _mailtrap,
    "mandrill": _mandrill,
    "postal": _postal,
    "postmark": _postmark,
    "resend": _resend,
    "scaleway": _one({"emails": [{"id": "w0", "mail_rcpt": "ana@mail.example", "status": "sending"}]}),
    "sendgrid": _one((202, "", {})),
    "sparkpost": _one({"results": {"total_rejected_recipients": 0, "total_accepted_recipients": 1, "id": "k0"}}),
    "unisender_go": _unisender_go,
}

# How each says no to one mail for its address' sake, and to the account; where the status alone would say something else.
NO_SUCH_PERSON: Mapping[str, object] = {
    "amazon_ses": (400, {"message": "ana@mail.example is not a valid address"}, {"x-amzn-errortype": "BadRequestException"}),
    "brevo": (400, {"code": "invalid_parameter", "message": "email ana@mail.example is not valid in to"}, {}),
    "mailersend": (422, {"message": "The to.0.email ana@mail.example must be valid", "errors": {}}, {}),
    "mailgun": (400, {"message": "to parameter is not a valid address: ana@mail.example"}, {}),
    "mailjet": (400, {"Messages": [{"Status": "error", "Errors": [
        {"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "is an invalid email", "ErrorRelatedTo": ["To[0].Email"]}]}]}, {}),
    "mailtrap": {"success": True, "responses": [{"success": False, "errors": ["'to' address is invalid"]}]},
    "mandrill": [{"email": "ana@mail.example", "status": "rejected", "reject_reason": "hard-bounce"}],
    "postal": (400, {"status": "error", "data": {"message": "ana@mail.example"}}, {}),
    "postmark": [{"ErrorCode": 406, "Message": "Found inactive addresses: ana@mail.example."}],
    "resend": (422, {"statusCode": 422, "name": "validation_error", "message": "Invalid `to`: ana@mail.example"}, {}),
    "scaleway": (400, {"type": "invalid_arguments", "details": [{"argument_name": "to ana@mail.example"}]}, {}),
    "sendgrid": (400, {"errors": [{"field": "personalizations.0.to", "message": "Does not contain ana@mail.example"}]}, {}),
    "sparkpost": {"results": {"total_rejected_recipients": 1, "total_accepted_recipients": 0, "id": "k1"}},
    "unisender_go": {"status": "success", "job_id": "1", "emails": [], "failed_emails": {"ana@mail.example": "unsubscribed"}},
}  # fmt: skip
REFUSES_US: Mapping[str, object] = {
    "amazon_ses": (403, {"message": "not allowed"}, {"x-amzn-errortype": "AccessDeniedException"}),
    "brevo": (400, {"code": "not_enough_credits", "message": "no credits"}, {}),
    "mandrill": (500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}, {}),
    "mailjet": (401, {"ErrorCode": "mj-0001", "StatusCode": 401, "ErrorMessage": "API key authentication failure"}, {}),
    "postal": {"status": "error", "data": {"code": "InvalidServerAPIKey", "message": "The API token is not valid"}},
    "postmark": (422, {"ErrorCode": 405, "Message": "Not allowed to send: you are out of credits"}, {}),
}


def recipient_variables(body: str) -> Any:
    """Mailgun's, out of a form."""
    return json.loads(parse_qs(body)["recipient-variables"][0])
