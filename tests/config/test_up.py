"""`manage.py up` as a person meets it: from nothing to a login page, again on the next day, and what it says when it cannot."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
import pytest

from config.broker import EmbeddedBroker
from config.celery import app
from tests.config.slow import slow
from tests.conftest import ROOT

LONG = 90.0


class Up:
    """A running `up` in a folder of its own, started as from a terminal."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        self.folder, self.port = folder, _free_port()
        self.log = folder.with_suffix(f".{self.port}.log")
        names = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "CASCADA_REQUIRE_HTTPS")
        inherited = {name: value for name, value in os.environ.items() if name not in names}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port), "--no-demo", *arguments],
                env={**inherited, "CASCADA_DATA": str(folder), **environment},
                cwd=ROOT, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + LONG
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen:\n{self.said()}"
            time.sleep(0.05)

    def ready(self) -> tuple[str, str]:
        self.wait_for(lambda: "Password" in self.said() or self.process.poll() is not None, "the start")
        found = re.search(r"Login +(\S+)\s+Password +(.+)", self.said())
        assert found, self.said()
        return found[1], found[2]

    def left(self) -> list[psutil.Process]:
        """Every process, of whatever session, that works on this folder."""
        return [process for process in psutil.process_iter() if _works_on(process, str(self.folder))]

    def press_ctrl_c(self) -> int:
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(LONG)

    def end(self) -> None:
        self.process.kill()
        for process in self.left():
            with suppress(psutil.NoSuchProcess):
                process.kill()


def _works_on(process: psutil.Process, folder: str) -> bool:
    try:
        return process.pid != os.getpid() and bool(process.environ().get("CASCADA_DATA") == folder)
    except psutil.Error:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str, **environment: str) -> Up:
        started.append(Up(tmp_path / "shop", *arguments, **environment))
        return started[-1]

    yield start
    for one in started:
        one.end()


def _log_in(port: int, name: str, password: str) -> str:
    """Log in through the page as a browser does; return the address that it led to."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar := CookieJar()))
    address = f"http://127.0.0.1:{port}/admin/login/?next=/admin/"
    opener.open(address, timeout=30).read()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    sent = urlencode({"username": name, "password": password, "csrfmiddlewaretoken": token, "next": "/admin/"}).encode()
    with opener.open(urllib.request.Request(address, sent, {"Referer": address}), timeout=30) as answer:
        return str(answer.url)


@pytest.mark.up
def test_it_starts_from_nothing_ends_by_ctrl_c_and_keeps_the_data(up: Callable[..., Up]) -> None:
    first = up()
    name, password = first.ready()
    assert _log_in(first.port, name, password).endswith("/admin/")
    assert "Cascada already runs" in _said_by(up())
    assert first.press_ctrl_c() == 0
    assert first.left() == []
    assert "Traceback" not in first.said()

    second = up()
    assert second.ready() == (name, password)
    assert _log_in(second.port, name, password).endswith("/admin/")
    second.process.terminate()
    assert second.process.wait(LONG) == 0
    assert second.left() == []


@pytest.mark.up
def test_the_end_of_one_process_ends_all_and_says_so(up: Callable[..., Up]) -> None:
    running = up()
    running.ready()
    worker = next(process for process in running.left() if "worker" in process.cmdline())
    worker.kill()
    assert running.process.wait(LONG) != 0
    assert "worker stopped" in running.said()
    assert running.left() == []


@pytest.mark.up
def test_a_start_that_was_killed_does_not_stand_in_the_way_of_the_next(up: Callable[..., Up]) -> None:
    killed = up()
    killed.ready()
    killed.process.kill()
    killed.process.wait()
    killed.wait_for(lambda: len(killed.left()) == 1, "the end of web, worker and beat")
    (broker,) = killed.left()
    again = up()
    again.ready()
    assert not broker.is_running()
    assert again.press_ctrl_c() == 0


def _said_by(refused: Up) -> str:
    assert refused.process.wait(LONG) == 1
    said = refused.said()
    assert said.startswith("Cascada cannot start: ")
    assert len(said.splitlines()) == 1, said
    return said


@pytest.mark.up
def test_a_busy_port_is_one_line(up: Callable[..., Up], tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        said = _said_by(up("--port", str(port)))
    assert f"Port {port} on 127.0.0.1 cannot be used" in said
    assert not list(tmp_path.glob("shop/cascada.sqlite3"))


@pytest.mark.up
@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/shop"}, "The database does not answer"),
        ({"CELERY_BROKER_URL": "redis://:hidden@127.0.0.1:1/0"}, "The broker at redis://:**@127.0.0.1:1/0"),
        ({"CELERY_BROKER_URL": "amqp://guest:hidden@127.0.0.1:1//"}, "The broker at amqp://guest:**@127.0.0.1:1//"),
        ({"CELERY_BROKER_URL": "pigeon://coop"}, "The broker at pigeon://coop"),
        ({"CASCADA_DATA": "/dev/null/shop"}, "The data folder /dev/null/shop cannot be used"),
        ({"CASCADA_HTTPS": "perhaps"}, "CASCADA_HTTPS must be 1 or 0"),
    ],
)
def test_what_is_wrong_is_one_line_and_shows_no_password(
    up: Callable[..., Up], environment: dict[str, str], words: str
) -> None:
    said = _said_by(up(**environment))
    assert words in said
    assert "hidden" not in said


@pytest.mark.up
def test_an_ending_worker_finishes_what_it_began(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path / "b" / "s") as broker:
        environment = {**os.environ, "CELERY_BROKER_URL": broker.url, "DJANGO_SETTINGS_MODULE": "config.settings"}
        command = ["celery", "-q", "-A", "tests.config.slow", "worker", "--pool", "threads", "--concurrency", "2"]
        worker = subprocess.Popen([sys.executable, "-m", *command], env=environment, cwd=ROOT)
        with app.connection_for_write(url=broker.url) as connection:
            app.send_task(slow.name, args=(str(tmp_path),), connection=connection)
        deadline = time.monotonic() + LONG
        while not (tmp_path / "begun").exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        worker.terminate()
        assert worker.wait(LONG) == 0
    assert (tmp_path / "finished").exists()


def _elsewhere() -> list[tuple[str, str]]:
    database = os.environ.get("TEST_UP_DATABASE_URL", "")
    return [(database, url) for url in os.environ.get("TEST_UP_BROKER_URLS", "").split() if database]


@pytest.mark.up
@pytest.mark.parametrize(
    ("database", "broker"),
    _elsewhere()
    or [pytest.param("", "", marks=pytest.mark.skip("TEST_UP_DATABASE_URL and TEST_UP_BROKER_URLS name no servers"))],
)
def test_the_environment_alone_moves_it_to_postgresql_and_another_broker(
    up: Callable[..., Up], database: str, broker: str
) -> None:
    running = up(DATABASE_URL=database, CELERY_BROKER_URL=broker)
    running.ready()
    with urllib.request.urlopen(f"http://127.0.0.1:{running.port}/admin/login/", timeout=30) as answer:
        assert answer.status == 200
    assert not list(running.folder.glob("*.sqlite3"))
    assert running.press_ctrl_c() == 0
    assert running.left() == []


@pytest.mark.up
@pytest.mark.skipif("TEST_UP_DATABASE_URL" not in os.environ, reason="TEST_UP_DATABASE_URL names no PostgreSQL")
def test_it_ends_also_where_beat_is_interrupted_while_it_asks_the_database(up: Callable[..., Up]) -> None:
    database = os.environ["TEST_UP_DATABASE_URL"]
    running = up(DATABASE_URL=database)
    running.ready()
    with psycopg.connect(database) as staff, psycopg.connect(database, autocommit=True) as watcher:
        staff.execute("LOCK TABLE django_celery_beat_periodictasks IN ACCESS EXCLUSIVE MODE")
        held = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'django_celery_beat_periodictasks'::regclass"
        running.wait_for(lambda: watcher.execute(held).fetchone(), "beat's question")
        os.killpg(running.process.pid, signal.SIGINT)
        running.wait_for(lambda: "web stopped" in running.said(), "the end of the web process")
    assert running.process.wait(LONG) == 0
    assert running.left() == []
    assert "Traceback" not in running.said()
