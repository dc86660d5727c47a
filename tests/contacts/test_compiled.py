"""Queries that are put together once and asked with other ids."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from django.db import connection
from django.db.models import F, QuerySet
from django.test.utils import CaptureQueriesContext

from contacts.bulk import Among
from contacts.compiled import Compiled
from contacts.models import Contact
from tests.factories import make_contact

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
