"""Practising a channel that people join by themselves: a group joins it in the sandbox, and nothing real is ever sent to them for that."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from channels import practising, receipts
from channels.models import Channel, DeliveryEvent, Invitation
from channels.practising import CannotPlay
from channels.transport import Fact
from channels.transports.sandbox import SandboxTransport
from contacts import consent
from contacts.consent import Ask
from contacts.models import Address, Contact
from tests.factories import NOW, make_business, make_channel, make_contact, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def telegram() -> Channel:
    make_business()
    return make_channel("telegram")


def joined(channel: Channel, people: list[Contact]) -> int:
    made = practising.let_join(channel, Contact.objects.filter(pk__in=[one.pk for one in people]), now=NOW)
    receipts.apply_inbound(now=NOW)
    return made


def verdict(person: Contact, *, played: bool) -> consent.Verdict:
    ask = Ask("telegram", played=played)
    return consent.gate([person.pk], [ask], now=NOW, business=make_business())[person.pk].verdicts[ask]


def test_who_joins_for_practice_can_be_written_to_in_the_sandbox_and_by_no_real_channel(telegram: Channel) -> None:
    ana = make_contact("Ana Ruiz", consent=())
    assert joined(telegram, [ana]) == 1
    assert verdict(ana, played=True).ok
    assert str(Address.objects.get(contact=ana).shown) == "joined for practice"
    assert verdict(ana, played=False).reason == "no_address"


def test_each_person_joins_once_and_who_has_an_address_keeps_it(telegram: Channel) -> None:
    ana, bea = make_contact("Ana Ruiz"), make_contact("Bea Sol")
    Address.objects.create(contact=bea, kind="telegram", value="4711", normal="4711")
    assert joined(telegram, [ana, bea]) == 1
    with pytest.raises(CannotPlay, match="joined already"):
        joined(telegram, [ana, bea])
    assert list(Address.objects.filter(contact=bea).values_list("normal", flat=True)) == ["4711"]
    assert Invitation.objects.count() == DeliveryEvent.objects.filter(fact="joined").count() == 1


@pytest.mark.parametrize(
    ("kind", "known", "unknown"),
    [
        ("telegram", {Fact.REPLIED}, {Fact.DELIVERED, Fact.READ}),
        ("viber", {Fact.DELIVERED, Fact.READ, Fact.REPLIED}, {Fact.CLOSED}),
        ("webpush", {Fact.DELIVERED, Fact.CLOSED}, {Fact.READ}),
    ],
)
def test_in_practice_a_channel_tells_what_it_would_tell_in_earnest_and_no_more(
    kind: str, known: set[Fact], unknown: set[Fact]
) -> None:
    told = SandboxTransport.reports_with(kind, {})
    assert known <= told
    assert not unknown & told


@pytest.mark.parametrize(("kind", "transport"), [("email", "sandbox"), ("telegram", "telegram"), ("gone", "sandbox")])
def test_only_what_people_join_in_the_sandbox_is_practised(kind: str, transport: str) -> None:
    make_business()
    channel = make_channel(kind, transport)
    assert not practising.possible(channel)
    with pytest.raises(CannotPlay, match="sandbox"):
        practising.let_join(channel, Contact.objects.all(), now=NOW)


def test_staff_let_a_group_join_on_the_channels_page_and_read_how_many_it_was(
    telegram: Channel, client: Client
) -> None:
    group = make_group("Regulars", [make_contact("Ana Ruiz"), make_contact("Bea Sol")])
    staff = User.objects.create_user("olga", password="x", is_staff=True)
    staff.user_permissions.set(Permission.objects.filter(codename__in=["view_channel", "change_channel"]))
    client.force_login(staff)
    page = reverse("admin:channels_channel_change", args=[telegram.pk])
    assert "For practice, let this group join" in client.get(page).content.decode()
    act = reverse("admin:channels_channel_act", args=[telegram.pk, "practise"])
    assert "2 people of this group join" in client.post(act, {"group": group.pk}, follow=True).content.decode()
    assert "Choose a group." in client.post(act, {"group": "x"}, follow=True).content.decode()
    receipts.apply_inbound(now=NOW)
    assert "joined already" in client.post(act, {"group": group.pk}, follow=True).content.decode()
