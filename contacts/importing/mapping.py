"""Which column is what: the fields that a column can go to, and the guess from headers in four languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from contacts.importing.reading import Raw
from contacts.models.contact import fold

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

IGNORE, DETAIL, NUMBER, DAY = "ignore", "detail", "number", "day"
LABELS: dict[str, StrOrPromise] = {
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "full_name": _("Full name"),
    "email": _("Email"),
    "phone": _("Phone"),
    "external_id": _("Number in your other system"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "birth_date": _("Birth date"),
    "city": _("City"),
    "branch": _("Branch"),
    "groups": _("Groups"),
    "notes": _("Notes"),
    "consent": _("Consent to marketing, all channels"),
    "consent_email": _("Consent to marketing by email"),
    "consent_sms": _("Consent to marketing by SMS"),
    "consented_at": _("Date of consent"),
    "consent_ip": _("IP address at consent"),
    "confirmed_at": _("Date of confirmation (double opt-in)"),
    "confirm_ip": _("IP address at confirmation"),
    "withdrawn_at": _("Date of unsubscribing from email"),
    "cleaned_at": _("Date since when the email does not work"),
    DETAIL: _("Keep as other detail"),
    NUMBER: _("Keep as other detail, a number"),
    DAY: _("Keep as other detail, a day"),
    IGNORE: _("Ignore"),
}
REPEATABLE = {"email", "phone", "groups", DETAIL, NUMBER, DAY, IGNORE}
DATES = {"birth_date", "consented_at", "confirmed_at", "withdrawn_at", "cleaned_at", DAY}
RECOGNISING = {"email", "phone", "external_id"}
CONSENT = {"consent": ("email", "sms"), "consent_email": ("email",), "consent_sms": ("sms",)}
TELLING = {*CONSENT, "withdrawn_at", "cleaned_at"}  # columns that may say that somebody left
DETAIL_MARK = "other: "  # before an exported detail whose name would be taken for a field

_NAMES = {
    "first_name": "first name|firstname|given name|forename|fname|name first|nombre|nombre de pila|prenom|имя|имя клиента",
    "last_name": "last name|lastname|surname|family name|lname|apellido|apellidos|nom|nom de famille|фамилия",
    "full_name": "name|full name|fullname|client|client name|customer|customer name|contact name|display name|nombre completo|"
    "nombre y apellidos|cliente|nom complet|nom et prenom|client nom|фио|ф и о|полное имя|клиент|имя и фамилия",
    "email": "email|e mail|email address|e mail address|mail|email 1|email 2|email 3|e mail 2 address|e mail 3 address|e mail 1 value|"
    "e mail 2 value|e mail 3 value|correo|correo electronico|correo electronico 2|direccion de correo|direccion de correo electronico|"
    "courriel|adresse email|adresse e mail|adresse mail|adresse courriel|почта|эл почта|электронная почта|email почта|"
    "адрес электронной почты|имейл|эл адрес|электронная почта 2|электронная почта 3|correo electronico 3|e mail 2|e mail 3|mail 2",
    "phone": "phone|phone number|mobile|mobile phone|mobile number|cell|cell phone|telephone|tel|sms|whatsapp|phone 1|phone 2|phone 3|"
    "phone 1 value|phone 2 value|phone 3 value|mobile phone number|telefono|telefono movil|movil|celular|telefono 2|telefono 3|"
    "numero de telefono|portable|telephone portable|telephone mobile|tel portable|numero de telephone|telephone 2|telephone 3|mobile 2|"
    "телефон|мобильный|мобильный телефон|номер телефона|номер|моб телефон|сотовый|телефон 2|телефон 3|тел|primary phone",
    "external_id": "id|external id|customer id|client id|contact id|record id|reference id|reference|customer number|client number|"
    "square customer id|number in your other system|id cliente|numero de cliente|codigo de cliente|codigo|id client|numero client|"
    "numero de client|reference client|code client|код|код клиента|номер клиента|ид|id клиента|внешний код",
    "language": "language|lang|locale|preferred language|idioma|lengua|langue|язык",
    "time_zone": "time zone|timezone|zona horaria|huso horario|fuseau horaire|часовой пояс",
    "birth_date": "birthday|birth date|birthdate|date of birth|dob|born|cumpleanos|fecha de nacimiento|nacimiento|anniversaire|"
    "date de naissance|naissance|ne le|дата рождения|день рождения|др|д р|рождение",
    "city": "city|town|default address city|ciudad|localidad|poblacion|ville|commune|город|населенный пункт",
    "branch": "branch|location|shop|sucursal|tienda|sede|centro|agence|succursale|boutique|magasin|филиал|салон|точка",
    "groups": "group|groups|tag|tags|label|labels|segment|segments|group membership|categories|category|list|lists|grupo|grupos|etiqueta|"
    "etiquetas|categoria|categorias|groupe|groupes|etiquettes|categorie|группа|группы|метка|метки|теги|тег|категория|категории",
    "notes": "note|notes|comment|comments|memo|remarks|nota|notas|comentario|comentarios|observaciones|commentaire|commentaires|remarque|"
    "remarques|заметка|заметки|примечание|примечания|комментарий|комментарии",
    "consent": "accepts marketing|marketing consent|consent|opt in|optin|double opt in|subscribed|acepta publicidad|acepta marketing|"
    "consentimiento|accepte le marketing|consentement|согласие|согласие на рассылку|подписан|согласие на рекламу",
    "consent_email": "accepts email marketing|email consent|email opt in|email subscription status|acepta email|acepta correo|"
    "accepte les emails|accepte les e mails|согласие email|согласие на email",
    "consent_sms": "accepts sms marketing|sms consent|sms opt in|acepta sms|accepte les sms|согласие sms|согласие на sms",
    "consented_at": "optin time|opt in time|consent date|date of consent|fecha de consentimiento|date du consentement|"
    "date de consentement|дата согласия",
    "consent_ip": "optin ip|opt in ip|consent ip",
    "confirmed_at": "confirm time|confirmed at",
    "confirm_ip": "confirm ip",
    "withdrawn_at": "unsub time|unsubscribed at|unsubscribe date",
    "cleaned_at": "clean time",
    IGNORE: "member rating|latitude|longitude|gmtoff|dstoff|cc|region|last changed|leid|euid|photo|file as|reason|line|"
    "motivo|linea|raison|ligne|причина|строка|e mail 1 label|e mail 2 label|e mail 3 label|phone 1 label|phone 2 label|phone 3 label|"
    "e mail 1 type|e mail 2 type|phone 1 type|phone 2 type|e mail type|e mail display name|given yomi|surname yomi",
}
_PUNCTUATION = re.compile(r"[\W_]+")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_PHONE = re.compile(r"'?\+?[\d\s().-]{9,20}")
_NUMERIC_DATE = re.compile(r"^'?(\d{1,2})[./-](\d{1,2})[./-](?:\d{4}|\d{2})\b")
DAY_FIRST, MONTH_FIRST = "day", "month"
SERIAL_1900, SERIAL_1904 = "days_since_1900", "days_since_1904"  # as spreadsheets count days
SERIALS = (SERIAL_1900, SERIAL_1904)
COMMA, POINT = "comma", "point"  # what stands before the decimals of a number


def plain(header: str) -> str:
    """A header as it is compared: no accents, case or punctuation."""
    return _PUNCTUATION.sub(" ", fold(header)).strip()


_FIELD_OF = {plain(name): field for field, names in _NAMES.items() for name in names.split("|")}


def guess(headers: Sequence[str], sample: Sequence[Raw], known: Callable[[str], str] = lambda _: "") -> list[str]:
    """A key of LABELS for each column: what is `known` of its name, else by its name, else by what is in it, else other detail."""
    found: list[str] = []
    for number, header in enumerate(headers):
        field = known(header) or _by_name(header) or _by_values(column(sample, number), named=bool(header))
        taken = field in found and field not in REPEATABLE
        found.append(DETAIL if taken else field)
    return _whole_name(found)


def _by_name(header: str) -> str:
    if header.startswith(DETAIL_MARK):
        return DETAIL
    name = plain(header)
    bare = re.sub(r" \d+$", "", name)
    return _FIELD_OF.get(name) or _FIELD_OF.get(bare) or _own_names().get(name) or _own_names().get(bare, "")


@cache
def _own_names() -> dict[str, str]:
    """What our own exports write above their columns, in each of our languages."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with override(language):
            found |= {plain(str(label)): field for field, label in LABELS.items() if field not in (DETAIL, IGNORE)}
    return found


def _by_values(values: list[str], *, named: bool) -> str:
    for field, pattern in (("email", _EMAIL), ("phone", _PHONE)):
        if values and sum(bool(pattern.fullmatch(value)) for value in values) * 10 >= len(values) * 7:
            return field
    return DETAIL if named else IGNORE


def _whole_name(found: list[str]) -> list[str]:
    """“Nombre” or “Имя” alone is what people call the whole name, and “Nom” without “Prénom” too."""
    if "full_name" in found and "last_name" in found and "first_name" not in found:
        return ["first_name" if field == "full_name" else field for field in found]
    if "first_name" in found or "full_name" in found:
        return found
    return ["full_name" if field == "last_name" else field for field in found]


def column(sample: Sequence[Raw], number: int) -> list[str]:
    """What stands in a column of the first rows, without its empty cells."""
    cells = (raw.cells[number].strip() for raw in sample if len(raw.cells) > number)
    return [cell for cell in cells if cell]


@dataclass(frozen=True, slots=True)
class DateOrder:
    """What a column's dates say about their order. `order` is "" while both readings are possible."""

    order: str
    example: str

    @property
    def must_be_asked(self) -> bool:
        return bool(self.example) and not self.order


def date_order(sample: Sequence[Raw], number: int) -> DateOrder:
    """Day or month first, by any value above 12; the majority where a column holds both."""
    day = month = 0
    example = ""
    for value in column(sample, number):
        if parts := _NUMERIC_DATE.match(value):
            first, second = int(parts[1]), int(parts[2])
            day += first > 12
            month += second > 12 >= first
            example = example or value
    if day or month:
        return DateOrder(DAY_FIRST if day >= month else MONTH_FIRST, example)
    dotted = example.count(".") == 2
    return DateOrder(DAY_FIRST if dotted else "", example)
