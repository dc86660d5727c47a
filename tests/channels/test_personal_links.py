"""A message may carry the person's own link to join another channel: {{ join.telegram }}."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import receipts
from channels.models import Channel, DeliveryEvent, Invitation
from channels.sending import pace
from channels.transport import Fact, Inbound
from contacts.models import Contact
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
Scripted = type[ScriptedTransport]
ADD = "/admin/channels/message/add/"
TELEGRAM = re.compile(r"https://t\.me/aurora_bot\?start=([\w-]{22})")


@pytest.fixture
def bot(sms: Channel) -> Channel:
    return bot_of("telegram", username="aurora_bot")


def bot_of(kind: str, **settings: str) -> Channel:
    return make_channel(kind, kind, name=f"{kind} bot", settings=settings)


def tell(sms: Channel, text: str, *people: Contact, purpose: str = "transactional") -> list[Any]:
    """Queue this text for the people and send it."""
    version = frozen(make_message(texts={("sms", "en"): text}, purpose=purpose))
    queued = [queue(one, sms, version) for one in people or (ana(),)]
    send()
    return [reread(one) for one in queued]


def ana(phone: str = "+34600000001") -> Contact:
    return make_contact(phone=phone)


def test_each_person_gets_a_link_of_their_own_which_works_once_and_is_not_counted_as_a_click(
    scripted: Scripted, sms: Channel, bot: Channel
) -> None:
    people = [ana(), ana("+34600000002")]
    tell(sms, "Write to us: {{ join.telegram }} or see https://shop.example", *people)
    tokens = [found[1] for message in scripted.handed if (found := TELEGRAM.search(message.text))]
    kept = {row.contact_id: row for row in Invitation.objects.all()}
    assert sorted(tokens) == sorted(row.token for row in kept.values())
    assert set(kept) == {one.pk for one in people}
    assert {(row.channel_id, row.single_use, row.by_message) for row in kept.values()} == {(bot.pk, True, True)}
    assert all(message.text.endswith("/0") for message in scripted.handed)  # the shop's link is counted as ever

    receipts.apply(bot, [Inbound(Fact.JOINED, "j1", address="77", invitation=kept[people[0].pk].token)], now=NOW)
    assert Contact.objects.get(addresses__normal="77") == people[0]


def test_the_link_stays_the_same_until_it_is_used(scripted: Scripted, sms: Channel, bot: Channel) -> None:
    person = ana()
    for word in ("one", "two"):
        tell(sms, word + " {{ join.telegram }}", person)
    first, second = (TELEGRAM.search(message.text) for message in scripted.handed)
    assert first and second and first[1] == second[1]  # noqa: PT018
    Invitation.objects.update(used_at=NOW)
    tell(sms, "three {{ join.telegram }}", person)
    third = TELEGRAM.search(scripted.handed[-1].text)
    assert third and third[1] != first[1]  # noqa: PT018


def test_links_that_telephones_do_not_open_lead_by_our_own_page(scripted: Scripted, sms: Channel) -> None:
    bot_of("viber", uri="aurora")
    bot_of("webpush")
    tell(sms, "{{ join.viber }} {{ join.push }} {{ join.sms }}")
    tokens = dict(Invitation.objects.values_list("channel__kind", "token"))
    base = "http://127.0.0.1:8000"
    assert scripted.handed[0].text.split() == [
        f"{base}/j/{tokens['viber']}", f"{base}/push/{tokens['webpush']}", f"{base}/join/{tokens['sms']}?by=sms",
    ]  # fmt: skip


def test_where_the_channel_is_not_set_up_the_field_is_missing(scripted: Scripted, sms: Channel) -> None:
    person = ana()
    needs, asks = tell(sms, "Come: {{ join.telegram }}", person) + tell(
        sms, "Come{% if join.telegram %}: {{ join.telegram }}{% endif %}", person
    )
    assert (needs.status, needs.reason, needs.reason_params) == (
        "cancelled",
        "missing_field",
        {"field": "join.telegram"},
    )
    assert asks.status == "sent"
    assert [message.text for message in scripted.handed] == ["Come"]
    assert not Invitation.objects.exists()


def test_who_may_not_be_written_to_gets_no_link(sms: Channel, bot: Channel) -> None:
    (refused,) = tell(sms, "{{ join.telegram }}", make_contact(phone="+34600000003", consent=()), purpose="marketing")
    assert refused.status == "cancelled"
    assert not Invitation.objects.exists()


def test_links_cost_a_claim_three_statements_whatever_its_size_and_texts_without_them_none(
    sms: Channel, bot: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "WAVE", 2)
    people = [ana(f"+3460000001{n}") for n in range(4)]

    def statements(text: str) -> tuple[int, int]:
        version = frozen(make_message(texts={("sms", "en"): text}, purpose="transactional"))
        for one in people:
            queue(one, sms, version)
        with CaptureQueriesContext(connection) as captured:
            assert send() == len(people)
        sql = [query["sql"] for query in captured]
        DeliveryEvent.objects.update(handled_at=NOW)  # what the next claim would take notice of
        return len(sql), sum("channels_invitation" in one for one in sql)

    plain, none = statements("Hello")
    made, both = statements("One {{ join.telegram }}")
    found, again = statements("Two {{ join.telegram }}")
    assert (none, both, again) == (0, 2, 1)
    assert made - plain <= 3  # and which channels can be joined
    assert found - plain <= 2


def test_the_editor_offers_the_channels_in_use_and_refuses_those_that_nobody_can_join(bot: Channel) -> None:
    marketer = sign_in("Marketer")
    assert "{{ join.telegram }}" in marketer.get(ADD).content.decode().replace("\\u007B", "{").replace("\\u007D", "}")
    body = "{{ join.fax }} {{ join.push }}"
    answer = marketer.post(
        ADD,
        {
            "name": "x", "purpose": "transactional", "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0", "variants-0-kind": "sms",
            "variants-0-language": "en", "variants-0-body": body,
        },
    )  # fmt: skip
    said = answer.content.decode()
    assert "There is no link to join “join.fax”. There are: " in said
    assert "“join.push”" not in said


def test_the_preview_and_the_count_show_a_link_as_long_as_the_real_one(bot: Channel) -> None:
    marketer = sign_in("Marketer")
    message = make_message(texts={("sms", "en"): "Come: {{ join.telegram }}"}, purpose="transactional")
    shown = marketer.get(f"/admin/channels/message/{message.pk}/preview/", follow=True).content.decode()
    assert TELEGRAM.search(shown)
    sentence = marketer.post(
        f"{ADD}../count/".replace("add/../", ""), {"kind": "sms", "text": "{{ join.telegram }}" + "x" * 120}
    )
    assert sentence.json()["sentence"].startswith("2 SMS")


def test_invitations_that_messages_made_stand_apart_in_the_list(sms: Channel, bot: Channel) -> None:
    tell(sms, "{{ join.telegram }}")
    Invitation.objects.create(source="counter")
    owner = sign_in("Owner")
    page = owner.get("/admin/channels/invitation/").content.decode()
    assert "counter" in page
    assert "link in a message" not in page
    assert "link in a message" in owner.get("/admin/channels/invitation/?made=messages").content.decode()
    pk = Invitation.objects.get(by_message=True).pk
    assert owner.get(f"/admin/channels/invitation/{pk}/change/").status_code == 200
