"""S19 from its blueprint: whoever reads about a topic gets what is new on it, once a week, however much they read."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage

pytestmark = pytest.mark.django_db
CAME = ""


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
    stage.shows(CAME)
