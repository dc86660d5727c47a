"""`{% changes_of object as changes %}`: what was done to a thing, newest first, for its history page."""

from __future__ import annotations

from django import template
from django.db.models import Model

from contacts.changes import Told, told_of

register = template.Library()


@register.simple_tag
def changes_of(thing: Model | None) -> list[Told]:
    return told_of(thing) if thing is not None and thing.pk else []
