"""Is the business's public address really ours? A round trip proves it: we leave a word, ask for it from outside, and compare."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from contacts.models import Business

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from typing import IO

    from django_stubs_ext import StrOrPromise

TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether the round trip succeeded, and a sentence for staff."""

    ok: bool
    sentence: StrOrPromise


def prove(business: Business, now: datetime) -> Proof:
    """Leave a nonce, fetch `<public address>/reach/<nonce>/`, and remember the address as proven when the nonce comes back."""
    address = business.public_address
    problem = _problem(address)
    if problem is None:
        nonce = secrets.token_urlsafe(32)
        Business.objects.filter(pk=business.pk).update(public_nonce=nonce)
        problem = _fetch(f"{address}/reach/{nonce}/", nonce)
    checked = {
        "public_checked_at": None if problem else now,
        "public_checked_address": "" if problem else address,
        "public_nonce": "",
    }
    Business.objects.filter(pk=business.pk).update(**checked)
    for name, value in checked.items():
        setattr(business, name, value)
    return (
        Proof(ok=False, sentence=problem)
        if problem
        else Proof(ok=True, sentence=_("The public address answers, and it is ours."))
    )


@require_GET
@never_cache
def reach(_request: HttpRequest, nonce: str) -> HttpResponse:
    """Answers the one nonce that was just left, and nothing else."""
    expected = Business.objects.values_list("public_nonce", flat=True).first() or ""
    known = bool(expected) and hmac.compare_digest(expected.encode(), nonce.encode())
    return HttpResponse(nonce if known else "", content_type="text/plain", status=200 if known else 404)


def _problem(address: str) -> StrOrPromise | None:
    """What is wrong with the address itself."""
    if not address:
        return _("The business has no public address yet.")
    scheme = urlsplit(address).scheme
    if scheme == "https" or (scheme == "http" and not settings.CASCADA_REQUIRE_HTTPS):
        return None
    return _("The public address must begin with https://.")


class _StayHere(HTTPRedirectHandler):
    """An address that sends elsewhere is not the one that people and providers need."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _fetch(url: str, nonce: str) -> StrOrPromise | None:
    """None when the nonce came back, else what happened instead."""
    try:
        with build_opener(_StayHere()).open(Request(url), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - http(s) was checked
            body: bytes = answer.read(200)
    except HTTPError as error:
        with error:
            return _("The public address answers with error %(code)s; it does not lead to this program.") % {
                "code": error.code
            }
    except TimeoutError:
        return _("The public address does not answer within %(seconds)s seconds.") % {"seconds": TIMEOUT_SECONDS}
    except URLError as error:
        if isinstance(error.reason, TimeoutError):
            return _("The public address does not answer within %(seconds)s seconds.") % {"seconds": TIMEOUT_SECONDS}
        return _("The public address cannot be reached: %(why)s.") % {"why": error.reason}
    except (OSError, HTTPException, ValueError) as error:
        return _("The public address cannot be reached: %(why)s.") % {"why": error}
    if hmac.compare_digest(body.strip(), nonce.encode()):
        return None
    return _("Something else answers at the public address; it does not lead to this program.")
