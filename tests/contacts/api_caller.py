"""Another program that calls our API, for the tests."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from contacts import integrations
from contacts.models import Integration, Scope
from tests.factories import NOW


class Caller:
    """An integration with its key. `say` posts a body, `ask` gets; both return the answer."""

    def __init__(self, name: str = "Web shop", scopes: list[str] | None = None, per_minute: int = 1000) -> None:
        wanted = Scope.values if scopes is None else scopes
        self.integration, self.token = integrations.create(
            name, wanted, per_minute=per_minute, operator_id=None, now=NOW
        )
        self.client = Client(raise_request_exception=True)

    def say(self, path: str, body: Any, *, key: str = "", token: str | None = None) -> Any:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        headers |= {"Idempotency-Key": key} if key else {}
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(f"/api/v1/{path}", raw, content_type="application/json", headers=headers)

    def ask(self, path: str, **parameters: Any) -> Any:
        return self.client.get(f"/api/v1/{path}", parameters, headers={"Authorization": f"Bearer {self.token}"})

    def results(self, path: str, items: list[Any], **more: Any) -> list[dict[str, Any]]:
        """One result for each item, told under the list's own name, which is the path's."""
        answer = self.say(path, {path: items}, **more)
        assert answer.status_code == 200, answer.content
        found: list[dict[str, Any]] = answer.json()["results"]
        return found

    def fresh(self) -> Integration:
        return Integration.objects.get(pk=self.integration.pk)


def error(answer: Any) -> tuple[int, str]:
    """Its status, and the code of what is wrong."""
    return answer.status_code, answer.json()["error"]["code"]
