"""S12: people who live near a branch hear of what it offers, from the cheapest channel to the dearest; a visit ends it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, MAIL, SMS, WEEK, Blueprint, Crowd, Plank, Trade
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Mode, Seen

_BOLD = "{% if contact.branch %} (<strong>{{ contact.branch }}</strong>){% endif %}"
_AT = "{% if contact.branch %} {{ contact.branch }}{% endif %}"

OFFER = Letter(
    _("Round the corner from you"),
    {
        "en": Said(
            "Something for you, round the corner",
            (
                f"You live near our branch{_BOLD}, and this week we have something for our neighbours.",
                "Come in: it is a short walk.",
            ),
            f"{{{{ business.name }}}}{_AT}: this week we have something for our neighbours. Come in:",
            "See the offer",
        ),
        "es": Said(
            "Algo para ti, a la vuelta de la esquina",
            (
                f"Vives cerca de nuestro local{_BOLD} y esta semana tenemos algo para los vecinos.",
                "Pásate: lo tienes al lado.",
            ),
            f"{{{{ business.name }}}}{_AT}: esta semana tenemos algo para los vecinos. Pásate:",
            "Ver la oferta",
        ),
        "fr": Said(
            "Une offre à deux pas de chez vous",
            (
                f"Vous habitez près de chez nous{_BOLD} : cette semaine, nous gâtons nos voisins.",
                "Passez nous voir, c'est à deux pas.",
            ),
            f"{{{{ business.name }}}}{_AT} : cette semaine, nous gâtons nos voisins. Passez nous voir :",
            "Voir l'offre",
        ),
        "ru": Said(
            "Кое-что для вас, в двух шагах",
            (
                f"Вы живёте рядом с нами{_BOLD}, и на этой неделе у нас есть кое-что для соседей.",
                "Загляните: это в двух шагах.",
            ),
            f"{{{{ business.name }}}}{_AT}: неделя для соседей. Ждём:",
            "Посмотреть",
        ),
    },
    link=WEBSITE,
)
NEAR = Crowd(_("Within 5 km of our branches"), {"all": [{"kind": "distance", "op": "home", "km": 5}]})

BLUEPRINT = Blueprint(
    slug="s12",
    title=_("Offer to the neighbours of a branch"),
    trades=(Trade.SALON, Trade.SHOP),
    story=_(
        "Everyone who lives within five kilometres of a branch: a messenger first, a day later an email, two days after that an SMS. The "
        "text names the person's branch where it is known."
    ),
    stops=_("the person comes: a visit or an appointment that was kept"),
    look_at=_(
        "Open the segment to choose one branch, a city, or other kilometres, and write your offer into the text."
    ),
    letters={"offer": OFFER},
    steps=(
        Plank(letter="offer", kinds=CHATS, seen=Seen.NOTHING),
        Plank(letter="offer", kinds=MAIL, wait=DAY, seen=Seen.NOTHING),
        Plank(letter="offer", kinds=SMS, wait=2 * DAY, seen=Seen.NOTHING),
    ),
    goal=("visit", "booking_attended"),
    final_wait=WEEK,
    needs=("branches", "places", "visits"),
    segment=NEAR,
    more={"mode": Mode.GOAL},
)
