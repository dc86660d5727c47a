"""Brevo (formerly Sendinblue): headers in capitals in the account's language; in its yes and no columns 1 means yes and 2 means no."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

PROFILES = (
    Profile(
        "brevo", _("Brevo contacts"),
        (("EMAIL", "DOUBLE_OPT-IN"), ("EMAIL", "SMS", "OPT_IN"), ("EMAIL", "SMS", "WHATSAPP")),
        {
            "CONTACT ID": "ignore", "EXT_ID": "external_id", "EMAIL": "email", "FIRSTNAME": "first_name", "PRENOM": "first_name",
            "NOMBRE": "first_name", "VORNAME": "first_name", "NOME": "first_name", "LASTNAME": "last_name", "NOM": "last_name",
            "APELLIDOS": "last_name", "SURNAME": "last_name", "NACHNAME": "last_name", "COGNOME": "last_name", "SMS": "phone",
            "WHATSAPP": "phone", "LANDLINE_NUMBER": "phone", "DOUBLE_OPT-IN": "consent_email", "OPT_IN": "consent_email",
            "ADDED_TIME": "ignore", "MODIFIED_TIME": "ignore", "CONTACT_TIMEZONE": "time_zone", "JOB_TITLE": "detail", "LINKEDIN": "ignore",
        },
        consent={"mode": "column", "channels": ["email"]},
    ),
)  # fmt: skip
