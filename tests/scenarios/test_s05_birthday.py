"""S05 from its blueprint: wishes at ten where the person lives, once a year; 29 February is the 28th in common years."""

from __future__ import annotations

from datetime import date

import pytest

from contacts.models import Voucher
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    24 Nov 10:00  Ana   email     es  step_time
    24 Nov 10:00  Bea   email     fr  step_time
    24 Nov 10:00  Cleo  email     ru  step_time
    24 Nov 10:00  Fay   email     –   no_consent
    24 Nov 10:00  Gus   email     –   no_address
    24 Nov 10:00  Hugo  email     es  step_time
    24 Nov 10:00  Ines  email     en  step_time
    24 Nov 10:00  Fay   telegram  –   no_address
    24 Nov 10:00  Gus   telegram  –   no_address
    24 Nov 10:00  Fay   sms       –   no_consent
    24 Nov 10:00  Gus   sms       –   no_address
    24 Nov 10:00  Fay   end       –   no_channel_left
    24 Nov 10:00  Gus   end       –   no_channel_left
    24 Nov 11:00  Ana   end       –   goal_redeemed
    24 Nov 16:00  Dora  email     en  step_time
    24 Nov 16:00  Hugo  end       –   goal_redeemed
    24 Nov 17:00  Bea   telegram  fr  step_time
    24 Nov 17:00  Cleo  telegram  ru  step_time
    24 Nov 17:00  Ines  telegram  –   goal_redeemed
    24 Nov 17:00  Ines  end       –   goal_redeemed
    24 Nov 17:30  Bea   end       –   goal_redeemed
    24 Nov 19:00  Cleo  sms       ru  step_time
    24 Nov 23:00  Dora  telegram  –   no_address
    24 Nov 23:00  Dora  sms       en  previous_did_not_go
"""
CAME_2027 = """
    2027 28 Feb 10:00  Ana  email     es  step_time
    2027 28 Feb 10:00  Bea  email     fr  step_time
    2027 28 Feb 17:00  Ana  telegram  –   no_address
    2027 28 Feb 17:00  Bea  telegram  –   no_address
    2027 28 Feb 17:00  Ana  sms       –   no_address
    2027 28 Feb 17:00  Bea  sms       –   no_address
"""
CAME_2028 = """
    2028 28 Feb 10:00  Bea  email     fr  step_time
    2028 28 Feb 17:00  Bea  telegram  –   no_address
    2028 28 Feb 17:00  Bea  sms       –   no_address
    2028 29 Feb 10:00  Ana  email     es  step_time
    2028 29 Feb 17:00  Ana  telegram  –   no_address
    2028 29 Feb 17:00  Ana  sms       –   no_address
"""


def test_wishes_in_the_morning_and_once_more_to_those_who_did_not_open() -> None:
    stage = Stage("s05", "23 Nov 08:00")
    stage.switch_on()
    born = date(1990, 11, 24)
    stage.person("Ana", "es", "email", "telegram", "sms", birth_date=born)  # opens the mail, and redeems by noon
    stage.person("Bea", "fr", "email", "telegram", "sms", birth_date=born)  # opens nothing, redeems after the messenger
    stage.person("Cleo", "ru", "email", "telegram", "sms", birth_date=born)  # never reacts
    stage.person("Dora", "en", "email", "sms", birth_date=born, time_zone="America/New_York")  # ten comes later to her
    stage.person("Eva", "en", "email", "sms", birth_date=date(1990, 11, 25))  # has it another day
    stage.person("Fay", "en", "email", "sms", birth_date=born, agreed=[])  # no consent
    stage.person("Gus", "en", birth_date=born)  # cannot be reached
    stage.person("Hugo", "es", "email", "sms", birth_date=born)  # redeems in the afternoon
    stage.person("Ines", "en", "email", "telegram", birth_date=born)  # redeems between due and sending
    stage.until("24 Nov 10:00")
    assert stage.words("Bea").startswith("Joyeux anniversaire, Bea !")
    assert Voucher.objects.get(contact=stage.contacts["Bea"]).code in stage.words("Bea")
    stage.until("24 Nov 11:00")
    stage.does("Ana", "open")
    stage.redeems("Ana")
    stage.until("24 Nov 16:00")
    stage.redeems("Hugo")
    stage.due("24 Nov 17:00")
    stage.redeems("Ines")
    stage.until("24 Nov 17:30")
    stage.redeems("Bea")
    stage.until("25 Nov 09:00")
    assert stage.rows() == told(CAME)


@pytest.mark.parametrize(("year", "came"), [(2027, CAME_2027), (2028, CAME_2028)])
def test_who_was_born_on_a_leap_day_has_it_on_the_28th_in_common_years(year: int, came: str) -> None:
    stage = Stage("s05", f"{year} 27 Feb 08:00")
    stage.switch_on()
    stage.person("Ana", "es", "email", birth_date=date(1992, 2, 29))
    stage.person("Bea", "fr", "email", birth_date=date(1992, 2, 28))
    for moment in ("28 Feb 10:00", "29 Feb 10:00", "1 Mar 10:00")[:: 1 if year == 2028 else 2]:
        stage.until(f"{year} {moment}")
    assert stage.rows() == told(came)
