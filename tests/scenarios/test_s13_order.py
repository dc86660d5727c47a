"""S13 from its blueprints: an order is placed, on its way, delivered, each told once by one channel; then two questions until answered."""

from __future__ import annotations

import pytest

from tests.scenarios.stage import Stage, told

pytestmark = pytest.mark.django_db
CAME_PLACED = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  –   no_address
    23 Nov 10:00  Cleo  telegram  –   no_address
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Ines  telegram  –   goal_order_cancelled
    23 Nov 10:00  Jan   telegram  en  step_time
    23 Nov 10:00  Bea   email     fr  previous_did_not_go
    23 Nov 10:00  Cleo  email     –   no_address
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Cleo  sms       ru  previous_did_not_go
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 10:00  Ines  end       –   goal_order_cancelled
    23 Nov 10:05  Ana   telegram  es  step_time
    23 Nov 10:05  Jan   email     en  previous_did_not_go
    24 Nov 10:00  Ana   end       –   got_message
    24 Nov 10:00  Bea   end       –   none_delivered
    24 Nov 10:00  Cleo  end       –   none_delivered
    24 Nov 10:05  Ana   end       –   got_message
    24 Nov 10:05  Jan   end       –   none_delivered
"""
CAME_SHIPPED = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  –   no_address
    23 Nov 10:00  Cleo  telegram  –   no_address
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Ines  telegram  –   goal_order_delivered
    23 Nov 10:00  Bea   email     fr  previous_did_not_go
    23 Nov 10:00  Cleo  email     –   no_address
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Cleo  sms       ru  previous_did_not_go
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Gus   end       –   no_channel_left
    23 Nov 10:00  Ines  end       –   goal_order_delivered
    24 Nov 10:00  Ana   end       –   got_message
    24 Nov 10:00  Bea   end       –   got_message
    24 Nov 10:00  Cleo  end       –   none_delivered
"""
CAME_DELIVERED = """
    23 Nov 10:00  Ana   telegram  es  step_time
    23 Nov 10:00  Bea   telegram  –   no_address
    23 Nov 10:00  Cleo  telegram  ru  step_time
    23 Nov 10:00  Dora  telegram  –   no_address
    23 Nov 10:00  Fay   telegram  en  step_time
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Ines  telegram  en  step_time
    23 Nov 10:00  Ana   email     –   not_for_sent
    23 Nov 10:00  Bea   email     fr  previous_did_not_go
    23 Nov 10:00  Cleo  email     –   not_for_sent
    23 Nov 10:00  Dora  email     –   no_address
    23 Nov 10:00  Fay   email     –   not_for_sent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Ines  email     –   not_for_sent
    23 Nov 10:00  Ana   sms       –   not_for_sent
    23 Nov 10:00  Bea   sms       –   not_for_sent
    23 Nov 10:00  Cleo  sms       –   not_for_sent
    23 Nov 10:00  Dora  sms       en  previous_did_not_go
    23 Nov 10:00  Fay   sms       –   not_for_sent
    23 Nov 10:00  Gus   sms       –   no_address
    23 Nov 10:00  Ines  sms       –   not_for_sent
    23 Nov 10:00  Gus   email     –   no_address
    23 Nov 10:00  Gus   telegram  –   no_address
    23 Nov 10:00  Gus   end       –   no_channel_left
    25 Nov 10:00  Ana   email     es  step_time
    25 Nov 10:00  Bea   email     fr  step_time
    25 Nov 10:00  Cleo  email     ru  step_time
    25 Nov 10:00  Dora  email     –   no_address
    25 Nov 10:00  Fay   email     –   no_consent
    25 Nov 10:00  Ines  email     en  step_time
    25 Nov 10:00  Dora  telegram  –   no_address
    25 Nov 10:00  Fay   telegram  –   no_consent
    25 Nov 12:00  Ana   end       –   goal_answer
    25 Nov 12:00  Bea   end       –   seen_replied
    28 Nov 10:00  Cleo  telegram  ru  step_time
    28 Nov 10:00  Ines  telegram  –   goal_answer
    28 Nov 10:00  Ines  end       –   goal_answer
    30 Nov 10:00  Dora  end       –   no_reaction
    30 Nov 10:00  Fay   end       –   no_reaction
     5 Dec 10:00  Cleo  end       –   no_reaction
"""
PICK_UP = {"pick_up_at": "2026-11-25T12:00:00+01:00", "place": "Calle Mayor 1"}


def test_thanks_for_the_order_by_the_first_channel_that_reaches() -> None:
    stage = Stage("s13", "23 Nov 09:00", cap_messages=1)
    stage.switch_on()
    stage.person("Ana", "es", "telegram", "email", "sms", agreed=[])  # about an order no consent is needed
    stage.person("Bea", "fr", "email", "sms", agreed=[])  # no messenger
    stage.person("Cleo", "ru", "sms", agreed=[])  # nothing but a telephone
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "telegram", "email")  # cancels before it leaves
    stage.person("Jan", "en", "telegram", "email", "sms")  # has blocked the bot
    stage.until("23 Nov 10:00")
    stage.happens("Ana", "order", order="101", address="Calle Luna 5, Madrid", items=[{"sku": "OIL", "quantity": 2}])
    stage.happens("Bea", "order", order="102", items=[{"name": "Huile", "quantity": 1}], **PICK_UP)
    stage.happens("Cleo", "order", order="103", **PICK_UP)
    stage.happens("Gus", "order", order="104")
    stage.happens("Ines", "order", order="105")
    stage.happens("Jan", "order", order="106")
    stage.due("23 Nov 10:00")
    stage.happens("Ines", "order_cancelled", order="105")
    stage.until("23 Nov 10:05")
    assert "gracias, hemos recibido tu pedido 101. Entrega: Calle Luna 5, Madrid." in stage.words("Ana")
    assert "Commande 102 : merci\n" in stage.words("Bea")
    assert "Vous pourrez la retirer à partir du mercredi, 25 novembre, 12:00, Calle Mayor 1." in stage.words("Bea")
    assert "заказ 103 принят. Забрать: 25.11, 12:00, Calle Mayor 1." in stage.words("Cleo")
    stage.does("Jan", "bounce")
    stage.happens("Ana", "order_cancelled", order="99")  # another one
    stage.happens("Ana", "order", order="101")  # told again
    stage.happens("Ana", "order")  # noted at the counter
    stage.until("23 Nov 10:10")
    assert "gracias, hemos recibido tu pedido. http" in stage.words("Ana")
    stage.until("27 Nov 10:00")
    assert stage.rows() == told(CAME_PLACED)


def test_on_its_way_is_told_unless_it_has_arrived_already() -> None:
    stage = Stage("s13b", "23 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "telegram", "email", agreed=[])
    stage.person("Bea", "fr", "email", agreed=[])
    stage.person("Cleo", "ru", "sms", agreed=[])
    stage.person("Gus", "en")
    stage.person("Ines", "en", "telegram", "email")  # it is delivered before the message leaves
    stage.until("23 Nov 10:00")
    for number, name in enumerate(stage.contacts):
        stage.happens(name, "order_shipped", order=str(number), address="Luna 5")
    stage.due("23 Nov 10:00")
    stage.happens("Ines", "order_delivered", order="4")
    stage.until("23 Nov 11:00")
    assert "tu pedido 0 ya está en camino. Entrega: Luna 5." in stage.words("Ana")
    assert "заказ 2 в пути." in stage.words("Cleo")
    stage.does("Bea", "delivered")
    stage.until("27 Nov 10:00")
    assert stage.rows() == told(CAME_SHIPPED)


def test_delivered_and_then_two_questions_until_they_are_answered() -> None:
    stage = Stage("s13c", "23 Nov 09:00")
    stage.switch_on()
    stage.person("Ana", "es", "telegram", "email", "sms")  # answers the form in the mail
    stage.person("Bea", "fr", "email")  # no messenger; answers in words
    stage.person("Cleo", "ru", "telegram", "email")  # only clicks
    stage.person("Dora", "en", "sms")  # nothing but a telephone
    stage.person("Fay", "en", "telegram", "email", agreed=[])  # the order yes, the survey no
    stage.person("Gus", "en")  # cannot be reached
    stage.person("Ines", "en", "telegram", "email")  # answers between due and sending
    stage.until("23 Nov 10:00")
    for number, name in enumerate(stage.contacts):
        stage.happens(name, "order_delivered", order=str(number), address="Luna 5")
    stage.until("25 Nov 12:00")
    stage.happens("Ana", "answer")
    stage.does("Bea", "answer", text="Très bien")
    stage.does("Cleo", "click")
    stage.due("28 Nov 10:00")
    stage.happens("Ines", "answer")
    stage.until("10 Dec 10:00")
    assert stage.rows() == told(CAME_DELIVERED)
