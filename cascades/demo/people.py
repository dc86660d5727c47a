"""The salon's customers: invented, always the same, with the gaps and quirks that real lists have."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

NAMES = {
    "es": (
        [
            "Lucía",
            "Carmen",
            "Marta",
            "Elena",
            "Paula",
            "Sofía",
            "Nuria",
            "Irene",
            "Diego",
            "Álvaro",
            "Javier",
            "Begoña",
        ],
        ["García", "Ñandú", "Romero", "Ibáñez", "Castaño", "Vidal", "Peña", "Molina", "Ortega", "Núñez"],
        "Madrid",
    ),
    "en": (
        ["Olivia", "Grace", "Emily", "Chloe", "Hannah", "Jack", "Harry", "Poppy", "Ruby", "Megan"],
        ["Walker", "O'Neill", "Hughes", "Bennett", "Clarke", "Foster", "Shaw", "Price"],
        "Madrid",
    ),
    "ru": (
        ["Анна", "Мария", "Ольга", "Иван", "Екатерина", "Дарья", "Наталья", "Алина", "Павел", "Ксения"],
        ["Соколова", "Иванова", "Кузнецова", "Попова", "Орлова", "Лебедева", "Фёдорова", "Белова"],
        "Alcalá de Henares",
    ),
}
HOW_MANY = {"es": 36, "en": 20, "ru": 24}
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Customer:
    """One customer. phone: E.164 or ""; consent: kinds of channel with consent to marketing; stylist: a free attribute."""

    number: str
    first_name: str
    last_name: str
    language: str
    city: str
    email: str
    phone: str
    birth_date: date | None
    consent: tuple[str, ...]
    stylist: str
    regular: bool


def customers() -> Iterator[Customer]:
    """All of them, in a fixed order."""
    dice = random.Random(SEED)  # noqa: S311 - an invented town needs no secrets
    number = 0
    for language, count in HOW_MANY.items():
        for _ in range(count):
            number += 1
            yield _customer(number, language, dice)


def _customer(number: int, language: str, dice: random.Random) -> Customer:
    firsts, lasts, city = NAMES[language]
    has_email, has_phone = dice.random() < 0.86, dice.random() < 0.9
    agreed = tuple(kind for kind, has in (("email", has_email), ("sms", has_phone)) if has and dice.random() < 0.9)
    return Customer(
        number=f"A{number:03}",
        first_name=dice.choice(firsts),
        last_name=dice.choice(lasts),
        language=language,
        city=city,
        email=f"customer{number}@aurora.example" if has_email else "",
        # Mothers and daughters share a phone: every tenth number is the one before.
        phone=f"+346001{number - (number % 10 == 0):05}" if has_phone else "",
        birth_date=date(dice.randint(1960, 2006), dice.randint(1, 12), dice.randint(1, 28))
        if dice.random() < 0.7
        else None,
        consent=agreed,
        stylist=dice.choice(["Rocío", "Vera", "Tom"]),
        regular=dice.random() < 0.6,
    )
