"""Many workers, many people: nobody gets two codes for one occasion, and no code goes to two."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from contacts import vouchers
from contacts.models import Contact, Voucher, VoucherOffer
from contacts.vouchers import NotRedeemable, Want
from tests.factories import NOW, make_business, make_contact

WORKERS = 10


def crowd(number: int) -> list[int]:
    return [one.pk for one in Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(number)])]


def at_once(work: Callable[[int], None]) -> list[BaseException]:
    """Ten workers, each with a connection of its own; what went wrong."""
    wrong: list[BaseException] = []

    def done(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=done, args=[number]) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="ten writers at once need PostgreSQL")
@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.volume)])
@pytest.mark.parametrize("kind", ["unique", "scarce", "listed"])
def test_ten_workers_give_every_person_one_code_and_no_code_twice(number: int, kind: str) -> None:
    business, people = make_business(), crowd(number)
    most = number - 10 if kind == "scarce" else None
    offer = VoucherOffer.objects.create(
        slug="birthday", name="Birthday", gives="10 %", kind="listed" if kind == "listed" else "unique", most=most
    )
    if kind == "listed":
        Voucher.objects.bulk_create([Voucher(offer=offer, code=f"T{n}", normal=f"T{n}") for n in range(number - 10)])
    seen: list[dict[int, str]] = [{} for _ in range(WORKERS)]

    def work(worker: int) -> None:
        hands = vouchers.Vouchers(business)
        turned = people[worker * 37 :] + people[: worker * 37]  # all of them, in another order
        for start in range(0, number, 500):
            wants = [Want("birthday", pk, "way:1") for pk in turned[start : start + 500]]
            hands.make(wants, NOW)
            found = {want.contact_id: hands.of(want, NOW)[0] for want in wants}
            seen[worker] |= {pk: str(code) for pk, code in found.items() if code}

    assert at_once(work) == []
    given = dict(Voucher.objects.filter(contact__isnull=False).values_list("contact_id", "code"))
    assert len(given) == len(set(given.values())) == (number if kind == "unique" else number - 10)
    assert Voucher.objects.count() == len(given)
    for found in seen:
        assert found.items() <= given.items()  # whoever was told a code was told the one that stands


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="ten writers at once need PostgreSQL")
def test_ten_counters_redeem_a_code_once() -> None:
    hands = vouchers.Vouchers(make_business())
    VoucherOffer.objects.create(slug="birthday", name="Birthday", gives="10 %")
    ana = make_contact("Ana", consent=())
    hands.make([Want("birthday", ana.pk, "way:1")], NOW)
    voucher = Voucher.objects.get()

    def press(worker: int) -> None:
        vouchers.redeem(voucher, now=NOW, where=f"Counter {worker}")

    wrong = at_once(press)
    assert len(wrong) == WORKERS - 1
    assert all(isinstance(error, NotRedeemable) for error in wrong)
    assert [event.name for event in ana.events.all()] == ["redeemed"]


@pytest.mark.django_db
def test_a_thousand_codes_take_three_statements_and_a_second_time_none() -> None:
    business, people = make_business(), crowd(1000)
    VoucherOffer.objects.create(slug="birthday", name="Birthday", gives="10 %")
    hands, wants = vouchers.Vouchers(business), [Want("birthday", pk, "way:1") for pk in people]
    with CaptureQueriesContext(connection) as asked:
        hands.make(wants, NOW)
    assert len(asked) == 3
    with CaptureQueriesContext(connection) as again:
        hands.make(wants, NOW)
    assert len(again) == 0
