"""What may be spent on messages, and what was: one row that all workers reserve from before they send."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _


class Budget(models.Model):
    """`amount`: at most so much, None for no limit; `spent`: what was spent or is being spent, in the business's currency. The one named
    "month" is that of the whole house: it starts anew when its month `ends`, and its amount stands with the business."""

    name = models.CharField(max_length=20, null=True, unique=True, editable=False)
    amount = models.DecimalField(
        _("budget"), max_digits=12, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    spent = models.DecimalField(_("spent"), max_digits=12, decimal_places=4, default=Decimal(0))
    ends = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")

    def __str__(self) -> str:
        return f"{self.spent} / {self.amount}"
