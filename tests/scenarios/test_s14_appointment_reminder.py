"""S14 from its blueprint: a day before by messenger or email, two hours before by SMS; quiet hours, moves, and whoever booked late."""

from __future__ import annotations

from datetime import time

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    24 Nov 18:00  Ana   telegram  es  step_time
    24 Nov 18:00  Bea   telegram  fr  step_time
    24 Nov 18:00  Cleo  telegram  ru  step_time
    24 Nov 18:00  Eva   telegram  –   no_address
    24 Nov 18:00  Fay   telegram  –   no_address
    24 Nov 18:00  Gus   telegram  –   no_address
    24 Nov 18:00  Hugo  telegram  es  step_time
    24 Nov 18:00  Ines  telegram  en  step_time
    24 Nov 18:00  Ana   email     –   not_for_sent
    24 Nov 18:00  Bea   email     –   not_for_sent
    24 Nov 18:00  Cleo  email     –   not_for_sent
    24 Nov 18:00  Eva   email     en  step_time
    24 Nov 18:00  Fay   email     –   no_address
    24 Nov 18:00  Gus   email     –   no_address
    24 Nov 18:00  Hugo  email     –   not_for_sent
    24 Nov 18:00  Ines  email     –   not_for_sent
    24 Nov 19:00  Ana   end       –   goal_booking_confirmed
    24 Nov 19:00  Hugo  end       –   booking_moved
    25 Nov 09:00  Dora  telegram  en  step_time
    25 Nov 09:00  Dora  email     –   not_for_sent
    25 Nov 10:00  Cleo  end       –   goal_booking_cancelled
    25 Nov 16:00  Bea   sms       fr  step_time
    25 Nov 16:00  Eva   sms       en  step_time
    25 Nov 16:00  Fay   sms       en  step_time
    25 Nov 16:00  Gus   sms       –   no_address
    25 Nov 16:00  Ines  sms       –   goal_booking_cancelled
    25 Nov 16:00  Gus   end       –   no_channel_left
    25 Nov 16:00  Ines  end       –   goal_booking_cancelled
    25 Nov 18:00  Bea   end       –   no_reaction
    25 Nov 18:00  Eva   end       –   no_reaction
    25 Nov 18:00  Fay   end       –   no_reaction
    25 Nov 20:45  Dora  sms       en  before_quiet_hours
    25 Nov 22:45  Dora  end       –   no_reaction
    26 Nov 12:00  Hugo  telegram  es  step_time
    26 Nov 12:00  Hugo  email     –   not_for_sent
    27 Nov 10:00  Hugo  sms       es  step_time
    27 Nov 12:00  Hugo  end       –   no_reaction
"""
CAME_LATE = """
    23 Nov 09:00  Ana  telegram  –   time_was_past
    23 Nov 09:00  Bea  telegram  –   time_was_past
    23 Nov 09:00  Ana  email     –   time_was_past
    23 Nov 09:00  Bea  email     –   time_was_past
    23 Nov 09:00  Bea  sms       –   time_was_past
    23 Nov 09:00  Bea  end       –   came_too_late
    23 Nov 16:00  Ana  sms       es  step_time
    23 Nov 18:00  Ana  end       –   no_reaction
"""


def test_a_day_before_and_two_hours_before_unless_it_was_confirmed() -> None:
    stage = Stage("s14", "23 Nov 09:00", quiet_from=time(21), quiet_until=time(8))
    stage.switch_on()
    for name, language in (("Ana", "es"), ("Bea", "fr"), ("Cleo", "ru"), ("Dora", "en")):
        stage.person(
            name, language, "telegram", "email", "sms", agreed=[]
        )  # about a booking no consent to news is needed
    stage.person("Eva", "en", "email", "sms", agreed=[])  # no messenger
    stage.person("Fay", "en", "sms", agreed=[])  # nothing but a telephone
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "telegram", "sms")
    stage.person("Ines", "en", "telegram", "sms")
    ana = stage.books("Ana", "25 Nov 18:00")
    stage.books("Bea", "25 Nov 18:00")
    cleo = stage.books("Cleo", "25 Nov 18:00")
    stage.books("Dora", "26 Nov 09:00")  # two hours before it is night: it leaves before the quiet hours
    stage.books("Eva", "25 Nov 18:00")
    stage.books("Fay", "25 Nov 18:00")
    stage.books("Gus", "25 Nov 18:00")
    hugo = stage.books("Hugo", "25 Nov 18:00")
    ines = stage.books("Ines", "25 Nov 18:00")
    stage.until("24 Nov 19:00")
    stage.confirms(ana)
    stage.moves(hugo, "27 Nov 12:00")
    stage.until("25 Nov 10:00")
    stage.cancels(cleo)
    stage.due("25 Nov 16:00")
    stage.cancels(ines)  # between due and sending
    stage.until("29 Nov 10:00")
    assert stage.rows() == told(CAME)


def test_whoever_books_within_the_day_gets_only_what_still_lies_ahead() -> None:
    stage = Stage("s14", "23 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "telegram", "sms", agreed=[])
    stage.person("Bea", "fr", "telegram", "sms", agreed=[])
    stage.books("Ana", "23 Nov 18:00")
    stage.books("Bea", "23 Nov 10:00")
    stage.until("24 Nov 10:00")
    assert stage.rows() == told(CAME_LATE)
