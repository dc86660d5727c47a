"""S07 from its blueprint: who leaves an address is asked to confirm it, reminded once, and forgotten; who confirms is thanked."""

from __future__ import annotations

import pytest

from channels import confirming
from channels.confirming import Wish
from channels.models import Channel, Confirmation, Delivery, Invitation
from contacts.models import Contact
from tests.scenarios.stage import Stage, shown, spoken, told

pytestmark = pytest.mark.django_db
CAME = """
    2 Nov 10:45  Ana   email  es  step_time
    2 Nov 10:45  Dora  email  –   no_address
    2 Nov 10:45  Ana   sms    –   not_for_sent
    2 Nov 10:45  Dora  sms    en  previous_did_not_go
    4 Nov 12:15  Bea   email  fr  step_time
    4 Nov 12:15  Bea   sms    –   not_for_sent
    5 Nov 10:45  Ana   end    –   no_reaction
    5 Nov 10:45  Dora  end    –   no_reaction
    7 Nov 12:15  Bea   end    –   no_reaction
"""
ASKED = """
2 Nov 10:15 +34600100004 sms en confirm
2 Nov 10:15 ana@x.example email es confirm
2 Nov 10:15 bea@x.example email fr confirm
2 Nov 10:15 cleo@x.example email ru confirm
4 Nov 10:15 bea@x.example email fr reminder
4 Nov 10:15 cleo@x.example email ru reminder
"""


def leaves(stage: Stage, name: str, kind: str, address: str, language: str) -> None:
    """Somebody at the page that came with the blueprint."""
    page = Invitation.objects.select_related("group").get()
    wish = Wish(kind, address, ("marketing",), "newsletter page", language, name=name, invitation=page)
    found = confirming.ask(wish, now=stage.now)
    assert found is not None
    stage.contacts[name] = Contact.objects.get(pk=found.contact_id)
    stage.asks_again()


def confirms(stage: Stage, name: str) -> None:
    confirming.confirm(Confirmation.objects.get(contact=stage.contacts[name]), ip="", now=stage.now)
    stage.asks_again()


def rounds(stage: Stage, when: str) -> None:
    """Time passes, and the periodic tasks of the confirmations run in it."""
    stage.until(when)
    confirming.remind(stage.now)
    confirming.expire(stage.now)
    stage.work()


def asked() -> list[str]:
    """When which question went to whom, on which channel, in which language."""
    sent = Delivery.objects.filter(unconfirmed=True, sent_at__isnull=False).select_related("message_version__message")
    return [
        f"{shown(one.sent_at)} {one.address} {one.kind} {spoken(one)} {one.message_version.message.system}"
        for one in sent.order_by("sent_at", "address") if one.sent_at
    ]  # fmt: skip


def test_an_address_counts_when_its_owner_confirmed_it_and_until_then_nothing_else_goes_there() -> None:
    stage = Stage("s07", "2 Nov 10:00", confirm_days=7)
    Channel.objects.filter(kind="sms").update(rate=1000)
    stage.switch_on()
    stage.until("2 Nov 10:15")
    leaves(stage, "Ana", "email", "ana@x.example", "es")  # confirms at once
    leaves(stage, "Bea", "email", "bea@x.example", "fr")  # confirms after the reminder
    leaves(stage, "Cleo", "email", "cleo@x.example", "ru")  # never confirms
    leaves(stage, "Dora", "sms", "+34600100004", "en")  # by SMS
    rounds(stage, "2 Nov 10:30")
    confirms(stage, "Ana")
    confirms(stage, "Dora")
    rounds(stage, "2 Nov 11:00")
    rounds(stage, "4 Nov 10:00")
    rounds(stage, "4 Nov 10:15")
    rounds(stage, "4 Nov 12:00")
    confirms(stage, "Bea")
    rounds(stage, "5 Nov 10:00")
    assert "\n".join(asked()) == ASKED.strip()
    rounds(stage, "9 Nov 10:15")  # the days to confirm are over
    assert not Contact.objects.filter(pk=stage.contacts["Cleo"].pk).exists()
    joined = Contact.objects.filter(groups=Invitation.objects.get().group_id)
    assert set(joined.values_list("first_name", flat=True)) == {"Ana", "Bea", "Dora"}
    stage.until("20 Nov 10:00")
    assert stage.rows() == told(CAME)
