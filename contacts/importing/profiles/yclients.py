"""YCLIENTS' client list in Russian: an Excel workbook, or semicolons in Windows 1251. Its columns are chosen by the salon."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

PROFILES = (
    Profile(
        "yclients", _("YCLIENTS clients"),
        (("Имя", "Телефон", "Категории"), ("Имя", "Телефон", "Скидка"), ("Имя", "Телефон", "Продано")),
        {
            "ID": "external_id", "Имя": "full_name", "Телефон": "phone", "Email": "email", "Категории": "groups",
            "Дата рождения": "birth_date", "Пол": "ignore", "Скидка": "detail", "Скидка, %": "detail",
            "Комментарий": "notes", "Продано": "number", "Оплачено": "number",
            "Визитов": "number", "Количество визитов": "number", "Первый визит": "day", "Последний визит": "day", "Карта": "detail",
            "Номер карты": "detail", "Важность": "detail",
        },
        several={"groups": ","},
    ),
)  # fmt: skip
