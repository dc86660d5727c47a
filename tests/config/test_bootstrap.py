"""manage.py on a machine that has Python and pip, and nothing else. The packages come from a folder, not from a network."""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.up

# Stands in for Django in a package of our own: says where it runs.
STAND_IN = {
    "django/__init__.py": "",
    "django/core/__init__.py": "",
    "django/core/exceptions.py": "class ImproperlyConfigured(Exception): pass",
    "django/core/management/__init__.py": (
        "import sys\ndef execute_from_command_line(arguments):\n    print('ran', arguments[1:], 'in', sys.prefix)\n"
    ),
}


def _package(folder: Path, version: str) -> str:
    """Write a wheel into `folder`, and return its line of a lock."""
    name = f"housepart-{version}"
    files = {
        **STAND_IN,
        f"{name}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: housepart\nVersion: {version}\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = [f"{path},sha256={_digest(text)},{len(text)}" for path, text in files.items()]
    files[f"{name}.dist-info/RECORD"] = "\n".join([*lines, f"{name}.dist-info/RECORD,,"])
    wheel = folder / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"housepart=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A checkout with manage.py and a lock of one package."""
    root = tmp_path / "house"
    root.mkdir()
    (root / "manage.py").write_bytes((ROOT / "manage.py").read_bytes())
    (root / "requirements.txt").write_text(_package(tmp_path, "1.0"))
    (root / "requirements-dev.txt").write_text("")
    return root


def _run(house: Path, *arguments: str, python: str | None = None) -> subprocess.CompletedProcess[str]:
    outside = python or str(getattr(sys, "_base_executable", sys.executable))
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP", "UV", "CASCADA"))
    }
    environment = {**kept, "CI": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(house.parent)}
    command = [outside, str(house / "manage.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)


def test_the_first_command_prepares_the_packages_and_the_next_one_does_not(house: Path) -> None:
    first = _run(house, "check", "--deploy")
    assert first.returncode == 0, first.stderr
    assert f"ran ['check', '--deploy'] in {house / '.venv'}" in first.stdout
    assert "Preparing" in first.stdout
    assert _run(house, "check").stdout == f"ran ['check'] in {house / '.venv'}\n"
    assert (
        _run(house, "check", python=str(house / ".venv/bin/python")).stdout == f"ran ['check'] in {house / '.venv'}\n"
    )


def test_a_new_lock_is_installed_by_the_next_command(house: Path) -> None:
    _run(house, "check")
    (house / "requirements.txt").write_text(_package(house.parent, "1.1"))
    assert "Installing" in _run(house, "check").stdout
    assert (house / ".venv").joinpath("requirements.txt.installed").exists()
    assert "Installing" not in _run(house, "check").stdout


def test_a_half_made_environment_is_made_anew(house: Path) -> None:
    (house / ".venv").mkdir()
    (house / ".venv" / "pyvenv.cfg").write_text("home = /nowhere\n")
    done = _run(house, "check")
    assert done.returncode == 0, done.stderr
    assert "ran ['check']" in done.stdout


def test_an_installation_that_was_cut_off_is_finished_by_the_next_command(house: Path) -> None:
    _run(house, "check")
    (house / ".venv" / "requirements.txt.installed").unlink()
    for file in (house / ".venv").glob("lib/python3*/site-packages/housepart-1.0.dist-info/*"):
        file.unlink()
    done = _run(house, "check")
    assert done.returncode == 0, done.stderr
    assert "Installing" in done.stdout


def _assert_one_line(done: subprocess.CompletedProcess[str], words: str) -> None:
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Cascada "), done.stderr
    assert words in last
    assert "Traceback" not in done.stderr


def test_a_folder_of_somebody_else_in_its_place_is_left_alone(house: Path) -> None:
    (house / ".venv").mkdir()
    (house / ".venv" / "letters.txt").write_text("mine")
    _assert_one_line(_run(house, "check"), "is no Python environment")
    assert (house / ".venv" / "letters.txt").read_text() == "mine"


def test_packages_that_cannot_be_had_are_one_line(house: Path) -> None:
    (house / "requirements.txt").write_text("housepart==9.9 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    _assert_one_line(_run(house, "check"), "could not be installed")


def test_a_changed_package_is_refused_by_its_hash(house: Path) -> None:
    lock = house / "requirements.txt"
    lock.write_text(lock.read_text()[:-10] + "0000000000\n"[-10:])
    _assert_one_line(_run(house, "check"), "could not be installed")


def test_too_old_a_python_is_one_line() -> None:
    code = "import sys; sys.version_info = (3, 9, 2); exec(open('manage.py').read())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    _assert_one_line(done, "Python 3.11 or newer; this is 3.9")
    assert len(done.stderr.splitlines()) == 1
