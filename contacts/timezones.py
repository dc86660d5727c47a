"""Which clock a person lives by, when nobody asked them; and the zones to choose from in forms."""

from __future__ import annotations

from functools import cache, lru_cache
from importlib.resources import files
from zoneinfo import ZoneInfo

from contacts import phones

UTC = ZoneInfo("UTC")


def zones_for(
    *, contact: str, branch: str, business: str, phone: str | None, business_country: str
) -> tuple[ZoneInfo, ...]:
    """The zones in which a person may be, one if it is known; quiet hours must hold in all of them.

    The contact's own, else the branch's; else the business's when there is no phone or the phone is of the business's
    country; else all that the phone (E.164) may be in. A name that is no zone counts as none given; never empty.
    """
    for name in (contact, branch):
        if (own := named(name)) is not None:
            return (own,)
    home = (named(business) or UTC,)
    country = phones.country(phone) if phone else ""
    if not phone or country in ("", business_country.upper()):
        return home
    return _zones_of_phone(phone) or home


@lru_cache(maxsize=2048)
def named(name: str) -> ZoneInfo | None:
    """The zone of an IANA name, or None where the name is empty or no zone has it."""
    try:
        return ZoneInfo(name.strip()) if name.strip() else None
    except (LookupError, ValueError, OSError):  # unknown; a path; a folder such as "Europe"
        return None


def country_of(zone: str) -> str:
    """The country (two letters) in which a zone lies, also by one of its older names; "" where it lies in none, such as UTC."""
    countries, older = _countries()
    return countries.get(zone) or countries.get(older.get(zone, ""), "")


@cache
def _countries() -> tuple[dict[str, str], dict[str, str]]:
    """Zones with their country, and older names with the zone that they stand for (zone.tab and tzdata.zi of the tz database)."""
    folder = files("tzdata.zoneinfo")
    lines = [
        line.split("\t")
        for line in folder.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
        if line[:1] != "#"
    ]
    links = [
        line.split()
        for line in folder.joinpath("tzdata.zi").read_text(encoding="utf-8").splitlines()
        if line[:2] == "L "
    ]
    return {line[2]: line[0] for line in lines if len(line) > 2}, {older: zone for _, zone, older in links}


@cache
def choices() -> list[tuple[str, str]]:
    """IANA names for forms with a readable label, canonical names only (no aliases such as America/Buenos_Aires)."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text(encoding="utf-8")
    names = {line.split("\t")[2] for line in table.splitlines() if line and not line.startswith("#")}
    return [(name, name.replace("_", " ").replace("/", " / ")) for name in sorted(names | {"UTC"})]


@lru_cache(maxsize=8192)
def _zones_of_phone(phone: str) -> tuple[ZoneInfo, ...]:
    return tuple(zone for zone in map(named, phones.zones(phone)) if zone is not None)
