"""S06: whoever agreed to emails is welcomed, gets the best two days later, and is asked for an opinion after three weeks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import DAY, EVERYONE, MAIL, WEEK, Blueprint, Crowd, Own, Plank, Question, Survey
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Reentry, Seen, WaitFrom

WELCOME = Letter(
    _("Welcome"),
    {
        "en": Said(
            "Welcome to {{ business.name }}",
            (
                "It is good to have you with us. From now on you hear of our news first.",
                "You choose yourself what you get, and it ends with one click.",
            ),
            "Welcome to {{ business.name }}! From now on you hear of our news first:",
            "Have a look round",
        ),
        "es": Said(
            "Te damos la bienvenida a {{ business.name }}",
            (
                "Nos alegra tenerte aquí. Desde ahora sabrás antes que nadie qué hay de nuevo.",
                "Tú eliges qué recibes, y se acaba con un clic.",
            ),
            "¡Te damos la bienvenida a {{ business.name }}! Desde ahora sabrás antes que nadie qué hay de nuevo:",
            "Echar un vistazo",
        ),
        "fr": Said(
            "Bienvenue chez {{ business.name }}",
            (
                "Nous sommes heureux de vous compter parmi nous. Désormais, vous saurez tout en premier.",
                "Vous choisissez ce que vous recevez, et un clic suffit pour arrêter.",
            ),
            "Bienvenue chez {{ business.name }} ! Désormais, vous saurez tout en premier :",
            "Faire le tour",
        ),
        "ru": Said(
            "Добро пожаловать в {{ business.name }}",
            (
                "Рады, что вы с нами. Теперь вы узнаёте новости первыми.",
                "Вы сами выбираете, что получать, и отказаться можно в один клик.",
            ),
            "{{ business.name }}: добро пожаловать! Новости здесь:",
            "Осмотреться",
        ),
    },
    link=WEBSITE,
)
CONTENT = Letter(
    _("What people like most with us"),
    {
        "en": Said(
            "What people like most with us",
            ("Two days ago you came to us. These are the things that others like most. [[Write them here.]]",),
            "{{ business.name }}: this is what people like most with us:",
            "See what they like",
        ),
        "es": Said(
            "Lo que más gusta de nosotros",
            ("Hace dos días llegaste a nuestra casa. Esto es lo que más gusta a los demás. [[Escríbelo aquí.]]",),
            "{{ business.name }}: esto es lo que más gusta:",
            "Ver qué gusta",
        ),
        "fr": Said(
            "Ce que l'on préfère chez nous",
            ("Vous nous avez rejoints il y a deux jours. Voici ce que les autres préfèrent. [[Écrivez-le ici.]]",),
            "{{ business.name }} : voici ce que l'on préfère chez nous :",
            "Voir ce qui plaît",
        ),
        "ru": Said(
            "Что у нас любят больше всего",
            ("Два дня назад вы пришли к нам. Вот что нравится другим больше всего. [[Напишите об этом здесь.]]",),
            "{{ business.name }}: что у нас любят:",
            "Посмотреть, что нравится",
        ),
    },
    link=WEBSITE,
)
OPINION = Letter(
    _("How do you like it with us?"),
    {
        "en": Said(
            "How do you like it with us?",
            ("You have been with us for three weeks. Two questions, half a minute: how do you like it?",),
            "{{ business.name }}: how do you like it with us? Two questions:",
            "Answer",
        ),
        "es": Said(
            "¿Qué tal con nosotros?",
            ("Llevas tres semanas con nosotros. Dos preguntas, medio minuto: ¿qué te parece?",),
            "{{ business.name }}: ¿qué tal con nosotros? Dos preguntas:",
            "Responder",
        ),
        "fr": Said(
            "Comment vous sentez-vous chez nous ?",
            ("Vous êtes avec nous depuis trois semaines. Deux questions, une demi-minute : qu'en pensez-vous ?",),
            "{{ business.name }} : comment vous sentez-vous chez nous ? Deux questions :",
            "Répondre",
        ),
        "ru": Said(
            "Как вам у нас?",
            ("Вы с нами уже три недели. Два вопроса, полминуты: как вам у нас?",),
            "{{ business.name }}: как вам у нас? Два вопроса:",
            "Ответить",
        ),
    },
    link="{{ forms.survey }}",
)
SURVEY = Survey(
    _("After three weeks"),
    {
        "en": "How do you like it with us?",
        "es": "¿Qué tal con nosotros?",
        "fr": "Comment vous sentez-vous chez nous ?",
        "ru": "Как вам у нас?",
    },
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
            "score_10",
            {
                "en": "How likely are you to recommend us?",
                "es": "¿Nos recomendarías?",
                "fr": "Nous recommanderiez-vous ?",
                "ru": "Посоветуете нас друзьям?",
            },
            required=True,
        ),
        Question(
            "text",
            {
                "en": "What would you like to read about?",
                "es": "¿Sobre qué te gustaría leer?",
                "fr": "Qu'aimeriez-vous lire ?",
                "ru": "О чём вам было бы интересно читать?",
            },
        ),
    ),
)

BLUEPRINT = Blueprint(
    slug="s06",
    title=_("Welcome"),
    trades=EVERYONE,
    story=_(
        "Whoever agrees to your emails gets a welcome at once, the best of what you have two days later, and two questions after three "
        "weeks. The answers stand in the person's history."
    ),
    stops=_("unsubscribed, or the consent withdrawn"),
    look_at=_("Write into the second message what your people like most."),
    letters={"welcome": WELCOME, "content": CONTENT, "opinion": OPINION},
    steps=(
        Plank(letter="welcome", kinds=MAIL, seen=Seen.NOTHING),
        Plank(letter="content", kinds=MAIL, wait=2 * DAY, seen=Seen.NOTHING),
        Plank(letter="opinion", kinds=MAIL, wait=3 * WEEK, wait_from=WaitFrom.START, seen=Seen.NOTHING),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering", "leavers": "stop"},
    reentry=Reentry.NEVER,
    final_wait=WEEK,
    segment=Crowd(_("Agreed to emails"), {"all": [{"kind": "consent", "op": "given", "channel": "email"}]}),
    survey=SURVEY,
)
