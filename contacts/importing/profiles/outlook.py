"""Outlook on the web, and on the desktop in English, Spanish, French and Russian: the system's code page, words for every column.

The desktop writes about ninety columns; what is not named here stays out, for it is empty in nearly all address books.
"""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

_SEVERAL = {"groups": ";"}
_ENGLISH = {
    "First Name": "first_name", "Last Name": "last_name", "Middle Name": "detail", "Company": "detail", "Job Title": "detail",
    "E-mail Address": "email", "E-mail # Address": "email", "E-mail Type": "ignore", "E-mail # Type": "ignore",
    "E-mail Display Name": "ignore", "E-mail # Display Name": "ignore", "Mobile Phone": "phone", "Primary Phone": "phone",
    "Home Phone": "phone", "Business Phone": "phone", "Birthday": "birth_date", "Categories": "groups", "Notes": "notes",
    "Home City": "city", "Business City": "detail", "Other City": "ignore", "Anniversary": "ignore", "Gender": "ignore",
    "Priority": "ignore", "Private": "ignore", "Sensitivity": "ignore", "Initials": "ignore", "Language": "ignore", "Location": "ignore",
}  # fmt: skip
_SPANISH = {
    "Nombre": "first_name", "Apellidos": "last_name", "Segundo nombre": "detail", "Organización": "detail", "Puesto": "detail",
    "Dirección de correo electrónico": "email", "Dirección de correo electrónico #": "email", "Tipo de correo electrónico": "ignore",
    "Tipo de correo electrónico #": "ignore", "Nombre de pantalla de correo electrónico": "ignore",
    "Nombre de pantalla de correo electrónico #": "ignore", "Teléfono móvil": "phone", "Teléfono principal": "phone",
    "Particular": "phone", "Teléfono particular": "phone", "Teléfono del trabajo": "phone", "Cumpleaños": "birth_date",
    "Categorías": "groups", "Notas": "notes", "Ciudad de residencia": "city", "Ciudad": "city", "Aniversario": "ignore", "Sexo": "ignore",
    "Prioridad": "ignore", "Privado": "ignore", "Confidencialidad": "ignore", "Iniciales": "ignore", "Idioma": "ignore",
    "Ubicación": "ignore",
}  # fmt: skip
_FRENCH = {
    "Prénom": "first_name", "Nom": "last_name", "Deuxième prénom": "detail", "Société": "detail", "Titre professionnel": "detail",
    "Adresse de messagerie": "email", "Adresse de messagerie #": "email", "Type de messagerie": "ignore", "Type de messagerie #": "ignore",
    "Nom complet de l'adresse de messagerie": "ignore", "Nom complet de l'adresse de messagerie #": "ignore", "Tél. mobile": "phone",
    "Téléphone principal": "phone", "Téléphone (domicile)": "phone", "Téléphone (bureau)": "phone", "Anniversaire": "birth_date",
    "Catégories": "groups", "Notes": "notes", "Ville (domicile)": "city", "Ville (bureau)": "detail", "Sexe": "ignore",
    "Priorité": "ignore", "Privé": "ignore", "Critère de diffusion": "ignore", "Initiales": "ignore", "Langue": "ignore",
    "Emplacement": "ignore", "Anniversaire de mariage ou fête": "ignore",
}  # fmt: skip
_RUSSIAN = {
    "Имя": "first_name", "Фамилия": "last_name", "Отчество": "detail", "Организация": "detail", "Должность": "detail",
    "Адрес эл. почты": "email", "Адрес # эл. почты": "email", "Тип эл. почты": "ignore", "Тип # эл. почты": "ignore",
    "Краткое имя эл. почты": "ignore", "Краткое # имя эл. почты": "ignore", "Телефон переносной": "phone", "Мобильный телефон": "phone",
    "Основной телефон": "phone", "Домашний телефон": "phone", "Рабочий телефон": "phone", "День рождения": "birth_date",
    "Категории": "groups", "Заметки": "notes", "Город (дом. адрес)": "city", "Город (раб. адрес)": "detail", "Годовщина": "ignore",
    "Пол": "ignore", "Важность": "ignore", "Частное": "ignore", "Пометка": "ignore", "Инициалы": "ignore", "Язык": "ignore",
    "Расположение": "ignore",
}  # fmt: skip

PROFILES = (
    Profile("outlook_desktop", _("Outlook"), (("E-mail Address", "E-mail Type"),), _ENGLISH, several=_SEVERAL, rest="ignore"),
    Profile(
        "outlook_desktop_es", _("Outlook in Spanish"), (("Dirección de correo electrónico", "Tipo de correo electrónico"),), _SPANISH,
        several=_SEVERAL, rest="ignore",
    ),
    Profile(
        "outlook_desktop_fr", _("Outlook in French"), (("Adresse de messagerie", "Type de messagerie"),), _FRENCH,
        several=_SEVERAL, rest="ignore",
    ),
    Profile(
        "outlook_desktop_ru", _("Outlook in Russian"), (("Адрес эл. почты", "Тип эл. почты"),), _RUSSIAN,
        several=_SEVERAL, rest="ignore",
    ),
    Profile(
        "outlook_web", _("Outlook on the web"),
        (("E-mail Address", "Given Yomi"), ("E-mail Address", "Surname Yomi"), ("E-mail Address", "E-mail 2 Address", "Mobile Phone")),
        {**_ENGLISH, "Given Yomi": "ignore", "Surname Yomi": "ignore", "Company Yomi": "ignore", "Nickname": "ignore"},
        several=_SEVERAL, rest="ignore",
    ),
)  # fmt: skip
