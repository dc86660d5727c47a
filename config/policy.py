"""The Content-Security-Policy: strict on every public page, relaxed under the admin alone.

The admin's components evaluate expressions in attributes ('unsafe-eval') and style elements in place.
"""

from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

STRICT = (
    "default-src 'none'; img-src 'self'; style-src 'self'; font-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# The sandbox shows a mail in a frame, as the person would see it: its pictures may come from anywhere, its scripts from nowhere.
RELAXED = (
    "default-src 'self'; script-src 'self' 'unsafe-eval'{scripts}; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob: https:; font-src 'self' data:; connect-src 'self'; frame-src 'self'; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
HEADER = "Content-Security-Policy"


@cache
def _admin_prefix() -> str:
    return reverse("admin:index")


def content_security_policy(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware. A view that sets the header itself keeps its own."""
    relaxed = RELAXED.format(scripts="")

    def respond(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        policy = relaxed if request.path.startswith(_admin_prefix()) else STRICT
        response.headers.setdefault(HEADER, policy)
        return response

    return respond
