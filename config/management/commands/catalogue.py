"""`manage.py catalogue`: the translations follow the sources."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.catalogues.upkeep import LANGUAGES, Translations, key, missing, update, wanted


class Command(BaseCommand):
    help = "Bring the translations in locale/ up to date with the texts in the sources, and say what is missing."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--merge",
            nargs=2,
            metavar=("LANGUAGE", "FILE"),
            help="merge a translator's JSON file: {text: translation}, or the list of forms where there is a plural",
        )
        parser.add_argument(
            "--missing", choices=LANGUAGES, metavar="LANGUAGE", help="print what lacks a translation, as JSON"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        merged: dict[str, Translations] = {}
        if options["merge"]:
            language, file = options["merge"]
            merged[language] = _read(language, Path(file))
        texts = wanted(settings.BASE_DIR)
        for language in LANGUAGES:
            catalogue = update(Path(settings.LOCALE_PATHS[0]), language, texts, merged.get(language))
            left = missing(catalogue)
            if options["missing"] is None:
                self.stdout.write(f"{language}: {len(catalogue)} texts, {len(left)} without a translation")
            elif options["missing"] == language:
                entries = [
                    {
                        "msgid": key(entry),
                        "plural": entry.msgid_plural,
                        "where": [place for place, _ in entry.occurrences],
                    }
                    for entry in left
                ]
                self.stdout.write(json.dumps(entries, ensure_ascii=False, indent=1))


def _read(language: str, file: Path) -> Translations:
    if language not in LANGUAGES:
        raise CommandError(f"{language} is not one of {', '.join(LANGUAGES)}.")
    try:
        given = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CommandError(f"{file} cannot be read: {error}") from error
    if not isinstance(given, dict):
        raise CommandError(f"{file} holds no object of texts and their translations.")
    return given
