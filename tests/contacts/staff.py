"""People who work here, for the tests of admin pages: one for each ready group."""

from django.contrib.auth.models import Group, User
from django.test import Client

READY = ("Owner", "Marketer", "Front desk", "Viewer")


def sign_in(role: str) -> Client:
    """A browser in which a member of the ready group is signed in."""
    user = User.objects.create_user(role, password="x", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client
