"""S10 from its blueprint: those who spent most, or bought often, are thanked; whoever uses it hears no more."""

from __future__ import annotations

import pytest

from contacts.models import Segment, Voucher
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana    email     es  step_time
    23 Nov 10:00  Bea    email     fr  step_time
    23 Nov 10:00  Cleo   email     ru  step_time
    23 Nov 10:00  Fay    email     –   no_consent
    23 Nov 10:00  Gus    email     –   no_address
    23 Nov 10:00  Ines   email     en  step_time
    23 Nov 10:00  Often  email     en  step_time
    23 Nov 10:00  Fay    telegram  –   no_address
    23 Nov 10:00  Gus    telegram  –   no_address
    23 Nov 10:00  Fay    sms       –   no_consent
    23 Nov 10:00  Gus    sms       –   no_address
    23 Nov 10:00  Fay    end       –   no_channel_left
    23 Nov 10:00  Gus    end       –   no_channel_left
    24 Nov 10:00  Often  end       –   opt_out
    24 Nov 18:00  Ana    end       –   goal_redeemed
    25 Nov 10:00  Bea    telegram  fr  step_time
    25 Nov 10:00  Cleo   telegram  ru  step_time
    25 Nov 10:00  Ines   telegram  –   goal_redeemed
    25 Nov 10:00  Ines   end       –   goal_redeemed
    25 Nov 12:00  Bea    end       –   goal_redeemed
    26 Nov 10:00  Cleo   sms       ru  step_time
    10 Dec 10:00  Cleo   end       –   no_reaction
"""


def test_the_best_customers_are_thanked_until_they_use_it() -> None:
    stage = Stage("s10", "23 Nov 10:00")
    spent = {"Ana": 900, "Bea": 800, "Cleo": 700, "Fay": 650, "Gus": 640, "Ines": 630}
    stage.person("Ana", "es", "email", "telegram", "sms")  # clicks, and redeems the day after
    stage.person("Bea", "fr", "email", "telegram", "sms")  # redeems after the messenger
    stage.person("Cleo", "ru", "email", "telegram", "sms")  # never reacts
    stage.person("Fay", "en", "email", "sms", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "email", "telegram")  # redeems between due and sending
    stage.person("Often", "en", "email")  # spent little, but came six times
    for number in range(54):
        stage.person(f"Other{number}", "en", "email")
    for name, money in spent.items():
        stage.happens(name, "order", at="1 Jun 10:00", total=str(money))
    for day in range(1, 7):
        stage.happens("Often", "order", at=f"{day} Jun 10:00", total="1.00")
    for number in range(54):
        stage.happens(f"Other{number}", "order", at="1 Jul 10:00", total="20.00")
    stage.launch(selection={"segments": [Segment.objects.get().pk]})
    stage.until("24 Nov 10:00")
    stage.does("Ana", "click")
    stage.does("Often", "opt_out")
    stage.until("24 Nov 18:00")
    stage.redeems("Ana")
    stage.due("25 Nov 10:00")
    stage.redeems("Ines")
    stage.until("25 Nov 12:00")
    assert Voucher.objects.get(contact=stage.contacts["Bea"]).code in stage.words("Bea")
    stage.redeems("Bea")
    stage.until("20 Dec 10:00")
    assert stage.rows() == told(CAME)
