"""The counter, the pages of voucher offers, lists of codes, and what a till asks by the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import vouchers
from contacts.api import redeeming
from contacts.models import Branch, Contact, Event, Voucher, VoucherOffer
from contacts.vouchers import Want
from tests.contacts.api_caller import Caller, error
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
COUNTER = "/admin/contacts/voucher/counter/"
NONCE = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def _house() -> None:
    make_business()


def offer(slug: str = "birthday", **fields: Any) -> VoucherOffer:
    return VoucherOffer.objects.create(slug=slug, **{"name": slug.title(), "gives": "10 %", **fields})


def give(name: str, slug: str = "birthday", **more: Any) -> Voucher:
    person = Contact.objects.filter(first_name=name).first() or make_contact(name, consent=())
    hands = vouchers.Vouchers(make_business())
    hands.make([Want(slug, person.pk, "way:1", **more)], NOW)
    return Voucher.objects.latest("id")


def press(client: Client, act: str, voucher: Voucher, nonce: str = NONCE, where: str = "") -> Any:
    return client.post(f"{COUNTER}{act}/", {"voucher": voucher.pk, "nonce": nonce, "where": where}, follow=True)


def test_the_front_desk_looks_a_code_up_and_redeems_it_once_and_a_second_press_changes_nothing() -> None:
    offer(terms="From 30 euros")
    for name in ("Centro", "Norte"):
        Branch.objects.create(name=name)
    voucher, desk = give("Ana"), sign_in("Front desk")
    page = said_of(desk.get(COUNTER, {"code": voucher.code.lower()}))
    for said in ("10 %", "From 30 euros", "Ana", "Valid.", "Norte"):
        assert said in page
    assert not Voucher.objects.filter(redeemed_at__isnull=False).exists()  # looking changes nothing
    nonce = re.findall(r'name="nonce" value="([\w-]+)"', page)[0]
    assert "Redeemed: 10 % for Ana." in said_of(press(desk, "redeem", voucher, nonce, "Norte"))
    assert "Redeemed: 10 % for Ana." in said_of(press(desk, "redeem", voucher, nonce, "Norte"))
    assert "redeemed already" in said_of(press(desk, "redeem", voucher, NONCE, "Centro"))
    assert Event.objects.get(name="redeemed").data["where"] == "Norte"
    again = said_of(desk.get(COUNTER, {"code": voucher.code}))
    assert re.search(r"redeemed already, on .* \(Norte, Front desk\)", again)
    assert "undo" not in again
    story = said_of(desk.get(reverse("admin:contacts_contact_change", args=[voucher.contact_id])))
    assert "Redeemed a voucher" in story
    assert "Birthday: 10 %" in story


def test_a_code_that_is_not_there_or_not_valid_says_so() -> None:
    offer()
    voucher, desk = give("Ana"), sign_in("Front desk")
    assert "There is no such code" in said_of(desk.get(COUNTER, {"code": "BDAY-0000"}))
    assert "There is no such code" in said_of(desk.get(COUNTER, {"code": "x'; -- ' OR 1=1"}))
    VoucherOffer.objects.update(active=False)
    page = said_of(desk.get(COUNTER, {"code": voucher.code}))
    assert "This offer is over." in page
    assert "Redeem</" not in page


def test_of_a_code_that_many_have_the_counter_asks_whose_it_is() -> None:
    offer(kind="fixed", code="SPRING10")
    for name in ("Ana Ruiz", "Ana Sol", "Bo"):
        person = make_contact(name, consent=())
        hands = vouchers.Vouchers(make_business())
        hands.make([Want("birthday", person.pk, "way:1")], NOW)
    desk = sign_in("Front desk")
    assert "Say whose it is" in said_of(desk.get(COUNTER, {"code": "spring10"}))
    two = said_of(desk.get(COUNTER, {"code": "spring10", "who": "ana"}))
    assert "Ana Ruiz" in two
    assert "Ana Sol" in two
    assert "Nobody of that name" in said_of(desk.get(COUNTER, {"code": "spring10", "who": "Zoe"}))
    assert "Valid." in said_of(desk.get(COUNTER, {"code": "spring10", "who": "bo"}))
    row = Voucher.objects.get(contact__first_name="Bo")
    page = said_of(press(desk, "redeem", row))
    assert "Redeemed: 10 % for Bo." in page
    assert "For practice" not in page
    assert "redeemed already" in said_of(desk.get(COUNTER, {"code": "spring10", "who": f"#{row.contact_id}"}))


@pytest.mark.parametrize(
    ("role", "redeems", "undoes", "keeps"),
    [("Owner", True, True, True), ("Marketer", True, True, True), ("Front desk", True, False, False), ("Viewer", False, False, False)],
)  # fmt: skip
def test_who_may_redeem_undo_and_keep_offers(role: str, redeems: bool, undoes: bool, keeps: bool) -> None:
    mine = offer()
    voucher, client = give("Ana"), sign_in(role)
    assert (client.get(COUNTER).status_code == 200) is redeems
    assert (press(client, "redeem", voucher).status_code == 200) is redeems
    Voucher.objects.update(redeemed_at=NOW)
    assert (press(client, "undo", voucher).status_code == 200) is undoes
    assert (Voucher.objects.get().redeemed_at is None) is undoes
    assert (client.get(reverse("admin:contacts_voucheroffer_add")).status_code == 200) is keeps
    for page in ("voucheroffer_changelist", "voucher_changelist"):
        assert client.get(reverse(f"admin:contacts_{page}")).status_code == 200
    assert client.get(reverse("admin:contacts_voucher_change", args=[voucher.pk])).status_code == 200
    assert client.get(reverse("admin:contacts_voucheroffer_change", args=[mine.pk])).status_code == 200


def test_redeeming_is_a_press_and_not_a_look() -> None:
    offer()
    voucher, desk = give("Ana"), sign_in("Owner")
    assert desk.get(f"{COUNTER}redeem/", {"voucher": str(voucher.pk), "nonce": NONCE}).status_code == 403
    assert desk.post(f"{COUNTER}redeem/", {"voucher": "x", "nonce": "y"}).status_code == 403


def fields(**more: Any) -> dict[str, Any]:
    plain = {
        "name": "Birthday",
        "slug": "birthday",
        "gives": "10 %",
        "kind": "unique",
        "pattern": "BD-####-####",
        "active": "on",
    }
    return {**plain, "terms": "", "code": "", "valid_days": "", "valid_until": "", "most": "", **more}


def test_a_marketer_makes_an_offer_and_what_is_wrong_stands_at_its_field() -> None:
    marketer, add = sign_in("Marketer"), reverse("admin:contacts_voucheroffer_add")
    assert "at least eight #" in said_of(marketer.post(add, fields(pattern="BD-####")))
    assert "beginning with a letter" in said_of(marketer.post(add, fields(slug="10off")))
    assert "at least four characters" in said_of(marketer.post(add, fields(kind="fixed", code="A-1")))
    assert marketer.post(add, fields()).status_code == 302
    give("Ana")
    taken = Voucher.objects.get().code
    change = reverse("admin:contacts_voucheroffer_change", args=[VoucherOffer.objects.get().pk])
    marketer.post(change, fields(slug="other", kind="fixed", code="OTHER1", gives="20 %"))
    mine = VoucherOffer.objects.get()
    assert (mine.slug, mine.kind, mine.gives) == (
        "birthday",
        "unique",
        "20 %",
    )  # what went out goes on meaning the same
    assert "in use already" in said_of(marketer.post(add, fields(name="B", slug="b", kind="fixed", code=taken)))
    page = said_of(marketer.get(reverse("admin:contacts_voucheroffer_changelist")))
    assert "{{ voucher.birthday }}" in page


def test_codes_of_a_till_come_from_a_list_and_doubles_are_refused_with_their_line() -> None:
    mine, marketer = offer(kind="listed"), sign_in("Marketer")
    offer("spring", kind="fixed", code="SPRING10")
    address = reverse("admin:contacts_voucheroffer_codes", args=[mine.pk])

    def send(text: str) -> str:
        return said_of(marketer.post(address, {"file": SimpleUploadedFile("codes.csv", text.encode())}))

    page = send("code\nTILL-001\nTILL-002\ntill 001\nab\nSpring10\n")
    assert "Taken in: 2. Refused: 3." in page
    for said in ("“till 001” stands in line 2 already.", "A code has 4 to 40 characters.", "the code of another offer"):
        assert said in page
    assert "“TILL-002” is here already." in send("TILL-002;x\nTILL-003\n")
    assert "has one code in each line" in send("code\n")
    assert list(Voucher.objects.order_by("id").values_list("code", flat=True)) == ["TILL-001", "TILL-002", "TILL-003"]


def test_the_lists_ask_the_same_however_many_there_are() -> None:
    offer()
    client, counted = sign_in("Viewer"), []
    for name in ("Ana", "Bo", "Cy"):
        give(name)
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("admin:contacts_voucher_changelist"))
            client.get(reverse("admin:contacts_voucheroffer_changelist"))
        counted.append(len(asked))
    assert counted[1] == counted[2]


def test_a_till_looks_up_and_redeems_by_the_api_once_and_the_same_receipt_again_is_no_error() -> None:
    offer()
    voucher, till = give("Ana"), Caller("Till")
    seen = till.ask(f"vouchers/{voucher.code.lower()}").json()
    assert (seen["valid"], seen["why"], seen["gives"], seen["contact"]) == (True, "", "10 %", voucher.contact_id)
    path = f"vouchers/{voucher.code}/redeem"
    first = till.say(path, {"reference": "R1", "where": "Till 2"})
    assert (first.status_code, first.json()["redeemed_where"]) == (200, "Till 2")
    assert till.say(path, {"reference": "R1", "where": "Till 2"}).status_code == 200
    second = till.say(path, {"reference": "R2"})
    assert error(second) == (409, "redeemed")
    assert "(Till 2)" in second.json()["error"]["message"]
    assert error(Caller("Other till").say(path, {"reference": "R1"})) == (409, "redeemed")
    assert Event.objects.filter(name="redeemed").count() == 1
    assert error(Caller("Shop", ["events:write"]).ask(f"vouchers/{voucher.code}")) == (403, "not_allowed")


def test_a_call_with_a_key_that_is_made_again_is_answered_the_same() -> None:
    offer()
    voucher, till = give("Ana"), Caller("Till")
    answers = [till.say(f"vouchers/{voucher.code}/redeem", {}, key="k1") for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content


def test_one_code_for_all_needs_the_person() -> None:
    offer(kind="fixed", code="SPRING10")
    give("Ana")
    till, path = Caller("Till"), "vouchers/spring10/redeem"
    assert error(till.say(path, {})) == (409, "whose")
    ana = Contact.objects.get()
    assert till.say(path, {"person": {"id": ana.pk}}).json()["redeemed_where"] == "Till"
    assert error(till.say(path, {"person": {"id": ana.pk}})) == (409, "redeemed")
    assert error(till.say(path, {"person": {"id": ana.pk + 9}})) == (404, "nobody")


def test_a_key_that_guesses_is_soon_told_to_wait() -> None:
    till = Caller("Till", per_minute=100)
    answers = [till.ask(f"vouchers/AAAA-{n}").status_code for n in range(8)]
    assert answers[:3] == [404] * 3
    assert answers[-1] == 429
    assert answers.count(404) <= 100 // redeeming.A_GUESS


def test_an_order_told_by_the_api_redeems_what_it_names() -> None:
    offer()
    voucher, shop = give("Ana"), Caller("Shop")
    order = {
        "event": "order",
        "order": "1001",
        "total": "40.00",
        "vouchers": [voucher.code],
        "person": {"id": voucher.contact_id},
    }
    shop.results("events", [order])
    told = Event.objects.get(name="redeemed")
    assert (told.data["where"], told.data["reference"]) == ("order 1001", "1001")
