"""S16 from its blueprint: thanks with what goes with it, the plain confirmation to those who want no news, two questions five days later."""

from __future__ import annotations

import pytest

from contacts.models import GoesWith
from tests.scenarios.stage import Stage

pytestmark = pytest.mark.django_db
CAME = ""


def test_thanks_at_once_and_questions_until_they_are_answered() -> None:
    stage = Stage("s16", "23 Nov 09:00")
    GoesWith.objects.create(by="category", what="colour", name="Colour mask", price="12.00")
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
    stage.happens("Ana", "answer")
    stage.does("Bea", "answer", text="Très contente")
    stage.due("1 Dec 10:00")
    stage.happens("Ines", "answer")
    stage.until("12 Dec 10:00")
    stage.shows(CAME)
