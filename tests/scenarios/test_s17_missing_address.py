"""S17 from its blueprint: who has no email is asked for it; one that is left on the page and confirmed ends it, and consent is kept."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client

from channels.models import Delivery, SandboxMessage
from contacts.models import Address, Consent
from tests.factories import make_channel
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  fr  step_time
    23 Nov 10:00  Cleo  telegram  –   no_address
    23 Nov 10:00  Fay   telegram  –   no_consent
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Hugo  telegram  es  step_time
    23 Nov 10:00  Ines  telegram  en  step_time
    23 Nov 10:00  Cleo  sms       ru  previous_did_not_go
    23 Nov 10:00  Fay   sms       –   no_consent
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Fay   end       –   no_channel_left
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 11:00  Ana   end       –   goal_address_left
    26 Nov 10:00  Bea   sms       fr  step_time
    26 Nov 10:00  Ines  sms       –   goal_address_left
    26 Nov 10:00  Hugo  end       –   left_segment
    26 Nov 10:00  Ines  end       –   goal_address_left
    26 Nov 10:15  Nora  telegram  –   no_address
    26 Nov 10:15  Nora  sms       en  previous_did_not_go
    30 Nov 10:00  Cleo  end       –   no_reaction
     3 Dec 10:00  Bea   end       –   no_reaction
     3 Dec 10:15  Nora  end       –   no_reaction
"""


def leaves(stage: Stage, client: Client, name: str, email: str) -> None:
    """By the page in the newest message, and by the link in the mail that asks whether it is really theirs."""
    token = Delivery.objects.filter(contact=stage.contacts[name], sent_at__isnull=False).latest("sent_at").token
    with time_machine.travel(stage.now, tick=False):
        assert (
            client.post(f"/a/{token}", {"email": email, "email:marketing": "on", "language": "en"}).status_code == 200
        )
        stage.work()
        confirm = re.search(r"/confirm/[\w-]+", SandboxMessage.objects.get(to=email).text)
        assert confirm
        assert client.post(confirm[0]).status_code == 200
    stage.settled = False


def test_people_without_an_email_are_asked_until_they_have_left_one(client: Client) -> None:
    make_channel("email")
    stage = Stage("s17", "23 Nov 10:00")
    stage.person("Ana", "es", "telegram", "sms")  # leaves it on the page
    stage.person("Bea", "fr", "telegram", "sms")  # never reacts
    stage.person("Cleo", "ru", "sms")  # no messenger
    stage.person("Dora", "en", "email", "telegram", "sms")  # has one
    stage.person("Fay", "en", "telegram", "sms", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "telegram", "sms")  # the desk enters one
    stage.person("Ines", "en", "telegram", "sms")  # leaves one between due and sending
    stage.switch_on()
    stage.until("23 Nov 11:00")
    assert re.search(r"déjalo aquí", stage.words("Ana"), re.IGNORECASE)
    stage.does("Bea", "click")  # looked at the page, and left nothing there
    leaves(stage, client, "Ana", "ana@mail.example")
    Address.objects.create(contact=stage.contacts["Hugo"], kind="email", value="h@x.example", normal="h@x.example")
    stage.due("26 Nov 10:00")
    stage.happens("Ines", "address_left")
    stage.person("Nora", "en", "sms")  # new, and without an email
    stage.until("26 Nov 11:00")
    stage.until("10 Dec 10:00")
    given = Consent.objects.filter(contact=stage.contacts["Ana"], kind="email").latest("pk")
    assert (given.given, given.purpose, given.basis) == (True, "marketing", "double")
    assert stage.rows() == told(CAME)
