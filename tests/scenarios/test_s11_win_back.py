"""S11 from its blueprint: benefits 15 days after registration, services after 30, a voucher after 45; any sign of life ends it."""

from __future__ import annotations

import pytest

from contacts import vouchers
from contacts.models import Voucher
from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME = """
    16 Sep 10:00  Ana   email     es  step_time
    16 Sep 10:00  Bea   email     fr  step_time
    16 Sep 10:00  Cleo  email     ru  step_time
    16 Sep 10:00  Dora  email     en  step_time
    16 Sep 10:00  Eva   email     –   no_address
    16 Sep 10:00  Fay   email     –   no_consent
    16 Sep 10:00  Gus   email     –   no_address
    16 Sep 10:00  Ines  email     en  step_time
    16 Sep 12:00  Ana   end       –   seen_clicked
     1 Oct 10:00  Bea   telegram  fr  step_time
     1 Oct 10:00  Cleo  telegram  ru  step_time
     1 Oct 10:00  Dora  telegram  –   no_address
     1 Oct 10:00  Eva   telegram  –   no_address
     1 Oct 10:00  Fay   telegram  –   no_address
     1 Oct 10:00  Gus   telegram  –   no_address
     1 Oct 10:00  Ines  telegram  –   goal_page_viewed
     1 Oct 10:00  Bea   email     –   not_for_sent
     1 Oct 10:00  Cleo  email     –   not_for_sent
     1 Oct 10:00  Dora  email     en  step_time
     1 Oct 10:00  Eva   email     –   no_address
     1 Oct 10:00  Fay   email     –   no_consent
     1 Oct 10:00  Gus   email     –   no_address
     1 Oct 10:00  Ines  end       –   goal_page_viewed
     2 Oct 10:00  Bea   end       –   goal_order
    16 Oct 10:00  Cleo  email     ru  step_time
    16 Oct 10:00  Dora  email     en  step_time
    16 Oct 10:00  Eva   email     –   no_address
    16 Oct 10:00  Fay   email     –   no_consent
    16 Oct 10:00  Gus   email     –   no_address
    16 Oct 10:00  Cleo  sms       –   not_for_sent
    16 Oct 10:00  Dora  sms       –   not_for_sent
    16 Oct 10:00  Eva   sms       es  step_time
    16 Oct 10:00  Fay   sms       –   no_consent
    16 Oct 10:00  Gus   sms       –   no_address
    16 Oct 10:00  Fay   end       –   no_channel_left
    16 Oct 10:00  Gus   end       –   no_channel_left
    17 Oct 10:00  Cleo  end       –   goal_redeemed
    23 Oct 10:00  Dora  end       –   no_reaction
    23 Oct 10:00  Eva   end       –   no_reaction
"""
CAME_NO_ORDER = """
     8 Sep 12:00  Ana  email     es  step_time
    23 Sep 12:00  Ana  telegram  –   no_address
    23 Sep 12:00  Ana  email     es  step_time
     8 Oct 12:00  Ana  email     es  step_time
     8 Oct 12:00  Ana  sms       –   not_for_sent
    15 Oct 12:00  Ana  end       –   no_reaction
"""


def test_silence_since_registration_is_broken_three_times_until_a_sign_of_life() -> None:
    stage = Stage("s11", "1 Sep 08:00")
    stage.switch_on()
    stage.until("1 Sep 10:00")
    here = {"added": "1 Sep 10:00"}
    stage.person("Ana", "es", "email", "telegram", "sms", **here)  # clicks
    stage.person("Bea", "fr", "email", "telegram", "sms", **here)  # buys after the second message
    stage.person("Cleo", "ru", "email", "telegram", "sms", **here)  # brings the voucher
    stage.person("Dora", "en", "email", **here)  # never reacts, no messenger
    stage.person("Eva", "es", "sms", **here)  # nothing but a telephone
    stage.person("Fay", "en", "email", "sms", agreed=[], **here)  # no consent
    stage.person("Gus", "en", **here)  # cannot be reached
    stage.person("Hugo", "es", "email", **here)  # was there within the fifteen days: never gets in
    stage.person("Ines", "en", "email", "telegram", **here)  # looks at the site between due and sending
    stage.until("10 Sep 10:00")
    stage.happens("Hugo", "visit")
    stage.until("16 Sep 10:00")
    stage.until("16 Sep 12:00")
    stage.does("Ana", "click")
    stage.due("1 Oct 10:00")
    stage.happens("Ines", "page_viewed", url="https://aurora.example/prices")
    stage.until("2 Oct 10:00")
    stage.happens("Bea", "order")
    stage.until("17 Oct 10:00")
    code = Voucher.objects.get(contact=stage.contacts["Cleo"])
    assert f"скидка 10 % по коду {code.code}." in stage.words("Cleo")
    assert "Код действует до 15 ноября 2026 г." in stage.words("Cleo")
    vouchers.redeem(code, now=stage.now, where="Centro")
    stage.settled = False
    stage.until("30 Oct 10:00")
    stage.happens("Dora", "visit")
    stage.until("20 Nov 10:00")  # silent again: it is once in a lifetime
    assert stage.rows() == told(CAME)


def test_the_same_for_those_who_no_longer_buy() -> None:
    stage = Stage("s11", "1 Sep 08:00")
    stage.cascade.trigger_params = {"days": 60, "event": "order"}
    stage.cascade.save()
    stage.person("Ana", "es", "email")
    stage.person("Bea", "fr", "email")
    stage.happens("Ana", "order", at="10 Jul 12:00")
    stage.happens("Bea", "order", at="10 Jul 12:00")
    stage.switch_on()
    stage.until("5 Sep 10:00")
    stage.happens("Ana", "page_viewed")  # looks, and does not buy
    stage.happens("Bea", "order")
    stage.until("8 Sep 12:00")
    stage.until("1 Nov 10:00")
    assert stage.rows() == told(CAME_NO_ORDER)
