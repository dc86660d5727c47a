"""What must hold before the processes start: one sentence for each thing that does not (ImproperlyConfigured)."""

import fcntl
import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.utils import DatabaseError

from config.keys import write_private


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the data folder for this start: two at once would share a broker's socket and a schedule."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / "up.lock").open("w")
    except OSError as error:
        raise ImproperlyConfigured(f"The data folder {folder} cannot be used: {error.strerror}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ImproperlyConfigured(f"Cascada already runs with the data folder {folder}.") from error
        yield


def check_port(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ImproperlyConfigured(
            f"Port {port} on {host} cannot be used: {reason}. Choose another: python3 manage.py up --port {port + 1}"
        ) from error


def is_fresh() -> bool:
    """Say whether this database has never been migrated; raises where it does not answer."""
    try:
        connection.ensure_connection()
        return not MigrationRecorder(connection).has_table()
    except (DatabaseError, UnicodeDecodeError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ImproperlyConfigured(f"The database does not answer (DATABASE_URL or CASCADA_DATA): {first}") from error


def login(file: Path) -> tuple[str, str]:
    """Return name and password to print. The first start makes them; once staff changed it, the password is theirs alone."""
    users = get_user_model()._default_manager
    if not file.exists() and not users.filter(is_superuser=True).exists():
        name, password = "admin", secrets.token_urlsafe(9)
        write_private(file, json.dumps({"name": name, "password": password}))
        users.create_superuser(name, email="", password=password)
    try:
        kept = json.loads(file.read_text("utf-8"))
        user = users.filter(username=kept["name"]).first()
        if user is not None and user.check_password(kept["password"]):
            return kept["name"], kept["password"]
    except (OSError, ValueError, KeyError):
        pass
    return "yours", "the one that you chose"
