"""The ready cascades, one file each (`s01_...py` with its `BLUEPRINT`); whatever lies here is in the gallery."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from cascades.blueprints.blueprint import TRADES, Blueprint, Trade

__all__ = ["TRADES", "Blueprint", "Trade", "blueprint", "blueprints"]


@cache
def blueprints() -> tuple[Blueprint, ...]:
    """All of them, in the order of their numbers."""
    names = sorted(found.name for found in pkgutil.iter_modules(__path__) if found.name[:3].lstrip("s").isdigit())
    return tuple(import_module(f"{__name__}.{name}").BLUEPRINT for name in names)


def blueprint(slug: str) -> Blueprint:
    """One by its number ("s01"); `LookupError` if there is none."""
    for one in blueprints():
        if one.slug == slug:
            return one
    raise LookupError(f"no blueprint is called {slug!r}")
