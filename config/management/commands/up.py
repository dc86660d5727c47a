"""`manage.py up`: from nothing to a running shop, and the same again on the next day."""

import os
from argparse import ArgumentParser
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand
from django.db import connections
from django.db.utils import DatabaseError

from config import broker, catalogues, processes, start

WELCOME = """
  Cascada is ready.

    Address   {address}
    Login     {name}
    Password  {password}

  Ctrl-C ends it; what is being sent is finished first.
"""


class Command(BaseCommand):
    help = "Start everything: database, broker, web, worker and beat."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=None, help="where the pages are served (default: PORT, or 8000)"
        )
        parser.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: this machine only)")
        parser.add_argument("--no-demo", action="store_true", help="do not load the demo shop at the first start")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], _port(options["port"])
        processes.end_on_sigterm()
        with ExitStack() as stack:
            stack.enter_context(start.only_one(settings.DATA_DIR))
            start.check_port(host, port)
            if not settings.BROKER_IS_EMBEDDED:
                broker.check(settings.CELERY_BROKER_URL)
            address = f"http://{_shown(host)}:{port}"
            self._prepare_database(address, demo=not options["no_demo"])
            name, password = start.login(settings.DATA_DIR / "login.json")
            welcome = WELCOME.format(address=f"{address}/", name=name, password=password)
            url = self._broker(stack)
            connections.close_all()  # the children are forked: they open their own
            environment = {"HOST": host, "PORT": str(port), "CELERY_BROKER_URL": url}
            code = processes.run(settings.BASE_DIR, welcome, environment)
        if code:
            raise SystemExit(code)

    def _prepare_database(self, address: str, *, demo: bool) -> None:
        for folder in settings.LOCALE_PATHS:
            catalogues.compile_catalogues(Path(folder))
        wanted = settings.DATA_DIR / "demo.wanted"  # stays until the demo is whole, also when this start is cut off
        if start.is_fresh() and demo:
            wanted.touch()
        try:
            call_command("migrate", verbosity=0, interactive=False)
        except DatabaseError as error:
            raise ImproperlyConfigured(f"The database could not be brought up to date: {error}") from error
        if wanted.exists() and "demo" in get_commands():
            self.stdout.write("Loading the demo shop.")
            try:
                call_command("demo", verbosity=0, address=address)
            except CommandError as error:
                raise ImproperlyConfigured(f"The demo shop could not be loaded: {error}") from error
            wanted.unlink()

    def _broker(self, stack: ExitStack) -> str:
        if settings.BROKER_IS_EMBEDDED:
            return stack.enter_context(broker.EmbeddedBroker(settings.EMBEDDED_BROKER_SOCKET)).url
        return str(settings.CELERY_BROKER_URL)


def _port(asked: int | None) -> int:
    given = os.environ.get("PORT", "")
    port = asked if asked is not None else int(given) if given.isdecimal() else 8000
    if not 1 <= port <= 65535:
        raise ImproperlyConfigured(f"{port} is no port: choose one between 1 and 65535.")
    return port


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else f"[{host}]" if ":" in host else host  # noqa: S104
