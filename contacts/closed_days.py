"""Public holidays by country and region, as the package `holidays` knows them: pure, no database."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache


@lru_cache(maxsize=512)
def public(country: str, region: str, years: tuple[int, ...]) -> frozenset[date]:
    """The public holidays of these years; none for a country that nobody has listed. A region that it does not have counts for none."""
    import holidays  # takes half a second, and only those who keep holidays need it

    if country not in _countries():
        return frozenset()
    return frozenset(holidays.country_holidays(country, subdiv=_known(country, region), years=years))


@lru_cache(maxsize=512)
def names(country: str, region: str, language: str, years: tuple[int, ...]) -> tuple[tuple[date, str], ...]:
    """The same with their names, in order; in the language where the package has it, else in its own choice."""
    import holidays

    if country not in _countries():
        return ()
    found = holidays.country_holidays(country, subdiv=_known(country, region), years=years, language=language)
    return tuple(sorted(found.items()))


def regions(country: str) -> list[tuple[str, str]]:
    """(code, name) of the regions that have holidays of their own, by name."""
    import holidays

    known = _countries().get(country, ())
    spoken = getattr(getattr(holidays, country, None), "subdivisions_aliases", {})
    named = {code: name for name, code in reversed(spoken.items())}
    return sorted(((code, named.get(code, code)) for code in known), key=lambda choice: choice[1])


@cache
def _countries() -> dict[str, list[str]]:
    """The countries that are listed, with the codes of their regions."""
    import holidays

    return holidays.list_supported_countries(include_aliases=False)


def _known(country: str, region: str) -> str | None:
    return region if region and region in {code for code, _ in regions(country)} else None
