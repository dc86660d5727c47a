"""S06 from its blueprint: welcome at once, the best after two days, an opinion after three weeks; who unsubscribes gets nothing more."""

from __future__ import annotations

import pytest

from contacts import consent
from contacts.models import Basis
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
     2 Nov 09:45  Ana   email  es  step_time
     2 Nov 09:45  Bea   email  fr  step_time
     2 Nov 09:45  Cleo  email  ru  step_time
     2 Nov 09:45  Gus   email  –   no_address
     2 Nov 09:45  Ines  email  en  step_time
     2 Nov 09:45  Gus   email  –   no_address
     2 Nov 10:30  Cleo  end    –   opt_out
     4 Nov 09:45  Ana   email  es  step_time
     4 Nov 09:45  Bea   email  fr  step_time
     4 Nov 09:45  Ines  email  –   consent_withdrawn
     4 Nov 10:00  Ines  end    –   left_segment
    23 Nov 09:45  Ana   email  es  step_time
    23 Nov 09:45  Bea   email  fr  step_time
    23 Nov 09:45  Gus   email  –   no_address
    23 Nov 09:45  Gus   end    –   no_channel_left
    30 Nov 09:45  Ana   end    –   no_reaction
    30 Nov 09:45  Bea   end    –   no_reaction
"""


def subscribes(stage: Stage, name: str, *, given: bool = True) -> None:
    line = consent.Line(
        stage.contacts[name].pk,
        "email",
        given=given,
        basis=Basis.EXPRESS,
        source="form at the counter",
        purpose="marketing",
        at=stage.now,
    )
    consent.record([line], now=stage.now)
    stage.asks_again()


def test_a_welcome_and_two_mails_after_it_until_the_person_unsubscribes() -> None:
    stage = Stage("s06", "2 Nov 09:00")
    stage.person("Old", "en", "email")  # agreed long ago: nobody welcomes him now
    stage.switch_on()
    stage.person("Ana", "es", "email", agreed=[])  # reads all, and answers
    stage.person("Bea", "fr", "email", agreed=[])  # never reacts
    stage.person("Cleo", "ru", "email", agreed=[])  # unsubscribes after the first
    stage.person("Dora", "en", "email", agreed=[])  # never agrees
    stage.person("Gus", "en", agreed=[])  # agrees, but has left no address
    stage.person("Ines", "en", "email", agreed=[])  # withdraws at the counter, between due and sending
    stage.until("2 Nov 09:30")
    for name in ("Ana", "Bea", "Cleo", "Gus", "Ines"):
        subscribes(stage, name)
    stage.until("2 Nov 10:30")
    stage.does("Ana", "click")
    stage.does("Cleo", "opt_out")
    stage.due("4 Nov 09:45")
    subscribes(stage, "Ines", given=False)
    stage.until("23 Nov 12:00")
    assert "/f/" not in stage.words("Ana")  # the link to the form is led through our own
    stage.happens("Ana", "answer")
    stage.until("5 Dec 12:00")
    assert stage.rows() == told(CAME)
