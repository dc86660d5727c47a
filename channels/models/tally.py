"""How often somebody asked for our public pages lately; see `channels.limits`."""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """A count that ends at `until`. `key` is a keyed hash: nobody's address is kept here."""

    key = models.CharField(max_length=40, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.key
