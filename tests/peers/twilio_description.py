"""Twilio's own published description (OpenAPI), read from where it is kept beside the project, and checks against it.

`description()` in a test gives it, or skips the test and says why. `faults_in_create` serves every test that sends SMS.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

PUBLISHED = Path(__file__).parents[3] / "shared" / "conformance" / "twilio_messages_openapi.json"
_MESSAGES = "/2010-04-01/Accounts/{AccountSid}/Messages.json"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list, "object": dict,
}  # fmt: skip

Schema = dict[str, Any]


def description() -> Description:
    """Twilio's description, or a skipped test with the reason."""
    if not PUBLISHED.exists():
        pytest.skip("Twilio's published description is not at ../shared/conformance/twilio_messages_openapi.json")
    return Description(json.loads(PUBLISHED.read_text(encoding="utf-8")))


class Description:
    """The part of OpenAPI 3.0 that Twilio uses: every method returns the faults it finds, as words; none is good."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document

    def faults_in_create(self, form: Iterable[tuple[str, str]]) -> list[str]:
        """A request to create a message: unknown or missing fields, wrong types, formats, lengths."""
        body = self.document["paths"][_MESSAGES]["post"]["requestBody"]["content"]
        schema = body["application/x-www-form-urlencoded"]["schema"]
        fields: dict[str, Any] = {}
        for name, text in form:
            expected = self._resolved(schema["properties"].get(name, {}))
            value = _read(text, self._resolved(expected.get("items", expected)).get("type", "string"))
            fields[name] = [*fields.get(name, []), value] if expected.get("type") == "array" else value
        return self._faults(fields, schema, "request")

    def faults_in_message(self, answer: dict[str, Any]) -> list[str]:
        """A message as the API returns it."""
        return self._faults(answer, {"$ref": "#/components/schemas/api.v2010.account.message"}, "message")

    def faults_in_list(self, answer: dict[str, Any]) -> list[str]:
        """A page of messages."""
        responses = self.document["paths"][_MESSAGES]["get"]["responses"]
        return self._faults(answer, responses["200"]["content"]["application/json"]["schema"], "list")

    def _resolved(self, schema: Schema) -> Schema:
        found: Any = self.document
        for part in schema.get("$ref", "").split("/")[1:]:
            found = found[part]
        return found if "$ref" in schema else schema

    def _faults(self, value: Any, schema: Schema, where: str) -> list[str]:
        schema = self._resolved(schema)
        if value is None:
            return [] if schema.get("nullable") else [f"{where}: may not be null"]
        expected = _TYPES[schema.get("type", "string")]
        if not isinstance(value, expected) or (expected is int and isinstance(value, bool)):
            return [f"{where}: {value!r} is no {schema.get('type')}"]
        if isinstance(value, dict):
            return self._faults_in_object(value, schema, where)
        if isinstance(value, list):
            return [fault for item in value for fault in self._faults(item, schema["items"], where)]
        return _faults_in_plain(value, schema, where)

    def _faults_in_object(self, value: dict[str, Any], schema: Schema, where: str) -> list[str]:
        known = schema.get("properties")
        if known is None:
            return []
        faults = [f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value]
        faults += [f"{where}: {name} is not described" for name in value if name not in known]
        for name in value.keys() & known.keys():
            faults += self._faults(value[name], known[name], f"{where}.{name}")
        return faults


def _faults_in_plain(value: Any, schema: Schema, where: str) -> list[str]:
    wrong = {
        "enum": "enum" in schema and value not in schema["enum"],
        "pattern": "pattern" in schema and not re.search(schema["pattern"], str(value)),
        "minLength": len(str(value)) < schema.get("minLength", 0),
        "maxLength": "maxLength" in schema and len(str(value)) > schema["maxLength"],
        "format": not _is_format(str(value), schema.get("format", "")),
    }
    return [f"{where}: {value!r} breaks {rule}" for rule, broken in wrong.items() if broken]


def _is_format(value: str, name: str) -> bool:
    if name == "uri":
        return bool(urlsplit(value).path or urlsplit(value).netloc)
    if name == "date-time-rfc-2822":
        try:
            return parsedate_to_datetime(value).tzinfo is not None
        except ValueError:
            return False
    return True


def _read(text: str, kind: str) -> Any:
    """A form's text as the type that the description wants, or as text if it cannot be read so."""
    if kind == "boolean":
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text) if kind == "integer" else float(text) if kind == "number" else text
    except ValueError:
        return text
