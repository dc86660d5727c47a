"""Square's customer directory: amounts in dollars, birthdays that may lack the year, and whether they take marketing email."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

PROFILES = (
    Profile(
        "square", _("Square customers"),
        (("Email Address", "Square Customer ID"), ("Email Address", "Email Subscription Status", "Lifetime Spend")),
        {
            "Reference ID": "detail", "Square Customer ID": "external_id", "First Name": "first_name", "Last Name": "last_name",
            "Surname": "last_name", "Email Address": "email", "Phone Number": "phone", "Nickname": "ignore", "Company Name": "detail",
            "Street Address 1": "ignore", "Street Address 2": "ignore", "City": "city", "State": "ignore", "Postal Code": "detail",
            "Birthday": "birth_date", "Memo": "notes", "Creation Source": "ignore", "First Visit": "day", "Last Visit": "day",
            "Transaction Count": "number", "Lifetime Spend": "number", "Email Subscription Status": "consent_email",
            "Instant Profile": "ignore", "Blocked from online booking": "detail",
        },
        consent={"mode": "column", "channels": ["email"]},
    ),
)  # fmt: skip
