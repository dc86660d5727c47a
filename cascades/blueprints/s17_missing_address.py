"""S17: people without an email are asked for it on a channel that they have; the page behind the link keeps it, and their consent."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import CHATS, DAY, EVERYONE, SMS, WEEK, Blueprint, Crowd, Own, Plank
from cascades.blueprints.words import Letter, Said
from cascades.models import Reentry, Seen

ASK = Letter(
    _("Leave your email"),
    {
        "en": Said(
            "Where may we write to you?",
            ("We have no email of yours that works. Leave it here, and the news will find you.",),
            "{{ business.name }}: we have no email of yours. Leave it here and get our news and offers by mail:",
            "Leave my email",
        ),
        "es": Said(
            "¿Dónde podemos escribirte?",
            ("No tenemos un correo tuyo que funcione. Déjalo aquí y te llegarán las novedades.",),
            "{{ business.name }}: no tenemos tu correo. Déjalo aquí y recibe nuestras novedades y ofertas:",
            "Dejar mi correo",
        ),
        "fr": Said(
            "Où pouvons-nous vous écrire ?",
            ("Nous n'avons pas d'adresse e-mail valable pour vous. Laissez-la ici pour recevoir nos nouvelles.",),
            "{{ business.name }} : nous n'avons pas votre e-mail. Laissez-le ici pour recevoir nos nouvelles :",
            "Laisser mon e-mail",
        ),
        "ru": Said(
            "Куда вам писать?",
            ("У нас нет вашей действующей почты. Оставьте адрес здесь, и новости вас найдут.",),
            "{{ business.name }}: оставьте нам ваш e-mail:",
            "Оставить адрес",
            chat="{{ business.name }}: у нас нет вашей почты. Оставьте адрес здесь, и новости вас найдут:",
        ),
    },
    link="{{ address_page }}",
)
AGAIN = Letter(
    _("Your email is still missing"),
    {
        "en": Said(
            "Your email is still missing",
            ("It takes ten seconds, and you may end it whenever you like.",),
            "{{ business.name }}: your email is still missing. Ten seconds, and our offers reach you:",
            "Leave my email",
        ),
        "es": Said(
            "Nos sigue faltando tu correo",
            ("Son diez segundos y puedes darte de baja cuando quieras.",),
            "{{ business.name }}: nos sigue faltando tu correo. Son diez segundos:",
            "Dejar mi correo",
        ),
        "fr": Said(
            "Il nous manque toujours votre e-mail",
            ("Cela prend dix secondes, et vous pourrez vous désinscrire à tout moment.",),
            "{{ business.name }} : il nous manque toujours votre e-mail. Dix secondes suffisent :",
            "Laisser mon e-mail",
        ),
        "ru": Said(
            "Нам всё ещё не хватает вашей почты",
            ("Это займёт десять секунд, а отписаться можно в любой момент.",),
            "{{ business.name }}: не хватает вашего e-mail:",
            "Оставить адрес",
            chat="{{ business.name }}: нам всё ещё не хватает вашей почты. Это займёт десять секунд:",
        ),
    },
    link="{{ address_page }}",
)
NO_EMAIL = Crowd(
    _("No email that works"),
    {
        "any": [
            {"kind": "reach", "op": "missing", "channel": "email"},
            {"kind": "reach", "op": "broken", "channel": "email"},
        ]
    },
)

BLUEPRINT = Blueprint(
    slug="s17",
    title=_("Ask for a missing email"),
    trades=EVERYONE,
    story=_(
        "Whoever has no email that works gets a message by a messenger with a link to a page where they leave one; where there is no "
        "messenger, or three days later to those who did not, by SMS. They confirm the email by a link in it, and their consent is kept."
    ),
    stops=_("the email is left and confirmed"),
    look_at=_("Those who have no email now are written to at once when you switch it on. See how many they are."),
    letters={"ask": ASK, "again": AGAIN},
    steps=(
        Plank(letter="ask", kinds=CHATS, seen=Seen.NOTHING),
        Plank(letter="again", kinds=SMS, wait=3 * DAY, seen=Seen.NOTHING),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering", "inside": "all", "leavers": "stop"},
    goal=("address_left",),
    final_wait=WEEK,
    reentry=Reentry.NEVER,
    segment=NO_EMAIL,
)
