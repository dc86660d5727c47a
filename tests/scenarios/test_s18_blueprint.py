"""S18 from its blueprint: a question with buttons; yes and no lead into a group and end it, later and silence bring an SMS a day after."""

from __future__ import annotations

import pytest

from contacts.models import Group
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  fr  step_time
    23 Nov 10:00  Cleo  telegram  ru  step_time
    23 Nov 10:00  Dora  telegram  en  step_time
    23 Nov 10:00  Eva   telegram  –   no_address
    23 Nov 10:00  Fay   telegram  –   no_consent
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Hugo  telegram  es  step_time
    23 Nov 10:00  Ines  telegram  en  step_time
    23 Nov 10:00  Jan   telegram  en  step_time
    23 Nov 10:00  Eva   sms       es  previous_did_not_go
    23 Nov 10:00  Fay   sms       –   no_consent
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Fay   end       –   no_channel_left
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 10:20  Ana   end       –   answered_choice
    23 Nov 10:20  Bea   end       –   answered_choice
    23 Nov 10:20  Hugo  end       –   seen_replied
    23 Nov 10:20  Jan   end       –   opt_out
    24 Nov 10:00  Cleo  sms       ru  step_time
    24 Nov 10:00  Dora  sms       en  step_time
    24 Nov 10:00  Ines  sms       –   answered_choice
    24 Nov 10:00  Ines  end       –   answered_choice
    24 Nov 11:00  Cleo  end       –   seen_clicked
    26 Nov 10:00  Eva   end       –   no_reaction
    27 Nov 10:00  Dora  end       –   no_reaction
"""


def test_the_answer_moves_the_person_and_ends_it_or_lets_it_go_on() -> None:
    stage = Stage("s18", "23 Nov 10:00")
    stage.person("Ana", "es", "telegram", "sms")  # yes
    stage.person("Bea", "fr", "telegram", "sms")  # no
    stage.person("Cleo", "ru", "telegram", "sms")  # later, then the link
    stage.person("Dora", "en", "telegram", "sms")  # never reacts
    stage.person("Eva", "es", "sms")  # no messenger
    stage.person("Fay", "en", "telegram", "sms", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "telegram", "sms")  # writes words
    stage.person("Ines", "en", "telegram", "sms")  # says yes between due and sending
    stage.person("Jan", "en", "telegram", "sms")  # ends our messages there
    stage.launch()
    stage.until("23 Nov 10:20")
    stage.does("Ana", "press", button=0)
    stage.does("Bea", "press", button=1)
    stage.does("Cleo", "press", button=2)
    stage.does("Hugo", "answer", text="¿De qué se trata?")
    stage.does("Jan", "opt_out")
    stage.due("24 Nov 10:00")
    stage.does("Ines", "press", button=0)
    stage.until("24 Nov 11:00")
    stage.does("Cleo", "click")
    stage.until("1 Dec 10:00")
    members = {group.name: sorted(group.contacts.values_list("first_name", flat=True)) for group in Group.objects.all()}
    assert members == {"Want to know more": ["Ana", "Ines"], "Asked, not interested": ["Bea"]}
    assert stage.rows() == told(CAME)
