"""A message as it stands becomes a version that stays."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels import freezing
from channels.models import Message, MessageVersion
from channels.rendering import BadTemplate
from tests.factories import NOW, make_business, make_message

pytestmark = pytest.mark.django_db


def test_the_same_words_give_the_same_version() -> None:
    make_business()
    message = make_message()
    first = freezing.freeze(message, now=NOW)
    again = freezing.freeze(message, now=NOW + timedelta(days=1))
    assert again.pk == first.pk
    assert (first.number, first.created_at) == (1, NOW)


def test_another_word_gives_another_version_and_the_old_one_stays() -> None:
    make_business()
    message = make_message()
    first = freezing.freeze(message, now=NOW)
    message.variants.filter(kind="sms").update(body="Other words")
    second = freezing.freeze(message, now=NOW)
    assert second.number == 2
    assert "Other words" not in str(MessageVersion.objects.get(pk=first.pk).content)
    message.variants.filter(kind="sms").update(body=next(v["body"] for v in first.content if v["kind"] == "sms"))
    assert freezing.freeze(message, now=NOW).pk == first.pk


def test_purpose_and_urgency_are_frozen_too() -> None:
    make_business()
    message = make_message()
    first = freezing.freeze(message, now=NOW)
    message.purpose, message.urgent = "transactional", True
    message.save()
    second = freezing.freeze(message, now=NOW)
    assert second.pk != first.pk
    assert (second.purpose, second.urgent) == ("transactional", True)


def test_the_shops_looks_are_frozen_with_the_mail() -> None:
    business = make_business(name="Old name")
    message = make_message()
    first = freezing.freeze(message, now=NOW)
    business.name = "New name"
    business.save()
    assert freezing.freeze(message, now=NOW).pk != first.pk
    assert "Old name" in next(v["html"] for v in first.content if v["kind"] == "email")


def test_a_message_without_text_or_with_a_broken_one_is_not_frozen() -> None:
    make_business()
    with pytest.raises(BadTemplate, match="no text"):
        freezing.freeze(_empty(), now=NOW)
    with pytest.raises(BadTemplate, match="Line 1"):
        freezing.freeze(make_message(texts={("sms", "en"): "{% if x y %}{% endif %}"}), now=NOW)
    assert not MessageVersion.objects.exists()


def _empty() -> Message:
    message = make_message()
    message.variants.all().delete()
    return message


def test_fields_that_nobody_has_are_found() -> None:
    make_business()
    variant = make_message(
        texts={("sms", "en"): "{{ contact.frist_name }} {{ contact.pet_name }} {{ cart.total }}"}
    ).variants.get()
    assert list(freezing.unknown_fields(variant, {"pet_name"})) == ["contact.frist_name"]
