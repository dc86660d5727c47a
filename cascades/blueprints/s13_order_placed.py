"""S13, first part: the order was placed. Its number, what is in it, and where it goes or can be picked up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, MAIL, SMS, Blueprint, Plank, Trade
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import GoalAbout, Mode, Seen
from channels.models import Purpose

ORDER = WEBSITE.replace("{{ ", "{{ event.link | default: ")
# What a shop does not tell is left out.
NUMBER = "{% if event.order %} {{ event.order }}{% endif %}"
THINGS = (
    "{% if event.items %}<ul>{% for item in event.items %}<li>{{ item.name | default: item.sku }}{% if item.quantity %} × "
    "{{ item.quantity }}{% endif %}</li>{% endfor %}</ul>{% endif %}"
)
WHEN = "{{ event.pick_up_at | date: '%A, %d %B, %H:%M' }}"
_PLACE = "{% if event.place %}, {{ event.place }}{% endif %}"


def where(pick_up: str, bring: str) -> str:
    """The words for picking it up, or for bringing it to an address, whichever is known of the order."""
    return f"{{% if event.pick_up_at %}}{pick_up}{{% elsif event.address %}}{bring}{{% endif %}}"


PLACED = Letter(
    _("Your order has arrived here"),
    {
        "en": Said(
            f"Order{NUMBER}: thank you",
            (
                f"Thank you for your order{NUMBER}. We have begun to work on it.",
                THINGS,
                where(
                    f"<p>You can pick it up from {WHEN}{_PLACE}.</p>", "<p>We deliver it to: {{ event.address }}.</p>"
                ),
            ),
            f"{{{{ business.name }}}}: thank you, we have your order{NUMBER}."
            + where(f" Pick-up: {WHEN}{_PLACE}.", " To: {{ event.address }}."),
            "See my order",
        ),
        "es": Said(
            f"Pedido{NUMBER}: gracias",
            (
                f"Gracias por tu pedido{NUMBER}. Ya estamos con él.",
                THINGS,
                where(
                    f"<p>Puedes recogerlo a partir del {WHEN}{_PLACE}.</p>",
                    "<p>Te lo llevamos a: {{ event.address }}.</p>",
                ),
            ),
            f"{{{{ business.name }}}}: gracias, hemos recibido tu pedido{NUMBER}."
            + where(f" Recogida: {WHEN}{_PLACE}.", " Entrega: {{ event.address }}."),
            "Ver mi pedido",
        ),
        "fr": Said(
            f"Commande{NUMBER} : merci",
            (
                f"Merci pour votre commande{NUMBER}. Nous nous en occupons déjà.",
                THINGS,
                where(
                    f"<p>Vous pourrez la retirer à partir du {WHEN}{_PLACE}.</p>",
                    "<p>Elle vous sera livrée ici : {{ event.address }}.</p>",
                ),
            ),
            f"{{{{ business.name }}}} : merci, nous avons bien reçu votre commande{NUMBER}."
            + where(f" Retrait : {WHEN}{_PLACE}.", " Livraison : {{ event.address }}."),
            "Voir ma commande",
        ),
        "ru": Said(
            f"Заказ{NUMBER} принят, спасибо",
            (
                f"Спасибо, мы получили ваш заказ{NUMBER} и уже собираем его.",
                THINGS,
                where(
                    f"<p>Забрать его можно с этого времени: {WHEN}{_PLACE}.</p>",
                    "<p>Адрес доставки: {{ event.address }}.</p>",
                ),
            ),
            f"{{{{ business.name }}}}: заказ{NUMBER} принят."
            + where(f" Забрать: {{{{ event.pick_up_at | date: '%d.%m, %H:%M' }}}}{_PLACE}.", ""),
            "Посмотреть заказ",
            chat=f"{{{{ business.name }}}}: спасибо, заказ{NUMBER} принят."
            + where(f" Забрать можно: {WHEN}{_PLACE}.", " Адрес доставки: {{ event.address }}."),
        ),
    },
    link=ORDER,
    purpose=Purpose.TRANSACTIONAL.value,
)

BLUEPRINT = Blueprint(
    slug="s13",
    title=_("Order: thank you"),
    trades=(Trade.SHOP,),
    story=_(
        "As soon as somebody ordered: thanks, with the order's number, what is in it, and where it goes or can be picked up. By a "
        "messenger, or by email where there is none, or by SMS: one of them."
    ),
    stops=_("one message went out, or the order is cancelled"),
    look_at=_("What you note at the counter is a purchase too, and gets thanks without a number."),
    letters={"placed": PLACED},
    steps=tuple(Plank(letter="placed", kinds=kinds, seen=Seen.NOTHING, validity=DAY) for kinds in (CHATS, MAIL, SMS)),
    trigger="event",
    params={"event": "order", "key": "order"},
    exits=("order_cancelled",),
    final_wait=DAY,
    needs=("orders",),
    more={"mode": Mode.FIRST, "goal_about": GoalAbout.SAME, "goal_key": "order"},
)
