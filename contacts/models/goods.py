"""What goes with what: kept by staff, or found from what was bought together."""

from __future__ import annotations

from django.core.validators import MinValueValidator, URLValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

_WEB = URLValidator(schemes=["http", "https"])


class GoesBy(models.TextChoices):
    """What stands for a thing that somebody bought or looked at."""

    CATEGORY = "category", _("category")
    SKU = "sku", _("article number")
    NAME = "name", _("name")


class GoesWith(models.Model):
    """Who bought (or looked at) this is offered that. `folded`: `what` as it is compared; a lower `position` is shown first."""

    by = models.CharField(
        _("whoever bought a thing of this"), max_length=8, choices=GoesBy.choices, default=GoesBy.CATEGORY
    )
    what = models.CharField(
        _("which"), max_length=120, help_text=_("The category, article number or name, as your shop tells it.")
    )
    folded = models.CharField(max_length=120, editable=False, db_index=True)
    name = models.CharField(_("is offered"), max_length=160)
    sku = models.CharField(_("article number"), max_length=100, blank=True, default="")
    category = models.CharField(_("category"), max_length=120, blank=True, default="")
    link = models.CharField(_("link"), max_length=500, blank=True, default="", validators=[_WEB])
    image = models.CharField(
        _("picture"), max_length=500, blank=True, default="", validators=[_WEB], help_text=_("Its address.")
    )
    price = models.DecimalField(
        _("price"), max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    position = models.PositiveSmallIntegerField(
        _("position in the list"), default=10, help_text=_("The lowest is shown first.")
    )

    class Meta:
        verbose_name = _("thing that goes with another")
        verbose_name_plural = _("goes with")
        ordering = ["by", "what", "position", "id"]
        constraints = [models.UniqueConstraint(fields=["by", "folded", "name"], name="goes_with_once")]

    def __str__(self) -> str:
        return f"{self.what} → {self.name}"


class BoughtTogether(models.Model):
    """Found by `contacts.goods.together`: orders that had the one often had the other. `thing`, `other`: article number, else name."""

    thing = models.CharField(_("who bought this"), max_length=160)
    of_category = models.CharField(max_length=120, default="", db_index=True)
    other = models.CharField(_("bought this too"), max_length=160)
    times = models.PositiveIntegerField(_("times"))
    name = models.CharField(_("name"), max_length=160)
    sku = models.CharField(_("article number"), max_length=100, default="")
    category = models.CharField(_("category"), max_length=120, default="")
    link = models.CharField(_("link"), max_length=500, default="")
    image = models.CharField(_("picture"), max_length=500, default="")
    price = models.CharField(_("price"), max_length=20, default="")

    class Meta:
        verbose_name = _("bought together")
        verbose_name_plural = _("bought together")
        ordering = ["thing", "-times"]
        default_permissions = ("view",)
        constraints = [models.UniqueConstraint(fields=["thing", "other"], name="bought_together_once")]

    def __str__(self) -> str:
        return f"{self.thing} → {self.other}"
