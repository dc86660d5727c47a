"""Translations, compiled without gettext's tools: a .po that is newer than its .mo is compiled at the start."""

import tempfile
from pathlib import Path

import polib


def compile_catalogues(folder: Path) -> list[Path]:
    """Compile what is missing or older than its source below `folder`; return the written files."""
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        _replace(target, polib.pofile(str(source)).to_binary())
        written.append(target)
    return written


def _replace(target: Path, content: bytes) -> None:
    """Write in one step: another process may be reading the old one."""
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
        file.write(content)
    Path(file.name).chmod(0o644)
    Path(file.name).replace(target)
