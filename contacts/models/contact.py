"""A person, their addresses, and the groups they are in."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from contacts import kinds


def fold(text: str) -> str:
    """Text as the search sees it: no accents, no case, single spaces. SQLite itself folds ASCII only."""
    if text.isascii():
        return " ".join(text.lower().split())
    return _folded(text) if len(text) < 60 else _folded.__wrapped__(text)


@lru_cache(maxsize=8192)
def _folded(text: str) -> str:
    """Names, groups and cities come again and again."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(plain.casefold().split())


def fingerprint(kind: str, normal: str) -> str:
    """Keyed hash by which a suppression knows an address without keeping it. Phone hashes without a key could be guessed."""
    return hmac.digest(settings.SUPPRESSION_KEY, f"{kind}:{normal.lower()}".encode(), "sha256").hex()


def search_text(first_name: str, last_name: str, city: str, external_id: str | None, normals: Iterable[str]) -> str:
    """What a contact's search column holds. normals: its addresses, in their order."""
    return fold(" ".join((first_name, last_name, city, external_id or "", *normals)))


def searchable(ways: Iterable[Any]) -> list[str]:
    """The normals of those addresses that people read and type; a browser's subscription or a chat's number is found by nobody."""
    return [way.normal for way in ways if kinds.typed(way.kind)]


class Contact(models.Model):
    """A person we may speak to. Blank language or zone mean: the branch's, else the business's (see `contacts.timezones`)."""

    external_id = models.CharField(
        _("number in your other system"), max_length=100, null=True, blank=True, unique=True, default=None
    )
    first_name = models.CharField(_("first name"), max_length=120, blank=True, default="")
    last_name = models.CharField(_("last name"), max_length=120, blank=True, default="")
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=64, blank=True, default="")
    preferred_channel = models.CharField(
        _("preferred channel"), max_length=20, blank=True, default="", db_default="",
        help_text=_("The kind of channel that the person asked for. Empty: the one that they really use."),
    )  # fmt: skip
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    city = models.CharField(_("city"), max_length=120, blank=True, default="")
    latitude = models.DecimalField(
        _("latitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
    )  # fmt: skip
    longitude = models.DecimalField(
        _("longitude"), max_digits=9, decimal_places=6, null=True, blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )  # fmt: skip
    notes = models.TextField(_("notes"), blank=True, default="")
    attributes = models.JSONField(_("other details"), default=dict, blank=True)
    branch = models.ForeignKey(
        "contacts.Branch", models.SET_NULL, null=True, blank=True, verbose_name=_("branch"), db_index=False
    )
    groups = models.ManyToManyField(
        "contacts.Group", through="Membership", related_name="contacts", verbose_name=_("groups")
    )
    search = models.TextField(default="", editable=False)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    erased_at = models.DateTimeField(_("erased"), null=True, editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ["-id"]
        # Segments ask who is near; most people have no coordinates, and cost the index nothing.
        indexes = [
            models.Index(fields=["birth_date"], name="contact_birthday", condition=models.Q(birth_date__isnull=False)),
            models.Index(fields=["created_at"], name="contact_added"),
            # A page of one branch's people, the newest first; most people have no branch where the business has but one place.
            models.Index(fields=["branch", "id"], name="contact_of_branch", condition=models.Q(branch__isnull=False)),
            # The list is narrowed by these.
            models.Index(fields=["language", "id"], name="contact_language"),
            models.Index(fields=["city", "id"], name="contact_city"),
            models.Index(
                fields=["latitude", "longitude"], name="contact_place", condition=models.Q(latitude__isnull=False)
            ),
            models.Index(fields=["id"], name="contact_erased", condition=models.Q(erased_at__isnull=False)),
        ]
        permissions = [
            ("export_contact", _("Can export contacts")),
            ("import_contact", _("Can import contacts")),
            ("record_event", _("Can record a purchase or a visit")),
            ("erase_person", _("Can erase a person")),
        ]

    def __str__(self) -> str:
        return self.full_name or str(_("Erased person") if self.erased_at else _("No name"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.external_id = self.external_id or None
        self.search = self.search_text(searchable(self.addresses.all()) if self.pk else ())
        super().save(*args, **kwargs)

    @property
    def full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def search_text(self, normals: Iterable[str]) -> str:
        return search_text(self.first_name, self.last_name, self.city, self.external_id, normals)


# A browser's push subscription is an address of some 600 characters.
LONGEST_ADDRESS = 2000


class Validity(models.TextChoices):
    """Whether an address can be reached at all."""

    OK = "ok", _("in use")
    INVALID = "invalid", _("does not work")


class Address(models.Model):
    """One way to reach a person. `kind` is "email" or "phone" (see `contacts.kinds`); a family may share one.

    `value` is what was given, `normal` what is compared and sent to (E.164, or a checked email), `fingerprint` its keyed hash.
    """

    contact = models.ForeignKey(
        Contact, models.CASCADE, related_name="addresses", verbose_name=_("contact"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=20)
    value = models.CharField(_("as given"), max_length=LONGEST_ADDRESS)
    normal = models.CharField(_("address"), max_length=LONGEST_ADDRESS, editable=False)
    fingerprint = models.CharField(max_length=64, editable=False)
    validity = models.CharField(_("state"), max_length=10, choices=Validity.choices, default=Validity.OK)
    invalid_reason = models.CharField(_("why"), max_length=60, blank=True, default="")
    bad_hits = models.PositiveSmallIntegerField(default=0, editable=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0, help_text=_("The first that works is used."))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("address")
        verbose_name_plural = _("addresses")
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["contact", "kind", "normal"], name="address_once_per_contact")]
        indexes = [
            models.Index(fields=["kind", "normal"], name="address_kind_normal"),
            models.Index(fields=["fingerprint"], name="address_fingerprint"),
            models.Index(fields=["kind", "contact"], name="address_broken", condition=models.Q(validity="invalid")),
        ]

    def __str__(self) -> str:
        return self.value if kinds.typed(self.kind) else self.shown

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.fingerprint = fingerprint(self.kind, self.normal)
        super().save(*args, **kwargs)

    @property
    def shown(self) -> str:
        """As staff read it."""
        return kinds.shown(self.kind, self.normal)


class GroupKind(models.TextChoices):
    """What staff mean by it. A tag is a group that is shown as a small label; a selection was made for a start and is offered nowhere."""

    GROUP = "group", _("group")
    TAG = "tag", _("tag")
    SELECTION = "selection", _("selection")


class Groups(models.QuerySet["Group"]):
    """Groups, asked as a set."""

    def offered(self) -> Groups:
        """Those that staff choose from: a selection was made for one start, and means nothing elsewhere."""
        return self.exclude(kind=GroupKind.SELECTION)


class Group(models.Model):
    """A named list of contacts that staff keep."""

    kind = models.CharField(
        _("kind"), max_length=10, choices=GroupKind.choices[:2], default=GroupKind.GROUP, db_default=GroupKind.GROUP.value,
        help_text=_("A tag is a light label, shown beside the name."),
    )  # fmt: skip
    name = models.CharField(_("name"), max_length=120, unique=True)
    description = models.CharField(_("what it is for"), max_length=255, blank=True, default="")
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    objects = Groups.as_manager()

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A contact's place in a group."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="memberships")
    group = models.ForeignKey(Group, models.CASCADE, related_name="memberships", db_index=False)
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [models.UniqueConstraint(fields=["group", "contact"], name="membership_once")]

    def __str__(self) -> str:
        return f"{self.group} · {self.contact}"
