"""Public holidays by country and region, as the package `holidays` knows them: pure, no database."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache


@lru_cache(maxsize=512)
def public(country: str, region: str, years: tuple[int, ...]) -> frozenset[date]:
    """The public holidays of these years; none for a country that nobody has listed. A region that it does not have counts for none."""
    import holidays  # takes half a second, and only those who keep holidays need it

    try:
        return frozenset(holidays.country_holidays(country, subdiv=_known(country, region), years=years))
    except NotImplementedError:
        return frozenset()


@lru_cache(maxsize=512)
def names(country: str, region: str, language: str, years: tuple[int, ...]) -> tuple[tuple[date, str], ...]:
    """The same with their names, in order; in the language where the package has it, else in its own choice."""
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=_known(country, region), years=years, language=language)
    except NotImplementedError:
        return ()
    return tuple(sorted(found.items()))


def regions(country: str) -> list[tuple[str, str]]:
    """(code, name) of the regions that have holidays of their own, by name."""
    import holidays

    known: Iterable[str] = holidays.list_supported_countries(include_aliases=False).get(country, ())
    spoken = getattr(getattr(holidays, country, None), "subdivisions_aliases", {})
    named = {code: name for name, code in reversed(spoken.items())}
    return sorted(((code, named.get(code, code)) for code in known), key=lambda choice: choice[1])


def _known(country: str, region: str) -> str | None:
    return region if region and region in {code for code, _ in regions(country)} else None
