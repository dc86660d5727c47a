"""Whatever a program may send by the API's own description, and much that it may not: never an error of the server."""

from __future__ import annotations

import json
from typing import Any

import pytest
import schemathesis
from django.db import transaction
from hypothesis import HealthCheck, given, settings

from config.api import api
from tests.contacts.api_caller import Caller
from tests.factories import make_business, make_contact
from tests.invented import invented

described = schemathesis.openapi.from_dict(api.get_openapi_schema())
OPERATIONS = sorted(
    (method.upper(), path) for path, found in api.get_openapi_schema()["paths"].items() for method in found
)
FEW = 3  # what invents by such a description is slow; the thorough run takes more


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=lambda part: part)
def test_no_call_ends_in_an_error_of_the_server(method: str, path: str) -> None:
    make_business()
    make_contact("Ana Ruiz", email="ana@example.com")
    caller = Caller(per_minute=100_000)
    operation: Any = described[path][method]

    @settings(invented(FEW), suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def never_an_error(case: Any) -> None:
        with transaction.atomic():
            answer = _call(caller, case)
            transaction.set_rollback(True)
        assert answer.status_code < 500
        assert answer.status_code == 200 or set(answer.json()) == {"error"}

    never_an_error()


def _call(caller: Caller, case: Any) -> Any:
    query = {name: value for name, value in (case.query or {}).items() if value is not None}
    body = None if case.method == "GET" else json.dumps(case.body).encode()
    return caller.client.generic(
        case.method, case.formatted_path, body or b"", content_type="application/json",
        headers={"Authorization": f"Bearer {caller.token}"}, query_params=query,
    )  # fmt: skip
