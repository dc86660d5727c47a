"""`{% long_list_rows cl %}`: the rows of a page of a long list (contacts/admin/rows.py)."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag(takes_context=True)
def long_list_rows(context: template.RequestContext, cl: Any) -> SafeString:
    """The list draws them itself: this module is read before there is an admin."""
    drawn: SafeString = cl.drawn(context)
    return drawn
