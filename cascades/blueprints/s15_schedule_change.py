"""S15: the appointment or class moved. Urgent: all the way down the cascade within minutes, also at night."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, HOUR, MAIL, MINUTE, SMS, Blueprint, Plank, Trade
from cascades.blueprints.words import Letter, Said
from cascades.models import Seen
from channels.models import Purpose

_AT = "{{ booking.starts_at | date: '%H:%M' }}"
_DAY = "{{ booking.starts_at | date: '%A, %d %B' }}"

MOVED = Letter(
    _("It has another time now"),
    {
        "en": Said(
            "New time: {{ booking.title }}",
            (
                f"{{{{ booking.title }}}} has another time: <strong>{_DAY}, {_AT}</strong>. Please tell us whether it suits you.",
            ),
            f"{{{{ business.name }}}}: {{{{ booking.title }}}} has another time, {_DAY}, {_AT}:",
            "Confirm or cancel",
        ),
        "es": Said(
            "Nueva hora: {{ booking.title }}",
            (
                f"{{{{ booking.title }}}} cambia de hora: <strong>{_DAY}, {_AT}</strong>. Dinos, por favor, si te va bien.",
            ),
            f"{{{{ business.name }}}}: {{{{ booking.title }}}} cambia de hora, {_DAY}, {_AT}:",
            "Confirmar o cancelar",
        ),
        "fr": Said(
            "Nouvel horaire : {{ booking.title }}",
            (
                f"{{{{ booking.title }}}} change d'horaire : <strong>{_DAY}, {_AT}</strong>. Dites-nous si cela vous convient.",
            ),
            f"{{{{ business.name }}}} : {{{{ booking.title }}}} change d'horaire, {_DAY}, {_AT} :",
            "Confirmer ou annuler",
        ),
        "ru": Said(
            "Новое время: {{ booking.title }}",
            (
                f"{{{{ booking.title }}}} переносится: <strong>{_DAY}, {_AT}</strong>. Сообщите, пожалуйста, удобно ли вам.",
            ),
            f"{{{{ business.name }}}}: новое время {{{{ booking.starts_at | date: '%d.%m' }}}}, {_AT}:",
            "Подтвердить или отменить",
        ),
    },
    link="{{ booking_url }}",
    purpose=Purpose.TRANSACTIONAL.value,
    urgent=True,
)

BLUEPRINT = Blueprint(
    slug="s15",
    title=_("Another time for an appointment or a class"),
    trades=(Trade.SALON, Trade.SCHOOL),
    story=_(
        "As soon as it was moved: email and, five minutes later, a messenger to those who did not open it; ten minutes after that an SMS "
        "to the rest. It is urgent, so it also leaves at night."
    ),
    stops=_("opened, clicked or answered"),
    look_at=_("It passes quiet hours: use it for what cannot wait, and for nothing else."),
    letters={"moved": MOVED},
    steps=(
        Plank(letter="moved", kinds=MAIL, validity=12 * HOUR),
        Plank(letter="moved", kinds=CHATS, wait=5 * MINUTE, validity=12 * HOUR),
        Plank(letter="moved", kinds=SMS, wait=10 * MINUTE, seen=Seen.CLICKED, validity=12 * HOUR),
    ),
    trigger="event",
    params={"event": "booking_moved"},
    goal=("booking_confirmed",),
    exits=("booking_cancelled",),
    final_wait=2 * HOUR,
    needs=("bookings",),
)
