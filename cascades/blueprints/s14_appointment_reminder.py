"""S14: a day before the appointment, and two hours before if it was not confirmed; the page in the message confirms and cancels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, HOUR, MAIL, SMS, Blueprint, Plank, Trade
from cascades.blueprints.words import Letter, Said
from cascades.models import Seen, WaitFrom, Who
from channels.models import Purpose

_AT = "{{ booking.starts_at | date: '%H:%M' }}"
_DAY = "{{ booking.starts_at | date: '%A, %d %B' }}"
_WHAT = "{{ booking.title }}{% if booking.place %}, {{ booking.place }}{% endif %}"
PAGE = "{{ booking_url }}"

TOMORROW = Letter(
    _("Your appointment tomorrow"),
    {
        "en": Said(
            f"Your appointment: {_DAY}, {_AT}",
            (
                f"We expect you on {_DAY} at {_AT}: {_WHAT}.",
                "Please confirm, or cancel if you cannot come.",
            ),
            f"{{{{ business.name }}}}: {{{{ booking.title }}}}, {_DAY}, {_AT}. Confirm or cancel:",
            "Confirm or cancel",
        ),
        "es": Said(
            f"Tu cita: {_DAY}, {_AT}",
            (
                f"Te esperamos el {_DAY} a las {_AT}: {_WHAT}.",
                "Confírmala, por favor, o cancélala si no puedes venir.",
            ),
            f"{{{{ business.name }}}}: {{{{ booking.title }}}}, {_DAY}, {_AT}. Confirma o cancela:",
            "Confirmar o cancelar",
        ),
        "fr": Said(
            f"Votre rendez-vous : {_DAY}, {_AT}",
            (
                f"Nous vous attendons {_DAY} à {_AT} : {_WHAT}.",
                "Merci de confirmer, ou d'annuler si vous ne pouvez pas venir.",
            ),
            f"{{{{ business.name }}}} : {{{{ booking.title }}}}, {_DAY}, {_AT}. Confirmez ou annulez :",
            "Confirmer ou annuler",
        ),
        "ru": Said(
            f"Ваша запись: {_DAY}, {_AT}",
            (
                f"Ждём вас {_DAY} в {_AT}: {_WHAT}.",
                "Подтвердите запись или отмените её, если не сможете прийти.",
            ),
            f"{{{{ business.name }}}}: {{{{ booking.starts_at | date: '%d.%m' }}}} в {_AT}. Придёте?",
            "Подтвердить или отменить",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)
TODAY = Letter(
    _("Your appointment in two hours"),
    {
        "en": Said(
            f"Today at {_AT}: are you coming?",
            (f"Your appointment is today at {_AT}. Please tell us that you are coming.",),
            f"{{{{ business.name }}}}: today at {_AT}, {{{{ booking.title }}}}. Confirm or cancel:",
            "I am coming",
        ),
        "es": Said(
            f"Hoy a las {_AT}: ¿vienes?",
            (f"Tu cita es hoy a las {_AT}. Dinos, por favor, si vienes.",),
            f"{{{{ business.name }}}}: hoy a las {_AT}, {{{{ booking.title }}}}. Confirma o cancela:",
            "Voy",
        ),
        "fr": Said(
            f"Aujourd'hui à {_AT} : venez-vous ?",
            (f"Votre rendez-vous est aujourd'hui à {_AT}. Dites-nous si vous venez.",),
            f"{{{{ business.name }}}} : aujourd'hui à {_AT}, {{{{ booking.title }}}}. Confirmez ou annulez :",
            "Je viens",
        ),
        "ru": Said(
            f"Сегодня в {_AT}: вы придёте?",
            (f"Ваша запись сегодня в {_AT}. Сообщите, пожалуйста, придёте ли вы.",),
            f"{{{{ business.name }}}}: ждём сегодня в {_AT}. Придёте?",
            "Приду",
        ),
    },
    link=PAGE,
    purpose=Purpose.TRANSACTIONAL.value,
)

BLUEPRINT = Blueprint(
    slug="s14",
    title=_("Reminder of an appointment"),
    trades=(Trade.SALON,),
    story=_(
        "A day before the appointment a reminder by a messenger, or by email where there is none; two hours before an SMS, if it was not "
        "confirmed. The link in it confirms or cancels. What would fall into quiet hours leaves before them."
    ),
    stops=_("confirmed or cancelled; when the appointment moves, the times move with it"),
    look_at=_("Enter a test appointment for yourself and open the link in the message."),
    letters={"tomorrow": TOMORROW, "today": TODAY},
    steps=(
        Plank(
            letter="tomorrow", kinds=CHATS, wait=DAY, wait_from=WaitFrom.BEFORE, seen=Seen.NOTHING, validity=12 * HOUR
        ),
        Plank(
            letter="tomorrow",
            kinds=MAIL,
            wait=DAY,
            wait_from=WaitFrom.BEFORE,
            who=Who.FAILED,
            seen=Seen.NOTHING,
            validity=12 * HOUR,
        ),
        Plank(letter="today", kinds=SMS, wait=2 * HOUR, wait_from=WaitFrom.BEFORE, seen=Seen.NOTHING, validity=HOUR),
    ),
    trigger="booking",
    params={"by": 86_400, "when": "before", "of": "start", "kind": "appointment"},
    goal=("booking_confirmed",),
    exits=("booking_cancelled",),
    final_wait=2 * HOUR,
    needs=("appointments",),
)
