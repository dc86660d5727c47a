"""S16: thanks for a purchase, with what goes with it, or the plain thanks to those who want no news; a short survey some days later."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, MAIL, SMS, WEEK, Blueprint, Plank, Question, Survey
from cascades.blueprints.s13_order_placed import NUMBER, ORDER
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen, Who
from channels.models import Purpose


def _goes_with(words: str) -> str:
    """The list of what goes with it, where there is anything."""
    return (
        f"{{% if goes_with %}}<p>{words}</p><ul>{{% for item in goes_with %}}<li>{{{{ item.name }}}}{{% if item.price %}}: "
        "{{ item.price }}{% endif %}</li>{% endfor %}</ul>{% endif %}"
    )


THANKS = Letter(
    _("Thank you, and what goes with it"),
    {
        "en": Said(
            "Thank you for your trust",
            (f"Thank you: your purchase{NUMBER} is confirmed.", _goes_with("This goes well with it:")),
            "{{ business.name }}: thank you for your purchase! See what goes with it:",
            "Have a look",
        ),
        "es": Said(
            "Gracias por tu confianza",
            (f"Gracias: tu compra{NUMBER} está confirmada.", _goes_with("Esto le va muy bien:")),
            "{{ business.name }}: ¡gracias por tu compra! Mira qué le va bien:",
            "Echar un vistazo",
        ),
        "fr": Said(
            "Merci de votre confiance",
            (f"Merci : votre achat{NUMBER} est confirmé.", _goes_with("Voici ce qui va bien avec :")),
            "{{ business.name }} : merci pour votre achat ! Voyez ce qui va avec :",
            "Découvrir",
        ),
        "ru": Said(
            "Спасибо за доверие",
            (f"Спасибо! Ваша покупка{NUMBER} подтверждена.", _goes_with("К ней хорошо подойдёт:")),
            "{{ business.name }}: спасибо за покупку! К ней подойдёт:",
            "Посмотреть",
        ),
    },
    link=WEBSITE,
)
PLAIN = Letter(
    _("Thank you, it is confirmed"),
    {
        "en": Said(
            "Your purchase is confirmed",
            (
                f"Thank you: your purchase{NUMBER} is confirmed.",
                "Keep this message; just answer if you have a question.",
            ),
            f"{{{{ business.name }}}}: thank you, your purchase{NUMBER} is confirmed:",
            "See the details",
        ),
        "es": Said(
            "Tu compra está confirmada",
            (f"Gracias: tu compra{NUMBER} está confirmada.", "Guarda este mensaje; si tienes dudas, responde sin más."),
            f"{{{{ business.name }}}}: gracias, tu compra{NUMBER} está confirmada:",
            "Ver los detalles",
        ),
        "fr": Said(
            "Votre achat est confirmé",
            (
                f"Merci : votre achat{NUMBER} est confirmé.",
                "Conservez ce message ; pour toute question, répondez-y simplement.",
            ),
            f"{{{{ business.name }}}} : merci, votre achat{NUMBER} est confirmé :",
            "Voir les détails",
        ),
        "ru": Said(
            "Ваша покупка подтверждена",
            (
                f"Спасибо! Ваша покупка{NUMBER} подтверждена.",
                "Сохраните это письмо, а если есть вопросы, просто ответьте на него.",
            ),
            f"{{{{ business.name }}}}: спасибо! Покупка{NUMBER} подтверждена:",
            "Подробности",
        ),
    },
    link=ORDER,
    purpose=Purpose.TRANSACTIONAL.value,
)
ASKED = Letter(
    _("Are you happy with it?"),
    {
        "en": Said(
            "Are you happy with it?",
            ("It has been a few days. Two questions, half a minute: are you happy with what you bought?",),
            "{{ business.name }}: are you happy with your purchase? Two questions:",
            "Answer",
        ),
        "es": Said(
            "¿Todo bien con tu compra?",
            ("Ya han pasado unos días. Son dos preguntas, medio minuto: ¿estás a gusto con lo que compraste?",),
            "{{ business.name }}: ¿todo bien con tu compra? Son dos preguntas:",
            "Responder",
        ),
        "fr": Said(
            "En êtes-vous satisfait ?",
            ("Quelques jours ont passé. Deux questions, une demi-minute : votre achat vous plaît-il ?",),
            "{{ business.name }} : votre achat vous plaît-il ? Deux questions :",
            "Répondre",
        ),
        "ru": Said(
            "Довольны ли вы покупкой?",
            ("Прошло несколько дней. Два вопроса, полминуты: довольны ли вы покупкой?",),
            "{{ business.name }}: довольны ли вы покупкой?",
            "Ответить",
        ),
    },
    link="{{ forms.survey }}",
)
SURVEY = Survey(
    _("Purchase"),
    {
        "en": "Are you happy with your purchase?",
        "es": "¿Todo bien con tu compra?",
        "fr": "Votre achat vous plaît-il ?",
        "ru": "Довольны ли вы покупкой?",
    },
    {
        "en": "Two questions. Your answers help us to do better.",
        "es": "Son dos preguntas. Tus respuestas nos ayudan a mejorar.",
        "fr": "Deux questions. Vos réponses nous aident à progresser.",
        "ru": "Всего два вопроса. Ваши ответы помогают нам стать лучше.",
    },
    {"en": "Thank you!", "es": "¡Gracias!", "fr": "Merci !", "ru": "Спасибо!"},
    (
        Question(
            "score_10",
            {
                "en": "How likely are you to recommend us to a friend?",
                "es": "¿Nos recomendarías a un amigo?",
                "fr": "Nous recommanderiez-vous à un ami ?",
                "ru": "Порекомендуете ли вы нас друзьям?",
            },
            required=True,
        ),
        Question("text", {"en": "Why?", "es": "¿Por qué?", "fr": "Pourquoi ?", "ru": "Почему?"}),
    ),
)

BLUEPRINT = Blueprint(
    slug="s16",
    title=_("Thanks for a purchase or a contract"),
    trades=EVERYONE,
    story=_(
        "As soon as somebody bought: thanks by email with what goes with it. Who wants no news gets the plain confirmation, and who has no "
        "email gets it by a messenger or SMS. Five days later two questions, and three days after that once more by a messenger."
    ),
    stops=_("the questions are answered"),
    look_at=_("For contracts, change what brings people in to the name by which your system reports a signed one."),
    letters={"thanks": THANKS, "plain": PLAIN, "asked": ASKED},
    steps=(
        Plank(letter="thanks", kinds=MAIL, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="plain", kinds=MAIL, who=Who.FAILED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="plain", kinds=CHATS, who=Who.FAILED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="plain", kinds=SMS, who=Who.FAILED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="asked", kinds=MAIL, wait=5 * DAY, seen=Seen.REPLIED),
        Plank(letter="asked", kinds=CHATS, wait=3 * DAY, seen=Seen.REPLIED),
    ),
    trigger="event",
    params={"event": "order", "key": "order"},
    goal=("answer",),
    final_wait=WEEK,
    needs=("orders",),
    survey=SURVEY,
)
