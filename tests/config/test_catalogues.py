"""Translations compiled without gettext's tools."""

import gettext
import os
from pathlib import Path

import polib

from config.catalogues import compile_catalogues


def _source(folder: Path, translation: str) -> Path:
    path = folder / "es" / "LC_MESSAGES" / "django.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8"}
    catalogue.append(polib.POEntry(msgid="Contacts", msgstr=translation))
    catalogue.save(str(path))
    return path


def test_a_missing_or_older_catalogue_is_compiled_and_a_current_one_left_alone(tmp_path: Path) -> None:
    source = _source(tmp_path, "Contactos")
    (target,) = compile_catalogues(tmp_path)
    with target.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("Contacts") == "Contactos"
    assert compile_catalogues(tmp_path) == []
    later = target.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert compile_catalogues(tmp_path) == [target]
