"""The picture, the links and the way out, as mail programs, people and mailboxes call them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from channels import freezing, stories
from channels.admin.wording import said
from channels.models import Delivery, DeliveryEvent, Grade
from channels.rendering import TRAP
from channels.transport import Fact
from contacts.models import Consent
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
TARGETS = ["https://shop.example/a?utm_source=x", "https://shop.example/b"]


@pytest.fixture
def visitor() -> Client:
    """A stranger's browser, which would be stopped where a form asks for a token of ours."""
    return Client(enforce_csrf_checks=True, headers={"User-Agent": CHROME})


def sent(language: str = "en", business: dict[str, Any] | None = None, **fields: Any) -> Delivery:
    """A mail that reached Ana an hour ago."""
    make_business(**(business or {}))
    contact = make_contact("Ana Ruiz", email="ana@mail.example", tracking=fields.pop("tracking", False))
    ago = timezone.now() - timedelta(hours=1)
    values = {
        "status": "delivered", "sending_at": ago, "sent_at": ago, "delivered_at": ago, "tracked": True, "links": TARGETS,
        "address": "ana@mail.example", **fields,
    }  # fmt: skip
    return Delivery.objects.create(
        contact=contact, channel=make_channel("email"), message_version=freezing.freeze(make_message(), now=NOW), kind="email",
        purpose="marketing", language=language, not_before=ago, created_at=ago, **values,
    )  # fmt: skip


def facts(delivery: Delivery, fact: Fact) -> list[str]:
    return list(
        DeliveryEvent.objects.filter(delivery=delivery, fact=fact).order_by("id").values_list("grade", flat=True)
    )


def withdrawals(delivery: Delivery, purpose: str = "marketing") -> list[Consent]:
    return list(
        Consent.objects.filter(contact=delivery.contact, kind="email", purpose=purpose, given=False).order_by("id")
    )


# --- the picture ---


def test_the_picture_tells_of_the_opening_and_is_never_kept(visitor: Client) -> None:
    delivery = sent()
    answer = visitor.get(f"/o/{delivery.token}.gif")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/gif")
    assert answer.content.startswith(b"GIF89a")
    assert "no-store" in answer["Cache-Control"]
    assert facts(delivery, Fact.OPENED) == [Grade.HUMAN]
    delivery.refresh_from_db()
    assert delivery.opened_at is not None


def test_the_picture_comes_for_any_token_and_tells_nothing(visitor: Client) -> None:
    for token in ("AAAAAAAAAAAAAAAA", "x", "a" * 300):
        assert visitor.get(f"/o/{token}.gif").status_code == 200
    assert not DeliveryEvent.objects.exists()


def test_an_opening_that_may_not_be_known_is_not(visitor: Client) -> None:
    delivery = sent(tracked=False)
    visitor.get(f"/o/{delivery.token}.gif")
    assert facts(delivery, Fact.OPENED) == []


def test_a_tracking_consent_taken_back_holds_for_mails_already_sent(visitor: Client) -> None:
    delivery = sent(business={"country": "FR"}, tracking=True)
    visitor.get(f"/o/{delivery.token}.gif")
    assert len(facts(delivery, Fact.OPENED)) == 1
    visitor.post(f"/u/{delivery.token}", {"what": "tracking"})
    assert [line.purpose for line in withdrawals(delivery, "tracking")] == ["tracking"]
    assert withdrawals(delivery) == []
    DeliveryEvent.objects.all().delete()
    visitor.get(f"/o/{delivery.token}.gif")
    assert facts(delivery, Fact.OPENED) == []


# --- the links ---


def test_a_link_leads_to_its_stored_target_and_to_nothing_else(visitor: Client) -> None:
    delivery = sent()
    answer = visitor.get(f"/c/{delivery.token}/1?url=https://evil.example&next=//evil.example")
    assert (answer.status_code, answer["Location"]) == (302, TARGETS[1])
    told = DeliveryEvent.objects.get(delivery=delivery, fact=Fact.CLICKED)
    assert (told.grade, told.data["n"], told.data["url"]) == (Grade.HUMAN, 1, TARGETS[1])


@pytest.mark.parametrize(
    "address", ["/c/AAAAAAAAAAAAAAAA/0", "/c/{token}/2", "/c/{token}/99999999999999999999", "/u/AAAAAAAAAAAAAAAA"]
)
def test_a_link_that_leads_nowhere_gets_a_friendly_page(visitor: Client, address: str) -> None:
    answer = visitor.get(address.format(token=sent().token))
    assert answer.status_code == 404
    assert b"This link leads nowhere" in answer.content


@pytest.mark.parametrize(("how", "user_agent"), [("head", CHROME), ("get", "TelegramBot (like TwitterBot)")])
def test_a_program_is_sent_on_too_and_told_apart(how: str, user_agent: str) -> None:
    delivery = sent()
    answer = getattr(Client(headers={"User-Agent": user_agent}), how)(f"/c/{delivery.token}/0")
    assert (answer.status_code, answer["Location"]) == (302, TARGETS[0])
    assert facts(delivery, Fact.CLICKED) == [Grade.MACHINE]
    delivery.refresh_from_db()
    assert delivery.clicked_grade != Grade.HUMAN


def test_a_click_right_after_the_delivery_is_a_scanners(visitor: Client) -> None:
    delivery = sent(delivered_at=timezone.now())
    visitor.get(f"/c/{delivery.token}/0")
    assert facts(delivery, Fact.CLICKED) == [Grade.MACHINE]


def test_what_never_left_the_house_is_not_timed(visitor: Client) -> None:
    delivery = sent(delivered_at=timezone.now(), sandbox=True)
    visitor.get(f"/c/{delivery.token}/0")
    assert facts(delivery, Fact.CLICKED) == [Grade.HUMAN]


def test_all_links_at_once_are_a_scanners_the_first_ones_as_well(visitor: Client) -> None:
    delivery = sent(links=[f"https://shop.example/{n}" for n in range(3)])
    with time_machine.travel(timezone.now(), tick=False):
        for n in range(3):
            visitor.get(f"/c/{delivery.token}/{n}")
    assert facts(delivery, Fact.CLICKED) == [Grade.MACHINE] * 3
    delivery.refresh_from_db()
    assert (delivery.clicked_grade, delivery.opened_at) == (Grade.MACHINE, None)
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):  # later, mostly in the same hour: a person
        visitor.get(f"/c/{delivery.token}/1")
    delivery.refresh_from_db()
    assert (delivery.clicked_grade, delivery.opened_grade) == (Grade.HUMAN, Grade.HUMAN)


def test_who_follows_the_hidden_link_is_a_program_backwards_and_onwards(visitor: Client) -> None:
    delivery = sent(business={"website": "https://aurora.example"})
    person = Client(headers={"User-Agent": f"{CHROME} Edg/142"})
    visitor.get(f"/c/{delivery.token}/0")
    visitor.get(f"/o/{delivery.token}.gif")
    assert facts(delivery, Fact.CLICKED) == [Grade.HUMAN]
    answer = visitor.get(f"/c/{delivery.token}/{TRAP}")
    assert (answer.status_code, answer["Location"]) == (302, "https://aurora.example")
    assert facts(delivery, Fact.CLICKED) == [Grade.MACHINE, Grade.MACHINE]
    assert facts(delivery, Fact.OPENED) == [Grade.MACHINE]
    visitor.get(f"/c/{delivery.token}/1")
    assert facts(delivery, Fact.CLICKED)[2:] == [Grade.MACHINE]
    assert DeliveryEvent.objects.filter(data__grade_reasons=["hidden_link"]).count() == 4
    person.get(f"/c/{delivery.token}/0")
    delivery.refresh_from_db()
    assert facts(delivery, Fact.CLICKED)[3:] == [Grade.HUMAN]
    assert (delivery.clicked_grade, delivery.opened_grade) == (Grade.HUMAN, Grade.HUMAN)


def test_the_hidden_link_leads_nowhere_where_the_shop_has_no_website(visitor: Client) -> None:
    delivery = sent()
    assert visitor.get(f"/c/{delivery.token}/{TRAP}").status_code == 204
    assert visitor.get(f"/c/AAAAAAAAAAAAAAAA/{TRAP}").status_code == 404


def test_why_somebody_was_not_taken_for_a_person_stands_on_the_timeline(visitor: Client) -> None:
    delivery = sent()
    visitor.head(f"/c/{delivery.token}/0")
    clicked = [entry for entry in stories.messages(delivery.contact) if entry.icon == "ads_click"]
    assert [entry.detail for entry in clicked] == [
        "By a program, not by the person · Only the headers were asked for, as link scanners do."
    ]
    event = DeliveryEvent.objects.get(delivery=delivery)
    assert "Only the headers were asked for" in said(event).detail


# --- the way out ---


def test_looking_at_the_page_changes_nothing(visitor: Client) -> None:
    delivery = sent()
    for answer in (visitor.get(f"/u/{delivery.token}"), visitor.head(f"/u/{delivery.token}")):
        assert answer.status_code == 200
    assert withdrawals(delivery) == []
    assert not DeliveryEvent.objects.exists()


@pytest.mark.parametrize("how", ["application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_mailboxes_button_acts_at_once_without_cookie_login_or_redirect(visitor: Client, how: str) -> None:
    delivery = sent()
    if how.startswith("multipart"):
        answer = visitor.post(f"/u/{delivery.token}", {"List-Unsubscribe": "One-Click"})
    else:
        answer = visitor.post(f"/u/{delivery.token}", "List-Unsubscribe=One-Click", content_type=how)
    assert answer.status_code == 200
    assert not answer.cookies
    [line] = withdrawals(delivery)
    assert (line.delivery_token, line.address, line.ip) == (delivery.token, "ana@mail.example", "127.0.0.1")
    delivery.refresh_from_db()
    assert delivery.unsubscribed_at is not None
    assert facts(delivery, Fact.UNSUBSCRIBED) != []


def test_pressing_again_is_no_second_withdrawal(visitor: Client) -> None:
    delivery = sent()
    for _ in range(3):
        assert visitor.post(f"/u/{delivery.token}", {"what": "marketing"}).status_code == 200
    assert len(withdrawals(delivery)) == 1


def test_an_old_mail_still_unsubscribes_who_agreed_again_later(visitor: Client) -> None:
    delivery = sent()
    visitor.post(f"/u/{delivery.token}", {"what": "marketing"})
    line = withdrawals(delivery)[0]
    Consent.objects.create(
        contact=delivery.contact, kind="email", purpose="marketing", given=True, basis="express", source="counter", at=line.at,
        recorded_at=line.recorded_at,
    )  # fmt: skip
    visitor.post(f"/u/{delivery.token}", {"what": "marketing"})
    assert len(withdrawals(delivery)) == 2


def test_the_page_speaks_the_persons_language_and_hides_the_address(visitor: Client) -> None:
    delivery = sent(language="es")
    page = visitor.get(f"/u/{delivery.token}").content.decode()
    assert '<html lang="es"' in page
    assert "Salon Aurora" in page
    assert "ana@mail.example" not in page


def test_public_pages_load_nothing_from_outside_and_run_nothing(visitor: Client) -> None:
    delivery = sent()
    for answer in (
        visitor.get(f"/u/{delivery.token}"),
        visitor.post(f"/u/{delivery.token}"),
        visitor.get("/c/AAAAAAAAAAAAAAAA/0"),
    ):
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        page = answer.content.decode()
        assert "<script" not in page
        assert "style=" not in page
        assert "no-store" in answer["Cache-Control"]
        assert not answer.cookies
