"""Each kind of condition finds exactly the people that it says, and tells why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from contacts import segments
from contacts.consent import suppress
from contacts.events import Fact, record_many
from contacts.models import Booking, Branch, Consent, Contact, Segment, SuppressionReason, SuppressionScope
from contacts.segments import query
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def line(kind: str, op: str, **params: Any) -> dict[str, Any]:
    return {"all": [{"kind": kind, "op": op, **params}]}


def names(found: Iterable[Contact]) -> str:
    return " ".join(sorted(contact.first_name for contact in found))


def found(rules: dict[str, Any], now: datetime = NOW, *, gone: bool = False, **more: Any) -> str:
    """First names of whom the rules find. NOT finds the others, or nobody where what is named is gone; `why` says the same."""
    cleaned = segments.clean(rules)
    scope = query.scope_of(cleaned, now, **more)
    people = set(query.matching(cleaned, scope))
    assert segments.count(rules, now, **more) == len(people)
    everyone = set(Contact.objects.all())
    inside_out = set(query.matching({"any": [cleaned], "not": True}, scope))
    assert inside_out == (set() if gone else everyone - people)
    for contact in (*list(people)[:1], *list(everyone - people)[:1]):
        assert segments.why(cleaned, contact, now, **more).holds == (contact in people), contact
    return names(people)


@pytest.fixture(autouse=True)
def _house() -> None:
    make_business(language="en", time_zone="Europe/Madrid")


def people(**fields: dict[str, Any]) -> dict[str, Contact]:
    """{first name: fields} as contacts."""
    return {name: make_contact(f"{name} Ruiz", consent=(), **values) for name, values in fields.items()}


def test_what_stands_on_the_page_of_a_person_finds_them() -> None:
    north = Branch.objects.create(name="North", time_zone="Europe/Lisbon")
    people(
        Ana={"language": "es", "city": "Madrid", "branch": north},
        Bo={"city": "Лион", "time_zone": "Asia/Tokyo"},
        Cy={"language": "en"},
    )
    assert found(line("name", "contains", text="ANA")) == "Ana"
    assert found(line("name", "starts", text="bo r")) == "Bo"
    assert found(line("language", "is", languages=["en"])) == "Bo Cy"
    assert found(line("language", "is_not", languages=["en", "fr"])) == "Ana"
    assert found(line("city", "is", city="madrid, Paris")) == "Ana"
    assert found(line("city", "is_not", city="Madrid")) == "Bo"
    assert found(line("city", "missing")) == "Cy"
    assert found(line("zone", "is", zone="Europe/Lisbon")) == "Ana"
    assert found(line("zone", "is", zone="Europe/Madrid")) == "Cy"
    assert found(line("zone", "is_not", zone="Europe/Madrid")) == "Ana Bo"
    assert found(line("branch", "is", branches=[north.pk])) == "Ana"
    assert found(line("branch", "is_not", branches=[north.pk])) == ""
    assert found(line("branch", "missing")) == "Bo Cy"


def test_since_when_someone_is_in_the_list_counts_to_the_second() -> None:
    made = people(Ana={}, Bo={}, Cy={})
    for name, days in {"Ana": 15.0, "Bo": 14.9999, "Cy": 40.0}.items():
        Contact.objects.filter(pk=made[name].pk).update(created_at=ago(days))
    assert found(line("registered", "longer_ago", days=15)) == "Ana Cy"
    assert found(line("registered", "within", days=15)) == "Bo"
    assert found(line("registered", "since", day="2026-11-07")) == "Ana Bo"
    assert found(line("registered", "before", day="2026-11-07")) == "Cy"


def test_a_birthday_on_the_29th_of_february_is_on_the_28th_in_common_years() -> None:
    people(
        Leap={"birth_date": date(2000, 2, 29)}, First={"birth_date": date(1990, 3, 1)}, Dec={"birth_date": date(2008, 12, 31)},
        None_={},
    )  # fmt: skip
    day = datetime(2027, 2, 28, 12, tzinfo=NOW.tzinfo)
    assert found(line("birthday", "today"), day) == "Leap"
    assert found(line("birthday", "within", days=2), day) == "First Leap"
    assert found(line("birthday", "today"), day.replace(year=2028)) == ""
    assert found(line("birthday", "within", days=3), datetime(2026, 12, 30, tzinfo=NOW.tzinfo)) == "Dec"
    assert found(line("age", "at_least", years=27), day) == "First Leap"
    assert found(line("age", "under", years=27), day) == "Dec"
    assert found(line("age", "under", years=27), day - timedelta(days=1)) == "Dec Leap"
    assert found(line("birth_date", "missing")) == "None_"
    assert found(line("birth_date", "since", day="2000-02-29")) == "Dec Leap"
    assert found(line("birth_date", "before", day="2000-02-29")) == "First"


def test_other_details_are_compared_as_texts_numbers_and_days() -> None:
    people(
        Ana={"attributes": {"hair": "Red", "visits": 12, "since": "2026-01-31"}},
        Bo={"attributes": {"hair": "brown", "visits": "9.5", "since": "2025-12-01T10:00"}},
        Cy={"attributes": {"hair": "", "visits": "many", "since": "yesterday"}},
        Di={"attributes": {"visits": None, "on": True}},
    )
    assert found(line("attribute", "is", detail="hair", text="red")) == "Ana"
    assert found(line("attribute", "is_not", detail="hair", text="red")) == "Bo"
    assert found(line("attribute", "contains", detail="hair", text="R")) == "Ana Bo"
    assert found(line("attribute", "missing", detail="hair")) == "Cy Di"
    assert found(line("attribute", "known", detail="visits")) == "Ana Bo Cy"
    assert found(line("attribute", "at_least", detail="visits", number=9.5)) == "Ana Bo"
    assert found(line("attribute", "at_most", detail="visits", number=10)) == "Bo"
    assert found(line("attribute", "is", detail="visits", text="12.0")) == "Ana"
    assert found(line("attribute", "since", detail="since", day="2026-01-31")) == "Ana"
    assert found(line("attribute", "before", detail="since", day="2026-01-31")) == "Bo"
    assert found(line("attribute", "is", detail="on", text="true")) == "Di"


def test_a_detail_that_nobody_has_any_more_finds_nobody_even_where_it_is_missing_or_denied() -> None:
    people(Ana={})
    for op in ("missing", "known"):
        gone = {"kind": "attribute", "op": op, "detail": "shoe"}
        assert found({"all": [gone]}, gone=True) == ""


def test_groups_are_asked_for_at_least_one_each_or_none() -> None:
    made = people(Ana={}, Bo={}, Cy={})
    one, two = make_group("One", [made["Ana"], made["Bo"]]), make_group("Two", [made["Bo"]])
    both = [one.pk, two.pk]
    assert found(line("groups", "any", groups=both)) == "Ana Bo"
    assert found(line("groups", "all", groups=both)) == "Bo"
    assert found(line("groups", "none", groups=[two.pk])) == "Ana Cy"


def test_the_newest_word_on_consent_counts_and_what_was_played_only_where_asked() -> None:
    made = people(Ana={}, Bo={}, Cy={}, Di={}, Ed={})

    def say(
        name: str, *, given: bool, played: bool = False, expires: datetime | None = None, kind: str = "email"
    ) -> None:
        Consent.objects.create(
            contact=made[name], kind=kind, purpose="marketing", given=given, basis="express", source="test", at=NOW, recorded_at=NOW,
            played=played, expires_at=expires,
        )  # fmt: skip

    say("Ana", given=True)
    say("Bo", given=True)
    say("Bo", given=False)
    say("Cy", given=True, expires=NOW)
    say("Di", given=True, played=True)
    say("Ed", given=True, kind="sms")
    assert found(line("consent", "given", channel="email")) == "Ana"
    assert found(line("consent", "withdrawn", channel="email")) == "Bo"
    assert found(line("consent", "expired", channel="email")) == "Cy"
    assert found(line("consent", "never", channel="email")) == "Di Ed"
    assert found(line("consent", "given", channel="email"), played=True) == "Ana Di"


def test_an_address_works_unless_it_is_broken_or_closed() -> None:
    made = people(
        Ana={"email": "a@x.example"},
        Bo={"email": "b@x.example"},
        Cy={"email": "c@x.example"},
        Di={"phone": "+34600000001"},
    )
    made["Bo"].addresses.update(validity="invalid")
    suppress(
        kind="email",
        normal="c@x.example",
        reason=SuppressionReason.STAFF,
        scope=SuppressionScope.ALL,
        source="test",
        now=NOW,
    )
    assert found(line("reach", "works", channel="email")) == "Ana"
    assert found(line("reach", "broken", channel="email")) == "Bo Cy"
    assert found(line("reach", "missing", channel="email")) == "Di"
    assert found(line("reach", "works", channel="sms")) == "Di"


def happened(
    made: dict[str, Contact], name: str, *facts: tuple[str, float, dict[str, Any]], played: bool = False
) -> None:
    """facts: who, how many days ago, details."""
    record_many([Fact(made[who].pk, name, ago(days), data=data, played=played) for who, days, data in facts], now=NOW)


def test_events_are_counted_in_their_days_and_by_their_details() -> None:
    made = people(Ana={}, Bo={}, Cy={})
    happened(
        made, "visit", ("Ana", 1, {"topic": "Hair"}), ("Ana", 2, {"topic": "hair"}), ("Ana", 59, {"minutes": 50}),
        ("Bo", 3, {"minutes": "12"}), ("Bo", 61, {}), ("Bo", 62, {"topic": {"main": "Nails"}}), ("Cy", -1, {}),
    )  # fmt: skip
    happened(made, "visit", ("Cy", 1, {}), played=True)
    assert found(line("event", "at_least", event="visit", times=3, days=60)) == "Ana"
    assert found(line("event", "at_least", event="visit", times=3)) == "Ana Bo"
    assert found(line("event", "fewer", event="visit", times=3, days=60)) == "Bo Cy"
    assert found(line("event", "never", event="visit", days=2)) == "Bo Cy"
    assert found(line("event", "never", event="visit")) == "Cy"
    assert found(line("event", "at_least", event="visit", times=1), played=True) == "Ana Bo Cy"

    def where(detail: str, compare: str, value: str, times: int = 1) -> str:
        return found(line("event", "at_least", event="visit", times=times, detail=detail, compare=compare, value=value))

    assert where("topic", "is", "hair", times=2) == "Ana"
    assert where("topic.main", "contains", "nail") == "Bo"
    assert where("minutes", "at_least", "12") == "Ana Bo"
    assert where("minutes", "at_most", "12,5") == "Bo"


def test_purchases_are_counted_added_up_and_ranked() -> None:
    made = people(Ana={}, Bo={}, Cy={}, Di={}, Ed={}, Flo={})
    happened(
        made, "order", ("Ana", 1, {"total": 30}), ("Ana", 400, {"total": 1000}), ("Bo", 5, {"amount": "60.50 EUR"}),
        ("Bo", 6, {"total": "39,50"}), ("Cy", 100, {"total": 99.99}), ("Di", 7, {}), ("Ed", 8, {"total": 5}),
    )  # fmt: skip
    assert found(line("purchases", "at_least", times=2, days=365)) == "Bo"
    assert found(line("purchases", "fewer", times=2, days=365)) == "Ana Cy Di Ed Flo"
    assert found(line("purchases", "never")) == "Flo"
    assert found(line("spent", "at_least", money=100, days=365)) == "Bo"
    assert found(line("spent", "at_least", money=100)) == "Ana Bo"
    assert found(line("spent", "less", money=99.99, days=365)) == "Ana Di Ed Flo"
    assert found(line("last_purchase", "within", ago=90)) == "Ana Bo Di Ed"
    assert found(line("last_purchase", "longer_ago", ago=90)) == "Cy"
    assert found(line("best", "money", share=25, days=365)) == "Bo"
    assert found(line("best", "money", share=50)) == "Ana Bo"
    assert found(line("best", "times", share=20)) == "Ana Bo"  # level with one another
    assert found(line("best", "recency", share=40)) == "Ana Bo"


def test_what_was_bought_is_found_by_category_name_or_number_of_a_thing() -> None:
    made = people(Ana={}, Bo={}, Cy={}, Di={})
    shampoo = {"items": [{"sku": "S1", "name": "Shampoo mild", "category": "Hair"}, {"name": "Bag"}]}
    happened(
        made, "order", ("Ana", 1, shampoo), ("Ana", 40, shampoo), ("Bo", 2, {"items": [{"category": "Nails"}]}), ("Cy", 50, shampoo),
        ("Di", 3, {"category": "Hair"}),
    )  # fmt: skip
    hair: dict[str, Any] = {"by": "category", "what": "hair"}
    assert found(line("bought", "at_least", times=1, days=30, **hair)) == "Ana"
    assert found(line("bought", "at_least", times=2, **hair)) == "Ana"
    assert found(line("bought", "never", days=30, **hair)) == "Bo Cy Di"
    assert found(line("bought", "at_least", times=1, by="name", what="mild")) == "Ana Cy"
    assert found(line("bought", "at_least", times=1, by="sku", what="s1")) == "Ana Cy"
    detail = {"detail": "items[].category", "compare": "is", "value": "nails"}
    assert found(line("event", "at_least", event="order", times=1, **detail)) == "Bo"


def test_a_rank_is_one_among_all_even_where_few_are_asked_about() -> None:
    made = people(Ana={}, Bo={})
    happened(made, "order", ("Ana", 1, {"total": 30}), ("Bo", 1, {"total": 50}))
    best = Segment.objects.create(name="Best", rules=segments.clean(line("best", "money", share=50)))
    assert names(segments.people(best, NOW, among=[made["Ana"].pk])) == ""
    assert names(segments.people(best, NOW, among=[made["Bo"].pk])) == "Bo"


def test_bookings_behind_and_ahead_are_told_apart() -> None:
    made = people(Ana={}, Bo={}, Cy={})
    for name, days, kind, status in (
        ("Ana", -3, "class", "attended"), ("Ana", 4, "appointment", "cancelled"), ("Bo", 4, "appointment", "confirmed"),
        ("Bo", -3, "appointment", "cancelled"),
    ):  # fmt: skip
        Booking.objects.create(
            contact=made[name], title="Cut", kind=kind, status=status, starts_at=NOW + timedelta(days=days), zone="UTC", created_at=NOW,
            updated_at=NOW,
        )  # fmt: skip
    assert found(line("booking", "had", days=3)) == ""
    assert found(line("booking", "had", days=4)) == "Ana"
    assert found(line("booking", "had", days=4, what="appointment")) == ""
    assert found(line("booking", "had", days=4, status=["cancelled"])) == "Bo"
    assert found(line("booking", "not_had", days=4)) == "Bo Cy"
    assert found(line("booking", "has", days=4)) == "Bo"
    assert found(line("booking", "has_none", days=3)) == "Ana Bo Cy"


def test_nearness_is_measured_from_branches_places_and_cities_also_across_the_date_line() -> None:
    sol = Branch.objects.create(name="Sol", city="Madrid", latitude="40.416775", longitude="-3.703790")
    bare = Branch.objects.create(name="Bare")
    people(
        Near={"latitude": "40.43", "longitude": "-3.70"},  # 1.5 km
        Far={"latitude": "40.48", "longitude": "-3.70"},  # 7.0 km
        Corner={"latitude": "40.455", "longitude": "-3.655"},  # in the box of 5 km, not in the circle
        West={"latitude": "-17.0", "longitude": "-179.99"},
        Blind={"city": "madrid"},
    )
    assert found(line("distance", "branch", km=5, branches=[sol.pk])) == "Near"
    assert found(line("distance", "home", km=8)) == "Corner Far Near"
    assert found(line("distance", "city", km=5, city="Madrid")) == "Blind Near"
    assert found(line("distance", "place", km=5, latitude=-17, longitude=179.99)) == "West"
    assert found(line("distance", "place", km=12_000, latitude=-90, longitude=0)) == "West"
    gone = {"kind": "distance", "op": "branch", "km": 5, "branches": [bare.pk]}
    assert found({"all": [gone]}, gone=True) == ""
