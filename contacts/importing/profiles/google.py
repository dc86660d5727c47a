"""Google Contacts, before and since 2024: numbered columns of values beside their labels, several values joined by " ::: "."""

from django.utils.translation import gettext_lazy as _

from contacts.importing.profile import Profile

_SEVERAL = {"email": " ::: ", "phone": " ::: ", "groups": " ::: "}
_SHARED = {
    "E-mail # - Value": "email", "Phone # - Value": "phone", "Birthday": "birth_date", "Notes": "notes", "Nickname": "ignore",
    "Photo": "ignore", "Middle Name": "detail", "Address # - City": "city", "Address # - Label": "ignore", "Address # - Type": "ignore",
    "Website # - Label": "ignore", "Website # - Type": "ignore", "E-mail # - Label": "ignore", "E-mail # - Type": "ignore",
    "Phone # - Label": "ignore", "Phone # - Type": "ignore", "Custom Field # - Label": "ignore", "Custom Field # - Type": "ignore",
    "Relation # - Label": "ignore", "Relation # - Type": "ignore", "Event # - Label": "ignore", "Event # - Type": "ignore",
    "Organization # - Type": "ignore", "Phonetic First Name": "ignore", "Phonetic Middle Name": "ignore", "Phonetic Last Name": "ignore",
}  # fmt: skip

PROFILES = (
    Profile(
        "google", _("Google Contacts"),
        (("First Name", "Labels", "E-mail 1 - Value"), ("First Name", "File As", "Labels"), ("First Name", "Labels", "Phone 1 - Value")),
        {**_SHARED, "First Name": "first_name", "Last Name": "last_name", "File As": "ignore", "Labels": "groups"}, several=_SEVERAL,
    ),
    Profile(
        "google_before_2024", _("Google Contacts, before 2024"),
        (("Given Name", "Group Membership"), ("Given Name", "E-mail 1 - Type"), ("Given Name", "Phone 1 - Type")),
        {
            **_SHARED, "Name": "ignore", "Given Name": "first_name", "Family Name": "last_name", "Additional Name": "detail",
            "Yomi Name": "ignore", "Given Name Yomi": "ignore", "Additional Name Yomi": "ignore", "Family Name Yomi": "ignore",
            "Name Prefix": "ignore", "Name Suffix": "ignore", "Group Membership": "groups", "Language": "language",
        },
        several=_SEVERAL,
    ),
)  # fmt: skip
