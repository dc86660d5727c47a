"""Queries that are put together once and asked with other ids."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.test.utils import CaptureQueriesContext

from contacts.bulk import Among
from contacts.compiled import Compiled, CompiledModels
from contacts.models import Address, Contact
from tests.factories import NOW, make_contact

pytestmark = pytest.mark.django_db


class Asked:
    """A query that counts how often it was put together."""

    def __init__(self) -> None:
        self.times = 0
        self.query = Compiled(self.build)

    def build(self, ids: Sequence[int]) -> QuerySet[Any, Any]:
        self.times += 1
        found = Contact.objects.filter(Among("id", ids)).order_by("id")
        return found.values_list("id", "first_name", "attributes", "birth_date", "created_at")


def test_it_answers_what_the_query_itself_answers_with_values_of_the_same_types() -> None:
    people = [make_contact(f"Ana{n}", attributes={"n": n}, birth_date=None if n else "1990-02-28") for n in range(4)]
    asked = Asked()
    for ids in ([people[2].pk], [person.pk for person in people], [people[0].pk, -1]):
        assert [tuple(row) for row in asked.query.rows(ids)] == list(asked.build(ids))


def test_django_puts_it_together_once_and_every_answer_is_one_statement() -> None:
    ids = [make_contact(f"Ana{n}").pk for n in range(3)]
    asked = Asked()
    with CaptureQueriesContext(connection) as seen:
        found = [len(list(asked.query.rows(ids[:many]))) for many in (1, 2, 3)]
    assert (found, asked.times, len(seen)) == ([1, 2, 3], 1, 3)


def test_no_ids_are_no_statement() -> None:
    with CaptureQueriesContext(connection) as seen:
        assert list(Asked().query.rows([])) == []
    assert len(seen) == 0


def test_a_query_that_does_not_depend_on_the_ids_is_refused_and_not_answered_for_everyone() -> None:
    everyone = Compiled(lambda _ids: Contact.objects.values_list(F("id")))
    with pytest.raises(ValueError, match="Among"):
        everyone.rows([1])


def _addresses(ids: Sequence[int]) -> QuerySet[Address]:
    twins = Address.objects.filter(normal=OuterRef("normal")).exclude(pk=OuterRef("pk"))
    found = Address.objects.select_related("contact__branch").defer("contact__notes").annotate(shared=Exists(twins))
    return found.filter(Among("contact_id", ids)).order_by("id")


def test_whole_models_come_as_the_query_itself_brings_them_with_what_belongs_to_them() -> None:
    people = [make_contact(f"Ana{n}", email=f"ana{n // 2}@x.example", attributes={"n": n}) for n in range(3)]
    asked = CompiledModels.by_ids(_addresses)
    for ids in ([people[0].pk], [person.pk for person in people]):
        told, wanted = asked.rows(ids), list(_addresses(ids))
        assert told == wanted
        assert [{**vars(one), "_state": None} for one in told] == [{**vars(one), "_state": None} for one in wanted]
        with CaptureQueriesContext(connection) as seen:
            assert [one.contact.attributes for one in told] == [one.contact.attributes for one in wanted]
        assert (len(seen), told[0].contact.get_deferred_fields()) == (0, {"notes"})
    assert [one.shared for one in asked.rows([person.pk for person in people])] == [True, True, False]  # type: ignore[attr-defined]


def test_a_moment_takes_every_place_in_which_the_query_names_it() -> None:
    early, late = make_contact("Early"), make_contact("Late")
    Contact.objects.filter(pk=late.pk).update(created_at=NOW + timedelta(hours=1))
    Contact.objects.filter(pk=early.pk).update(created_at=NOW)
    asked = CompiledModels.by_moment(lambda now: Contact.objects.filter(created_at__gte=now, created_at__lte=now))
    with CaptureQueriesContext(connection) as seen:
        assert [asked.rows(NOW), asked.rows(NOW + timedelta(hours=1)), asked.rows(NOW - timedelta(1))] == [
            [early],
            [late],
            [],
        ]
    assert len(seen) == 3


def test_a_query_for_models_that_does_not_depend_on_its_value_is_refused() -> None:
    with pytest.raises(ValueError, match="depend"):
        CompiledModels.by_moment(lambda _now: Contact.objects.all()).rows(NOW)
