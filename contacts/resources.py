"""Contacts as columns: django-import-export's resource, one field for each thing that a column can hold, in and out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from import_export import fields as columns
from import_export.resources import ModelResource

from contacts.importing import cells, days
from contacts.importing.mapping import DETAIL_MARK, IGNORE, LABELS, guess
from contacts.models import Contact

Field: Any = columns.Field  # the package has no types


class ContactResource(ModelResource):
    """Fields by the keys of `importing.mapping.LABELS`. For an export: how many columns of emails and phones, and which details."""

    external_id = Field("external_id", "external_id", cells.Identifier(100))
    first_name = Field("first_name", "first_name", cells.Text(120))
    last_name = Field("last_name", "last_name", cells.Text(120))
    full_name = Field(None, "full_name", cells.Text(240))
    email = Field(None, "email", cells.Email())
    phone = Field(None, "phone", cells.Phone())
    language = Field("language", "language", cells.Language())
    time_zone = Field("time_zone", "time_zone", cells.Zone())
    birth_date = Field("birth_date", "birth_date", days.Birthday())
    city = Field("city", "city", cells.Text(120))
    branch = Field("branch__name", "branch", cells.Branch())
    groups = Field(None, "groups", cells.Names())
    notes = Field("notes", "notes", cells.Text())
    consent = Field(None, "consent", cells.YesNo())
    consent_email = Field(None, "consent_email", cells.YesNo())
    consent_sms = Field(None, "consent_sms", cells.YesNo())
    consented_at = Field(None, "consented_at", days.Moment())
    consent_ip = Field(None, "consent_ip", cells.Ip())
    confirmed_at = Field(None, "confirmed_at", days.Moment())
    confirm_ip = Field(None, "confirm_ip", cells.Ip())
    withdrawn_at = Field(None, "withdrawn_at", days.Moment())
    cleaned_at = Field(None, "cleaned_at", days.Moment())
    detail = Field(None, "detail", cells.Text())
    number = Field(None, "number", cells.Number())
    day = Field(None, "day", days.DayDetail())

    class Meta:
        model = Contact
        fields = tuple(name for name in LABELS if name != IGNORE)

    def __init__(self, *, emails: int = 1, phones: int = 1, details: Sequence[str] = ()) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.out: list[tuple[str, Callable[[Contact], str]]] = [
            *(self._plain(name) for name in ("external_id", "first_name", "last_name")),
            *(self._address("email", n) for n in range(emails)),
            *(self._address("phone", n) for n in range(phones)),
            *(self._plain(name) for name in ("language", "time_zone", "birth_date", "city", "branch")),
            (str(LABELS["groups"]), self._groups),
            self._plain("notes"),
            *(self._detail(name) for name in details),
        ]

    def get_export_headers(self, selected_fields: Any = None) -> list[str]:
        """In the language in force; an import guesses them again in any of ours."""
        return [header for header, _ in self.out]

    def export_resource(self, instance: Contact, selected_fields: Any = None, **kwargs: Any) -> list[str]:
        """One contact as cells; `addresses`, `groups` and `branch` should have been fetched."""
        return [value(instance) for _, value in self.out]

    def _plain(self, name: str) -> tuple[str, Callable[[Contact], str]]:
        return str(LABELS[name]), lambda contact: str(self.fields[name].export(contact))

    def _address(self, kind: str, number: int) -> tuple[str, Callable[[Contact], str]]:
        def value(contact: Contact) -> str:
            found = [address.normal for address in contact.addresses.all() if address.kind == kind]
            return found[number] if number < len(found) else ""

        label = str(LABELS[kind])
        return (f"{label} {number + 1}" if number else label), value

    def _groups(self, contact: Contact) -> str:
        return "; ".join(group.name for group in contact.groups.all())

    def _detail(self, name: str) -> tuple[str, Callable[[Contact], str]]:
        def value(contact: Contact) -> str:
            found = contact.attributes.get(name)
            return "" if found is None else cells.detail(found)

        taken = guess([name], []) != ["detail"] or name.startswith(DETAIL_MARK)
        return (f"{DETAIL_MARK}{name}" if taken else name), value
