"""The JSON API: every room's routers under one address, with its page for people who write programs."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from cascades import api as cascades_api
from channels import api as channels_api
from config.policy import HEADER
from contacts.api import agreeing, door, people, redeeming, slots, told

# The page is made of files of this house; it writes style elements in place, and asks the API itself.
_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_ABOUT = (
    "Send the key of an integration as “Authorization: Bearer …”. Lists take at most 1,000 items; each is taken or refused by itself. "
    "With the header Idempotency-Key, the same call twice is done once."
)


def _page(view: Any) -> Any:
    def shown(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = view(request, **kwargs)
        response[HEADER] = _PAGE
        return response

    return shown


api = NinjaAPI(
    title="Cascada", version="1", description=_ABOUT, parser=door.Reader(), docs_decorator=_page, urls_namespace="api-1",
)  # fmt: skip
door.install(api)
for _room in (people, told, agreeing, slots, redeeming, cascades_api, channels_api):
    api.add_router("", _room.router)
