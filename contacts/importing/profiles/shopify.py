"""Shopify's export of customers, and its template for imports: numbers and phones behind an apostrophe, consent as yes and no."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

PROFILES = (
    Profile(
        "shopify", _("Shopify customers"),
        (("Email", "Accepts Email Marketing", "Tax Exempt"), ("Email", "Accepts Email Marketing", "Total Orders")),
        {
            "Customer ID": "external_id", "First Name": "first_name", "Last Name": "last_name", "Email": "email", "Phone": "phone",
            "Default Address Phone": "phone", "Accepts Email Marketing": "consent_email", "Accepts SMS Marketing": "consent_sms",
            "Accepts WhatsApp Marketing": "detail", "Default Address City": "city", "City": "city", "Company": "detail",
            "Default Address Company": "detail", "Default Address Address1": "ignore", "Default Address Address2": "ignore",
            "Default Address Province Code": "ignore", "Default Address Country Code": "ignore", "Default Address Zip": "detail",
            "Address1": "ignore", "Address2": "ignore", "Province": "ignore", "Province Code": "ignore", "Country": "ignore",
            "Country Code": "ignore", "Zip": "detail", "Total Spent": "number", "Total Orders": "number", "Tags": "groups", "Note": "notes",
            "Tax Exempt": "ignore",
        },
        several={"groups": ","}, consent={"mode": "column", "channels": ["email", "sms"]},
    ),
)  # fmt: skip
