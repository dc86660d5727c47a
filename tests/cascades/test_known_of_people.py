"""Every table has said what it holds of people: a new one, or a new field of text, fails here until somebody has decided."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

from channels.models import Delivery
from contacts.models import Contact
from contacts.privacy.holdings import Holding, all_holdings, empty_of_people

KNOWN = {holding.model: holding for holding in all_holdings()}
# What can hold a person's words, addresses, birth date or whereabouts. Choices and references cannot.
TELLING = (
    models.CharField, models.TextField, models.JSONField, models.BinaryField, models.GenericIPAddressField, models.DateField,
    models.FileField,
)  # fmt: skip
CODES = {"kind", "language", "fact", "channel"}  # words of our own


def tables() -> list[type[models.Model]]:
    return [model for model in apps.get_models(include_auto_created=True) if model._meta.managed]


def telling(model: type[models.Model]) -> Iterator[str]:
    for field in model._meta.concrete_fields:
        if (
            type(field) is not models.DateTimeField
            and isinstance(field, TELLING)
            and not field.choices
            and field.name not in CODES
        ):
            yield field.name


def test_each_table_is_known_or_named_as_holding_nothing_of_people() -> None:
    undecided = [model._meta.label for model in tables() if model not in KNOWN and model not in empty_of_people()]
    assert not undecided, "contacts/privacy/own.py and the holdings.py of the rooms must know them"
    assert not KNOWN.keys() & empty_of_people().keys()


@pytest.mark.parametrize("target", [Contact, Delivery])
def test_whatever_belongs_to_a_person_or_a_message_is_known_by_a_key(target: type[models.Model]) -> None:
    for relation in target._meta.related_objects:
        model = relation.related_model
        assert isinstance(model, type)
        assert model in KNOWN, model
        assert KNOWN[model].whose is not None, model


@pytest.mark.parametrize("holding", KNOWN.values(), ids=lambda one: one.model._meta.label)
def test_each_field_that_can_hold_words_is_emptied_or_kept_on_purpose(holding: Holding) -> None:
    decided = {*holding.empty, *holding.kept} if not holding.delete else set(telling(holding.model))
    names = {field.name for field in holding.model._meta.get_fields()}
    assert not set(telling(holding.model)) - decided
    assert decided <= names
    assert set(holding.shown) <= names
    assert not set(holding.empty) & set(holding.kept)


@pytest.mark.parametrize("holding", [one for one in KNOWN.values() if one.whose], ids=lambda one: one.model._meta.label)
def test_what_is_emptied_was_handed_out_before_as_far_as_people_can_read_it(holding: Holding) -> None:
    inner = {
        "search",
        "token",
        "context",
        "once_key",
        "html",
        "headers",
        "played",
        "active",
        "newcomer",
        "expires_at",
        "read",
        "open",
    }
    inner |= {"key", "object_repr", "change_message", "chosen", "name", "gone", "kept_before", "kept_after", "moved"}
    assert not set(holding.empty) - set(holding.shown) - inner
