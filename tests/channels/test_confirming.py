"""Double opt-in (S07) and missing addresses (S17): an address counts only when its owner has confirmed it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from channels import confirming, limits, sending
from channels.models import Confirmation, Delivery, Invitation, SandboxMessage
from contacts import consent
from contacts.models import Address, Branch, Business, Consent, Contact, Event
from tests.channels.outbox import frozen, queue
from tests.channels.test_public_pages import sent
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_channel, make_contact, make_group, make_message

pytestmark = pytest.mark.django_db
ANA = "ana@mail.example"


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def token() -> str:
    make_business()
    make_channel("email")
    make_channel("sms")
    return Invitation.objects.create(source="counter", group=make_group("Counter")).token


def leave(visitor: Client, path: str, **fields: str) -> Any:
    return visitor.post(path, {"language": "en", **fields})


def subscribe(visitor: Client, token: str, address: str = ANA, **fields: str) -> Any:
    return leave(visitor, f"/join/{token}", **{"email": address, "email:marketing": "on", **fields})


def send(now: datetime | None = None) -> list[SandboxMessage]:
    """What arrives now."""
    before = set(SandboxMessage.objects.values_list("pk", flat=True))
    sending.send_due(clock=lambda: now or timezone.now())
    return list(SandboxMessage.objects.exclude(pk__in=before).order_by("id"))


def link_in(message: SandboxMessage) -> str:
    found = re.search(r"/confirm/[\w-]{22}\b", message.html or message.text)
    assert found
    return found[0]


def agreed(contact: Contact, kind: str = "email", purpose: str = "marketing") -> Consent | None:
    return consent.newest([contact.pk]).get((contact.pk, kind, purpose))


def test_a_stranger_subscribes_and_counts_only_after_the_confirmation(visitor: Client, token: str) -> None:
    assert "buzón" in subscribe(visitor, token, name="Ana Ruiz", language="es").content.decode()
    assert not Address.objects.exists()
    assert not Consent.objects.exists()
    (mail,) = send()
    assert (mail.to, mail.subject != "") == (ANA, True)
    path = link_in(mail)
    visitor.get(path)
    visitor.head(path)
    assert not Consent.objects.exists()
    assert visitor.post(path, headers={"X-Forwarded-For": "6.6.6.6"}).status_code == 200
    contact = Contact.objects.get()
    line = agreed(contact)
    assert line is not None
    assert (line.basis, line.source, line.address, line.language, line.ip) == (
        "double",
        "counter",
        ANA,
        "es",
        "127.0.0.1",
    )
    assert "Salon Aurora" in line.wording
    assert (contact.first_name, contact.language, contact.groups.get().name) == ("Ana", "es", "Counter")
    visitor.post(path)
    assert Consent.objects.count() == 1
    assert Confirmation.objects.get().confirmed_at == line.at


def test_the_answer_is_the_same_whoever_exists_and_nothing_changes_before(visitor: Client, token: str) -> None:
    known = make_contact(email="known@mail.example", consent=())
    answers = {subscribe(visitor, token, address).content for address in ("KNOWN@mail.example", ANA)}
    assert len(answers) == 1
    assert not Consent.objects.exists()
    assert [message.to for message in send()] == ["KNOWN@mail.example", ANA]
    assert set(Confirmation.objects.values_list("contact_id", "newcomer")) >= {(known.pk, False)}


def test_email_and_phone_are_asked_and_confirmed_each_for_itself(visitor: Client, token: str) -> None:
    leave(
        visitor,
        f"/join/{token}",
        **{"email": ANA, "email:marketing": "on", "sms": "600 000 001", "sms:marketing": "on"},
    )
    text = next(message for message in send() if message.kind == "sms")
    assert text.to == "+34600000001"
    visitor.post(link_in(text))
    contact = Contact.objects.get(addresses__kind="phone")
    assert agreed(contact, "sms")
    assert not agreed(contact, "email")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"email": "ana@@mail"}, "more than one address"), ({"email": ANA, "email:marketing": ""}, "Please tick this"),
        ({"email": ""}, "at least one address"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_typed_is_lost(
    visitor: Client, token: str, fields: dict[str, str], said: str
) -> None:
    answer = leave(visitor, f"/join/{token}", **{"email:marketing": "on", "name": "Ana <b>", **fields})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert "Ana &lt;b&gt;" in answer.content.decode()
    assert not Confirmation.objects.exists()


def test_no_tick_is_made_beforehand(visitor: Client, token: str) -> None:
    make_business(country="FR")
    page = visitor.get(f"/join/{token}").content.decode()
    assert "email:tracking" in page
    assert " checked" not in page


def test_a_program_that_fills_in_everything_gets_the_same_answer_and_nothing_happens(
    visitor: Client, token: str
) -> None:
    assert b"mailbox" in subscribe(visitor, token, website="https://spam.example").content
    assert not Contact.objects.exists()


@pytest.mark.parametrize("state", ["unknown", "ended", "spent"])
def test_a_page_of_an_invitation_that_no_longer_holds_is_not_there(visitor: Client, token: str, state: str) -> None:
    now = timezone.now()
    states: dict[str, dict[str, Any]] = {"ended": {"expires_at": now}, "spent": {"single_use": True, "used_at": now}}
    fields = states.get(state, {})
    asked = Invitation.objects.create(source="x", **fields).token if fields else "A" * 22
    for path in (f"/join/{asked}", f"/j/{asked}"):
        assert visitor.get(path).status_code == 404


def test_nobody_s_mailbox_can_be_filled(visitor: Client, token: str) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(8):
            subscribe(visitor, token)
            subscribe(visitor, token)
            clock.shift(timedelta(minutes=11))
        assert len(send()) == confirming.MOST_ASKED
        assert Contact.objects.count() == 1


def test_one_reminder_then_everything_is_forgotten(visitor: Client, token: str) -> None:
    with time_machine.travel(NOW, tick=False):
        subscribe(visitor, token)
        (first,) = send()
    assert confirming.remind(NOW + timedelta(days=1)) == 0
    later = NOW + confirming.REMIND_AFTER
    assert [confirming.remind(later), confirming.remind(later)] == [1, 0]
    (again,) = send(later)
    assert (again.to, link_in(again)) == (ANA, link_in(first))
    assert again.subject.startswith("Reminder")
    assert confirming.expire(NOW + timedelta(days=6)) == 0
    assert confirming.expire(NOW + timedelta(days=7)) == 1
    assert not Contact.objects.exists()
    assert visitor.get(link_in(first)).status_code == 404


def test_a_contact_who_was_known_stays_when_nobody_confirms(visitor: Client, token: str) -> None:
    known = make_contact(email=ANA, consent=())
    with time_machine.travel(NOW, tick=False):
        subscribe(visitor, token)
    confirming.expire(NOW + timedelta(days=8))
    assert Contact.objects.get() == known
    assert not Consent.objects.exists()


def test_the_question_goes_to_the_address_that_was_left_and_not_to_the_first_one_known(
    visitor: Client, token: str
) -> None:
    known = make_contact(email="first@mail.example", consent=())
    Address.objects.create(contact=known, kind="email", value=ANA, normal=ANA, position=1)
    subscribe(visitor, token)
    (mail,) = send()
    assert mail.to == ANA
    visitor.post(link_in(mail))
    assert list(known.addresses.values_list("normal", flat=True)) == [ANA, "first@mail.example"]


def test_a_stranger_who_was_entered_meanwhile_is_that_contact(visitor: Client, token: str) -> None:
    subscribe(visitor, token)
    (mail,) = send()
    entered = make_contact(email=ANA, consent=())
    visitor.post(link_in(mail))
    assert Contact.objects.get() == entered
    assert agreed(entered)


def test_a_suppressed_address_is_not_even_asked(visitor: Client, token: str) -> None:
    consent.suppress(kind="email", normal=ANA, scope="all", reason="staff", source="x", now=NOW)
    subscribe(visitor, token)
    assert send() == []
    assert Delivery.objects.get().reason == "suppressed"


def test_who_complained_once_and_subscribes_anew_is_written_to_again(visitor: Client, token: str) -> None:
    known = make_contact(email=ANA, consent=())
    consent.suppress(kind="email", normal=ANA, scope="marketing", reason="complaint", source="x", now=NOW)
    subscribe(visitor, token)
    assert consent.is_suppressed("email", ANA)
    visitor.post(link_in(send()[0]))
    assert not consent.is_suppressed("email", ANA)
    assert agreed(known)


def test_a_missing_address_is_left_confirmed_and_recorded(visitor: Client) -> None:
    delivery = sent()
    delivery.contact.addresses.all().delete()
    path = f"/a/{delivery.token}"
    assert visitor.get(path).status_code == 200
    assert b"mailbox" in leave(visitor, path, email="new@mail.example").content
    assert not delivery.contact.addresses.exists()
    (mail,) = [message for message in send() if message.to == "new@mail.example"]
    assert not Event.objects.exists()
    visitor.post(link_in(mail))
    assert delivery.contact.addresses.get().normal == "new@mail.example"
    assert Event.objects.get().name == "address_left"
    line = agreed(delivery.contact)
    assert line is not None
    assert line.source == "test"  # no tick, no new consent


def test_what_one_person_begins_with_another_s_address_is_not_joined_by_its_owner(visitor: Client) -> None:
    """Somebody leaves Ana's address on a page of their own; she subscribes later, and stays herself."""
    stranger, token = sent(), Invitation.objects.create(source="counter").token
    leave(visitor, f"/a/{stranger.token}", email="victim@mail.example")
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        subscribe(visitor, token, "victim@mail.example")
        mails = [message for message in send() if message.to == "victim@mail.example"]
        visitor.post(link_in(mails[-1]))
    assert Contact.objects.get(addresses__normal="victim@mail.example") != stranger.contact


def test_the_landing_page_offers_a_way_for_each_channel(visitor: Client, token: str) -> None:
    page = visitor.get(f"/j/{token}").content.decode()
    assert [f"/join/{token}?by={kind}" in page for kind in ("email", "sms")] == [True, True]


@pytest.mark.parametrize("language", ["en", "es", "fr", "ru"])
def test_the_pages_switch_their_language(visitor: Client, token: str, language: str) -> None:
    for path in (f"/j/{token}", f"/join/{token}"):
        answer = visitor.get(path, {"language": language})
        assert f'<html lang="{language}">' in answer.content.decode()
        assert (answer["X-Robots-Tag"], answer["Cache-Control"]) == ("noindex", "no-store")
        assert "default-src 'none'" in answer["Content-Security-Policy"]


def test_a_number_is_taken_from_where_the_business_is_and_never_a_dear_one(visitor: Client, token: str) -> None:
    Branch.objects.create(name="Camden", time_zone="Europe/London")
    good = ["+34 600 100 001", "600 100 002", "+44 7400 123456"]
    for number in (*good, "+49 1512 3456789", "+34 803 111 111", "+34 901 100 100", "+34 900 100 100"):
        page = subscribe(visitor, token, "", sms=number, **{"sms:marketing": "on"}).content.decode()
        refused = "We cannot send messages to this number. Please leave another one." in page
        assert refused is (number not in good), number
    assert {one.address for one in Confirmation.objects.all()} == {"+34600100001", "+34600100002", "+447400123456"}


def test_staff_say_which_countries_count(visitor: Client, token: str) -> None:
    Business.objects.update(join_countries=["DE"])
    for number in ("+34600100001", "+4915123456789"):
        subscribe(visitor, token, "", sms=number, **{"sms:marketing": "on"})
    assert [one.address for one in Confirmation.objects.all()] == ["+4915123456789"]


def test_an_invitation_sends_so_many_sms_a_day_and_staff_see_that_it_is_full(visitor: Client, token: str) -> None:
    Invitation.objects.update(sms_a_day=2)
    pages = [
        subscribe(visitor, token, "", sms=f"+3460010000{n}", **{"sms:marketing": "on"}).content.decode()
        for n in range(3)
    ]
    assert Confirmation.objects.count() == 2
    assert ["No more numbers can be taken here today" in page for page in pages] == [False, False, True]
    shown = sign_in("Owner").get("/admin/channels/invitation/").content.decode()
    assert "in use, no more SMS today" in shown
    assert subscribe(visitor, token, ANA).status_code == 200  # an email costs nothing
    assert Confirmation.objects.count() == 3
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=False):
        subscribe(visitor, token, "", sms="+34600100009", **{"sms:marketing": "on"})
    assert Confirmation.objects.count() == 4


def test_who_has_to_wait_is_told_so_in_their_language(
    visitor: Client, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "GETS", 0)
    Invitation.objects.update(language="ru")
    mail = make_channel("email", name="other")
    ana = make_contact(email="ana@example.com", language="fr")
    message = queue(ana, mail, frozen(make_message()))
    spoken = {f"/j/{token}": "ru", f"/p/{message.token}": "fr", f"/j/{'x' * 22}": "es", "/push/": "es"}
    for path, language in spoken.items():
        answer = visitor.get(path, headers={"Accept-Language": "es"})
        assert (answer.status_code, f'<html lang="{language}"' in answer.content.decode()) == (429, True), path
