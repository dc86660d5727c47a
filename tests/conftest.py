"""What every test stands on: the run's database, a real broker, processes of our own, and no network beyond loopback."""

import gc
import ipaddress
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.core.management import call_command
from django.db import connections
from django.template import RequestContext, Template
from django.template.context import Context
from django.test import TransactionTestCase
from django.test.signals import template_rendered
from django.utils import translation
from django.utils.safestring import SafeString
from pytest_django import DjangoDbBlocker

import tests.invented  # noqa: F401  (the profiles of Hypothesis)
from config.broker import EmbeddedBroker

ROOT = Path(__file__).resolve().parent.parent
SUITES = {
    "up": "manage.py test --up",
    "browser": "manage.py test --browser",
    "faults": "manage.py test --faults",
    "volume": "manage.py test --volume",
    "bench": "manage.py bench",
}
DATABASE_ONLY = "--database-only"
DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_reset_sequences",
    "django_db_serialized_rollback",
    "live_server",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("cascada")
    for suite, command in SUITES.items():
        group.addoption(f"--{suite}", action="store_true", help=f"run only this slow suite (python3 {command})")
    group.addoption(
        DATABASE_ONLY, action="store_true", help="run only what touches the database; another run has the rest"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--browser"):  # a browser's driver keeps a loop running in the test's thread
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the ordinary suite, or the slow ones that were asked for; the summary names what was left out."""
    asked = {suite for suite in SUITES if config.getoption(suite)}
    kept: list[pytest.Item] = []
    left: dict[str, int] = {}
    for item in items:
        if (
            item.path.parent.name == "browser"
        ):  # what starts a browser leaves its loop running in this thread, to the end
            item.add_marker("browser")
        suites = {suite for suite in SUITES if item.get_closest_marker(suite)}
        if suites & asked or (not asked and not suites):
            kept.append(item)
        elif not asked:
            for suite in suites:
                left[suite] = left.get(suite, 0) + 1
    if config.getoption(DATABASE_ONLY):
        config.stash[ELSEWHERE] = len(kept)
        kept = [item for item in kept if touches_database(item)]
        config.stash[ELSEWHERE] -= len(kept)
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept
    config.stash[LEFT_OUT] = left


def touches_database(item: pytest.Item) -> bool:
    """Whether pytest-django lets the test at the database at all: by its mark, a fixture, or Django's own kind of test."""
    named = DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
    kind = getattr(item, "cls", None) or object
    return bool(named) or item.get_closest_marker("django_db") is not None or issubclass(kind, TransactionTestCase)


def pytest_collection_finish() -> None:
    """What was imported stays to the end, and tests are short: the collector of garbage need not look so often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


LEFT_OUT = pytest.StashKey[dict[str, int]]()
ELSEWHERE = pytest.StashKey[int]()


def pytest_report_header() -> str:
    return f"database: {os.environ.get('DATABASE_URL', 'sqlite').split(':', 1)[0]}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Name what this run did not run, and why: nothing is skipped silently."""
    lines = [
        f"not run: {count} tests of the {suite} suite, which has its own command: python3 {SUITES[suite]}"
        for suite, count in sorted(config.stash.get(LEFT_OUT, {}).items())
    ]
    if elsewhere := config.stash.get(ELSEWHERE, 0):
        lines.append(
            f"run once, on SQLite: {elsewhere} tests that touch no database (no django_db mark, no such fixture)"
        )
    if reason := os.environ.get("CASCADA_TESTS_NOT_RUN"):
        lines.append(f"not run: {reason}")
    if lines:
        terminalreporter.section("not run")
        for line in lines:
            terminalreporter.write_line(line)


def _is_here(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a unix socket
    host = str(address[0])
    if host in {"", "localhost"}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network_beyond_loopback() -> Iterator[None]:
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if not _is_here(address):
            raise AssertionError(f"a test tried to reach {address}: tests touch no network beyond loopback")
        real(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", connect)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _english() -> None:
    """A page that the test client asked for in French leaves its language behind, in the thread of the next test."""
    translation.activate("en")


@pytest.fixture(scope="session", autouse=True)
def _a_response_keeps_the_context_of_its_page(django_test_environment: None) -> Iterator[None]:
    """Django's test client copies the context of each widget and part of a page too, which costs as much as the page."""

    def render(self: Template, context: Context) -> SafeString:
        if context.template is self and isinstance(context, RequestContext):
            template_rendered.send(sender=self, template=self, context=context)
        return self.nodelist.render(context)

    patch = pytest.MonkeyPatch()
    patch.setattr(Template, "_render", render)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """Tables that were made from the models count as migrated, for what looks at that: `migrate`, and a worker's start."""
    if connections["default"].settings_dict["TEST"].get("MIGRATE") is False:
        with django_db_blocker.unblock():
            call_command("migrate", fake=True, verbosity=0)


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real broker: TEST_BROKER_URL where one is given, else the embedded one."""
    if given := os.environ.get("TEST_BROKER_URL"):
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="cb-") as folder, EmbeddedBroker(Path(folder) / "b" / "s") as broker:
        yield broker.url


def database_url() -> str:
    """The address of the run's test database, as DATABASE_URL for a process of its own."""
    found = connections["default"].settings_dict
    if "sqlite" in found["ENGINE"]:
        return f"sqlite:///{found['NAME']}"
    login = quote(found["USER"]) + (f":{quote(found['PASSWORD'])}" if found["PASSWORD"] else "") + "@"
    port = f":{found['PORT']}" if found["PORT"] else ""
    options = urlencode({name: value for name, value in found["OPTIONS"].items() if type(value) in (str, int)})
    return f"postgresql://{login if found['USER'] else ''}{found['HOST']}{port}/{found['NAME']}?{options}"


@pytest.fixture
def process_environment(transactional_db: None, broker_url: str) -> dict[str, str]:
    """The environment for a worker, beat or web process on this run's database, keys and broker."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url(),
        "CELERY_BROKER_URL": broker_url,
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


@pytest.fixture
def machine(process_environment: dict[str, str]) -> Iterator[None]:
    """A real worker and a real beat on this run's database, as `up` starts them: what is due happens by itself."""
    start = [sys.executable, "-m", "celery", "-q", "-A", "config"]
    commands = (
        [
            *start,
            *[
                "worker",
                "--pool",
                "threads",
                "--concurrency",
                "4",
                "--without-gossip",
                "--without-mingle",
                "-l",
                "WARNING",
            ],
        ],
        [*start, *["beat", "-l", "WARNING"]],
    )
    processes = [subprocess.Popen(command, env=process_environment, cwd=ROOT) for command in commands]
    yield
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(60)
