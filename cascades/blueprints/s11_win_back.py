"""S11: nothing was heard of somebody since they registered: the benefits after 15 days, the services after 30, a voucher after 45."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, MAIL, SMS, WEEK, Blueprint, Gift, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Reentry, Seen, WaitFrom, Who

# Any of these is a sign of life; a click and an answer are, too.
SIGNS = ("visit", "order", "page_viewed", "cart_changed", "booking_booked", "booking_attended", "answer", "redeemed")
COME_BACK = Gift("come_back", _("Come back"), "10 %", valid_days=30)
CODE = "{{ voucher.come_back }}"


def _until(words: str, end: str = "") -> str:
    """The words and the last day, where the offer has one."""
    return f"{{% if voucher.come_back.until %}}{words} {{{{ voucher.come_back.until }}}}{end}{{% endif %}}"


BENEFITS = Letter(
    _("Good to have you with us"),
    {
        "en": Said(
            "What you have with us",
            (
                "You joined us two weeks ago, and we have not seen you yet.",
                "With us you book in a minute, change your time when you need to, and hear of offers first.",
            ),
            "{{ business.name }}: you joined us two weeks ago. See what you have with us:",
            "See how it works",
        ),
        "es": Said(
            "Todo lo que tienes con nosotros",
            (
                "Te apuntaste hace dos semanas y aún no te hemos visto.",
                "Aquí reservas en un minuto, cambias la hora cuando lo necesitas y te enteras antes de las ofertas.",
            ),
            "{{ business.name }}: te apuntaste hace dos semanas. Mira todo lo que tienes con nosotros:",
            "Ver cómo funciona",
        ),
        "fr": Said(
            "Vos avantages chez nous",
            (
                "Vous nous avez rejoints il y a deux semaines, et nous ne vous avons pas encore vu.",
                "Chez nous, on réserve en une minute, on déplace son horaire au besoin et on connaît les offres en premier.",
            ),
            "{{ business.name }} : vous nous avez rejoints il y a deux semaines. Vos avantages :",
            "Voir comment ça marche",
        ),
        "ru": Said(
            "Что у вас есть с нами",
            (
                "Вы с нами уже две недели, а мы вас ещё не видели.",
                "У нас можно записаться за минуту, перенести время и первыми узнавать о скидках.",
            ),
            "{{ business.name }}: вы с нами две недели. Загляните:",
            "Как это работает",
        ),
    },
    link=WEBSITE,
)
SERVICES = Letter(
    _("What we do"),
    {
        "en": Said(
            "What we can do for you",
            ("Perhaps you have not found the right thing yet. Here is all that we do, with prices and free times.",),
            "{{ business.name }}: all that we do, with prices and free times:",
            "See everything",
        ),
        "es": Said(
            "Lo que podemos hacer por ti",
            ("Quizá aún no has encontrado lo tuyo. Aquí tienes todo lo que hacemos, con precios y horas libres.",),
            "{{ business.name }}: todo lo que hacemos, con precios y horas libres:",
            "Verlo todo",
        ),
        "fr": Said(
            "Ce que nous pouvons faire pour vous",
            (
                "Peut-être n'avez-vous pas encore trouvé. Voici tout ce que nous faisons, avec les prix et les horaires libres.",
            ),
            "{{ business.name }} : tout ce que nous faisons, avec prix et horaires libres :",
            "Tout voir",
        ),
        "ru": Said(
            "Что мы можем сделать для вас",
            ("Возможно, вы ещё не нашли своё. Здесь всё, что мы делаем, с ценами и свободным временем.",),
            "{{ business.name }}: все услуги и цены:",
            "Посмотреть всё",
        ),
    },
    link=WEBSITE,
)
VOUCHER = Letter(
    _("A voucher, if you come back"),
    {
        "en": Said(
            "A voucher for you",
            (
                f"We would like to see you: 10 % off with the code <strong>{CODE}</strong>.",
                "Show it when you come, or enter it with your order." + _until(" It is valid until", "."),
            ),
            f"{{{{ business.name }}}}: we would like to see you. 10 % off with {CODE}{_until(', until')}:",
            "Use my voucher",
        ),
        "es": Said(
            "Un vale para ti",
            (
                f"Nos gustaría verte: 10 % de descuento con el código <strong>{CODE}</strong>.",
                "Enséñalo cuando vengas o escríbelo en tu pedido." + _until(" Vale hasta el", "."),
            ),
            f"{{{{ business.name }}}}: nos gustaría verte. 10 % de descuento con {CODE}{_until(', hasta el')}:",
            "Usar mi vale",
        ),
        "fr": Said(
            "Un bon pour vous",
            (
                f"Nous aimerions vous voir : 10 % de remise avec le code <strong>{CODE}</strong>.",
                "Montrez-le en venant, ou saisissez-le avec votre commande." + _until(" Il est valable jusqu'au", "."),
            ),
            f"{{{{ business.name }}}} : nous aimerions vous voir. 10 % de remise avec {CODE}{_until(', jusqu’au')} :",
            "Utiliser mon bon",
        ),
        "ru": Said(
            "Скидка для вас",
            (
                f"Будем рады вас видеть: скидка 10 % по коду <strong>{CODE}</strong>.",
                "Покажите его у нас или введите при заказе." + _until(" Код действует до"),
            ),
            f"{{{{ business.name }}}}: −10 % по коду {CODE}:",
            "Использовать",
            chat=f"{{{{ business.name }}}}: будем рады вас видеть. Скидка 10 % по коду {CODE}{_until(', до')}:",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s11",
    title=_("Win back after silence"),
    trades=EVERYONE,
    story=_(
        "Fifteen days after somebody registered and was not heard of since: an email with the benefits; after 30 days what you do, by "
        "a messenger or by email; after 45 days a voucher by email, or by SMS where there is no email."
    ),
    stops=_("any sign of life: a visit, a click, an answer, a purchase, a booking"),
    look_at=_(
        "Open the voucher offer “Come back” and say what you give. To win back those who no longer buy, set “Only this counts as a sign” "
        "to order, and the days."
    ),
    letters={"benefits": BENEFITS, "services": SERVICES, "voucher": VOUCHER},
    steps=(
        Plank(letter="benefits", kinds=MAIL, seen=Seen.CLICKED),
        Plank(letter="services", kinds=CHATS, wait=15 * DAY, wait_from=WaitFrom.START, seen=Seen.CLICKED),
        Plank(
            letter="services", kinds=MAIL, wait=15 * DAY, wait_from=WaitFrom.START, who=Who.FAILED, seen=Seen.CLICKED
        ),
        Plank(letter="voucher", kinds=MAIL, wait=30 * DAY, wait_from=WaitFrom.START, seen=Seen.CLICKED),
        Plank(letter="voucher", kinds=SMS, wait=30 * DAY, wait_from=WaitFrom.START, who=Who.FAILED, seen=Seen.CLICKED),
    ),
    trigger="silence",
    params={"days": 15, "since": "registered"},
    goal=SIGNS,
    final_wait=WEEK,
    reentry=Reentry.NEVER,
    gift=COME_BACK,
)
