"""Small files in the shape of other programs' exports: their headers, their ways of writing dates, phones and several values."""

# ruff: noqa: E501  # rows of files, as they stand there

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field

_GOOGLE = (
    "First Name,Middle Name,Last Name,Phonetic First Name,Phonetic Middle Name,Phonetic Last Name,Name Prefix,Name Suffix,Nickname,File As,"
    "Organization Name,Organization Title,Organization Department,Birthday,Notes,Photo,Labels,E-mail 1 - Label,E-mail 1 - Value,"
    "E-mail 2 - Label,E-mail 2 - Value,Phone 1 - Label,Phone 1 - Value"
)
_GOOGLE_OLD = (
    "Name,Given Name,Additional Name,Family Name,Yomi Name,Given Name Yomi,Additional Name Yomi,Family Name Yomi,Name Prefix,Name Suffix,"
    "Initials,Nickname,Short Name,Maiden Name,Birthday,Gender,Location,Billing Information,Directory Server,Mileage,Occupation,Hobby,"
    "Sensitivity,Priority,Subject,Notes,Language,Photo,Group Membership,E-mail 1 - Type,E-mail 1 - Value,Phone 1 - Type,Phone 1 - Value"
)
_MAILCHIMP = (
    "Email Address,First Name,Last Name,Address,Phone Number,Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LATITUDE,"
    "LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS"
)
_SHOPIFY = (
    "Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,"
    "Default Address Address2,Default Address City,Default Address Province Code,Default Address Country Code,Default Address Zip,"
    "Default Address Phone,Phone,Accepts SMS Marketing,Total Spent,Total Orders,Note,Tax Exempt,Tags"
)
_SQUARE = (
    "Reference ID,First Name,Last Name,Email Address,Phone Number,Nickname,Company Name,Street Address 1,Street Address 2,City,State,"
    "Postal Code,Birthday,Memo,Square Customer ID,Creation Source,First Visit,Last Visit,Transaction Count,Lifetime Spend,"
    "Email Subscription Status"
)


@dataclass(frozen=True)
class Export:
    """One file. page: the code page of a computer where such files are made; rows: by header, what is not named is empty."""

    filename: str
    headers: list[str]
    rows: Sequence[dict[str, str]]
    page: str = "cp1252"
    columns: dict[str, str] = field(default_factory=dict)

    def table(self) -> list[list[str]]:
        return [self.headers, *([row.get(header, "") for header in self.headers] for row in self.rows)]

    def text(self, delimiter: str = ",") -> str:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter).writerows(self.table())
        return out.getvalue()


def _mailchimp(name: str, *more: str, **row: str) -> Export:
    start = {
        "Email Address": "zoe@example.com", "First Name": "Zoé", "Last Name": "Núñez", "Phone Number": "+34 600 11 22 33", "Birthday": "05/31",
        "MEMBER_RATING": "2", "OPTIN_TIME": "2021-03-04 10:15:00", "OPTIN_IP": "203.0.113.7", "CONFIRM_TIME": "2021-03-04 10:20:00",
        "CONFIRM_IP": "203.0.113.8", "LEID": "1", "EUID": "a", "TAGS": '"VIP","Blog, long"',
    }  # fmt: skip
    return Export(
        name, [*_MAILCHIMP.split(","), *more], [start | row],
        columns={"Email Address": "email", "OPTIN_TIME": "consented_at", "CONFIRM_IP": "confirm_ip", "TAGS": "groups", "LEID": "ignore"},
    )  # fmt: skip


def _outlook(name: str, page: str, names: str, values: str, **columns: str) -> Export:
    headers = names.split("|")
    return Export(name, headers, [dict(zip(headers, values.split("|"), strict=True))], page, columns)


_OUTLOOK = "Zoé|Núñez||zoe@example.com|SMTP|Zoé (zoe@example.com)|zoe2@example.com|600 11 22 33|31/05/1990|VIP;Blog|Likes coffee"
EXPORTS: dict[str, Export] = {
    "mailchimp_subscribed": _mailchimp("subscribed_members_export_1a2b.csv"),
    "mailchimp_unsubscribed": _mailchimp(
        "unsubscribed_members_export_1a2b.csv", "UNSUB_TIME", "UNSUB_CAMPAIGN_TITLE", "UNSUB_CAMPAIGN_ID", "UNSUB_REASON", "UNSUB_REASON_OTHER",
        UNSUB_TIME="2023-06-01 08:00:00", UNSUB_REASON="NO_LONGER_INTERESTED",
    ),
    "mailchimp_cleaned": _mailchimp(
        "cleaned_members_export_1a2b.csv", "CLEAN_TIME", "CLEAN_CAMPAIGN_TITLE", "CLEAN_CAMPAIGN_ID", CLEAN_TIME="2022-01-01 00:00:00"
    ),
    "google": Export(
        "contacts.csv", _GOOGLE.split(","),
        [{
            "First Name": "Zoé", "Last Name": "Núñez", "Birthday": " --05-31", "Labels": "VIP ::: Amigas, íntimas ::: * myContacts",
            "E-mail 1 - Label": "* ", "E-mail 1 - Value": "zoe@example.com ::: zoe2@example.com", "Phone 1 - Label": "Mobile",
            "Phone 1 - Value": "600 11 22 33 ::: +34 600 11 22 44",
        }],
        columns={"E-mail 2 - Value": "email", "Phone 1 - Label": "ignore", "Labels": "groups", "File As": "ignore"},
    ),
    "google_before_2024": Export(
        "google.csv", _GOOGLE_OLD.split(","),
        [{
            "Name": "Zoé Núñez", "Given Name": "Zoé", "Family Name": "Núñez", "Birthday": "1990-05-31", "Group Membership": "* myContacts ::: VIP",
            "E-mail 1 - Type": "* Home", "E-mail 1 - Value": "zoe@example.com", "Phone 1 - Value": "600112233",
        }],
        columns={"Name": "ignore", "Given Name": "first_name", "Group Membership": "groups"},
    ),
    "outlook_desktop": _outlook(
        "contacts.CSV", "cp1252",
        "First Name|Last Name|Company|E-mail Address|E-mail Type|E-mail Display Name|E-mail 2 Address|Mobile Phone|Birthday|Categories|Notes",
        _OUTLOOK, **{"E-mail 2 Address": "email", "E-mail Type": "ignore", "Categories": "groups"},
    ),
    "outlook_desktop_es": _outlook(
        "contactos.CSV", "cp1252",
        "Nombre|Apellidos|Organización|Dirección de correo electrónico|Tipo de correo electrónico|Nombre de pantalla de correo electrónico|"
        "Dirección de correo electrónico 2|Teléfono móvil|Cumpleaños|Categorías|Notas",
        _OUTLOOK, **{"Dirección de correo electrónico 2": "email", "Cumpleaños": "birth_date"},
    ),
    "outlook_desktop_fr": _outlook(
        "contacts.CSV", "cp1252",
        "Prénom|Nom|Société|Adresse de messagerie|Type de messagerie|Nom complet de l'adresse de messagerie|Adresse de messagerie 2|"
        "Tél. mobile|Anniversaire|Catégories|Notes",
        _OUTLOOK, **{"Adresse de messagerie 2": "email", "Tél. mobile": "phone", "Nom complet de l'adresse de messagerie": "ignore"},
    ),
    "outlook_desktop_ru": _outlook(
        "contacts.CSV", "cp1251",
        "Имя|Фамилия|Организация|Адрес эл. почты|Тип эл. почты|Краткое имя эл. почты|Адрес 2 эл. почты|Телефон переносной|День рождения|"
        "Категории|Заметки",
        "Зоя|Нуньес||zoe@example.com|SMTP|Зоя|zoe2@example.com|600 11 22 33|31.05.1990|Свои;Важные|Любит кофе",
        **{"Адрес 2 эл. почты": "email", "Телефон переносной": "phone", "Заметки": "notes"},
    ),
    "outlook_web": _outlook(
        "contacts.csv", "cp1252",
        "First Name|Last Name|Given Yomi|Surname Yomi|E-mail Address|E-mail 2 Address|Mobile Phone|Birthday|Categories|Notes",
        "Zoé|Núñez|||zoe@example.com|zoe2@example.com|600 11 22 33|1990-05-31|VIP;Blog|", **{"Given Yomi": "ignore"},
    ),
    "shopify": Export(
        "customers_export.csv", _SHOPIFY.split(","),
        [{
            "Customer ID": "'7012345678901", "First Name": "Zoé", "Last Name": "Núñez", "Email": "zoe@example.com", "Accepts Email Marketing": "yes",
            "Default Address City": "Málaga", "Default Address Zip": "'08001", "Default Address Phone": "'+34600112233", "Phone": "'+34600112233",
            "Accepts SMS Marketing": "no", "Total Spent": "1234.50", "Total Orders": "7", "Tax Exempt": "no", "Tags": "VIP, Blog",
        }],
        columns={"Customer ID": "external_id", "Total Spent": "number", "Accepts SMS Marketing": "consent_sms"},
    ),
    "square": Export(
        "customers-export.csv", _SQUARE.split(","),
        [{
            "First Name": "Zoé", "Last Name": "Núñez", "Email Address": "zoe@example.com", "Phone Number": "'+34600112233", "Birthday": "05-31",
            "Square Customer ID": "ABC123", "First Visit": "2020-02-29", "Last Visit": "2026-01-31", "Transaction Count": "12",
            "Lifetime Spend": "$1,234.50", "Email Subscription Status": "unsubscribed",
        }],
        columns={"Square Customer ID": "external_id", "Lifetime Spend": "number", "Last Visit": "day"},
    ),
    "brevo": Export(
        "export.csv", ["EMAIL", "PRENOM", "NOM", "SMS", "WHATSAPP", "DOUBLE_OPT-IN", "OPT_IN"],
        [{"EMAIL": "zoe@example.com", "PRENOM": "Zoé", "NOM": "Núñez", "SMS": "34600112233", "DOUBLE_OPT-IN": "1", "OPT_IN": "2"}],
        columns={"PRENOM": "first_name", "NOM": "last_name", "DOUBLE_OPT-IN": "consent_email", "OPT_IN": "detail"},
    ),
    "fresha": Export(
        "clients.csv",
        ["First Name", "Last Name", "Full Name", "Email", "Mobile Number", "Phone", "Accepts Marketing", "Accepts SMS Marketing", "Date of Birth", "Referral Source", "Note", "Blocked", "Block Reason"],
        [{
            "First Name": "Zoé", "Last Name": "Núñez", "Full Name": "Zoé Núñez", "Email": "zoe@example.com", "Mobile Number": "+34 600 11 22 33",
            "Accepts Marketing": "Yes", "Accepts SMS Marketing": "No", "Date of Birth": "1990-05-31", "Referral Source": "Walk-In",
            "Blocked": "No",
        }],
        columns={"Accepts Marketing": "consent_email", "Blocked": "detail", "Mobile Number": "phone"},
    ),
    "yclients": Export(
        "clients.csv", ["Имя", "Телефон", "Email", "Категории", "Дата рождения", "Скидка", "Продано", "Комментарий"],
        [{
            "Имя": "Зоя Нуньес", "Телефон": "34600112233", "Email": "zoe@example.com", "Категории": "Свои, Важные", "Дата рождения": "31.05.1990",
            "Скидка": "5", "Продано": "12 500,50",
        }],
        "cp1251", {"Имя": "full_name", "Продано": "number", "Категории": "groups"},
    ),
}  # fmt: skip
