"""S02 from its blueprint: two notifications, the mail with what was chosen, the last call; an order or an emptied cart ends it."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
THINGS = [{"name": "Hair oil", "price": "18.00"}, {"sku": "CUT-2"}]
CAME = """
    23 Nov 11:00  Ana   webpush  es  step_time
    23 Nov 11:00  Bea   webpush  fr  step_time
    23 Nov 11:00  Cleo  webpush  ru  step_time
    23 Nov 11:00  Eva   webpush  –   no_address
    23 Nov 11:00  Fay   webpush  –   no_consent
    23 Nov 11:00  Gus   webpush  –   no_address
    23 Nov 11:00  Ines  webpush  en  step_time
    23 Nov 11:00  Eva   webpush  –   no_address
    23 Nov 11:00  Fay   webpush  –   no_consent
    23 Nov 11:00  Gus   webpush  –   no_address
    23 Nov 11:00  Eva   email    es  previous_did_not_go
    23 Nov 11:00  Fay   email    –   no_consent
    23 Nov 11:00  Gus   email    –   no_address
    23 Nov 11:00  Fay   email    –   no_consent
    23 Nov 11:00  Gus   email    –   no_address
    23 Nov 11:00  Fay   end      –   no_channel_left
    23 Nov 11:00  Gus   end      –   no_channel_left
    23 Nov 11:15  Bea   end      –   goal_order
    23 Nov 12:30  Dora  webpush  en  step_time
    23 Nov 16:00  Ana   webpush  es  step_time
    23 Nov 16:00  Cleo  webpush  ru  step_time
    23 Nov 16:00  Ines  webpush  –   goal_order
    23 Nov 16:00  Ines  end      –   goal_order
    23 Nov 17:30  Dora  webpush  en  step_time
    24 Nov 00:00  Ana   email    es  step_time
    24 Nov 00:00  Cleo  email    ru  step_time
    24 Nov 00:30  Cleo  end      –   goal_cart_emptied
    24 Nov 01:30  Dora  email    en  step_time
    24 Nov 11:00  Eva   email    es  step_time
    25 Nov 00:00  Ana   email    es  step_time
    25 Nov 01:30  Dora  email    en  step_time
    27 Nov 11:00  Eva   end      –   no_reaction
    28 Nov 00:00  Ana   end      –   no_reaction
    28 Nov 01:30  Dora  end      –   no_reaction
"""


def test_a_cart_that_was_left_is_reminded_of_four_times_until_the_order() -> None:
    stage = Stage("s02", "23 Nov 08:00")
    stage.switch_on()
    for name, language in (
        ("Ana", "es"),
        ("Bea", "fr"),
        ("Cleo", "ru"),
        ("Dora", "en"),
        ("Hugo", "es"),
        ("Ines", "en"),
    ):
        stage.person(name, language, "webpush", "email")
    stage.person("Eva", "es", "email")  # no notifications
    stage.person("Fay", "en", "webpush", "email", agreed=[])  # no consent
    stage.person("Gus", "en")  # cannot be reached
    for name in stage.contacts:
        stage.happens(
            name,
            "cart_changed",
            cart=f"cart of {name}",
            items=THINGS,
            currency="EUR",
            link="https://aurora.example/cart",
        )
    stage.until("23 Nov 09:30")
    stage.happens("Dora", "cart_changed", cart="cart of Dora", items=THINGS)  # it goes quiet later
    stage.happens("Hugo", "cart_emptied", cart="cart of Hugo")  # never gets in
    stage.until("23 Nov 11:15")
    stage.does("Ana", "click")  # a click does not end it
    stage.happens("Bea", "order", cart="cart of Bea")
    stage.due("23 Nov 16:00")
    stage.happens("Ines", "order")  # between due and sending
    stage.until("24 Nov 00:30")
    assert "Hair oil: 18.00 EUR\n- CUT-2" in stage.words("Ana")
    stage.happens("Cleo", "cart_emptied", cart="cart of Cleo")
    stage.until("30 Nov 10:00")
    assert stage.rows() == told(CAME)
