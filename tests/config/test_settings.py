"""What the environment may say, and the one line that a wrong word gets."""

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.conftest import ROOT

OURS = ("CASCADA_", "DATABASE_URL", "CELERY_", "DJANGO_")


def _manage(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    given = {**inherited, "CASCADA_DATA": str(folder), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=given, check=False, timeout=120)


@pytest.fixture
def settings_with(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Read the settings file again, with this environment and none of the test run's."""

    def read(**environment: str) -> dict[str, Any]:
        for name in list(os.environ):
            if name.startswith(OURS):
                monkeypatch.delenv(name)
        for name, value in {"CASCADA_DATA": str(tmp_path), **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config" / "settings.py"))

    return read


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://root@localhost/x"),
        ("DATABASE_URL", "postgresql://localhost:port/x"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("CASCADA_HTTPS", "maybe"),
        ("CASCADA_HOSTS", "https://shop.example"),
        ("CASCADA_HTTPS", "2"),
        ("CASCADA_LANGUAGE", "klingon"),
        ("CASCADA_LOG_LEVEL", "loud"),
        ("CELERY_BROKER_URL", "redis"),
        ("CASCADA_FIELD_KEYS", "short"),
    ],
)
def test_a_wrong_setting_is_a_sentence_that_names_it(settings_with: Any, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        settings_with(**{name: value})


def test_the_sentence_is_all_that_the_person_sees(tmp_path: Path) -> None:
    done = _manage("up", folder=tmp_path, DATABASE_URL="mysql://root@localhost/x")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("Cascada cannot start: DATABASE_URL")
    assert len(done.stderr.splitlines()) == 1


def test_nothing_given_means_sqlite_and_the_embedded_broker(settings_with: Any, tmp_path: Path) -> None:
    found = settings_with()
    assert found["DATABASES"]["default"]["NAME"] == str(tmp_path / "cascada.sqlite3")
    assert found["BROKER_IS_EMBEDDED"]
    assert len(str(found["EMBEDDED_BROKER_SOCKET"])) < 100


def test_the_environment_alone_chooses_postgresql_and_redis(settings_with: Any) -> None:
    found = settings_with(
        DATABASE_URL="postgresql://shop:p%40ss@db.example:5433/shop?sslmode=require",
        CELERY_BROKER_URL="redis://broker.example/1",
    )
    database = found["DATABASES"]["default"]
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "shop")
    assert database["PASSWORD"] == "p@ss"
    assert database["OPTIONS"] == {"sslmode": "require"}
    assert found["CELERY_BROKER_URL"] == "redis://broker.example/1"


def test_https_is_for_the_named_hosts(settings_with: Any) -> None:
    found = settings_with(CASCADA_HTTPS="1", CASCADA_HOSTS="shop.example, .salon.example")
    assert found["CSRF_TRUSTED_ORIGINS"] == ["https://shop.example", "https://*.salon.example"]
    assert found["SESSION_COOKIE_SECURE"]
    assert "shop.example" in found["ALLOWED_HOSTS"]


def test_the_house_as_it_is_deployed_has_no_complaint_from_django(tmp_path: Path) -> None:
    done = _manage(
        "check", "--deploy", "--fail-level", "INFO", folder=tmp_path, CASCADA_HTTPS="1", CASCADA_HOSTS="shop.example"
    )
    assert done.returncode == 0, done.stderr
