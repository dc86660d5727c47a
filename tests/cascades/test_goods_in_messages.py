"""Up-selling after a purchase: the message shows what goes with what was bought, and leaves out what the person has."""

from __future__ import annotations

from typing import Any

import pytest

from cascades import runner
from cascades.runner import listening
from channels.models import SandboxMessage
from contacts.goods.offering import fold
from contacts.models import Contact, GoesWith
from tests.cascades.story import Story, ana, last
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
TEXT = "Goes with it: {% for item in goes_with %}{{ item.name }} {{ item.price }} {{ item.link }}; {% endfor %}"
HAIR: dict[str, Any] = {"sku": "S1", "name": "Shampoo", "category": "Hair"}


def after_a_purchase_in_hair(text: str) -> Story:
    make_business()
    story = Story()
    message = make_message("Care", {("sms", "en"): text})
    where = [{"field": "items[].category", "is": "is", "value": "hair"}]
    cascade = make_cascade(
        "Care", [{"channel": make_channel("sms"), "message": message}], trigger="event",
        trigger_params={"event": "order", "where": where},
    )  # fmt: skip
    for name, price in (("Mask", 14), ("Brush", 9)):
        GoesWith.objects.create(
            by="category", what="Hair", folded=fold("Hair"), name=name, price=price, link=f"https://shop.example/{name}"
        )
    runner.switch_on(cascade, user=None, now=story.now)
    return story


def buys(story: Story, who: Contact, *items: dict[str, Any]) -> None:
    story.happens(who, "order", data={"items": list(items)}, played=True)


def test_who_buys_hair_care_reads_what_goes_with_it_and_who_buys_another_thing_reads_nothing() -> None:
    story = after_a_purchase_in_hair(TEXT)
    one, other = ana(), make_contact("Bo", phone="+34600333444", language="en")
    story.later(minutes=1, tick=False)
    buys(story, one, {"name": "Mask"})
    buys(story, one, HAIR)
    buys(story, other, {"name": "Polish", "category": "Nails"})
    story.later(minutes=1, tick=False)
    listening.listen(story.now)
    story.tick()
    (message,) = SandboxMessage.objects.all()
    assert message.text.startswith("Goes with it: Brush 9.00 http")
    assert "Mask" not in message.text
    assert last(one).links[0].startswith("https://shop.example/Brush")
    assert not other.deliveries.exists()


@pytest.mark.parametrize(
    ("text", "status"), [(TEXT, "cancelled"), ("{% if goes_with %}" + TEXT + "{% endif %}Thanks!", "sent")]
)
def test_where_nothing_goes_with_it_the_text_says_whether_it_leaves(text: str, status: str) -> None:
    story = after_a_purchase_in_hair(text)
    one = ana()
    GoesWith.objects.all().delete()
    story.later(minutes=1, tick=False)
    buys(story, one, HAIR)
    story.later(minutes=1, tick=False)
    listening.listen(story.now)
    story.tick()
    assert last(one).status == status
    assert last(one).reason_params == ({"field": "goes_with"} if status == "cancelled" else {})
