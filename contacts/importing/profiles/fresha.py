"""Fresha's client list, and the lists of booking programs made like it: two kinds of consent, a flag for who is blocked."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

PROFILES = (
    Profile(
        "fresha", _("Fresha clients"),
        (
            ("Mobile Number", "Accepts SMS Marketing"), ("Mobile Number", "Accepts Marketing", "Referral Source"),
            ("Email", "Accepts Marketing", "Date of Birth", "Referral Source"),
        ),
        {
            "Client ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Full Name": "full_name", "Email": "email",
            "Mobile Number": "phone", "Phone": "phone", "Telephone": "phone", "Gender": "ignore", "Accepts Marketing": "consent_email",
            "Accepts SMS Marketing": "consent_sms", "Date of Birth": "birth_date", "City": "city", "Referral Source": "detail",
            "Note": "notes", "Blocked": "detail", "Block Reason": "detail", "Added": "day",
        },
        consent={"mode": "column", "channels": ["email", "sms"]},
    ),
)  # fmt: skip
