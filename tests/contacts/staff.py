"""People who work here, for the tests of admin pages: one for each ready group."""

import re
from typing import Any

from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse

from contacts.models import Contact

READY = ("Owner", "Marketer", "Front desk", "Viewer")


def sign_in(role: str) -> Client:
    """A browser in which a member of the ready group is signed in."""
    user = User.objects.create_user(role, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


def listed(client: Client, query: str) -> list[str]:
    page = client.get(reverse("admin:contacts_contact_changelist"), {"q": query})
    return [str(contact) for contact in page.context["cl"].result_list]


def page_of(contact: Contact) -> str:
    return reverse("admin:contacts_contact_change", args=[contact.pk])


def said_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())
