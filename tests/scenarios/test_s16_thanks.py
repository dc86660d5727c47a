"""S16 from its blueprint: thanks with what goes with it, the plain confirmation to those who want no news, two questions later on."""

from __future__ import annotations

import pytest

from contacts.models import GoesWith
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana   email     es  step_time
    23 Nov 10:00  Bea   email     fr  step_time
    23 Nov 10:00  Cleo  email     ru  step_time
    23 Nov 10:00  Dora  email     –   no_address
    23 Nov 10:00  Eva   email     –   no_address
    23 Nov 10:00  Fay   email     –   no_consent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Ines  email     en  step_time
    23 Nov 10:00  Ana   email     –   not_for_sent
    23 Nov 10:00  Bea   email     –   not_for_sent
    23 Nov 10:00  Cleo  email     –   not_for_sent
    23 Nov 10:00  Dora  email     –   no_address
    23 Nov 10:00  Eva   email     –   no_address
    23 Nov 10:00  Fay   email     en  previous_did_not_go
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Ines  email     –   not_for_sent
    23 Nov 10:00  Ana   telegram  –   not_for_sent
    23 Nov 10:00  Bea   telegram  –   not_for_sent
    23 Nov 10:00  Cleo  telegram  –   not_for_sent
    23 Nov 10:00  Dora  telegram  en  previous_did_not_go
    23 Nov 10:00  Eva   telegram  –   no_address
    23 Nov 10:00  Fay   telegram  –   not_for_sent
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Ines  telegram  –   not_for_sent
    23 Nov 10:00  Ana   sms       –   not_for_sent
    23 Nov 10:00  Bea   sms       –   not_for_sent
    23 Nov 10:00  Cleo  sms       –   not_for_sent
    23 Nov 10:00  Dora  sms       –   not_for_sent
    23 Nov 10:00  Eva   sms       es  previous_did_not_go
    23 Nov 10:00  Fay   sms       –   not_for_sent
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Ines  sms       –   not_for_sent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Gus   end       –   no_channel_left
    28 Nov 10:00  Ana   email     es  step_time
    28 Nov 10:00  Bea   email     fr  step_time
    28 Nov 10:00  Cleo  email     ru  step_time
    28 Nov 10:00  Dora  email     –   no_address
    28 Nov 10:00  Eva   email     –   no_address
    28 Nov 10:00  Fay   email     –   no_consent
    28 Nov 10:00  Ines  email     en  step_time
    28 Nov 10:00  Dora  telegram  en  previous_did_not_go
    28 Nov 10:00  Eva   telegram  –   no_address
    28 Nov 10:00  Fay   telegram  –   no_consent
    28 Nov 12:00  Ana   end       –   goal_answer
    28 Nov 12:00  Bea   end       –   seen_replied
    30 Nov 10:00  Eva   end       –   no_reaction
    30 Nov 10:00  Fay   end       –   no_reaction
     1 Dec 10:00  Cleo  telegram  ru  step_time
     1 Dec 10:00  Ines  telegram  –   goal_answer
     1 Dec 10:00  Ines  end       –   goal_answer
     5 Dec 10:00  Dora  end       –   no_reaction
     8 Dec 10:00  Cleo  end       –   no_reaction
"""


def test_thanks_at_once_and_questions_until_they_are_answered() -> None:
    stage = Stage("s16", "23 Nov 09:00")
    GoesWith.objects.create(by="category", what="colour", folded="colour", name="Colour mask", price="12.00")
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram", "sms")  # answers the form
    stage.person("Bea", "fr", "email", "telegram")  # answers in words
    stage.person("Cleo", "ru", "email", "telegram", "sms")  # only clicks
    stage.person("Dora", "en", "telegram")  # no email
    stage.person("Eva", "es", "sms", agreed=[])  # nothing but a telephone, and no consent
    stage.person("Fay", "en", "email", "telegram", agreed=[])  # the confirmation yes, news no
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "email", "telegram")  # answers between due and sending
    stage.until("23 Nov 10:00")
    for number, name in enumerate(stage.contacts):
        stage.happens(name, "order", order=str(number), items=[{"name": "Colour", "category": "colour"}])
    stage.until("23 Nov 12:00")
    assert "Esto le va muy bien:" in stage.words("Ana")
    assert "Colour mask: 12.00" in stage.words("Ana")
    assert "Colour mask" not in stage.words("Fay")
    assert "your purchase 5 is confirmed." in stage.words("Fay")
    stage.does("Cleo", "click")  # of the thanks: ends nothing
    stage.until("28 Nov 12:00")
    stage.answers_form("Ana", "9", "")
    stage.does("Bea", "answer", text="Très contente")
    stage.due("1 Dec 10:00")
    stage.happens("Ines", "answer")
    stage.until("12 Dec 10:00")
    assert stage.rows() == told(CAME)
