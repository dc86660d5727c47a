"""S02: a cart that was left. What is in it stands in the first mail; an order, or an emptied cart, ends it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import DAY, HOUR, MAIL, PUSH, Blueprint, Plank, Trade
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen

CART = WEBSITE.replace("{{ ", "{{ cart.link | default: ")
# Shops that tell nothing of what is in the cart get the mail without a list.
_THINGS = (
    "{% if cart.items %}<ul>{% for item in cart.items %}<li>{{ item.name | default: item.sku }}{% if item.price %}: {{ item.price }} "
    "{{ cart.currency | default: '' }}{% endif %}</li>{% endfor %}</ul>{% endif %}"
)

NUDGE = Letter(
    _("Your cart is waiting"),
    {
        "en": Said(
            "Your cart is waiting",
            ("You left something in your cart. It is still there.",),
            "What you chose is still there.",
            "Back to my cart",
        ),
        "es": Said(
            "Tu carrito te espera",
            ("Dejaste algo en el carrito. Sigue ahí.",),
            "Lo que elegiste sigue ahí.",
            "Volver a mi carrito",
        ),
        "fr": Said(
            "Votre panier vous attend",
            ("Vous avez laissé quelque chose dans votre panier. Tout y est encore.",),
            "Votre choix vous attend.",
            "Revenir au panier",
        ),
        "ru": Said(
            "Корзина вас ждёт",
            ("Вы оставили кое-что в корзине. Всё на месте.",),
            "То, что вы выбрали, ещё здесь.",
            "Вернуться в корзину",
        ),
    },
    link=CART,
)
CHOSEN = Letter(
    _("What is in your cart"),
    {
        "en": Said(
            "You left this in your cart",
            ("This is what you chose:", _THINGS, "Shall we keep it for you?"),
            "{{ business.name }}: your cart is still there:",
            "Finish my order",
        ),
        "es": Said(
            "Dejaste esto en tu carrito",
            ("Esto es lo que elegiste:", _THINGS, "¿Te lo guardamos?"),
            "{{ business.name }}: tu carrito sigue ahí:",
            "Terminar mi pedido",
        ),
        "fr": Said(
            "Vous avez laissé ceci dans votre panier",
            ("Voici ce que vous avez choisi :", _THINGS, "Voulez-vous que nous vous le gardions ?"),
            "{{ business.name }} : votre panier est toujours là :",
            "Terminer ma commande",
        ),
        "ru": Said(
            "Вы оставили это в корзине",
            ("Вот что вы выбрали:", _THINGS, "Сохранить это для вас?"),
            "{{ business.name }}: корзина ждёт вас:",
            "Завершить заказ",
        ),
    },
    link=CART,
)
LAST = Letter(
    _("You are about to miss it"),
    {
        "en": Said(
            "You are about to miss it",
            ("Your cart will not stay for ever, and what you chose may be gone soon.",),
            "{{ business.name }}: soon your cart will be gone:",
            "Take it now",
        ),
        "es": Said(
            "Estás a punto de perdértelo",
            ("El carrito no se guarda para siempre y lo que elegiste puede agotarse pronto.",),
            "{{ business.name }}: tu carrito está a punto de caducar:",
            "Llevármelo ahora",
        ),
        "fr": Said(
            "C'est bientôt trop tard",
            ("Votre panier ne reste pas pour toujours, et ce que vous avez choisi peut bientôt manquer.",),
            "{{ business.name }} : votre panier va bientôt disparaître :",
            "Le prendre maintenant",
        ),
        "ru": Said(
            "Ещё немного, и будет поздно",
            ("Корзина не хранится вечно, и выбранное может скоро закончиться.",),
            "{{ business.name }}: корзина скоро пропадёт:",
            "Забрать сейчас",
        ),
    },
    link=CART,
)

BLUEPRINT = Blueprint(
    slug="s02",
    title=_("Abandoned cart"),
    trades=(Trade.SHOP,),
    story=_(
        "Three hours after the cart went quiet a notification in the browser; five hours later the same once more; eight hours after that "
        "an email with what was chosen; a day later a last email."
    ),
    stops=_("the order is placed, or the cart is emptied"),
    look_at=_("See whether three hours are right for your shop: the time counts from the last change of the cart."),
    letters={"nudge": NUDGE, "chosen": CHOSEN, "last": LAST},
    steps=(
        Plank(letter="nudge", kinds=PUSH, seen=Seen.NOTHING, validity=4 * HOUR),
        Plank(letter="nudge", kinds=PUSH, wait=5 * HOUR, seen=Seen.NOTHING, validity=8 * HOUR),
        Plank(letter="chosen", kinds=MAIL, wait=8 * HOUR, seen=Seen.NOTHING, validity=DAY),
        Plank(letter="last", kinds=MAIL, wait=DAY, seen=Seen.NOTHING, validity=DAY),
    ),
    trigger="event",
    params={"event": "cart_changed", "key": "cart", "quiet": 3 * 3600, "unless": ["cart_emptied", "order"]},
    goal=("order",),
    exits=("cart_emptied",),
    final_wait=3 * DAY,
    needs=("carts", "orders"),
)
