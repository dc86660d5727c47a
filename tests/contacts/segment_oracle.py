"""What rules mean, worked out person by person in plain Python: beside it, what the database finds must be the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

GONE = object()


@dataclass(frozen=True)
class Someone:
    """A person as tests invent them. visits and orders: how many days ago (orders with their money); emails: whether each works."""

    language: str = ""
    city: str = ""
    hair: str = ""
    groups: frozenset[int] = frozenset()
    visits: tuple[float, ...] = ()
    orders: tuple[tuple[float, int], ...] = ()
    emails: tuple[bool, ...] = ()
    said: tuple[bool, ...] = ()
    born: datetime | None = field(default=None)


def holds(tree: Any, one: Someone, all_of_them: list[Someone], opposite: bool = False) -> bool:
    """Whether the person is found; a line that names what is gone finds nobody, turned round or not."""
    if "kind" in tree:
        found = _line(tree, one, all_of_them)
        return found is not GONE and bool(found) != opposite
    nodes, turned = tree.get("all", tree.get("any")), opposite != bool(tree.get("not"))
    answers = [holds(node, one, all_of_them, turned) for node in nodes]
    return bool(answers) and (all(answers) if ("all" in tree) != turned else any(answers))


def _line(p: Mapping[str, Any], one: Someone, everyone: list[Someone]) -> Any:
    if ask := {"city": _city, "groups": _groups}.get(p["kind"]):
        return ask(p, one)
    match p["kind"]:
        case "language":
            return ((one.language or "en") in p["languages"]) != (p["op"] == "is_not")
        case "attribute":
            if not any(other.hair for other in everyone):
                return GONE
            return (not one.hair) if p["op"] == "missing" else one.hair == p["text"]
        case "event":
            times = sum(1 for days in one.visits if days < p.get("days", 9999))
            return times == 0 if p["op"] == "never" else (times >= p["times"]) != (p["op"] == "fewer")
        case "spent":
            money = sum(much for days, much in one.orders if days < p.get("days", 9999))
            return (money >= p["money"]) != (p["op"] == "less")
        case "best":
            return _best(p, one, everyone)
        case "reach":
            return {
                "works": any(one.emails),
                "missing": not one.emails,
                "broken": bool(one.emails) and not any(one.emails),
            }[p["op"]]
        case "consent":
            return {"given": one.said[-1:] == (True,), "withdrawn": one.said[-1:] == (False,), "never": not one.said}[
                p["op"]
            ]
    raise AssertionError(p)


def _city(p: Mapping[str, Any], one: Someone) -> bool:
    if p["op"] == "missing":
        return not one.city
    return bool(one.city) and (one.city.lower() == p["city"].lower()) != (p["op"] == "is_not")


def _groups(p: Mapping[str, Any], one: Someone) -> Any:
    if 999 in p["groups"]:
        return GONE
    wanted = frozenset(p["groups"])
    return {"any": bool(wanted & one.groups), "all": wanted <= one.groups, "none": not wanted & one.groups}[p["op"]]


def _best(p: Mapping[str, Any], one: Someone, everyone: list[Someone]) -> bool:
    worths = [sum(much for _days, much in other.orders) for other in everyone if other.orders]
    if not one.orders:
        return False
    better = sum(1 for worth in worths if worth > sum(much for _days, much in one.orders))
    place = better / (len(worths) - 1) if len(worths) > 1 else 0.0
    return bool(place < p["share"] / 100)


def ago(now: datetime, days: float) -> datetime:
    return now - timedelta(days=days)
