"""S04 from its blueprint: three different mails at their times and nothing else; only an order ends it."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    23 Nov 10:00  Ana   email  es  step_time
    23 Nov 10:00  Bea   email  fr  step_time
    23 Nov 10:00  Cleo  email  ru  step_time
    23 Nov 10:00  Fay   email  –   no_consent
    23 Nov 10:00  Gus   email  –   no_address
    23 Nov 10:00  Hugo  email  es  step_time
    23 Nov 10:00  Ines  email  en  step_time
    23 Nov 10:00  Fay   email  –   no_consent
    23 Nov 10:00  Gus   email  –   no_address
    23 Nov 10:00  Fay   email  –   no_consent
    23 Nov 10:00  Gus   email  –   no_address
    23 Nov 10:00  Fay   end    –   no_channel_left
    23 Nov 10:00  Gus   end    –   no_channel_left
    23 Nov 12:00  Bea   end    –   goal_order
    23 Nov 12:00  Hugo  end    –   opt_out
    25 Nov 10:00  Ana   email  es  step_time
    25 Nov 10:00  Cleo  email  ru  step_time
    25 Nov 10:00  Ines  email  –   goal_order
    25 Nov 10:00  Ines  end    –   goal_order
    27 Nov 10:00  Ana   email  es  step_time
    27 Nov 10:00  Cleo  email  ru  step_time
    30 Nov 10:00  Ana   end    –   no_reaction
    30 Nov 10:00  Cleo  end    –   no_reaction
"""


def test_three_mails_two_days_apart_until_the_order() -> None:
    stage = Stage("s04", "23 Nov 10:00")
    stage.person("Ana", "es", "email")  # opens and clicks, which ends nothing
    stage.person("Bea", "fr", "email", "sms")  # orders after the first
    stage.person("Cleo", "ru", "email")  # never reacts
    stage.person("Fay", "en", "email", "sms", agreed=["sms"])  # no consent to mail: another channel is not tried
    stage.person("Gus", "en", "sms")  # no mail
    stage.person("Hugo", "es", "email")  # wants no more
    stage.person("Ines", "en", "email")  # orders between due and sending
    stage.launch()
    stage.until("23 Nov 12:00")
    stage.does("Ana", "open")
    stage.does("Ana", "click")
    stage.happens("Bea", "order")
    stage.does("Hugo", "opt_out")
    stage.due("25 Nov 10:00")
    stage.happens("Ines", "order")
    stage.until("26 Nov 10:00")
    assert stage.words("Cleo").startswith("Предложение ещё действует")
    stage.until("2 Dec 10:00")
    assert stage.rows() == told(CAME)
