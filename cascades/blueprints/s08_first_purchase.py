"""S08: some days after the first purchase two questions; the answers land in the person's history."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import (
    CHATS,
    DAY,
    EVERYONE,
    MAIL,
    SMS,
    WEEK,
    Blueprint,
    Crowd,
    Own,
    Plank,
    Question,
    Survey,
)
from cascades.blueprints.words import Letter, Said
from cascades.models import Reentry, Seen

ASK = Letter(
    _("How was your first time with us?"),
    {
        "en": Said(
            "How was it?",
            ("A few days ago you bought from us for the first time. Two questions, half a minute: how was it?",),
            "{{ business.name }}: how was your first time with us? Two questions:",
            "Answer",
        ),
        "es": Said(
            "¿Qué tal fue?",
            ("Hace unos días compraste por primera vez en nuestra casa. Dos preguntas, medio minuto: ¿qué tal fue?",),
            "{{ business.name }}: ¿qué tal tu primera vez? Dos preguntas:",
            "Responder",
        ),
        "fr": Said(
            "Comment était-ce ?",
            (
                "Il y a quelques jours, vous avez acheté chez nous pour la première fois. Deux questions, une minute : comment était-ce ?",
            ),
            "{{ business.name }} : votre première fois chez nous ? Deux questions :",
            "Répondre",
        ),
        "ru": Said(
            "Как всё прошло?",
            ("Несколько дней назад вы впервые купили у нас. Два вопроса, полминуты: как всё прошло?",),
            "{{ business.name }}: как вам у нас? Два вопроса:",
            "Ответить",
        ),
    },
    link="{{ forms.survey }}",
)
SURVEY = Survey(
    _("After the first purchase"),
    {"en": "How was it?", "es": "¿Qué tal fue?", "fr": "Comment était-ce ?", "ru": "Как всё прошло?"},
    {
        "en": "Two questions, half a minute.",
        "es": "Dos preguntas, medio minuto.",
        "fr": "Deux questions, une demi-minute.",
        "ru": "Два вопроса, полминуты.",
    },
    {
        "en": "Thank you, that helps us.",
        "es": "Gracias, nos ayuda mucho.",
        "fr": "Merci, cela nous aide.",
        "ru": "Спасибо, это нам поможет.",
    },
    (
        Question(
            "score_5",
            {
                "en": "How content are you?",
                "es": "¿Qué tal ha sido?",
                "fr": "Êtes-vous satisfait ?",
                "ru": "Вы довольны?",
            },
            required=True,
        ),
        Question(
            "text",
            {
                "en": "What should we do better?",
                "es": "¿Qué podemos mejorar?",
                "fr": "Que pouvons-nous améliorer ?",
                "ru": "Что нам улучшить?",
            },
        ),
    ),
)

BLUEPRINT = Blueprint(
    slug="s08",
    title=_("Questions after the first purchase"),
    trades=EVERYONE,
    story=_(
        "Three days after the first purchase two questions by email; two days later by a messenger, and a day after that by SMS, to those "
        "who have not answered. The answers stand in the person's history."
    ),
    stops=_("answered"),
    look_at=_("Look at the form that comes with it: ask what you want to know."),
    letters={"ask": ASK},
    steps=(
        Plank(letter="ask", kinds=MAIL, wait=3 * DAY, seen=Seen.REPLIED),
        Plank(letter="ask", kinds=CHATS, wait=2 * DAY, seen=Seen.REPLIED),
        Plank(letter="ask", kinds=SMS, wait=DAY, seen=Seen.REPLIED),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering"},
    reentry=Reentry.NEVER,
    goal=("answer",),
    final_wait=WEEK,
    needs=("orders",),
    segment=Crowd(_("Bought at least once"), {"all": [{"kind": "purchases", "op": "at_least", "times": 1}]}),
    survey=SURVEY,
)
