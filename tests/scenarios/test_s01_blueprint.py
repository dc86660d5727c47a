"""S01 from its blueprint: email to all, a messenger to those who did not open, SMS to the rest."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana   email     es  step_time
    23 Nov 10:00  Bea   email     fr  step_time
    23 Nov 10:00  Cleo  email     ru  step_time
    23 Nov 10:00  Dora  email     en  step_time
    23 Nov 10:00  Eva   email     –   no_consent
    23 Nov 10:00  Fay   email     –   no_consent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Hugo  email     es  step_time
    23 Nov 10:00  Ines  email     es  step_time
    23 Nov 10:00  Jan   email     en  step_time
    23 Nov 10:00  Eva   telegram  –   no_address
    23 Nov 10:00  Fay   telegram  –   no_address
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Eva   sms       es  previous_did_not_go
    23 Nov 10:00  Fay   sms       –   no_consent
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Fay   end       –   no_channel_left
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 10:30  Jan   telegram  en  previous_did_not_go
    23 Nov 10:30  Ana   end       –   seen_opened
    23 Nov 10:30  Hugo  end       –   opt_out
    23 Nov 14:00  Bea   telegram  fr  step_time
    23 Nov 14:00  Cleo  telegram  ru  step_time
    23 Nov 14:00  Dora  telegram  en  step_time
    23 Nov 14:00  Ines  telegram  –   goal_order
    23 Nov 14:00  Ines  end       –   goal_order
    23 Nov 15:00  Bea   end       –   seen_clicked
    24 Nov 10:30  Jan   sms       en  step_time
    24 Nov 14:00  Cleo  sms       ru  step_time
    24 Nov 14:00  Dora  sms       en  step_time
    24 Nov 15:00  Cleo  end       –   seen_replied
    26 Nov 10:00  Eva   end       –   no_reaction
    27 Nov 10:30  Jan   end       –   no_reaction
    27 Nov 14:00  Dora  end       –   no_reaction
"""


def test_email_then_messenger_then_sms_until_somebody_reacts() -> None:
    stage = Stage("s01", "23 Nov 10:00")
    stage.person("Ana", "es", "email", "telegram", "sms")  # opens the email
    stage.person("Bea", "fr", "email", "telegram", "sms")  # clicks in the messenger
    stage.person("Cleo", "ru", "email", "telegram", "sms")  # answers the SMS
    stage.person("Dora", "en", "email", "telegram", "sms")  # never reacts
    stage.person("Eva", "es", "email", "sms", agreed=["sms"])  # no consent to email, no messenger
    stage.person("Fay", "en", "email", "sms", agreed=[])  # no consent at all
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "email", "telegram", "sms")  # opts out by email
    stage.person("Ines", "es", "email", "telegram", "sms")  # buys between due and sending
    stage.person("Jan", "en", "email", "telegram", "sms")  # the email bounces

    stage.launch()
    stage.until("23 Nov 10:30")
    stage.does("Ana", "open")
    stage.does("Hugo", "opt_out")
    stage.does("Jan", "bounce")
    stage.due("23 Nov 14:00")
    stage.happens("Ines", "order")
    stage.until("23 Nov 15:00")
    stage.does("Bea", "click")
    stage.until("24 Nov 15:00")
    stage.does("Cleo", "answer", text="Ок")
    stage.until("1 Dec 10:00")
    assert stage.rows() == told(CAME)
