"""The lists of a house with a million people and three million messages: what each page takes at the server."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact, Segment
from tests.benchmarks.archive import fill
from tests.benchmarks.rounds import ROUNDS, mood, sized
from tests.contacts.staff import sign_in
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
LONGEST = 0.3  # seconds, the aim; printed, not asserted
Took = tuple[float, float]  # seconds by the clock, and of a processor: ours and the database's


def test_the_pages_of_long_lists() -> None:
    people = sized(1_000_000)
    make_business()
    known = fill(people)
    took = measure(known, {role: sign_in(role) for role in ("Owner", "Marketer")})
    assert {name for name, times in took.items() if len(times) >= ROUNDS} == set(_pages(known))


def measure(known: Mapping[str, Any], clients: Mapping[str, Client]) -> dict[str, list[Took]]:
    """Of an archive that is there already; returns the seconds of each page."""
    took: dict[str, list[Took]] = {}
    backend = _backend()
    moods = [mood()]
    for client in clients.values():
        client.get(reverse("admin:contacts_contact_changelist"))  # what is read once a process
    for _ in range(ROUNDS):
        for name, (address, query) in _pages(known).items():
            for role, client in clients.items():
                if role == "Owner" or "inboundcall" not in address:
                    took.setdefault(name, []).append(_ask(client, address, query, backend))
        moods.append(mood())
    _print(known["count"], took, moods)
    return took


def _ask(client: Client, address: str, query: Mapping[str, Any], backend: Path) -> Took:
    used, begun = time.process_time() + _used(backend), time.perf_counter()
    page = client.get(address, query)
    seconds = time.perf_counter() - begun
    assert page.status_code == 200, (address, query)
    return seconds, time.process_time() + _used(backend) - used


def _backend() -> Path:
    """Where Linux tells of the database's process, if it runs on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return Path(f"/proc/{cursor.fetchone()[0]}/stat")


def _used(backend: Path) -> float:
    """Seconds of a processor that it has used."""
    if not backend.exists():
        return 0.0
    told = backend.read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _print(people: int, took: Mapping[str, list[Took]], moods: list[float]) -> None:
    print(
        f"\n\n### Lists of {people:,} people and {3 * people:,} messages\n"
        "| page | ms, median | worst | of a processor |\n| --- | ---: | ---: | ---: |"
    )
    for name, asked in took.items():
        seconds, used = [one for one, _ in asked], [one for _, one in asked]
        slow = " **" if max(seconds) > LONGEST else ""
        print(
            f"| {name} | {median(seconds) * 1000:.0f} | {max(seconds) * 1000:.0f}{slow} | {median(used) * 1000:.0f} |"
        )
    worst = max(seconds for asked in took.values() for seconds, _used in asked)
    print(
        f"({ROUNDS} rounds; worst of all {worst * 1000:.0f} ms; a fixed Python loop took {min(moods):.0f}–{max(moods):.0f} ms)",
        flush=True,
    )


WORDS = {
    "common word": "ana", "common word 2": "garcia", "rare word": "xochitl", "nobody": "zzyzx", "two common words": "maria garcia",
    "two words that never meet": "xochitl ruiz49", "accents and case": "CÁDIZ", "Cyrillic": "иван петров", "part of a word": "arci",
    "part of a phone": "46 79 19", "three digits": "791", "part of an email": "n4321@exa", "two letters": "xo", "one letter": "я",
}  # fmt: skip


def _pages(known: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
    pages: dict[str, tuple[str, dict[str, Any]]] = {}

    def of(model: str, **variants: Mapping[str, Any]) -> None:
        address = reverse(f"admin:{model}_changelist")
        for name, query in {"first": {}, "last": {"p": "last"}, **variants}.items():
            pages[f"{model.partition('_')[2]}: {name}"] = (address, dict(query))

    middle = Contact.objects.order_by("pk").values_list("pk", flat=True)[0] + known["count"] // 2
    searched = {f"searched, {name}": {"q": word} for name, word in WORDS.items()}
    searched["searched, last page"] = {"q": "garcia", "p": "last"}
    of("contacts_contact", middle={"p": f"a{middle}"}, **searched, **_narrowed_people(known))
    of("channels_delivery", middle={"p": f"a{middle}"}, **searched, **_narrowed_messages(known))
    of("cascades_steprun", **searched, **_narrowed_runs(known))
    of("cascades_enrollment", **searched, **_narrowed_enrollments(known))
    of("contacts_event", **searched, answers={"name": "answer"}, orders={"name": "order"}, days=_days("at", 400, 390))
    of(
        "contacts_consent",
        **searched,
        withdrawn={"given__exact": "0"},
        sms={"kind": "sms"},
        tracking={"purpose__exact": "tracking"},
    )
    of("contacts_booking", **searched, missed={"status__exact": "missed"}, days=_days("starts_at", 3, -3))
    of("channels_inboundcall", unreadable={"state__exact": "unreadable"}, of_sms={"channel__id__exact": known["sms"]})
    return pages


def _narrowed_people(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    segment, _made = Segment.objects.get_or_create(
        name="Old hands", defaults={"rules": {"all": [{"kind": "registered", "op": "longer_ago", "days": 600}]}}
    )
    asked = {
        "groups__id__exact": (known["big"], known["small"]), "segment": (segment.pk,), "language": ("es", "fr", "ru", "-"),
        "city": ("Madrid", "Cádiz", "Nowhere"), "address": ("email:yes", "email:no", "email:broken", "telegram:yes", "telegram:no"),
        "consent": ("email:given", "email:withdrawn", "email:expired", "email:none", "viber:given", "viber:none"),
    }  # fmt: skip
    found = {f"{name} {value}": {name: value} for name, values in asked.items() for value in values}
    found["last page of a rare city"] = {"city": "Cádiz", "p": "last"}
    found["rare word in a city"] = {"city": "Madrid", "q": "xochitl"}
    found["last page of a group"] = {"groups__id__exact": known["big"], "p": "last"}
    return found


def _narrowed_messages(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    states = ("delivered", "sent", "failed", "bounced", "expired", "unknown", "queued", "sending", "cancelled")
    return {
        **{f"status {state}": {"status__exact": state} for state in states},
        "channel": {"channel__id__exact": known["sms"]}, "purpose": {"purpose__exact": "transactional"},
        "ten days, a year ago": _days("created_at", 375, 365), "before all": _days("created_at", 2000, 1990),
        "failed, last page": {"status__exact": "failed", "p": "last"}, "failed with a word": {"status__exact": "failed", "q": "ana"},
    }  # fmt: skip


def _narrowed_runs(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    codes = ("delivered", "sent", "failed", "unclear", "waiting", "opened", "unsubscribed", "skipped")
    return {
        **{f"cascade {n}": {"cascade": pk} for n, pk in enumerate(known["cascades"])}, "step": {"step": known["keys"][1]},
        "step nobody reached": {"step": "none"}, **{f"outcome {code}": {"outcome": code} for code in codes},
        "channel": {"channel": "email"}, "channel nobody has": {"channel": "viber"},
        "failed in a cascade": {"cascade": known["cascades"][0], "outcome": "failed"},
    }  # fmt: skip


def _narrowed_enrollments(known: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    outcomes = ("reached", "failed", "stopped", "unreachable", "moved", "")
    cascades = {f"cascade {n}": {"cascade": pk} for n, pk in enumerate(known["cascades"])}
    return {**cascades, **{f"outcome {code or 'open'}": {"outcome__exact": code} for code in outcomes}}


def _days(column: str, since: int, until: int) -> dict[str, str]:
    """From so many days ago to so many days ago."""
    today = timezone.localdate()
    return {f"{column}_from": str(today - timedelta(days=since)), f"{column}_to": str(today - timedelta(days=until))}
