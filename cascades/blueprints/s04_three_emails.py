"""S04: three emails at different times, no change of channel; only an order ends it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import DAY, EVERYONE, MAIL, Blueprint, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Seen

OFFER = Letter(
    _("The offer"),
    {
        "en": Said(
            "An offer for you",
            (
                "For two weeks we have an offer that we think you will like.",
                "Book or order online, whenever it suits you.",
            ),
            "{{ business.name }}: an offer for you, for two weeks:",
            "See the offer",
        ),
        "es": Said(
            "Una oferta para ti",
            (
                "Durante dos semanas tenemos una oferta que creemos que te gustará.",
                "Reserva o compra en línea cuando quieras.",
            ),
            "{{ business.name }}: una oferta para ti, durante dos semanas:",
            "Ver la oferta",
        ),
        "fr": Said(
            "Une offre pour vous",
            (
                "Pendant deux semaines, nous avons une offre qui devrait vous plaire.",
                "Réservez ou commandez en ligne, quand vous voulez.",
            ),
            "{{ business.name }} : une offre pour vous, pendant deux semaines :",
            "Voir l'offre",
        ),
        "ru": Said(
            "Предложение для вас",
            (
                "Две недели действует предложение, которое вам понравится.",
                "Запишитесь или закажите на сайте в любое время.",
            ),
            "{{ business.name }}: предложение для вас:",
            "Посмотреть предложение",
        ),
    },
    link=WEBSITE,
)
REMINDER = Letter(
    _("The offer is still there"),
    {
        "en": Said(
            "Our offer is still there",
            ("The offer that we told you of is still there.",),
            "{{ business.name }}: our offer is still there:",
            "See it again",
        ),
        "es": Said(
            "Nuestra oferta sigue en pie",
            ("La oferta de la que te hablamos sigue en pie.",),
            "{{ business.name }}: nuestra oferta sigue en pie:",
            "Verla otra vez",
        ),
        "fr": Said(
            "Notre offre est toujours là",
            ("L'offre dont nous vous avons parlé est toujours là.",),
            "{{ business.name }} : notre offre est toujours là :",
            "La revoir",
        ),
        "ru": Said(
            "Предложение ещё действует",
            ("Предложение, о котором мы писали, ещё действует.",),
            "{{ business.name }}: предложение в силе:",
            "Посмотреть ещё раз",
        ),
    },
    link=WEBSITE,
)
PRODUCT = Letter(
    _("The one that suits you"),
    {
        "en": Said(
            "This one would suit you",
            ("Of all that we have, this one would suit you best. [[Write its name and its price here.]]",),
            "{{ business.name }}: this one would suit you:",
            "I want this one",
        ),
        "es": Said(
            "Este es para ti",
            ("De todo lo que tenemos, este es el que mejor te va. [[Escribe aquí su nombre y su precio.]]",),
            "{{ business.name }}: este es para ti:",
            "Quiero este",
        ),
        "fr": Said(
            "Celui-ci vous irait bien",
            ("De tout ce que nous avons, c'est celui qui vous va le mieux. [[Écrivez ici son nom et son prix.]]",),
            "{{ business.name }} : celui-ci vous irait bien :",
            "Je le veux",
        ),
        "ru": Said(
            "Это вам подойдёт",
            ("Из всего, что у нас есть, это подойдёт вам больше всего. [[Напишите здесь название и цену.]]",),
            "{{ business.name }}: это вам подойдёт:",
            "Хочу это",
        ),
    },
    link=WEBSITE,
)

BLUEPRINT = Blueprint(
    slug="s04",
    title=_("Three emails"),
    trades=EVERYONE,
    story=_(
        "Three emails and no other channel: the offer, two days later a reminder, two days after that the very thing that suits them."
    ),
    stops=_("bought or booked"),
    look_at=_("Write your offer into the three messages; the last one names one product."),
    letters={"offer": OFFER, "reminder": REMINDER, "product": PRODUCT},
    steps=(
        Plank(letter="offer", kinds=MAIL, seen=Seen.NOTHING),
        Plank(letter="reminder", kinds=MAIL, wait=2 * DAY, seen=Seen.NOTHING),
        Plank(letter="product", kinds=MAIL, wait=2 * DAY, seen=Seen.NOTHING),
    ),
    goal=("order", "booking_booked"),
    needs=("orders", "website"),
)
