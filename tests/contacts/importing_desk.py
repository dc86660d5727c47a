"""Import a file as staff do: through the admin's own pages, with the task as the worker would run it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from contacts.models import ImportRun
from contacts.tasks import work_imports

LIST = "/admin/contacts/importrun/"
STATEMENT = {
    "mode": "all", "channels": ["email", "sms"], "basis": "express", "wording": "Yes, write to me.", "date": "2026-01-31",
    "confirmed_by": "Olga Petrova",
}  # fmt: skip


def staff() -> Client:
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("olga", password="x"))
    return client


def upload(client: Client, data: bytes, name: str = "clients.csv") -> Any:
    """The answer to choosing a file: a redirect to its columns, or the page with the sentence."""
    return client.post(f"{LIST}add/", {"file": SimpleUploadedFile(name, data, "text/csv")})


def newest() -> ImportRun:
    return ImportRun.objects.order_by("-id")[0]


def columns(run: ImportRun, **more: Any) -> dict[str, Any]:
    """The form of the columns as it is shown, with what is given on top."""
    shown = {f"column_{n}": name for n, name in enumerate(run.mapping["columns"])}
    shown |= {f"order_{n}": asked["order"] for n, asked in run.mapping["asked"].items()}
    shown |= {f"several_{n}": found for n, found in run.mapping["several"].items()}
    return shown | {"mode": "none", "new_group": "", "group": ""} | more


def check(client: Client, data: bytes, **more: Any) -> ImportRun:
    """Choose a file, accept its columns, and have it checked."""
    answer = upload(client, data)
    assert answer.status_code == 302, answer.context["form"].errors
    run = newest()
    answer = client.post(f"{LIST}{run.pk}/change/", columns(run, **more))
    assert answer.status_code == 302, answer.context["form"].errors
    work_imports()
    run.refresh_from_db()
    return run


def load(client: Client, data: bytes, **more: Any) -> ImportRun:
    """All the way: choose, check, confirm, import."""
    run = check(client, data, **more)
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    run.refresh_from_db()
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """New, changed, unchanged, refused; rows that may mean several people are among the last."""
    return run.new, run.changed, run.unchanged, run.refused + run.conflict


def table(*rows: str, header: str = "id,name,email,phone") -> bytes:
    return "\n".join([header, *rows]).encode()


def only(outcome: str) -> Any:
    return newest().rows.get(outcome=outcome)
