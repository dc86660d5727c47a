"""S18: a message with buttons. The answer brings the person into a group, and ends the cascade or lets it go on."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, SMS, Answer, Blueprint, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen

ASK = Letter(
    _("Shall we tell you more?"),
    {
        "en": Said(
            "Shall we tell you more?",
            ("We are preparing something new. Shall we tell you more about it? Just answer this mail.",),
            "{{ business.name }}: we are preparing something new. Shall we tell you more about it?",
            labels=("Yes", "No", "Later"),
        ),
        "es": Said(
            "¿Te contamos más?",
            ("Estamos preparando algo nuevo. ¿Te contamos más? Solo tienes que responder a este correo.",),
            "{{ business.name }}: estamos preparando algo nuevo. ¿Te contamos más?",
            labels=("Sí", "No", "Luego"),
        ),
        "fr": Said(
            "On vous en dit plus ?",
            ("Nous préparons du nouveau. On vous en dit plus ? Répondez simplement à ce message.",),
            "{{ business.name }} : nous préparons du nouveau. On vous en dit plus ?",
            labels=("Oui", "Non", "Plus tard"),
        ),
        "ru": Said(
            "Рассказать подробнее?",
            ("Мы готовим кое-что новое. Рассказать подробнее? Просто ответьте на это письмо.",),
            "{{ business.name }}: готовим новое. Рассказать подробнее?",
            labels=("Да", "Нет", "Позже"),
        ),
    },
    replies=("yes", "no", "later"),
)
MORE = Letter(
    _("Here is more about it"),
    {
        "en": Said(
            "Here is more about it",
            ("It is here. Have a look and tell us what you think.",),
            "{{ business.name }}: it is here. Have a look:",
            "Have a look",
        ),
        "es": Said(
            "Aquí lo tienes",
            ("Ya está aquí. Míralo y dinos qué te parece.",),
            "{{ business.name }}: ya está aquí. Míralo:",
            "Verlo",
        ),
        "fr": Said(
            "En voici plus",
            ("C'est là. Regardez, et dites-nous ce que vous en pensez.",),
            "{{ business.name }} : c'est là. À voir ici :",
            "Voir",
        ),
        "ru": Said(
            "Подробности здесь",
            ("Готово. Посмотрите и скажите, что думаете.",),
            "{{ business.name }}: готово. Посмотрите:",
            "Посмотреть",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s18",
    title=_("A question with buttons"),
    trades=EVERYONE,
    story=_(
        "A message in a messenger with the buttons yes, no and later. Yes brings the person into a group and ends it; no ends it; whoever "
        "says later, or nothing, gets an SMS a day after."
    ),
    stops=_("answered yes or no; words end it as well and wait in the inbox"),
    look_at=_("Write your question into the message and choose what each answer means."),
    letters={"ask": ASK, "more": MORE},
    steps=(
        Plank(
            letter="ask",
            kinds=CHATS,
            seen=Seen.REPLIED,
            answers=(
                Answer("yes", into=_("Want to know more")),
                Answer("no", into=_("Asked, not interested")),
                Answer("later", "continue"),
            ),
        ),
        Plank(letter="more", kinds=SMS, wait=DAY, seen=Seen.CLICKED),
    ),
    needs=("website",),
)
