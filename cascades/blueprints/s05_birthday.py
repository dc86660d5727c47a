"""S05: wishes on the birthday, at an hour of the person's own clock, with a present. 29 February falls on 28 February in common years."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, HOUR, MAIL, SMS, WEEK, Blueprint, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who

WISHES = Letter(
    _("Happy birthday"),
    {
        "en": Said(
            "Happy birthday{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "All of us wish you a wonderful day.",
                "Our present: 15 % off, for two weeks. Show this message when you come.",
            ),
            "{{ business.name }}: happy birthday! Our present is 15 % off for two weeks, just show this message:",
            "Unwrap it",
        ),
        "es": Said(
            "¡Feliz cumpleaños{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "Todo el equipo te desea un día maravilloso.",
                "Nuestro regalo: un 15 % de descuento durante dos semanas. Enseña este mensaje cuando vengas.",
            ),
            "{{ business.name }}: ¡feliz cumpleaños! Nuestro regalo: 15 % durante dos semanas, enseña este mensaje:",
            "Abrir el regalo",
        ),
        "fr": Said(
            "Joyeux anniversaire{% if contact.first_name %}, {{ contact.first_name }}{% endif %} !",
            (
                "Toute l'équipe vous souhaite une merveilleuse journée.",
                "Notre cadeau : 15 % de remise pendant deux semaines. Montrez ce message en venant.",
            ),
            "{{ business.name }} : joyeux anniversaire ! Notre cadeau : 15 % pendant deux semaines, montrez ce message :",
            "Ouvrir le cadeau",
        ),
        "ru": Said(
            "С днём рождения{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "Вся наша команда желает вам прекрасного дня.",
                "Наш подарок: скидка 15 % две недели. Покажите это сообщение, когда придёте.",
            ),
            "{{ business.name }}: с днём рождения! Дарим 15 % на 2 недели:",
            "Открыть подарок",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s05",
    title=_("Birthday"),
    trades=EVERYONE,
    story=_(
        "At ten in the morning of the birthday, where the person lives: wishes and a present by email; by a messenger or an SMS to those "
        "who have no email, or did not open it by the evening."
    ),
    stops=_("opened, clicked or answered; bought, came or redeemed the present"),
    look_at=_("Decide what you give, and write it into the message in every language."),
    letters={"wishes": WISHES},
    steps=(
        Plank(letter="wishes", kinds=MAIL, validity=DAY),
        Plank(letter="wishes", kinds=CHATS, wait=7 * HOUR, who=Who.NOT_OPENED, validity=DAY),
        Plank(letter="wishes", kinds=SMS, wait=2 * HOUR, who=Who.NOT_OPENED, seen=Seen.CLICKED, validity=DAY),
    ),
    trigger="yearly",
    params={"at": "10:00"},
    goal=("order", "visit"),
    final_wait=2 * WEEK,
    needs=("birthdays",),
)
