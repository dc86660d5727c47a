"""S15 from its blueprint: another time for the class; urgent, so at night, without consent, and all the way down in minutes."""

from __future__ import annotations

from datetime import time

import pytest

from channels.models import Message
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 23:00  Ana   email     es  step_time
    23 Nov 23:00  Bea   email     fr  step_time
    23 Nov 23:00  Cleo  email     ru  step_time
    23 Nov 23:00  Dora  email     en  step_time
    23 Nov 23:00  Eva   email     –   no_address
    23 Nov 23:00  Gus   email     –   no_address
    23 Nov 23:00  Hugo  email     es  step_time
    23 Nov 23:00  Ines  email     en  step_time
    23 Nov 23:00  Jan   email     en  step_time
    23 Nov 23:00  Eva   telegram  –   no_address
    23 Nov 23:00  Gus   telegram  –   no_address
    23 Nov 23:00  Eva   sms       es  previous_did_not_go
    23 Nov 23:00  Gus   sms       –   no_address
    23 Nov 23:00  Gus   end       –   no_channel_left
    23 Nov 23:02  Jan   telegram  en  previous_did_not_go
    23 Nov 23:02  Ana   end       –   seen_opened
    23 Nov 23:04  Hugo  email     es  step_time
    23 Nov 23:04  Hugo  end       –   booking_moved
    23 Nov 23:05  Bea   telegram  fr  step_time
    23 Nov 23:05  Cleo  telegram  ru  step_time
    23 Nov 23:05  Dora  telegram  en  step_time
    23 Nov 23:05  Ines  telegram  –   goal_booking_confirmed
    23 Nov 23:05  Ines  end       –   goal_booking_confirmed
    23 Nov 23:09  Hugo  telegram  es  step_time
    23 Nov 23:10  Bea   end       –   seen_clicked
    23 Nov 23:12  Jan   sms       en  step_time
    23 Nov 23:15  Cleo  sms       ru  step_time
    23 Nov 23:15  Dora  sms       en  step_time
    23 Nov 23:17  Cleo  end       –   seen_replied
    23 Nov 23:19  Hugo  sms       es  step_time
    24 Nov 01:00  Eva   end       –   no_reaction
    24 Nov 01:12  Jan   end       –   no_reaction
    24 Nov 01:15  Dora  end       –   no_reaction
    24 Nov 01:19  Hugo  end       –   no_reaction
"""
CAME_NOT_URGENT = """
    24 Nov 08:00  Ana  email     es  step_time
    24 Nov 08:05  Ana  telegram  es  step_time
    24 Nov 08:15  Ana  sms       es  step_time
    24 Nov 10:15  Ana  end       –   no_reaction
"""


def test_whoever_does_not_see_it_hears_of_it_on_every_channel_within_minutes() -> None:
    stage = Stage("s15", "23 Nov 20:00", quiet_from=time(21), quiet_until=time(8), cap_messages=1)
    stage.switch_on()
    for name, language in (("Ana", "es"), ("Bea", "fr"), ("Cleo", "ru"), ("Dora", "en"), ("Jan", "en")):
        stage.person(name, language, "email", "telegram", "sms", agreed=[])  # about a booking no consent is needed
    stage.person("Eva", "es", "sms", agreed=[])  # nothing but a telephone
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "email", "telegram", "sms")
    stage.person("Ines", "en", "email", "telegram", "sms")
    booked = {name: stage.books(name, "24 Nov 10:00", "Pilates", kind="class") for name in stage.contacts}
    stage.until("23 Nov 23:00")
    for booking in booked.values():
        stage.moves(booking, "24 Nov 12:30")
    stage.until("23 Nov 23:02")
    assert "Pilates has another time: Tuesday, 24 November, 12:30." in stage.words("Dora")
    stage.does("Ana", "open")
    stage.does("Jan", "bounce")
    stage.until("23 Nov 23:04")
    stage.moves(booked["Hugo"], "24 Nov 13:00")  # once more: that is news of its own
    stage.due("23 Nov 23:05")
    stage.confirms(booked["Ines"])  # between due and sending
    stage.until("23 Nov 23:10")
    stage.does("Bea", "click")
    stage.until("23 Nov 23:17")
    stage.does("Cleo", "answer", text="Хорошо")
    stage.until("24 Nov 10:00")
    assert stage.rows() == told(CAME)


def test_what_whoever_may_not_make_urgent_waits_for_the_morning() -> None:
    stage = Stage("s15", "23 Nov 20:00", quiet_from=time(21), quiet_until=time(8))
    Message.objects.update(urgent=False)
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram", "sms", agreed=[])
    booking = stage.books("Ana", "24 Nov 10:00")
    stage.until("23 Nov 23:00")
    stage.moves(booking, "24 Nov 12:30")
    stage.until("24 Nov 12:00")
    assert stage.rows() == told(CAME_NOT_URGENT)
