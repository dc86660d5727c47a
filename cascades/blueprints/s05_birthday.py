"""S05: wishes on the birthday, at an hour of the person's own clock, with a present. 29 February falls on 28 February in common years."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, HOUR, MAIL, SMS, WEEK, Blueprint, Gift, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who

WISHES = Letter(
    _("Happy birthday"),
    {
        "en": Said(
            "Happy birthday{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "All of us wish you a wonderful day.",
                "Our present: 15 % off with the code <strong>{{ voucher.birthday }}</strong>.",
                "It is good until {{ voucher.birthday.until }}.",
            ),
            "{{ business.name }}: happy birthday! Our present: 15 % off with the code {{ voucher.birthday }}:",
            "Unwrap it",
        ),
        "es": Said(
            "¡Feliz cumpleaños{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "Todo el equipo te desea un día maravilloso.",
                "Nuestro regalo: un 15 % de descuento con el código <strong>{{ voucher.birthday }}</strong>.",
                "Vale hasta el {{ voucher.birthday.until }}.",
            ),
            "{{ business.name }}: ¡feliz cumpleaños! Nuestro regalo: 15 % con el código {{ voucher.birthday }}:",
            "Abrir el regalo",
        ),
        "fr": Said(
            "Joyeux anniversaire{% if contact.first_name %}, {{ contact.first_name }}{% endif %} !",
            (
                "Toute l'équipe vous souhaite une merveilleuse journée.",
                "Notre cadeau : 15 % de remise avec le code <strong>{{ voucher.birthday }}</strong>.",
                "Il est valable jusqu'au {{ voucher.birthday.until }}.",
            ),
            "{{ business.name }} : joyeux anniversaire ! Notre cadeau : 15 % avec le code {{ voucher.birthday }} :",
            "Ouvrir le cadeau",
        ),
        "ru": Said(
            "С днём рождения{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!",
            (
                "Вся наша команда желает вам прекрасного дня.",
                "Наш подарок: скидка 15 % по коду <strong>{{ voucher.birthday }}</strong>.",
                "Код действует до {{ voucher.birthday.until }}.",
            ),
            "{{ business.name }}: с днём рождения! 15 % по коду {{ voucher.birthday }}:",
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
    stops=_("the code is redeemed"),
    look_at=_("Decide what you give: it stands in the voucher offer, and in the message in every language."),
    letters={"wishes": WISHES},
    steps=(
        Plank(letter="wishes", kinds=MAIL, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="wishes", kinds=CHATS, wait=7 * HOUR, who=Who.NOT_OPENED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="wishes", kinds=SMS, wait=2 * HOUR, who=Who.NOT_OPENED, seen=Seen.NOTHING, validity=DAY),
    ),
    trigger="yearly",
    params={"at": "10:00"},
    goal=("redeemed",),
    final_wait=2 * WEEK,
    gift=Gift("birthday", _("Birthday present"), "15 %", 14),
    needs=("birthdays",),
)
