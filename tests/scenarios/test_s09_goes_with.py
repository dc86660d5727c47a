"""S09 from its blueprint: after a purchase in one category, or two looks at another, what goes with it; a purchase in that one ends it."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
     4 Nov 09:30  Ana   email     es  step_time
     4 Nov 09:30  Bea   email     fr  step_time
     4 Nov 09:30  Cleo  email     ru  step_time
     4 Nov 09:30  Fay   email     –   no_consent
     4 Nov 09:30  Gus   email     –   no_address
     4 Nov 09:30  Ines  email     –   goal_order
     4 Nov 09:30  Fay   telegram  –   no_address
     4 Nov 09:30  Gus   telegram  –   no_address
     4 Nov 09:30  Fay   sms       en  previous_did_not_go
     4 Nov 09:30  Gus   sms       –   no_address
     4 Nov 09:30  Gus   end       –   no_channel_left
     4 Nov 09:30  Ines  end       –   goal_order
     4 Nov 12:00  Bea   end       –   goal_order
     7 Nov 09:30  Ana   telegram  –   not_for_clicked
     7 Nov 09:30  Cleo  telegram  ru  step_time
     9 Nov 09:30  Ana   sms       –   not_for_clicked
     9 Nov 09:30  Cleo  sms       ru  step_time
    11 Nov 09:30  Ana   end       –   no_reaction
    11 Nov 09:30  Fay   end       –   no_reaction
    16 Nov 09:30  Cleo  end       –   no_reaction
"""


def buys(stage: Stage, name: str, category: str) -> None:
    stage.happens(name, "order", items=[{"name": "Something", "category": category}])


def test_what_goes_with_it_until_it_is_bought() -> None:
    stage = Stage("s09", "2 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram", "sms")  # clicks in the mail, buys nothing
    stage.person("Bea", "fr", "email", "telegram", "sms")  # buys what goes with it after the mail
    stage.person("Cleo", "ru", "email", "telegram", "sms")  # only looks at the pages, never reacts
    stage.person("Dora", "en", "email")  # looks once: that is not enough
    stage.person("Eva", "en", "email")  # bought both already
    stage.person("Fay", "en", "email", "sms", agreed=["sms"])  # no consent to mail
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "email")  # buys what goes with it between due and sending
    stage.until("2 Nov 09:15")
    buys(stage, "Eva", "care")
    for name in ("Ana", "Bea", "Eva", "Fay", "Gus", "Ines"):
        buys(stage, name, "colour")
    for name in ("Cleo", "Cleo", "Dora"):
        stage.happens(name, "page_viewed", url="https://aurora.example/care", category="care")
    stage.until("2 Nov 09:30")
    stage.due("4 Nov 09:30")
    buys(stage, "Ines", "care")
    stage.until("4 Nov 12:00")
    stage.does("Ana", "click")
    buys(stage, "Bea", "care")
    stage.until("25 Nov 09:00")
    assert stage.rows() == told(CAME)
