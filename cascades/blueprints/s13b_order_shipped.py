"""S13, second part: the order is on its way, or ready to be picked up."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, MAIL, SMS, Blueprint, Plank, Trade
from cascades.blueprints.s13_order_placed import NUMBER, ORDER, WHEN, where
from cascades.blueprints.words import Letter, Said
from cascades.models import GoalAbout, Mode, Seen
from channels.models import Purpose

_AT = "{% if event.place %} ({{ event.place }}){% endif %}"

SHIPPED = Letter(
    _("Your order is on its way"),
    {
        "en": Said(
            f"Order{NUMBER}: on its way",
            (
                f"Your order{NUMBER} is on its way.",
                where(f"<p>Pick it up from {WHEN}{_AT}.</p>", "<p>It goes to: {{ event.address }}.</p>"),
            ),
            f"{{{{ business.name }}}}: your order{NUMBER} is on its way."
            + where(f" Pick-up: {WHEN}{_AT}.", " To: {{ event.address }}."),
            "Follow my order",
        ),
        "es": Said(
            f"Pedido{NUMBER}: en camino",
            (
                f"Tu pedido{NUMBER} ya está en camino.",
                where(f"<p>Recógelo a partir del {WHEN}{_AT}.</p>", "<p>Va a: {{ event.address }}.</p>"),
            ),
            f"{{{{ business.name }}}}: tu pedido{NUMBER} ya está en camino."
            + where(f" Recogida: {WHEN}{_AT}.", " Entrega: {{ event.address }}."),
            "Seguir mi pedido",
        ),
        "fr": Said(
            f"Commande{NUMBER} : en route",
            (
                f"Votre commande{NUMBER} est en route.",
                where(
                    f"<p>À retirer à partir du {WHEN}{_AT}.</p>", "<p>Adresse de livraison : {{ event.address }}.</p>"
                ),
            ),
            f"{{{{ business.name }}}} : votre commande{NUMBER} est en route."
            + where(f" Retrait : {WHEN}{_AT}.", " Livraison : {{ event.address }}."),
            "Suivre ma commande",
        ),
        "ru": Said(
            f"Заказ{NUMBER}: уже в пути",
            (
                f"Ваш заказ{NUMBER} уже в пути.",
                where(
                    f"<p>Забрать можно с этого времени: {WHEN}{_AT}.</p>", "<p>Адрес доставки: {{ event.address }}.</p>"
                ),
            ),
            f"{{{{ business.name }}}}: заказ{NUMBER} в пути."
            + where(f" Забрать: {{{{ event.pick_up_at | date: '%d.%m, %H:%M' }}}}{_AT}.", ""),
            "Где мой заказ",
            chat=f"{{{{ business.name }}}}: заказ{NUMBER} уже в пути."
            + where(f" Забрать можно: {WHEN}{_AT}.", " Адрес доставки: {{ event.address }}."),
        ),
    },
    link=ORDER,
    purpose=Purpose.TRANSACTIONAL.value,
)

BLUEPRINT = Blueprint(
    slug="s13b",
    title=_("Order: on its way"),
    trades=(Trade.SHOP,),
    story=_(
        "As soon as the shop says that the order has left: its number and address, or when and where it can be picked up. By a messenger, "
        "or by email where there is none, or by SMS: one of them."
    ),
    stops=_("one message went out, or the order is delivered or cancelled"),
    letters={"shipped": SHIPPED},
    steps=tuple(Plank(letter="shipped", kinds=kinds, seen=Seen.NOTHING, validity=DAY) for kinds in (CHATS, MAIL, SMS)),
    trigger="event",
    params={"event": "order_shipped", "key": "order"},
    goal=("order_delivered",),
    exits=("order_cancelled",),
    final_wait=DAY,
    needs=("deliveries",),
    more={"mode": Mode.FIRST, "goal_about": GoalAbout.SAME, "goal_key": "order"},
)
