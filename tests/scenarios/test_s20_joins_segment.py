"""S20 from its blueprint: the third visit in sixty days brings somebody in; when that is no longer so, nothing more comes."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, clock, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 12:15  Ana   email     es  step_time
    23 Nov 12:15  Bea   email     fr  step_time
    23 Nov 12:15  Cleo  email     ru  step_time
    23 Nov 12:15  Dora  email     –   no_address
    23 Nov 12:15  Eva   email     es  step_time
    23 Nov 12:15  Fay   email     –   no_consent
    23 Nov 12:15  Gus   email     –   no_address
    23 Nov 12:15  Ines  email     en  step_time
    23 Nov 12:15  Ana   telegram  –   not_for_sent
    23 Nov 12:15  Bea   telegram  –   not_for_sent
    23 Nov 12:15  Cleo  telegram  –   not_for_sent
    23 Nov 12:15  Dora  telegram  en  previous_did_not_go
    23 Nov 12:15  Eva   telegram  –   not_for_sent
    23 Nov 12:15  Fay   telegram  –   no_consent
    23 Nov 12:15  Gus   telegram  –   no_address
    23 Nov 12:15  Ines  telegram  –   not_for_sent
    23 Nov 12:15  Fay   telegram  –   no_consent
    23 Nov 12:15  Gus   telegram  –   no_address
    23 Nov 12:15  Fay   sms       –   no_address
    23 Nov 12:15  Gus   sms       –   no_address
    23 Nov 12:15  Fay   end       –   no_channel_left
    23 Nov 12:15  Gus   end       –   no_channel_left
    27 Nov 18:15  Bea   end       –   left_segment
    30 Nov 12:15  Eva   telegram  –   no_address
    30 Nov 12:30  Ana   telegram  es  step_time
    30 Nov 12:30  Cleo  telegram  ru  step_time
    30 Nov 12:30  Dora  telegram  en  step_time
    30 Nov 12:30  Ines  telegram  en  step_time
    30 Nov 12:30  Ana   sms       –   not_for_sent
    30 Nov 12:30  Cleo  sms       –   not_for_sent
    30 Nov 12:30  Dora  sms       –   not_for_sent
    30 Nov 12:30  Eva   sms       es  previous_did_not_go
    30 Nov 12:30  Ines  sms       –   not_for_sent
    30 Nov 13:00  Ana   end       –   seen_clicked
     3 Dec 12:30  Cleo  end       –   no_reaction
     3 Dec 12:30  Dora  end       –   no_reaction
     3 Dec 12:30  Eva   end       –   no_reaction
     3 Dec 12:30  Ines  end       –   left_segment
"""


def test_whoever_comes_in_is_welcomed_and_whoever_leaves_hears_nothing_more() -> None:
    stage = Stage("s20", "23 Nov 10:00")
    for name, language in (("Ana", "es"), ("Bea", "fr"), ("Cleo", "ru"), ("Ines", "en")):
        stage.person(name, language, "email", "telegram", "sms")
    stage.person("Dora", "en", "telegram", "sms")  # no email
    stage.person("Eva", "es", "email", "sms")  # no messenger
    stage.person("Fay", "en", "email", "telegram", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "email", "telegram")  # two visits only
    stage.person("Old", "en", "email", "telegram")  # was a regular before it was switched on
    for name in stage.contacts:
        stage.happens(name, "visit", at="20 Nov 18:00")
        if name not in ("Bea", "Ines"):
            stage.happens(name, "visit", at="10 Oct 18:00")
    stage.happens("Bea", "visit", at="28 Sep 18:00")  # soon longer ago than sixty days
    stage.happens("Ines", "visit", at="1 Oct 13:20")  # that, too: after the second message was due, before it leaves
    stage.happens("Old", "visit", at="1 Nov 18:00")
    stage.switch_on()
    stage.until("23 Nov 12:00")
    for name in ("Ana", "Bea", "Cleo", "Dora", "Eva", "Fay", "Gus", "Ines"):
        stage.happens(name, "visit")
    stage.until("23 Nov 12:15")
    stage.until("27 Nov 18:15")  # Bea's first visit is sixty days ago
    stage.due("30 Nov 12:15")
    stage.now = clock("30 Nov 12:30")  # it leaves a while after it was due
    stage.until("30 Nov 13:00")
    stage.does("Ana", "click")
    stage.until("10 Dec 10:00")
    assert stage.rows() == told(CAME)
