"""S12 from its blueprint: whoever lives within five kilometres of a branch gets its offer; only a visit ends it."""

from __future__ import annotations

import pytest

from contacts.models import Branch, Segment
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
SOL = {"latitude": "40.4168", "longitude": "-3.7038"}
CAME = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  fr  step_time
    23 Nov 10:00  Cleo  telegram  ru  step_time
    23 Nov 10:00  Eva   telegram  –   no_address
    23 Nov 10:00  Fay   telegram  –   no_consent
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Hugo  telegram  es  step_time
    23 Nov 10:00  Ines  telegram  en  step_time
    23 Nov 10:00  Eva   email     es  previous_did_not_go
    23 Nov 10:00  Fay   email     –   no_consent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Fay   sms       –   no_address
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Fay   end       –   no_channel_left
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 12:00  Ana   end       –   goal_visit
    24 Nov 10:00  Bea   email     fr  step_time
    24 Nov 10:00  Cleo  email     ru  step_time
    24 Nov 10:00  Hugo  email     es  step_time
    24 Nov 10:00  Ines  email     –   goal_visit
    24 Nov 10:00  Ines  end       –   goal_visit
    24 Nov 18:00  Hugo  end       –   goal_booking_attended
    25 Nov 10:00  Eva   sms       –   no_address
    26 Nov 10:00  Bea   sms       fr  step_time
    26 Nov 10:00  Cleo  sms       ru  step_time
    30 Nov 10:00  Eva   end       –   goal_not_reached
     3 Dec 10:00  Bea   end       –   goal_not_reached
     3 Dec 10:00  Cleo  end       –   goal_not_reached
"""


def test_neighbours_get_the_offer_by_the_cheapest_channel_first_until_they_come() -> None:
    stage = Stage("s12", "23 Nov 10:00")
    branch = Branch.objects.create(name="Centro", **SOL)
    Branch.objects.create(name="Online")  # has no place on the map
    stage.person("Ana", "es", "telegram", "email", "sms", branch=branch, **SOL)  # comes the same day
    stage.person("Bea", "fr", "telegram", "email", "sms", **SOL)  # clicks, and does not come
    stage.person(
        "Cleo", "ru", "telegram", "email", "sms", latitude="40.4608", longitude="-3.7038"
    )  # 4.9 km; never reacts
    stage.person("Dora", "en", "telegram", "email", "sms", latitude="40.4627", longitude="-3.7038")  # 5.1 km
    stage.person("Olga", "en", "telegram", "email", "sms", branch=branch)  # nobody knows where she lives
    stage.person("Eva", "es", "email", **SOL)  # no messenger
    stage.person("Fay", "en", "telegram", "email", agreed=[], **SOL)  # no consent
    stage.person("Gus", "en", **SOL)  # cannot be reached
    stage.person("Hugo", "es", "telegram", "email", "sms", **SOL)  # the appointment that was kept counts, too
    stage.person("Ines", "en", "telegram", "email", "sms", **SOL)  # comes between due and sending
    booking = stage.books("Hugo", "24 Nov 17:00")
    stage.launch(selection={"segments": [Segment.objects.get().pk]})
    assert "Salon Aurora Centro: esta semana" in stage.words("Ana")
    assert "Salon Aurora : cette semaine" in stage.words("Bea")
    stage.until("23 Nov 12:00")
    stage.does("Bea", "click")
    stage.happens("Ana", "visit")
    stage.due("24 Nov 10:00")
    stage.happens("Ines", "visit")
    stage.until("24 Nov 18:00")
    stage.attends(booking)
    stage.until("10 Dec 10:00")
    assert stage.rows() == told(CAME)
