"""S08 from its blueprint: three days after the first purchase two questions; the answer ends it, a second purchase asks nobody."""

from __future__ import annotations

import pytest

from channels.models import FormAnswer
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
     5 Nov 10:15  Ana   email     es  step_time
     5 Nov 10:15  Bea   email     fr  step_time
     5 Nov 10:15  Cleo  email     ru  step_time
     5 Nov 10:15  Fay   email     –   no_consent
     5 Nov 10:15  Gus   email     –   no_address
     5 Nov 10:15  Ines  email     en  step_time
     5 Nov 10:15  Fay   telegram  –   no_address
     5 Nov 10:15  Gus   telegram  –   no_address
     5 Nov 10:15  Fay   sms       en  previous_did_not_go
     5 Nov 10:15  Gus   sms       –   no_address
     5 Nov 10:15  Gus   end       –   no_channel_left
     6 Nov 09:00  Ana   end       –   goal_answer
     7 Nov 10:15  Bea   telegram  fr  step_time
     7 Nov 10:15  Cleo  telegram  ru  step_time
     7 Nov 10:15  Ines  telegram  –   goal_answer
     7 Nov 10:15  Ines  end       –   goal_answer
     7 Nov 12:00  Bea   end       –   seen_replied
     8 Nov 10:15  Cleo  sms       ru  step_time
    12 Nov 10:15  Fay   end       –   no_reaction
    15 Nov 10:15  Cleo  end       –   no_reaction
"""


def test_questions_after_the_first_purchase_until_they_are_answered() -> None:
    stage = Stage("s08", "2 Nov 09:00")
    stage.person("Old", "en", "email")
    stage.happens("Old", "order", at="1 Oct 10:00")  # bought before it was switched on
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram", "sms")  # answers the form in the mail
    stage.person("Bea", "fr", "email", "telegram", "sms")  # answers in words
    stage.person("Cleo", "ru", "email", "telegram", "sms")  # never answers
    stage.person("Fay", "en", "email", "sms", agreed=["sms"])  # no consent to mail
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "email", "telegram")  # answers between due and sending
    stage.until("2 Nov 10:00")
    for name in stage.contacts:
        stage.happens(name, "order", total="20.00")
    stage.until("6 Nov 09:00")
    stage.does("Ana", "open")  # an opening does not end it
    stage.answers_form("Ana", "5", "Muy bien")
    stage.due("7 Nov 10:15")
    stage.happens("Ines", "answer")
    stage.until("7 Nov 12:00")
    stage.does("Bea", "answer", text="C'était très bien")
    stage.until("20 Nov 09:00")
    stage.happens("Ana", "order", total="30.00")
    stage.until("1 Dec 09:00")
    assert [one["said"] for one in FormAnswer.objects.get().in_order] == ["5", "Muy bien"]
    assert stage.rows() == told(CAME)
