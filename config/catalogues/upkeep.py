"""What the catalogues must hold: our own texts, and those of installed packages which these leave untranslated."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import polib
from django.apps import apps
from django.conf import locale as django_locale

from config.catalogues.texts import Text, texts_of

LANGUAGES = ("en", "es", "fr", "ru")
SOURCE = "en"  # the language of the texts themselves: its catalogue repeats them, and is always whole
Translations = Mapping[str, str | list[str]]
_PLACEHOLDER = re.compile(r"%\(\w+\)[sdf]|%[sd]|\{\w*\}")


def catalogue_path(folder: Path, language: str) -> Path:
    return folder / language / "LC_MESSAGES" / "django.po"


def key(entry: polib.POEntry | polib.MOEntry | Text) -> str:
    """Name a text as gettext does: the context, where there is one, before the text and an EOT between them."""
    text, context = (entry.text, entry.context) if isinstance(entry, Text) else (entry.msgid, entry.msgctxt)
    return f"{context}\x04{text}" if context else text


def placeholders(text: str) -> set[str]:
    return set(_PLACEHOLDER.findall(text.replace("%%", "")))


def wanted(base: Path) -> dict[Text, set[str]]:
    """Return each text that our catalogues must hold, with where it stands: a path below `base`, or a package's name."""
    found: dict[Text, set[str]] = defaultdict(set)
    for config in apps.get_app_configs():
        folder = Path(config.path)
        if folder.is_relative_to(base) and folder.parent == base:
            for text, path in texts_of(folder):
                found[text].add(path.relative_to(base).as_posix())
    for text, path in texts_of(base / "templates"):
        found[text].add(path.relative_to(base).as_posix())
    for text, name in _left_by_packages(base):
        found[text].add(name)
    return _with_plurals(found)


def _with_plurals(found: Mapping[Text, set[str]]) -> dict[Text, set[str]]:
    """Join a text that stands alone in one place and with a plural in another: gettext knows one entry for both."""
    plurals = {key(text): text for text in found if text.plural}
    joined: dict[Text, set[str]] = defaultdict(set)
    for text, places in found.items():
        joined[plurals.get(key(text), text)] |= places
    return joined


def _left_by_packages(base: Path) -> Iterable[tuple[Text, str]]:
    """Yield texts of installed packages that some language of ours has no translation for in any package."""
    folders = {config.name: Path(config.path) for config in apps.get_app_configs() if Path(config.path).parent != base}
    own = [Path(django_locale.__file__).parent, *(folder / "locale" for folder in folders.values())]
    known = [_translated(own, language) for language in LANGUAGES if language != SOURCE]
    for name, folder in folders.items():
        for text, _path in texts_of(folder):
            if not all(key(text) in language for language in known):
                yield text, name


def _translated(folders: Iterable[Path], language: str) -> set[str]:
    catalogues = [folder / language / "LC_MESSAGES" / "django.mo" for folder in folders]
    return {key(entry) for path in catalogues if path.exists() for entry in polib.mofile(str(path)) if entry.msgid}


def update(
    folder: Path, language: str, texts: Mapping[Text, set[str]], merged: Translations | None = None
) -> polib.POFile:
    """Write the language's catalogue anew with the `texts` that are wanted: translations stay, what nobody says goes.

    `merged` ({text: translation}, or the list of a plural's forms) wins over what the catalogue holds.
    """
    path = catalogue_path(folder, language)
    old = {key(entry): entry for entry in polib.pofile(str(path)) if not entry.fuzzy} if path.exists() else {}
    new = polib.POFile(wrapwidth=100)
    new.metadata = _header(language)
    forms = plural_forms(language)
    for text, places in sorted(texts.items()):
        entry = _entry(text, places)
        _translate(entry, forms, old.get(key(text)), (merged or {}).get(key(text)), language)
        new.append(entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(path))
    return new


def _entry(text: Text, places: set[str]) -> polib.POEntry:
    found = placeholders(text.text + text.plural)
    flags = ["python-format"] if any(one.startswith("%") for one in found) else []
    flags += ["python-brace-format"] if any(one.startswith("{") for one in found) else []
    return polib.POEntry(
        msgid=text.text,
        msgid_plural=text.plural,
        msgctxt=text.context or None,
        occurrences=[(place, "") for place in sorted(places)],
        flags=flags,
    )


def _translate(
    entry: polib.POEntry, forms: int, old: polib.POEntry | None, given: str | list[str] | None, language: str
) -> None:
    if language == SOURCE:
        given = [entry.msgid, entry.msgid_plural] if entry.msgid_plural else entry.msgid
    elif given is None and old is not None:
        given = [old.msgstr_plural[form] for form in sorted(old.msgstr_plural)] or old.msgstr
    if entry.msgid_plural:
        known = given if isinstance(given, list) and len(given) == forms else [""] * forms
        entry.msgstr_plural = dict(enumerate(known))
    else:
        entry.msgstr = given if isinstance(given, str) else ""


def plural_forms(language: str) -> int:
    """Say how many forms the language has, as Django counts them."""
    found = re.search(r"nplurals=(\d+)", _plural_rule(language))
    assert found
    return int(found[1])


@cache
def _plural_rule(language: str) -> str:
    """Django's own: a catalogue that counts otherwise would not be joined with its."""
    path = catalogue_path(Path(django_locale.__file__).parent, language)
    return polib.pofile(str(path)).metadata["Plural-Forms"]


def _header(language: str) -> dict[str, str]:
    return {
        "Project-Id-Version": "Cascada",
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": _plural_rule(language),
    }


def missing(catalogue: polib.POFile) -> list[polib.POEntry]:
    """Return the entries without a translation, or with too few forms of it."""
    return [entry for entry in catalogue if not entry.translated() or not all(entry.msgstr_plural.values())]
