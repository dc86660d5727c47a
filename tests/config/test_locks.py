"""What gets installed: exact, with hashes, and from no host by name."""

import re

import pytest

from tests.conftest import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_every_package_with_hashes_and_names_no_host(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    packages = re.findall(r"^\S+==\S+.*(?:\n {4}--hash=sha256:[0-9a-f]{64}.*)+", text, re.MULTILINE)
    assert len(packages) == len(re.findall(r"^[^\s#]", text, re.MULTILINE)) > 40


def test_the_tests_run_on_exactly_what_is_installed_to_run() -> None:
    pinned = [set(re.findall(r"^(\S+==\S+)", (ROOT / name).read_text("utf-8"), re.MULTILINE)) for name in LOCKS]
    assert pinned[0] <= pinned[1]


def test_what_is_asked_for_is_what_is_locked() -> None:
    for name in LOCKS:
        asked = re.findall(
            r"^([\w-]+)(?:\[[\w,-]+\])?==([\w.]+)", (ROOT / name.replace(".txt", ".in")).read_text(), re.MULTILINE
        )
        locked = (ROOT / name).read_text("utf-8").lower()
        assert asked
        for package, version in asked:
            assert f"\n{package.lower()}=={version.lower()} " in f"\n{locked}"
