"""S10: the people who spend most get a thank-you."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, MAIL, SMS, WEEK, Blueprint, Crowd, Gift, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who

THANKS = Letter(
    _("Thank you for being with us"),
    {
        "en": Said(
            "Thank you for being with us",
            (
                "You are one of our best customers, and we would like to thank you.",
                "20 % off your next visit or order with your own code <strong>{{ voucher.thanks }}</strong>.",
                "It is good until {{ voucher.thanks.until }}.",
            ),
            "{{ business.name }}: thank you for being with us! 20 % off with your code {{ voucher.thanks }}:",
            "Take it",
        ),
        "es": Said(
            "Gracias por estar con nosotros",
            (
                "Eres de nuestros mejores clientes y queremos darte las gracias.",
                "Un 20 % en tu próxima visita o pedido con tu código <strong>{{ voucher.thanks }}</strong>.",
                "Vale hasta el {{ voucher.thanks.until }}.",
            ),
            "{{ business.name }}: ¡gracias por estar con nosotros! 20 % con tu código {{ voucher.thanks }}:",
            "Aprovecharlo",
        ),
        "fr": Said(
            "Merci d'être avec nous",
            (
                "Vous êtes parmi nos meilleurs clients, et nous voulons vous remercier.",
                "20 % sur votre prochaine visite ou commande avec votre code <strong>{{ voucher.thanks }}</strong>.",
                "Il est valable jusqu'au {{ voucher.thanks.until }}.",
            ),
            "{{ business.name }} : merci d'être avec nous ! 20 % avec votre code {{ voucher.thanks }} :",
            "En profiter",
        ),
        "ru": Said(
            "Спасибо, что вы с нами",
            (
                "Вы один из лучших наших клиентов, и мы хотим вас поблагодарить.",
                "Скидка 20 % на следующий визит или заказ по вашему коду <strong>{{ voucher.thanks }}</strong>.",
                "Код действует до {{ voucher.thanks.until }}.",
            ),
            "{{ business.name }}: спасибо! 20 % по коду {{ voucher.thanks }}:",
            "Воспользоваться",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s10",
    title=_("Thank you to the best customers"),
    trades=EVERYONE,
    story=_(
        "The tenth of your customers who spent most in a year, or who bought at least six times: a thank-you with an offer by email, two "
        "days later by a messenger, and a day after that by SMS, to those who have not used it."
    ),
    stops=_("the code is redeemed"),
    look_at=_("Decide what you give, and look at the segment: it counts its people."),
    letters={"thanks": THANKS},
    steps=(
        Plank(letter="thanks", kinds=MAIL, seen=Seen.NOTHING),
        Plank(letter="thanks", kinds=CHATS, wait=2 * DAY, who=Who.NOT_CLICKED, seen=Seen.NOTHING),
        Plank(letter="thanks", kinds=SMS, wait=DAY, who=Who.NOT_CLICKED, seen=Seen.NOTHING),
    ),
    goal=("redeemed",),
    final_wait=2 * WEEK,
    gift=Gift("thanks", _("Thank you to the best"), "20 %", 30),
    needs=("orders",),
    segment=Crowd(
        _("Best customers"),
        {
            "any": [
                {"kind": "best", "op": "money", "share": 10, "days": 365},
                {"kind": "purchases", "op": "at_least", "times": 6, "days": 365},
            ]
        },
    ),
)
