"""S01: an announcement by cascade, started by hand."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, HOUR, MAIL, SMS, Blueprint, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who

NEWS = Letter(
    _("What is new"),
    {
        "en": Said(
            "There is something new at {{ business.name }}",
            (
                "We have something new, and you are among the first to hear of it.",
                "Have a look, and write to us if you have a question.",
            ),
            "{{ business.name }}: we have something new for you. Have a look:",
            "See what is new",
        ),
        "es": Said(
            "Hay novedades en {{ business.name }}",
            (
                "Tenemos novedades y te las contamos antes que a nadie.",
                "Échales un vistazo y escríbenos si tienes alguna pregunta.",
            ),
            "{{ business.name }}: tenemos novedades para ti. Míralas aquí:",
            "Ver las novedades",
        ),
        "fr": Said(
            "Du nouveau chez {{ business.name }}",
            (
                "Nous avons du nouveau, et vous êtes parmi les premiers à le savoir.",
                "Regardez, et écrivez-nous si vous avez une question.",
            ),
            "{{ business.name }} : nous avons du nouveau pour vous. À voir ici :",
            "Voir les nouveautés",
        ),
        "ru": Said(
            "Новости от {{ business.name }}",
            (
                "У нас есть новости, и вы узнаёте о них одними из первых.",
                "Посмотрите и напишите нам, если есть вопросы.",
            ),
            "{{ business.name }}: у нас новости для вас:",
            "Посмотреть новости",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s01",
    title=_("Announcement"),
    trades=EVERYONE,
    story=_(
        "News for a group or an import. Email to all who have one; four hours later a messenger to those who did not open it; a day after "
        "that an SMS to the rest."
    ),
    stops=_("opened, clicked or answered, on any channel"),
    look_at=_("Write your news into the message, then choose the people at the start."),
    letters={"news": NEWS},
    steps=(
        Plank(letter="news", kinds=MAIL),
        Plank(letter="news", kinds=CHATS, wait=4 * HOUR, who=Who.NOT_OPENED),
        Plank(letter="news", kinds=SMS, wait=DAY, who=Who.NOT_OPENED, seen=Seen.CLICKED),
    ),
    goal=("order", "visit"),
    needs=("website",),
)
