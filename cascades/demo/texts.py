"""What the salon writes, in the languages of its customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Text:
    """A message: per language its subject, its email (rich text) and its SMS; all of them Liquid."""

    name: StrOrPromise
    subjects: dict[str, str]
    emails: dict[str, str]
    sms: dict[str, str]
    purpose: str = "marketing"
    urgent: bool = False


_HELLO = {"en": "Hello", "es": "Hola", "fr": "Bonjour", "ru": "Здравствуйте"}


def _mail(language: str, paragraphs: str, button: str) -> str:
    greeting = f"<p>{_HELLO[language]}{{% if contact.first_name %}}, {{{{ contact.first_name }}}}{{% endif %}}!</p>"
    return f'{greeting}{paragraphs}<p><a href="https://aurora.example/book">{button}</a></p>'


AUTUMN = Text(
    name=_("Autumn colours"),
    subjects={
        "en": "Autumn colours, 20 % off until Sunday",
        "es": "Colores de otoño: 20 % hasta el domingo",
        "fr": "Couleurs d'automne : -20 % jusqu'à dimanche",
        "ru": "Осенние цвета: скидка 20 % до воскресенья",
    },
    emails={
        "en": _mail(
            "en", "<p>Warm copper, deep chestnut: book your colour before Sunday and save 20 %.</p>", "Book a time"
        ),
        "es": _mail(
            "es",
            "<p>Cobre cálido, castaño profundo: reserva tu color antes del domingo y ahorra un 20 %.</p>",
            "Reservar",
        ),
        "fr": _mail(
            "fr", "<p>Cuivre chaud, châtain profond : réservez avant dimanche et profitez de 20 %.</p>", "Réserver"
        ),
        "ru": _mail(
            "ru", "<p>Тёплая медь, глубокий каштан: запишитесь до воскресенья и получите скидку 20 %.</p>", "Записаться"
        ),
    },
    sms={
        "en": "Autumn colours at Salon Aurora, 20 % off until Sunday: https://aurora.example/book Reply STOP to opt out",
        "es": "Colores de otono en Salon Aurora, 20 % hasta el domingo: https://aurora.example/book Baja: responde STOP",
        "fr": "Couleurs d'automne chez Salon Aurora, -20 % jusqu'à dimanche : https://aurora.example/book STOP pour ne plus recevoir",
        "ru": "Осенние цвета в Salon Aurora, скидка 20 % до воскресенья: https://aurora.example/book Отказ: STOP",
    },
)

MOVED = Text(
    name=_("Closed on Friday, your appointment moves"),
    purpose="transactional",
    urgent=True,
    subjects={
        "en": "Your appointment on Friday moves to Saturday",
        "es": "Tu cita del viernes pasa al sábado",
        "fr": "Votre rendez-vous de vendredi est déplacé à samedi",
        "ru": "Ваша запись в пятницу переносится на субботу",
    },
    emails={
        "en": _mail(
            "en",
            "<p>A pipe burst, so we are closed on Friday. We keep the same hour for you on Saturday.</p>",
            "Fine by me",
        ),
        "es": _mail(
            "es", "<p>Por una avería cerramos el viernes. Te guardamos la misma hora el sábado.</p>", "De acuerdo"
        ),
        "fr": _mail(
            "fr", "<p>Une fuite nous oblige à fermer vendredi. Nous vous gardons la même heure samedi.</p>", "D'accord"
        ),
        "ru": _mail("ru", "<p>Из-за аварии в пятницу мы закрыты. В субботу в тот же час ждём вас.</p>", "Хорошо"),
    },
    sms={
        "en": "Salon Aurora is closed on Friday. Your appointment moves to Saturday, same hour: https://aurora.example/book",
        "es": "Salon Aurora cierra el viernes. Tu cita pasa al sabado, a la misma hora: https://aurora.example/book",
        "fr": "Salon Aurora ferme vendredi. Votre rendez-vous passe à samedi, même heure : https://aurora.example/book",
        "ru": "Salon Aurora в пятницу закрыт. Ваша запись переносится на субботу, то же время: https://aurora.example/book",
    },
)

SPRING = Text(
    name=_("A new season"),
    subjects={
        "en": "A new season, a new you",
        "es": "Nueva temporada, nuevo look",
        "fr": "Nouvelle saison, nouveau look",
        "ru": "Новый сезон, новый образ",
    },
    emails={
        "en": _mail(
            "en", "<p>{{ contact.attributes.stylist | default: 'Our team' }} has ideas for you.</p>", "See ideas"
        ),
        "es": _mail(
            "es",
            "<p>{{ contact.attributes.stylist | default: 'Nuestro equipo' }} tiene ideas para ti.</p>",
            "Ver ideas",
        ),
        "fr": _mail(
            "fr", "<p>{{ contact.attributes.stylist | default: 'Notre équipe' }} a des idées pour vous.</p>", "Voir"
        ),
        "ru": _mail(
            "ru", "<p>{{ contact.attributes.stylist | default: 'Наша команда' }}: есть идеи для вас.</p>", "Смотреть"
        ),
    },
    sms={
        "en": "Salon Aurora has ideas for your new season: https://aurora.example/ideas STOP to opt out",
        "es": "Salon Aurora tiene ideas para tu temporada: https://aurora.example/ideas Baja: STOP",
        "fr": "Salon Aurora a des idées pour votre saison : https://aurora.example/ideas STOP pour ne plus recevoir",
        "ru": "Salon Aurora: идеи для нового сезона https://aurora.example/ideas Отказ: STOP",
    },
)
