"""Mailchimp's audience export: a ZIP of CSV files in which the status of the people stands in the file's name.

Headers as public parsers of these files have them; the names of the files begin with the status.
"""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

_COLUMNS = {
    "Email Address": "email", "First Name": "first_name", "Last Name": "last_name", "Phone Number": "phone", "Birthday": "birth_date",
    "Address": "detail", "MEMBER_RATING": "ignore", "OPTIN_TIME": "consented_at", "OPTIN_IP": "consent_ip",
    "CONFIRM_TIME": "confirmed_at", "CONFIRM_IP": "confirm_ip", "LATITUDE": "ignore", "LONGITUDE": "ignore", "GMTOFF": "ignore",
    "DSTOFF": "ignore", "TIMEZONE": "ignore", "CC": "ignore", "REGION": "ignore", "LAST_CHANGED": "ignore", "LEID": "ignore",
    "EUID": "ignore", "NOTES": "notes", "TAGS": "groups", "UNSUB_TIME": "withdrawn_at", "UNSUB_CAMPAIGN_TITLE": "ignore",
    "UNSUB_CAMPAIGN_ID": "ignore", "UNSUB_REASON": "detail", "UNSUB_REASON_OTHER": "detail", "CLEAN_TIME": "cleaned_at",
    "CLEAN_CAMPAIGN_TITLE": "ignore", "CLEAN_CAMPAIGN_ID": "ignore",
}  # fmt: skip
_MARKS = (
    ("Email Address", "OPTIN_TIME", "LEID"),
    ("Email Address", "OPTIN_TIME", "EUID"),
    ("Email Address", "MEMBER_RATING"),
)
_SEVERAL = {"groups": ","}

PROFILES = (
    Profile(
        "mailchimp_unsubscribed", _("Mailchimp, people who unsubscribed"), (*_MARKS, ("Email Address", "UNSUB_TIME")), _COLUMNS,
        names="^unsub", several=_SEVERAL, consent={"mode": "left", "channels": ["email"]},
        note=_("Everyone in this file took their consent back. It is recorded, and their addresses are closed to marketing email."),
    ),
    Profile(
        "mailchimp_cleaned", _("Mailchimp, cleaned addresses"), (*_MARKS, ("Email Address", "CLEAN_TIME")), _COLUMNS,
        names="^cleaned", several=_SEVERAL, consent={"mode": "cleaned"},
        note=_("The addresses in this file do not exist any more. They are closed, so that nothing is ever sent to them."),
    ),
    Profile(
        "mailchimp_subscribed", _("Mailchimp, subscribed people"), _MARKS, _COLUMNS, several=_SEVERAL,
        consent={"mode": "all", "channels": ["email"]},
        note=_("The day on which each person agreed and the address on the internet come from the file. Say below what they read."),
    ),
)  # fmt: skip
