"""S20: somebody comes into a segment, here by the third visit in sixty days; who leaves it gets nothing more."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, EVERYONE, MAIL, SMS, WEEK, Blueprint, Crowd, Own, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Reentry, Seen, Who

WELCOME = Letter(
    _("You are one of our regulars now"),
    {
        "en": Said(
            "You are one of our regulars now",
            ("You have been with us three times in two months. Thank you!", "Regulars hear of new things first."),
            "{{ business.name }}: three visits in two months, thank you! Regulars hear of new things first:",
            "What is new",
        ),
        "es": Said(
            "Ya eres de la casa",
            ("Has venido tres veces en dos meses. ¡Gracias!", "Los de la casa se enteran antes de las novedades."),
            "{{ business.name }}: tres visitas en dos meses, ¡gracias! Entérate antes que nadie:",
            "Ver las novedades",
        ),
        "fr": Said(
            "Vous êtes désormais un habitué de la maison",
            ("Trois visites en deux mois : merci !", "Nos habitués apprennent les nouveautés avant tout le monde."),
            "{{ business.name }} : trois visites en deux mois, merci ! Les nouveautés d'abord pour vous :",
            "Voir les nouveautés",
        ),
        "ru": Said(
            "Теперь вы наш постоянный гость",
            ("Вы были у нас трижды за два месяца. Спасибо!", "Постоянные гости узнают обо всём новом первыми."),
            "{{ business.name }}: спасибо, вы у нас в третий раз!",
            "Что нового",
        ),
    },
    link=WEBSITE,
)
PERK = Letter(
    _("Something for our regulars"),
    {
        "en": Said(
            "Something for our regulars",
            ("For as long as you come to us often, you may choose your time before all others.",),
            "{{ business.name }}: as a regular you choose your time before all others:",
            "Choose my time",
        ),
        "es": Said(
            "Un detalle para los de la casa",
            ("Mientras vengas a menudo, puedes elegir hora antes que los demás.",),
            "{{ business.name }}: como eres de la casa, eliges hora antes que los demás:",
            "Elegir mi hora",
        ),
        "fr": Said(
            "Une attention pour nos habitués",
            ("Tant que vous venez souvent, vous choisissez votre horaire avant les autres.",),
            "{{ business.name }} : en habitué, vous choisissez votre horaire avant les autres :",
            "Choisir mon horaire",
        ),
        "ru": Said(
            "Кое-что для постоянных гостей",
            ("Пока вы бываете у нас часто, вы выбираете время раньше всех.",),
            "{{ business.name }}: выберите время раньше всех:",
            "Выбрать время",
        ),
    },
    link=WEBSITE,
)
_OFTEN = {"kind": "event", "op": "at_least", "times": 3, "days": 60}
REGULARS = Crowd(
    _("Three visits in 60 days"),
    {"any": [{**_OFTEN, "event": "visit"}, {**_OFTEN, "event": "booking_attended"}]},
)

BLUEPRINT = Blueprint(
    slug="s20",
    title=_("Welcome to the regulars"),
    trades=EVERYONE,
    story=_(
        "Whoever was there for the third time in 60 days gets an email, or a messenger's message where there is none; a week later "
        "a favour by a messenger, or by SMS where there is none."
    ),
    stops=_("the person leaves the segment: fewer than three visits in 60 days"),
    look_at=_("Open the segment and change how often, and in how many days. Say what your favour is."),
    letters={"welcome": WELCOME, "perk": PERK},
    steps=(
        Plank(letter="welcome", kinds=MAIL, seen=Seen.NOTHING),
        Plank(letter="welcome", kinds=CHATS, who=Who.FAILED, seen=Seen.NOTHING),
        Plank(letter="perk", kinds=CHATS, wait=WEEK, seen=Seen.CLICKED),
        Plank(letter="perk", kinds=SMS, who=Who.FAILED, seen=Seen.CLICKED),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering", "inside": "new", "leavers": "stop"},
    reentry=Reentry.AFTER,
    reentry_after=timedelta(days=180),
    needs=("visits",),
    segment=REGULARS,
)
