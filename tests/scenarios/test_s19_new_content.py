"""S19 from its blueprint: whoever reads about a topic gets what is new on it, once a week, however much they read."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    26 Nov 10:00  Ana   email     es  step_time
    26 Nov 10:00  Bea   email     fr  step_time
    26 Nov 10:00  Dora  email     en  step_time
    26 Nov 10:00  Fay   email     –   no_consent
    26 Nov 10:00  Gus   email     –   no_address
    26 Nov 10:00  Ines  email     en  step_time
    26 Nov 10:00  Ana   telegram  –   not_for_sent
    26 Nov 10:00  Bea   telegram  –   not_for_sent
    26 Nov 10:00  Dora  telegram  –   not_for_sent
    26 Nov 10:00  Fay   telegram  –   no_address
    26 Nov 10:00  Gus   telegram  –   no_address
    26 Nov 10:00  Ines  telegram  –   not_for_sent
    26 Nov 10:00  Fay   end       –   no_channel_left
    26 Nov 10:00  Gus   end       –   no_channel_left
    26 Nov 12:00  Ana   end       –   seen_clicked
    26 Nov 12:00  Bea   end       –   opt_out
    26 Nov 16:00  Cleo  email     –   no_address
    26 Nov 16:00  Cleo  telegram  ru  previous_did_not_go
    28 Nov 10:00  Dora  end       –   no_reaction
    28 Nov 10:00  Ines  end       –   no_reaction
    28 Nov 16:00  Cleo  end       –   no_reaction
     3 Dec 10:00  Ana   email     es  step_time
     3 Dec 10:00  Bea   email     –   consent_withdrawn
     3 Dec 10:00  Fay   email     –   no_consent
     3 Dec 10:00  Gus   email     –   no_address
     3 Dec 10:00  Ines  email     –   consent_withdrawn
     3 Dec 10:00  Ana   telegram  –   not_for_sent
     3 Dec 10:00  Bea   telegram  –   no_address
     3 Dec 10:00  Fay   telegram  –   no_address
     3 Dec 10:00  Gus   telegram  –   no_address
     3 Dec 10:00  Ines  telegram  –   no_address
     3 Dec 10:00  Bea   end       –   no_channel_left
     3 Dec 10:00  Fay   end       –   no_channel_left
     3 Dec 10:00  Gus   end       –   no_channel_left
     3 Dec 10:00  Ines  end       –   all_failed
     3 Dec 16:00  Cleo  email     –   no_address
     3 Dec 16:00  Cleo  telegram  ru  previous_did_not_go
     5 Dec 10:00  Ana   end       –   no_reaction
     5 Dec 16:00  Cleo  end       –   no_reaction
"""


def test_readers_of_a_topic_get_it_once_a_week_until_they_unsubscribe() -> None:
    stage = Stage("s19", "23 Nov 09:00", website="https://aurora.example")
    stage.switch_on()
    stage.person("Ana", "es", "email", "telegram")  # reads all day long
    stage.person("Bea", "fr", "email")  # unsubscribes
    stage.person("Cleo", "ru", "telegram", time_zone="America/New_York")  # no email; by her own clock
    stage.person("Dora", "en", "email")  # has read it long ago: is no reader any more in the second week
    stage.person("Fay", "en", "email", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Hugo", "es", "email")  # reads about something else
    stage.person("Ines", "en", "email")  # unsubscribes between due and sending
    for name in stage.contacts:
        for hour in (10, 11):
            topic = "hair" if name == "Hugo" else "care"
            when = "1 Oct" if name == "Dora" else "20 Nov"
            stage.happens(name, "page_viewed", at=f"{when} {hour}:00", category=topic)
    for day in range(20, 23):
        stage.happens("Ana", "page_viewed", at=f"{day} Nov 20:00", category="care")
    stage.until("26 Nov 09:59")
    stage.until("26 Nov 10:00")
    stage.until("26 Nov 12:00")
    stage.does("Bea", "opt_out")
    stage.does("Ana", "click")
    stage.happens("Ana", "page_viewed", category="care")
    stage.until("26 Nov 16:00")
    stage.until("29 Nov 12:00")
    stage.due("3 Dec 10:00")
    stage.does("Ines", "opt_out")
    stage.until("3 Dec 16:00")
    stage.until("6 Dec 12:00")
    assert stage.rows() == told(CAME)
