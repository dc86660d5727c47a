"""The page of integrations: the key is seen once, renewed, and shut out; and only owners see any of it."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from contacts import integrations
from contacts.models import Integration
from tests.contacts.staff import READY, said_of, sign_in
from tests.factories import NOW, make_business

pytestmark = pytest.mark.django_db
LIST = "admin:contacts_integration_changelist"


def key_in(text: str) -> str:
    found = re.search(r"csc_[\w-]{30,}", text)
    assert found
    return found.group()


def test_a_key_is_shown_once_when_it_is_made_and_again_only_as_a_new_one() -> None:
    make_business()
    owner = sign_in("Owner")
    wanted = {"name": "Web shop", "scopes": ["events:write", "contacts:write"], "per_minute": 60}
    answer = owner.post(reverse("admin:contacts_integration_add"), wanted)
    token = key_in(said_of(answer))
    assert "no-store" in answer["Cache-Control"]
    made = integrations.recognise(token, now=NOW)
    assert made is not None
    assert (made.scopes, made.created_by and made.created_by.username) == (["contacts:write", "events:write"], "Owner")
    page = reverse("admin:contacts_integration_change", args=[made.pk])
    for shown in (owner.get(page), owner.get(reverse(LIST))):
        assert token not in said_of(shown)
        assert f"…{token[-4:]}" in said_of(shown)
    owner.post(page, {**wanted, "name": "Shop"})
    again = key_in(said_of(owner.post(reverse("admin:contacts_integration_act", args=[made.pk, "rotate"]))))
    assert integrations.recognise(token, now=NOW) is None
    owner.post(reverse("admin:contacts_integration_act", args=[made.pk, "revoke"]))
    assert integrations.recognise(again, now=NOW) is None
    assert Integration.objects.values_list("name", "source").get() == ("Shop", "Web shop")


@pytest.mark.parametrize("role", [role for role in READY if role != "Owner"])
def test_nobody_else_sees_who_has_keys(role: str) -> None:
    make_business()
    assert sign_in(role).get(reverse(LIST)).status_code == 403


def test_a_name_that_was_there_before_tells_apart_what_it_tells() -> None:
    first, _ = integrations.create("Shop", [], per_minute=1, operator_id=None, now=NOW)
    Integration.objects.filter(pk=first.pk).update(name="Old shop")
    second, _ = integrations.create("Shop", [], per_minute=1, operator_id=None, now=NOW)
    assert (first.source, second.source) == ("Shop", "Shop 2")
