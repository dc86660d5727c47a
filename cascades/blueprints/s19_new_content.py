"""S19: readers of a topic get what is new on it, once a week."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, MAIL, Blueprint, Crowd, Own, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who

TOPIC = "care"

NEWS = Letter(
    _("New on your topic"),
    {
        "en": Said(
            "New this week, on what you like to read",
            (
                "You have read about care on our site. This is new this week:",
                "<ul><li>[[Write the first new page here]]</li><li>[[And the second]]</li></ul>",
            ),
            "{{ business.name }}: new this week, on what you like to read:",
            "Read on",
        ),
        "es": Said(
            "Lo nuevo de la semana sobre lo que te gusta leer",
            (
                "Has leído sobre cuidados en nuestra web. Esto es lo nuevo de la semana:",
                "<ul><li>[[Escribe aquí la primera novedad]]</li><li>[[Y la segunda]]</li></ul>",
            ),
            "{{ business.name }}: lo nuevo de la semana sobre lo que te gusta leer:",
            "Seguir leyendo",
        ),
        "fr": Said(
            "Du nouveau cette semaine sur vos sujets préférés",
            (
                "Vous avez lu nos pages sur les soins. Voici les nouveautés de la semaine :",
                "<ul><li>[[Écrivez ici la première nouveauté]]</li><li>[[Et la deuxième]]</li></ul>",
            ),
            "{{ business.name }} : du nouveau cette semaine sur vos sujets préférés :",
            "Lire la suite",
        ),
        "ru": Said(
            "Новое за неделю на вашу любимую тему",
            (
                "Вы читали у нас об уходе. Вот что нового появилось за неделю:",
                "<ul><li>[[Напишите здесь о первой новинке]]</li><li>[[И о второй]]</li></ul>",
            ),
            "{{ business.name }}: новое на вашу любимую тему:",
            "Читать",
        ),
    },
    link=WEBSITE,
)
READERS = Crowd(
    _("Readers of pages on care"),
    {
        "all": [
            {
                "kind": "event", "op": "at_least", "event": "page_viewed", "times": 2, "days": 60, "detail": "category", "compare": "is",
                "value": TOPIC,
            }
        ]
    },
)  # fmt: skip

BLUEPRINT = Blueprint(
    slug="s19",
    title=_("News for readers of a topic"),
    trades=EVERYONE,
    story=_(
        "Every Thursday at ten, where the person lives: what is new on the topic, to those who looked at two of its pages in 60 days. By "
        "email, or by a messenger where there is none. However much somebody reads, it is once a week."
    ),
    stops=_("unsubscribed; who has not read about it for 60 days gets nothing more"),
    look_at=_(
        "Open the segment and put in the topic as your site reports it. Write the new pages into the message every week."
    ),
    letters={"news": NEWS},
    steps=(
        Plank(letter="news", kinds=MAIL, seen=Seen.CLICKED, validity=DAY),
        Plank(letter="news", kinds=CHATS, who=Who.FAILED, seen=Seen.CLICKED, validity=DAY),
    ),
    trigger="schedule",
    params={"segment": Own.SEGMENT, "every": "week", "weekday": "3", "at": "10:00"},
    final_wait=2 * DAY,
    needs=("pages", "website"),
    segment=READERS,
)
