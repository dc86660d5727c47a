"""What speaks for two contacts being one person, as codes, weights and words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

WEIGHTS = {
    "email": 90, "account": 88, "birth": 85, "phone_name": 80, "phone_similar": 60, "gmail": 50, "phone_blank": 45, "email_names": 40,
    "account_names": 40,
}  # fmt: skip
WORDS: dict[str, StrOrPromise] = {
    "email": _("the same email"),
    "email_names": _("the same email, but different names"),
    "account": _("the same account with a messenger"),
    "account_names": _("the same account with a messenger, but different names"),
    "birth": _("the same name and birth date"),
    "phone_name": _("the same phone and the same name"),
    "phone_similar": _("the same phone and a similar name"),
    "phone_blank": _("the same phone, and one of them has no name"),
    "gmail": _("the same Gmail address but for its dots"),
}


def words(codes: list[str]) -> list[str]:
    return [str(WORDS[code]) for code in codes if code in WORDS]
