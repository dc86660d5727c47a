"""Files of contacts as salons really have them: ten thousand people in three languages, every twentieth row bad, always the same."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

HEADERS = [
    "Client ID",
    "Имя",
    "Apellidos",
    "Email",
    "Téléphone",
    "Idioma",
    "Дата рождения",
    "Ville",
    "Groups",
    "Notes",
    "Stylist",
]
_FIRST = {
    "en": ["Olivia", "Amelia", "Jack", "Noah", "Saoirse", "Zoë", "Priya", "Harry"],
    "es": ["Lucía", "Begoña", "Íñigo", "María José", "Nuria", "Álvaro", "Rocío", "Ximena"],
    "ru": ["Анна", "Екатерина", "Пётр", "Алёна", "Юлия", "Дмитрий", "Ольга", "Савелий"],
}
_LAST = {
    "en": ["Smith", "O'Neill", "Taylor-Jones", "Brown", "Patel", "Wilson"],
    "es": ["García López", "Núñez", "Fernández", "Ibáñez de la Torre", "Muñoz", "Peña"],
    "ru": ["Иванова", "Щербакова", "Соловьёв", "Кузнецова", "Цой", "Морозов"],
}
_CITY = {"en": ["London", "Bath"], "es": ["Málaga", "Córdoba"], "ru": ["Москва", "Нижний Новгород"]}
_LANGUAGE = {"en": ["English", "en", "en-GB"], "es": ["Español", "es", "castellano"], "ru": ["русский", "RU", "ru"]}
_NOTES = [
    "",
    "",
    "",
    "Likes coffee, no sugar",
    "Said “later”",
    'Called "VIP"',
    "First line\nsecond line",
    "-5 % until May",
    "@ reception",
]
_GROUPS = ["", "VIP", "VIP, Colour", "Colour; Постоянные"]


def _phone(language: str, number: int, style: int) -> str:
    digits = f"{number:07d}"
    if language == "es":
        return [f"6{digits[:2]} {digits[2:4]} {digits[4:6]} {digits[6]}0", f"+34 6{digits}1", f"00346{digits}1"][style]
    if language == "ru":
        return [f"+7 916 {digits[:3]}-{digits[3:5]}-{digits[5:]}", f"+7(916){digits}", f"'+7916{digits}"][style]
    return [f"+44 7911 {digits[1:]}", f"'+447400{digits[1:]}", f"+44 (0)7400 {digits[1:]}"][style]


def _good(number: int, dice: random.Random) -> list[str]:
    language = ["en", "es", "ru"][number % 3]
    email = f"person.{number}@" + dice.choice(["example.com", "Example.ORG", "пример.рф", "mail.example.net"])
    if number % 11 == 0:
        email = ""
    birth = dice.choice(
        ["", f"{dice.randint(1, 28):02d}.{dice.randint(1, 12):02d}.{dice.randint(1950, 2005)}", "31.12.1985"]
    )
    return [
        f"S-{number:05d}", dice.choice(_FIRST[language]), dice.choice(_LAST[language]), email, _phone(language, number, dice.randrange(3)),
        dice.choice(_LANGUAGE[language]), birth, dice.choice(_CITY[language]), dice.choice(_GROUPS), dice.choice(_NOTES),
        dice.choice(["Marta", "Julie", ""]),
    ]  # fmt: skip


def _no_way(row: list[str]) -> None:
    row[0] = row[3] = row[4] = ""


_SPOILS: list[Callable[[list[str]], None]] = [
    lambda row: row.__setitem__(3, "anna.example.com"),
    lambda row: row.__setitem__(3, "anna@exa mple.com"),
    lambda row: row.__setitem__(3, "a@example.com or b@example.com"),
    lambda row: row.__setitem__(4, "7.91612E+10"),
    lambda row: row.__setitem__(4, "12345"),
    lambda row: row.__setitem__(4, "600111222 or 600333444"),
    lambda row: row.__setitem__(6, "31.02.1990"),
    lambda row: row.__setitem__(6, "32874"),
    lambda row: row.__setitem__(5, "Klingon"),
    lambda row: row.append("one cell too many"),
    _no_way,
]


@dataclass(frozen=True)
class File:
    """A made file: its rows with the header first, and which data rows (from 0) are bad."""

    rows: list[list[str]]
    bad: frozenset[int]

    def text(self, delimiter: str = ",", end: str = "\r\n") -> str:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(self.rows)
        return out.getvalue()

    def lines(self, number: int) -> int:
        """The line of the file on which data row `number` begins."""
        return 1 + sum(1 + sum(cell.count("\n") for cell in row) for row in self.rows[: number + 1])


def people(count: int = 10_000, *, bad_every: int = 20) -> File:
    """`count` rows, each twentieth spoiled in one of eleven ways; the same at every call."""
    dice = random.Random(2026)
    rows, bad = [HEADERS], set()
    spoils = _forever(_SPOILS)
    for number in range(count):
        row = _good(number, dice)
        if bad_every and number % bad_every == bad_every - 1:
            next(spoils)(row)
            bad.add(number)
        rows.append(row)
    return File(rows, frozenset(bad))


def _forever(spoils: list[Callable[[list[str]], None]]) -> Iterator[Callable[[list[str]], None]]:
    while True:
        yield from spoils
