"""S03: reminders of a class or a webinar, which move with it and end when it is cancelled."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, HOUR, MAIL, MINUTE, SMS, Blueprint, Plank, Trade
from cascades.blueprints.words import Letter, Said
from cascades.models import Seen, WaitFrom
from channels.models import Purpose

_AT = "{{ booking.starts_at | date: '%H:%M' }}"
_WHERE = "{% if booking.place %} ({{ booking.place }}){% endif %}"
PAGE = "{{ booking_url }}"

SOON = Letter(
    _("Starts in an hour"),
    {
        "en": Said(
            f"{{{{ booking.title }}}} starts at {_AT}",
            (f"{{{{ booking.title }}}} starts at {_AT}{_WHERE}. We look forward to you.",),
            f"{{{{ booking.title }}}} starts at {_AT}{_WHERE}:",
            "See the details",
        ),
        "es": Said(
            f"{{{{ booking.title }}}} empieza a las {_AT}",
            (f"{{{{ booking.title }}}} empieza a las {_AT}{_WHERE}. Te esperamos.",),
            f"{{{{ booking.title }}}} empieza a las {_AT}{_WHERE}:",
            "Ver los detalles",
        ),
        "fr": Said(
            f"{{{{ booking.title }}}} commence à {_AT}",
            (f"{{{{ booking.title }}}} commence à {_AT}{_WHERE}. Nous vous attendons.",),
            f"{{{{ booking.title }}}} commence à {_AT}{_WHERE} :",
            "Voir les détails",
        ),
        "ru": Said(
            f"{{{{ booking.title }}}}: начало в {_AT}",
            (f"{{{{ booking.title }}}} начинается в {_AT}{_WHERE}. Ждём вас.",),
            f"{{{{ booking.title }}}}: начало в {_AT}:",
            "Подробности",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)
TEN = Letter(
    _("Starts in ten minutes"),
    {
        "en": Said(
            "{{ booking.title }} starts in ten minutes",
            (f"{{{{ booking.title }}}} starts in ten minutes{_WHERE}.",),
            f"{{{{ booking.title }}}} starts in ten minutes{_WHERE}:",
            "Go there",
        ),
        "es": Said(
            "{{ booking.title }} empieza en diez minutos",
            (f"{{{{ booking.title }}}} empieza en diez minutos{_WHERE}.",),
            f"{{{{ booking.title }}}} empieza en diez minutos{_WHERE}:",
            "Entrar",
        ),
        "fr": Said(
            "{{ booking.title }} commence dans dix minutes",
            (f"{{{{ booking.title }}}} commence dans dix minutes{_WHERE}.",),
            f"{{{{ booking.title }}}} commence dans dix minutes{_WHERE} :",
            "Y aller",
        ),
        "ru": Said(
            "{{ booking.title }}: начало через десять минут",
            (f"{{{{ booking.title }}}} начнётся через десять минут{_WHERE}.",),
            "{{ booking.title }}: через 10 минут:",
            "Перейти",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)
NOW = Letter(
    _("Starts now"),
    {
        "en": Said(
            "{{ booking.title }} starts now",
            (f"{{{{ booking.title }}}} starts now{_WHERE}.",),
            "{{ booking.title }} starts now:",
            "Go there",
        ),
        "es": Said(
            "{{ booking.title }} empieza ahora",
            (f"{{{{ booking.title }}}} empieza ahora{_WHERE}.",),
            "{{ booking.title }} empieza ahora:",
            "Entrar",
        ),
        "fr": Said(
            "{{ booking.title }} commence maintenant",
            (f"{{{{ booking.title }}}} commence maintenant{_WHERE}.",),
            "{{ booking.title }} commence maintenant :",
            "Y aller",
        ),
        "ru": Said(
            "{{ booking.title }} начинается",
            (f"{{{{ booking.title }}}} начинается сейчас{_WHERE}.",),
            "{{ booking.title }} начинается:",
            "Перейти",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)
WAITING = Letter(
    _("We have begun, are you coming?"),
    {
        "en": Said(
            "We have begun: are you coming?",
            ("{{ booking.title }} has begun, and there is still a place for you.",),
            "{{ booking.title }} has begun, and there is still a place for you:",
            "Come in",
        ),
        "es": Said(
            "Ya hemos empezado: ¿vienes?",
            ("{{ booking.title }} ya ha empezado y tu sitio sigue libre.",),
            "{{ booking.title }} ya ha empezado y tu sitio sigue libre:",
            "Entrar",
        ),
        "fr": Said(
            "Nous avons commencé : venez-vous ?",
            ("{{ booking.title }} a commencé, et votre place vous attend.",),
            "{{ booking.title }} a commencé, et votre place vous attend :",
            "Entrer",
        ),
        "ru": Said(
            "Мы начали: вы придёте?",
            ("{{ booking.title }}: мы начали, и место для вас ещё есть.",),
            "{{ booking.title }}: мы начали, ждём вас:",
            "Войти",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)


def _plank(letter: str, kinds: tuple[str, ...], wait: int, wait_from: WaitFrom) -> Plank:
    """Minutes before or after; each is worth nothing soon after."""
    return Plank(
        letter=letter, kinds=kinds, wait=wait * MINUTE, wait_from=wait_from, seen=Seen.NOTHING, validity=9 * MINUTE
    )


BLUEPRINT = Blueprint(
    slug="s03",
    title=_("Reminder of a class or a webinar"),
    trades=(Trade.SCHOOL,),
    story=_(
        "Email an hour before the start and ten minutes before, a messenger ten minutes before to those who joined your bot, both again at "
        "the start, and an SMS five minutes after to those who are not there."
    ),
    stops=_("the person is ticked off as there; the class is cancelled; when it moves, the times move with it"),
    look_at=_("Tick people off on the roster when they come in, or the last message reaches those who are there."),
    letters={"soon": SOON, "ten": TEN, "now": NOW, "waiting": WAITING},
    steps=(
        Plank(letter="soon", kinds=MAIL, wait=HOUR, wait_from=WaitFrom.BEFORE, seen=Seen.NOTHING, validity=45 * MINUTE),
        _plank("ten", MAIL, 10, WaitFrom.BEFORE),
        _plank("ten", CHATS, 10, WaitFrom.BEFORE),
        _plank("now", MAIL, 0, WaitFrom.AFTER),
        _plank("now", CHATS, 0, WaitFrom.AFTER),
        _plank("waiting", SMS, 5, WaitFrom.AFTER),
    ),
    trigger="booking",
    params={"by": 3600, "when": "before", "of": "start", "kind": "class"},
    goal=("booking_attended",),
    final_wait=HOUR,
    needs=("classes",),
)
