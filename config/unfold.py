"""The admin's dress: name, colours, and the sidebar in staff's words."""

from typing import Any

UNFOLD: dict[str, Any] = {"SITE_TITLE": "Cascada", "SITE_HEADER": "Cascada"}
