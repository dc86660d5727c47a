"""S13, last part: the order was delivered, and two days later a short survey of how that went."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, MAIL, SMS, WEEK, Blueprint, Plank, Question, Survey, Trade
from cascades.blueprints.s13_order_placed import NUMBER, ORDER
from cascades.blueprints.words import Letter, Said
from cascades.models import Seen, Who
from channels.models import Purpose

DELIVERED = Letter(
    _("Your order was delivered"),
    {
        "en": Said(
            f"Order{NUMBER}: delivered",
            (
                f"Your order{NUMBER} has been delivered{{% if event.address %}} to {{{{ event.address }}}}{{% endif %}}.",
                "If anything is missing or broken, just answer: we put it right.",
            ),
            f"{{{{ business.name }}}}: your order{NUMBER} has been delivered. Anything wrong? Tell us:",
            "See my order",
        ),
        "es": Said(
            f"Pedido{NUMBER}: entregado",
            (
                f"Tu pedido{NUMBER} ya está entregado{{% if event.address %}} en {{{{ event.address }}}}{{% endif %}}.",
                "Si falta algo o ha llegado mal, responde a este mensaje y lo arreglamos.",
            ),
            f"{{{{ business.name }}}}: tu pedido{NUMBER} ya está entregado. ¿Algo va mal? Dinos:",
            "Ver mi pedido",
        ),
        "fr": Said(
            f"Commande{NUMBER} : livrée",
            (
                f"Votre commande{NUMBER} a été livrée{{% if event.address %}} ({{{{ event.address }}}}){{% endif %}}.",
                "S'il manque quelque chose, répondez à ce message et nous ferons le nécessaire.",
            ),
            f"{{{{ business.name }}}} : votre commande{NUMBER} a été livrée. Un souci ? Dites-le-nous :",
            "Voir ma commande",
        ),
        "ru": Said(
            f"Заказ{NUMBER} доставлен",
            (
                f"Ваш заказ{NUMBER} доставлен{{% if event.address %}}: {{{{ event.address }}}}{{% endif %}}.",
                "Если чего-то не хватает или что-то не так, просто ответьте на это письмо, и мы всё исправим.",
            ),
            f"{{{{ business.name }}}}: заказ{NUMBER} доставлен:",
            "Посмотреть заказ",
            chat=f"{{{{ business.name }}}}: заказ{NUMBER} доставлен. Если что-то не так, напишите нам:",
        ),
    },
    link=ORDER,
    purpose=Purpose.TRANSACTIONAL.value,
)
ASKED = Letter(
    _("How was the delivery?"),
    {
        "en": Said(
            "How was the delivery?",
            (f"Did your order{NUMBER} reach you well? Two questions, half a minute.",),
            "{{ business.name }}: how was the delivery? Two questions:",
            "Answer",
        ),
        "es": Said(
            "¿Qué tal la entrega?",
            (f"¿Te llegó bien tu pedido{NUMBER}? Son dos preguntas, medio minuto.",),
            "{{ business.name }}: ¿qué tal la entrega? Son dos preguntas:",
            "Responder",
        ),
        "fr": Said(
            "Comment s'est passée la livraison ?",
            (f"Votre commande{NUMBER} est-elle bien arrivée ? Deux questions, une demi-minute.",),
            "{{ business.name }} : comment s'est passée la livraison ? Deux questions :",
            "Répondre",
        ),
        "ru": Said(
            "Как прошла доставка?",
            (f"Всё ли в порядке с вашим заказом{NUMBER}? Два вопроса, полминуты.",),
            "{{ business.name }}: как прошла доставка?",
            "Ответить",
        ),
    },
    link="{{ forms.survey }}",
)
SURVEY = Survey(
    _("Delivery"),
    {
        "en": "How was the delivery?",
        "es": "¿Qué tal la entrega?",
        "fr": "Comment s'est passée la livraison ?",
        "ru": "Как прошла доставка?",
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
            "score_5",
            {
                "en": "How satisfied are you with the delivery?",
                "es": "¿Qué nota le das a la entrega?",
                "fr": "Quelle note donnez-vous à la livraison ?",
                "ru": "Как вы оцениваете доставку?",
            },
            required=True,
        ),
        Question(
            "text",
            {
                "en": "What could have been better?",
                "es": "¿Qué podríamos mejorar?",
                "fr": "Que pourrions-nous améliorer ?",
                "ru": "Что нам улучшить?",
            },
        ),
    ),
)

BLUEPRINT = Blueprint(
    slug="s13c",
    title=_("Order: delivered, and a survey"),
    trades=(Trade.SHOP,),
    story=_(
        "As soon as the order is delivered: a message by a messenger, or by email where there is none, or by SMS. Two days later two "
        "questions about the delivery by email, and three days after that once more by a messenger to those who did not answer."
    ),
    stops=_("the questions are answered"),
    look_at=_("Open the form “Delivery” and change its questions as you like."),
    letters={"delivered": DELIVERED, "asked": ASKED},
    steps=(
        Plank(letter="delivered", kinds=CHATS, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="delivered", kinds=MAIL, who=Who.FAILED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="delivered", kinds=SMS, who=Who.FAILED, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="asked", kinds=MAIL, wait=2 * DAY, seen=Seen.REPLIED),
        Plank(letter="asked", kinds=CHATS, wait=3 * DAY, seen=Seen.REPLIED),
    ),
    trigger="event",
    params={"event": "order_delivered", "key": "order"},
    goal=("answer",),
    final_wait=WEEK,
    needs=("deliveries",),
    survey=SURVEY,
)
