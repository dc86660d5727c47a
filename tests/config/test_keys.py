"""The secrets of an installation."""

import base64
import json
import stat
from multiprocessing import get_context
from pathlib import Path

import pytest

from config.keys import Keys, KeysUnavailable, load, write_private


def test_the_first_start_makes_keys_that_only_the_user_can_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "keys.json"
    keys = load(path, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["keys.json"]
    assert len(base64.urlsafe_b64decode(keys.fields[0])) == 32
    assert len(keys.suppression) >= 32
    assert len(base64.urlsafe_b64decode(keys.push + "=")) == 32
    assert json.loads(path.read_text())["push"] == keys.push
    assert load(path, {}) == keys


def _load(path: str) -> Keys:
    return load(Path(path), {})


def test_processes_that_start_together_end_with_the_same_keys(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        found = pool.map(_load, [str(tmp_path / "keys.json")] * 8)
    assert all(keys == found[0] for keys in found)


def test_the_environment_wins_and_then_no_file_is_written(tmp_path: Path) -> None:
    field = base64.urlsafe_b64encode(b"f" * 32).decode()
    given = {"CASCADA_SECRET_KEYS": "new,old", "CASCADA_FIELD_KEYS": field, "CASCADA_SUPPRESSION_KEY": "s"}
    keys = load(tmp_path / "keys.json", given)
    assert keys.signing == ("new", "old")
    assert keys.suppression == b"s"
    assert load(tmp_path / "other.json", given).push == keys.push  # the same on every host
    assert load(tmp_path / "keys.json", {**given, "CASCADA_PUSH_KEY": keys.push[::-1]}).push == keys.push[::-1]
    assert not (tmp_path / "keys.json").exists()


def test_lost_keys_beside_a_database_are_not_replaced_by_new_ones(tmp_path: Path) -> None:
    database = tmp_path / "cascada.sqlite3"
    database.write_bytes(b"rows")
    with pytest.raises(KeysUnavailable, match="Restore the file from a backup"):
        load(tmp_path / "keys.json", {}, beside=database)
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({"signing": [], "fields": [], "suppression": ""})])
def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, content: str) -> None:
    path = tmp_path / "keys.json"
    path.write_text(content)
    with pytest.raises(KeysUnavailable, match=r"keys\.json"):
        load(path, {})
    assert path.read_text() == content


def test_a_field_key_that_encrypts_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match="CASCADA_FIELD_KEYS"):
        load(tmp_path / "keys.json", {"CASCADA_FIELD_KEYS": "short"})


@pytest.mark.parametrize("key", ["short!", "A" * 43, "_" * 43])
def test_a_key_for_web_push_that_signs_nothing_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(KeysUnavailable, match="CASCADA_PUSH_KEY"):
        load(tmp_path / "keys.json", {"CASCADA_PUSH_KEY": key})


def test_keys_do_not_show_in_a_traceback(tmp_path: Path) -> None:
    keys = load(tmp_path / "keys.json", {})
    assert keys.signing[0] not in repr(keys)


def test_a_private_file_is_replaced_whole(tmp_path: Path) -> None:
    write_private(tmp_path / "login.json", "one")
    write_private(tmp_path / "login.json", "two")
    assert (tmp_path / "login.json").read_text() == "two"
    assert stat.S_IMODE((tmp_path / "login.json").stat().st_mode) == 0o600
