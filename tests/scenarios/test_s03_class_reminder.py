"""S03 from its blueprint: an hour and ten minutes before, at the start and five minutes after; whoever is there hears no more."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 17:00  Ana   email     es  step_time
    23 Nov 17:00  Bea   email     fr  step_time
    23 Nov 17:00  Cleo  email     ru  step_time
    23 Nov 17:00  Fay   email     –   no_address
    23 Nov 17:00  Gus   email     –   no_address
    23 Nov 17:00  Ines  email     en  step_time
    23 Nov 17:30  Cleo  end       –   booking_cancelled
    23 Nov 17:50  Ana   email     es  step_time
    23 Nov 17:50  Bea   email     fr  step_time
    23 Nov 17:50  Fay   email     –   no_address
    23 Nov 17:50  Gus   email     –   no_address
    23 Nov 17:50  Ines  email     en  step_time
    23 Nov 17:50  Ana   telegram  es  step_time
    23 Nov 17:50  Bea   telegram  fr  step_time
    23 Nov 17:50  Fay   telegram  –   no_address
    23 Nov 17:50  Gus   telegram  –   no_address
    23 Nov 17:50  Ines  telegram  en  step_time
    23 Nov 17:55  Ana   end       –   goal_booking_attended
    23 Nov 18:00  Bea   email     fr  step_time
    23 Nov 18:00  Fay   email     –   no_address
    23 Nov 18:00  Gus   email     –   no_address
    23 Nov 18:00  Ines  email     en  step_time
    23 Nov 18:00  Bea   telegram  fr  step_time
    23 Nov 18:00  Fay   telegram  –   no_address
    23 Nov 18:00  Gus   telegram  –   no_address
    23 Nov 18:00  Ines  telegram  en  step_time
    23 Nov 18:05  Bea   sms       fr  step_time
    23 Nov 18:05  Fay   sms       en  step_time
    23 Nov 18:05  Gus   sms       –   no_address
    23 Nov 18:05  Ines  sms       –   goal_booking_attended
    23 Nov 18:05  Gus   end       –   no_channel_left
    23 Nov 18:05  Ines  end       –   goal_booking_attended
    23 Nov 19:05  Bea   end       –   no_reaction
    23 Nov 19:05  Fay   end       –   no_reaction
"""
CAME_MOVED = """
    23 Nov 17:00  Ana   email     es  step_time
    23 Nov 17:20  Ana   end       –   booking_moved
    23 Nov 19:00  Ana   email     es  step_time
    23 Nov 19:30  Bea   email     –   time_was_past
    23 Nov 19:50  Ana   email     es  step_time
    23 Nov 19:50  Bea   email     fr  step_time
    23 Nov 19:50  Ana   telegram  –   no_address
    23 Nov 19:50  Bea   telegram  –   no_address
    23 Nov 20:00  Ana   email     es  step_time
    23 Nov 20:00  Bea   email     fr  step_time
    23 Nov 20:00  Ana   telegram  –   no_address
    23 Nov 20:00  Bea   telegram  –   no_address
    23 Nov 20:05  Ana   sms       –   no_address
    23 Nov 20:05  Bea   sms       –   no_address
    23 Nov 21:00  Ana   end       –   no_reaction
    23 Nov 21:00  Bea   end       –   no_reaction
"""


def test_reminders_by_mail_and_bot_until_the_person_is_there() -> None:
    stage = Stage("s03", "23 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram", "sms", agreed=[])  # comes in time
    stage.person("Bea", "fr", "email", "telegram", "sms", agreed=[])  # never shows up
    stage.person("Cleo", "ru", "email", "sms", agreed=[])  # did not join the bot, cancels
    stage.person("Fay", "en", "sms", agreed=[])  # nothing but a telephone
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "email", "telegram", "sms", agreed=[])  # comes between due and sending
    places = {name: stage.books(name, "23 Nov 18:00", "Yoga", kind="class") for name in stage.contacts}
    stage.until("23 Nov 17:30")
    assert "Yoga empieza a las 18:00" in stage.words("Ana")
    stage.cancels(places["Cleo"])
    stage.until("23 Nov 17:55")
    stage.attends(places["Ana"])
    stage.due("23 Nov 18:05")
    stage.attends(places["Ines"])
    stage.until("24 Nov 09:00")
    assert stage.rows() == told(CAME)


def test_a_class_that_moves_takes_its_reminders_along_and_one_booked_late_gets_what_is_left() -> None:
    stage = Stage("s03", "23 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "email", agreed=[])
    stage.person("Bea", "fr", "email", agreed=[])
    yoga = stage.books("Ana", "23 Nov 18:00", "Yoga", kind="class")
    stage.until("23 Nov 17:20")
    stage.moves(yoga, "23 Nov 20:00")
    stage.until("23 Nov 19:30")
    stage.books("Bea", "23 Nov 20:00", "Yoga", kind="class")
    stage.until("24 Nov 09:00")
    assert stage.rows() == told(CAME_MOVED)
