"""S09: after a purchase in one category, or visits to pages of another, an offer of what goes with it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, MAIL, SMS, WEEK, Blueprint, Crowd, Own, Plank, Trade
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Reentry, Seen, Who

_THINGS = (
    '{% if goes_with %}<ul>{% for item in goes_with %}<li>{% if item.link %}<a href="{{ item.link }}">{{ item.name }}</a>{% else %}'
    "{{ item.name }}{% endif %}{% if item.price %}: {{ item.price }}{% endif %}</li>{% endfor %}</ul>{% endif %}"
)
OFFER = Letter(
    _("This goes with it"),
    {
        "en": Said(
            "This goes with what you chose",
            (
                "You chose well. We have something that goes with it, and that makes it last longer.",
                _THINGS,
            ),
            "{{ business.name }}: we have something that goes with what you chose:",
            "See what goes with it",
        ),
        "es": Said(
            "Esto va con lo que elegiste",
            (
                "Elegiste bien. Tenemos algo que va con ello y que hace que dure más.",
                _THINGS,
            ),
            "{{ business.name }}: tenemos algo que va con lo que elegiste:",
            "Ver qué le va",
        ),
        "fr": Said(
            "Cela va avec votre choix",
            (
                "Vous avez bien choisi. Nous avons quelque chose qui va avec et qui le fait durer.",
                _THINGS,
            ),
            "{{ business.name }} : nous avons quelque chose qui va avec votre choix :",
            "Voir ce qui va avec",
        ),
        "ru": Said(
            "Это подойдёт к вашему выбору",
            (
                "Вы сделали хороший выбор. У нас есть то, что к нему подходит и продлит его жизнь.",
                _THINGS,
            ),
            "{{ business.name }}: это подойдёт к вашему выбору:",
            "Посмотреть, что подойдёт",
        ),
    },
    link=WEBSITE,
)
BOUGHT, GOES_WITH = "colour", "care"

BLUEPRINT = Blueprint(
    slug="s09",
    title=_("What goes with it"),
    trades=(Trade.SALON, Trade.SHOP),
    story=_(
        "Somebody bought something of one category, or looked twice at pages of another, and has nothing of that other one yet: two days "
        "later an email with what goes with it, three days after that a messenger, then an SMS."
    ),
    stops=_("bought in that category"),
    look_at=_(
        "The segment asks for the categories “colour” and “care”, the goal for “care”: put your own categories there."
    ),
    letters={"offer": OFFER},
    steps=(
        Plank(letter="offer", kinds=MAIL, wait=2 * DAY, seen=Seen.NOTHING),
        Plank(letter="offer", kinds=CHATS, wait=3 * DAY, who=Who.NOT_CLICKED, seen=Seen.NOTHING),
        Plank(letter="offer", kinds=SMS, wait=2 * DAY, who=Who.NOT_CLICKED, seen=Seen.NOTHING),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering", "leavers": "stay"},
    reentry=Reentry.AFTER,
    reentry_after=90 * DAY,
    goal=("order",),
    final_wait=WEEK,
    needs=("orders", "goes_with"),
    segment=Crowd(
        _("Would like what goes with it"),
        {
            "all": [
                {
                    "any": [
                        {"kind": "bought", "op": "at_least", "times": 1, "by": "category", "what": BOUGHT, "days": 30},
                        {
                            "kind": "event",
                            "op": "at_least",
                            "event": "page_viewed",
                            "times": 2,
                            "days": 14,
                            "detail": "category",
                            "compare": "is",
                            "value": GOES_WITH,
                        },
                    ]
                },
                {"kind": "bought", "op": "never", "by": "category", "what": GOES_WITH, "days": 90},
            ]
        },
    ),
    more={"goal_where": [{"field": "items[].category", "is": "is", "value": GOES_WITH}]},
)
