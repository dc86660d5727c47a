"""The door of the JSON API: whose key it is and what it may do, how a body is read, and the one shape of an error."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser
from ninja.security import HttpBearer

from contacts import integrations, territory
from contacts.models import Integration, Scope

_log = logging.getLogger(__name__)

_UNREADABLE = gettext_lazy("The body is not JSON that can be read.")
LARGEST_BODY = 2_000_000  # bytes
DEEPEST = 20  # levels of lists and objects


class Problem(Exception):
    """A call that is refused. code: a word for programs; message: a sentence for people; field: where in the body, if one can say."""

    def __init__(
        self, status: int, code: str, message: str, *, field: str = "", headers: Mapping[str, str] | None = None
    ):
        super().__init__(message)
        self.status, self.code, self.message, self.field, self.headers = status, code, message, field, headers or {}


class Key(HttpBearer):
    """The key of an integration, in the header `Authorization: Bearer ...`.

    by_branch: the operation reads and writes only what lies in the key's branches. Others are closed to a key that is limited to some.
    """

    def __init__(self, scope: Scope, *, by_branch: bool = False) -> None:
        super().__init__()
        self.scope, self.by_branch = scope.value, by_branch

    def authenticate(self, request: HttpRequest, token: str) -> Integration | None:
        """Counts the call. 401 for a key that opens nothing, 403 where it opens other things, 429 where it called too often."""
        announced = request.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > LARGEST_BODY:
            raise _too_large()
        now = timezone.now()
        integration = integrations.recognise(token, now=now)
        if integration is None:
            return None
        if seconds := integrations.wait(integration, now=now):
            sentence = _("More than %(most)d calls in this minute. Wait, then go on.") % {
                "most": integration.per_minute
            }
            raise Problem(429, "too_many_calls", sentence, headers={"Retry-After": str(seconds)})
        if self.scope not in integration.scopes:
            sentence = _("This key may not do that: it lacks “%(scope)s”.") % {"scope": self.scope}
            raise Problem(403, "not_allowed", sentence)
        if not self.by_branch and territory.of(integration) is not None:
            raise Problem(
                403, "not_allowed", _("This key is limited to branches, and this call speaks of all of them.")
            )
        return integration


def _too_large() -> Problem:
    return Problem(413, "too_large", _("The body has more than 2 MB. Send it in several calls."))


class Reader(Parser):
    """Reads a body that the database can hold: no endless nesting, no numbers beyond all measure, no characters that are none."""

    def parse_body(self, request: HttpRequest) -> Any:
        told = json.loads(request.body, parse_constant=_no_number, parse_float=_float)
        _check(told, DEEPEST)
        return told


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _float(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        _no_number(text)
    return found


def _check(told: Any, levels: int) -> None:
    if isinstance(told, str):
        if "\0" in told:
            raise ValueError("a text holds a NUL character")
        told.encode()  # half of a surrogate pair is a UnicodeEncodeError, which is a ValueError
    elif isinstance(told, int) and abs(told) >= 2**63:
        _no_number("more than 64 bits")
    elif isinstance(told, dict | list):
        if not levels:
            raise ValueError("nested too deeply")
        for one in [*told, *told.values()] if isinstance(told, dict) else told:
            _check(one, levels - 1)


def install(api: NinjaAPI) -> None:
    """Every error in one shape: {"error": {"code", "message", "field"}}."""
    api.add_exception_handler(Problem, _on_problem)
    api.add_exception_handler(ValidationError, _on_invalid)
    api.add_exception_handler(AuthenticationError, _on_stranger)
    api.add_exception_handler(HttpError, _on_http_error)
    api.add_exception_handler(Http404, _on_lost)
    api.add_exception_handler(RequestDataTooBig, lambda request, _error: _on_problem(request, _too_large()))
    api.add_exception_handler(UnreadablePostError, lambda _request, _error: _answer(400, "unreadable", _UNREADABLE))


def _answer(status: int, code: str, message: Any, field: str = "") -> HttpResponse:
    error = {"code": code, "message": str(message), **({"field": field} if field else {})}
    return JsonResponse({"error": error}, status=status)


def _on_problem(request: HttpRequest, problem: Any) -> HttpResponse:
    answer = _answer(problem.status, problem.code, problem.message, problem.field)
    for name, value in problem.headers.items():
        answer[name] = value
    return answer


def _on_invalid(request: HttpRequest, error: Any) -> HttpResponse:
    field, sentence = first_fault(error.errors)
    return _answer(422, "invalid", sentence, field.removeprefix("body.told.").removeprefix("body."))


def _on_stranger(request: HttpRequest, error: Any) -> HttpResponse:
    answer = _answer(
        401, "unknown_key", _("Send the integration's key as “Authorization: Bearer …”; this one is not known.")
    )
    answer["WWW-Authenticate"] = "Bearer"
    return answer


def _on_http_error(request: HttpRequest, error: Any) -> HttpResponse:
    if isinstance(error.__cause__, Problem):
        return _on_problem(request, error.__cause__)
    if error.status_code == 400:
        return _answer(400, "unreadable", _UNREADABLE)
    return _answer(error.status_code, "refused", str(error))


def _on_lost(request: HttpRequest, error: Any) -> HttpResponse:
    return _answer(404, "not_found", str(error) or _("There is nothing at this address."))


def first_fault(errors: Any) -> tuple[str, str]:
    """Where and what the first of pydantic's errors is: ("items.0.price", "Input should be ...")."""
    first = errors[0] if errors else {"loc": (), "msg": ""}
    where = [str(part) for part in first["loc"] if "[" not in str(part)]
    return ".".join(where), str(first["msg"]).removeprefix("Value error, ")
