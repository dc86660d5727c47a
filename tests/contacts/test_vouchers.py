"""Vouchers: given once for an occasion, redeemed once, and never the same code twice."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from contacts import events, vouchers
from contacts.models import Contact, Event, Voucher, VoucherOffer
from contacts.vouchers import Want
from contacts.vouchers.codes import ALPHABET, mint, normal
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def offer(slug: str = "birthday", **fields: Any) -> VoucherOffer:
    given = {"name": slug.title(), "gives": "10 %", "pattern": "BDAY-####-####", **fields}
    return VoucherOffer.objects.create(slug=slug, **given)


def give(contact: Contact, slug: str = "birthday", occasion: str = "way:1", now: datetime = NOW, **more: Any) -> Any:
    """The voucher as a message sees it, or the code of why there is none."""
    hands = vouchers.Vouchers(make_business())
    want = Want(slug, contact.pk, occasion, **more)
    hands.make([want], now)
    found, problem = hands.of(want, now)
    return problem[0] if problem else found


def test_a_code_is_made_by_its_pattern_from_characters_that_nobody_mixes_up() -> None:
    code = mint("BDAY-####-####")
    assert code.startswith("BDAY-")
    assert len(code) == 14
    assert set(code[5:]) <= {*ALPHABET, "-"}
    assert not {*"0O1IL"} & {*ALPHABET}
    assert len({mint("########") for _ in range(1000)}) == 1000
    assert normal(" bday-k7qm 3xtp ") == "BDAYK7QM3XTP"


def test_a_person_gets_the_same_code_for_the_same_occasion_and_another_for_another() -> None:
    offer()
    ana, bo = make_contact("Ana", consent=()), make_contact("Bo", consent=())
    first = str(give(ana))
    assert str(give(ana)) == first
    assert {str(give(ana, occasion="way:2")), str(give(bo)), first} == set(
        Voucher.objects.values_list("code", flat=True)
    )
    assert Voucher.objects.count() == 3


def test_one_code_for_all_has_a_row_for_each_person_who_got_it() -> None:
    offer(kind="fixed", code="SPRING-10")
    ana, bo = make_contact("Ana", consent=()), make_contact("Bo", consent=())
    assert str(give(ana)) == str(give(bo)) == "SPRING-10"
    assert Voucher.objects.filter(single=False).count() == 2


def test_it_is_valid_to_the_end_of_its_last_day_by_the_clock_of_the_business() -> None:
    offer(valid_days=7)
    offer("spring", valid_until=date(2026, 11, 25), valid_days=30)
    ana = make_contact("Ana", consent=())
    week, spring = give(ana), give(ana, "spring")
    assert str(week["until"]) == "Nov. 29, 2026"
    assert (week["until"], spring["until"]) == (date(2026, 11, 29), date(2026, 11, 25))
    ends = datetime.fromisoformat("2026-11-30T00:00:00+01:00")
    assert Voucher.objects.get(offer__slug="birthday").expires_at == ends
    assert str(give(ana, now=ends - timedelta(seconds=1))) == str(week)
    assert give(ana, now=ends) == "voucher_expired"
    assert give(make_contact("Bo", consent=()), "spring", now=ends) == "voucher_over"


def test_no_more_than_the_maximum_go_out_and_practice_does_not_count() -> None:
    offer(most=2)
    people = [make_contact(f"P{n}", consent=()) for n in range(4)]
    assert [str(give(people[0], practice=True))[:5], *(str(give(one))[:5] for one in people[1:3])] == ["BDAY-"] * 3
    assert give(people[3]) == "voucher_none_left"
    assert give(people[0]) == "voucher_none_left"  # what was practised with is no code for a real message
    assert str(give(people[1])).startswith("BDAY-")


def test_codes_of_a_list_go_out_in_their_order_until_none_is_left() -> None:
    mine = offer(kind="listed")
    Voucher.objects.bulk_create([Voucher(offer=mine, code=f"TILL-{n}", normal=f"TILL{n}") for n in range(2)])
    people = [make_contact(f"P{n}", consent=()) for n in range(3)]
    assert str(give(people[0], practice=True)).startswith("BDAY-")  # practice takes nothing from the list
    assert [str(give(one)) for one in people[:2]] == ["TILL-0", "TILL-1"]
    assert give(people[2]) == "voucher_none_left"
    assert str(give(people[0])) == "TILL-0"
    assert Voucher.objects.count() == 2


def test_what_was_shown_for_practice_becomes_real_with_the_first_real_message() -> None:
    offer()
    ana = make_contact("Ana", consent=())
    code = str(give(ana, practice=True))
    assert Voucher.objects.get().practice
    assert str(give(ana)) == code
    assert not Voucher.objects.get().practice


def test_an_offer_that_is_switched_off_or_not_there_gives_nothing_but_what_it_gave_stands() -> None:
    mine = offer()
    ana = make_contact("Ana", consent=())
    code = str(give(ana))
    VoucherOffer.objects.filter(pk=mine.pk).update(active=False)
    assert str(give(ana)) == code
    assert give(ana, occasion="way:2") == "voucher_over"
    assert give(ana, "easter") == "missing_field"


def redeemed(name: str = "redeemed") -> list[dict[str, Any]]:
    found = Event.objects.filter(name=name).order_by("id").values("contact__first_name", "data", "played", "at")
    return [dict(one) for one in found]


def test_a_code_is_redeemed_once_and_the_second_time_says_when_and_where() -> None:
    offer()
    ana, anna = make_contact("Ana", consent=()), User.objects.create_user("anna", first_name="Anna")
    code = str(give(ana, occasion="way:7"))
    found = vouchers.look_up(f" {code.lower().replace('-', ' ')}", now=NOW)
    assert found
    assert found.ok
    assert found.voucher
    vouchers.redeem(found.voucher, now=NOW, where="Centro", operator_id=anna.pk)
    assert [
        (one["contact__first_name"], one["data"]["voucher"], one["data"]["way"], one["played"]) for one in redeemed()
    ] == [("Ana", "birthday", 7, False)]
    with pytest.raises(vouchers.NotRedeemable, match=r"already, on Nov\. 22, 2026.* \(Centro, Anna\)"):
        vouchers.redeem(found.voucher, now=NOW + DAY, where="Norte")
    again = vouchers.look_up(code, now=NOW)
    assert again
    assert again.problem == "redeemed"
    assert give(ana, occasion="way:7") == "voucher_used"
    assert len(redeemed()) == 1


def test_what_was_redeemed_by_mistake_can_be_redeemed_again_and_both_stand_in_the_story() -> None:
    offer()
    give(make_contact("Ana", consent=()))
    voucher = Voucher.objects.get()
    vouchers.redeem(voucher, now=NOW, where="Centro")
    assert vouchers.undo(voucher, now=NOW + DAY, operator_id=None)
    assert not vouchers.undo(voucher, now=NOW + DAY, operator_id=None)
    vouchers.redeem(voucher, now=NOW + 2 * DAY, where="Norte")
    assert (len(redeemed()), len(redeemed("redemption_undone"))) == (2, 1)


def test_a_code_that_is_expired_over_unknown_or_given_to_nobody_is_refused_with_its_reason() -> None:
    mine = offer(valid_days=1)
    Voucher.objects.create(offer=mine, code="NOBODY", normal="NOBODY")
    code = str(give(make_contact("Ana", consent=())))

    def problem(typed: str, now: datetime = NOW) -> str:
        found = vouchers.look_up(typed, now=now)
        return found.problem if found else "unknown"

    assert problem(code) == ""
    assert problem(code, NOW + 2 * DAY) == "expired"
    assert problem("NOBODY") == "not_given"
    assert problem("BDAY-2222-2222") == problem(" - ") == "unknown"
    VoucherOffer.objects.update(active=False)
    assert problem(code) == "over"


def test_one_code_for_all_is_redeemed_once_by_each_person_who_got_it() -> None:
    offer(kind="fixed", code="SPRING10")
    ana, bo, cy = (make_contact(name, consent=()) for name in ("Ana", "Bo", "Cy"))
    give(ana)
    give(bo)
    whose = vouchers.look_up("spring-10", now=NOW)
    assert whose
    assert whose.problem == "whose"
    for one in (ana, bo):
        found = vouchers.look_up("spring-10", now=NOW, contact_id=one.pk)
        assert found
        assert found.voucher
        vouchers.redeem(found.voucher, now=NOW, where="Centro")
    twice, stranger = (vouchers.look_up("spring-10", now=NOW, contact_id=one.pk) for one in (ana, cy))
    assert twice
    assert stranger
    assert (twice.problem, stranger.problem) == ("redeemed", "not_theirs")
    assert [one["contact__first_name"] for one in redeemed()] == ["Ana", "Bo"]


def test_an_order_that_names_a_code_redeems_it_once_also_when_the_order_is_told_twice() -> None:
    offer()
    offer("spring", kind="fixed", code="SPRING10")
    ana, bo = make_contact("Ana", consent=()), make_contact("Bo", consent=())
    code = str(give(ana))
    give(bo, "spring")
    data = {"order": "1001", "vouchers": [code.lower(), "spring10", "UNKNOWN", 7]}
    for name in ("order", "order", "order_paid"):
        events.record(bo.pk, name, at=NOW - DAY, now=NOW, key="1001", data=data, source="shop")
    assert [(one["contact__first_name"], one["data"]["voucher"]) for one in redeemed()] == [
        ("Ana", "birthday"),
        ("Bo", "spring"),
    ]
    row = Voucher.objects.get(offer__slug="birthday")
    assert (row.redeemed_at, row.redeemed_where) == (NOW - DAY, "order 1001")


def test_what_is_played_redeems_nothing_real_and_a_practice_code_is_redeemed_for_practice() -> None:
    offer()
    ana = make_contact("Ana", consent=())
    real, practised = str(give(ana)), str(give(ana, occasion="way:2", practice=True))
    events.record(ana.pk, "order", at=NOW, now=NOW, data={"voucher": real}, source="sandbox", played=True)
    vouchers.redeem(Voucher.objects.get(practice=False), now=NOW + DAY, where="sandbox", played=True)
    assert Voucher.objects.get(practice=False).redeemed_at is None
    row = Voucher.objects.get(code=practised)
    vouchers.redeem(row, now=NOW + 2 * DAY, where="Centro")
    assert [one["played"] for one in redeemed()] == [True] * 3
    assert Voucher.objects.get(code=practised).redeemed_at
