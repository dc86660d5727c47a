"""A shop's website that tells us, by our script, what people who are known look at."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteReport(models.TextChoices):
    """What a site may report."""

    PAGES = "pages", _("pages that were looked at")
    CARTS = "carts", _("carts")
    ORDERS = "orders", _("orders, from the page that says thank you")


class OnEmail(models.TextChoices):
    """What becomes of an address that somebody gives on the site."""

    IGNORE = "ignore", _("nothing")
    KNOWN = "known", _("who has this address already is recognised")
    CREATE = "create", _("the same, and a new address becomes a contact")


def new_key() -> str:
    """A key that stands in the page for everybody to read."""
    return secrets.token_urlsafe(12)


def all_reports() -> list[str]:
    return [SiteReport.PAGES.value, SiteReport.CARTS.value]


class Site(models.Model):
    """`origins`: where its pages are, as browsers say it ("https://shop.example"); `image_origins`: where its pictures are besides.

    `parameters`: those of an address that say which page it is; all others are left out. `refused_origin`: the last page elsewhere
    that used the key.
    """

    name = models.CharField(_("name"), max_length=60, unique=True)
    key = models.CharField(_("public key"), max_length=16, unique=True, default=new_key, editable=False)
    origins = models.JSONField(_("addresses of the shop"), default=list)
    image_origins = models.JSONField(_("addresses of its pictures"), default=list, blank=True)
    parameters = models.JSONField(_("parameters that say which page it is"), default=list, blank=True)
    reports = models.JSONField(_("may report"), default=all_reports)
    by_link = models.BooleanField(
        _("recognise who comes by a link of our messages"), default=True,
        help_text=_("Only for people whose visits may be followed, and only once they agreed on the site, too."),
    )  # fmt: skip
    on_email = models.CharField(
        _("an address given on the site"), max_length=6, choices=OnEmail.choices, default=OnEmail.KNOWN
    )
    active = models.BooleanField(_("active"), default=True)
    heard_at = models.DateTimeField(_("last heard from"), null=True, editable=False)
    refused_at = models.DateTimeField(null=True, editable=False)
    refused_origin = models.CharField(max_length=200, default="", editable=False)

    class Meta:
        verbose_name = _("website")
        verbose_name_plural = _("websites")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
