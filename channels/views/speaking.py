"""The language of a public page: the one asked for on the page, else the person's, else the browser's."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation

from channels.joining import language_of
from contacts.models import Business


def spoken(request: HttpRequest, *known: str) -> str:
    """The language to answer in. known: what is known of the person, the surest first; nothing known leaves it to the browser."""
    asked = request.GET.get("language") or request.POST.get("language") or ""
    browser = translation.get_language_from_request(request)
    found = (language_of(code) for code in (asked, *known, browser, Business.current().language))
    return next((code for code in found if code), settings.LANGUAGE_CODE)


def choices() -> list[tuple[str, str]]:
    """The languages in their own names, for a switch."""
    return [(code, translation.get_language_info(code)["name_local"].capitalize()) for code, _ in settings.LANGUAGES]
