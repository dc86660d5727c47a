"""A selection that was made for one start is offered wherever staff choose groups: nowhere. Place by place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts import exporting
from contacts.models import Business, ClassSession, Contact, Group, GroupKind, Membership
from contacts.segments.conditions.membership import CONDITIONS
from contacts.segments.scope import Scope
from tests.contacts.importing_desk import newest, upload
from tests.contacts.staff import sign_in
from tests.contacts.test_contact_admin import filled
from tests.factories import NOW, email_then_sms, make_business, make_channel, make_contact, make_group

pytestmark = pytest.mark.django_db
HIDDEN, OFFERED = "Selection of Tuesday", "Regulars"


def crowd() -> Group:
    make_business()
    hidden = Group.objects.create(name=HIDDEN, kind=GroupKind.SELECTION)
    make_contact("Ana", email="ana@example.com", groups=[hidden, make_group(OFFERED)])
    return hidden


def contact_page(_client: Client) -> str:
    return reverse("admin:contacts_contact_change", args=[Contact.objects.get().pk])


def columns_of_an_import(client: Client) -> str:
    upload(client, b"name,email\nBo,bo@example.com\n")
    return f"/admin/contacts/importrun/{newest().pk}/change/"


def class_roster(_client: Client) -> str:
    ends = NOW + timedelta(days=2, hours=1)
    lesson = ClassSession.objects.create(title="Yoga", starts_at=NOW + timedelta(days=2), ends_at=ends, created_at=NOW)
    return reverse("admin:contacts_classsession_roster", args=[lesson.pk])


def practice(_client: Client) -> str:
    return reverse("admin:channels_channel_change", args=[make_channel("telegram").pk])


def builder(_client: Client) -> str:
    return reverse("admin:cascades_cascade_change", args=[email_then_sms(status="draft").pk])


def first_page_of_a_start(client: Client) -> str:
    return str(client.get(reverse("admin:cascades_cascade_launch", args=[email_then_sms().pk]))["Location"])


PLACES: dict[str, Any] = {
    "a person's page": contact_page, "the list of people": lambda _: reverse("admin:contacts_contact_changelist"),
    "the list of groups": lambda _: reverse("admin:contacts_group_changelist"),
    "the columns of an import": columns_of_an_import, "a class": class_roster,
    "the rules of a segment": lambda _: reverse("admin:contacts_segment_add"),
    "the answers of a form": lambda _: reverse("admin:channels_form_add"),
    "the group of a form": lambda _: reverse("admin:autocomplete") + "?app_label=channels&model_name=form&field_name=group",
    "an invitation": lambda _: reverse("admin:channels_invitation_add"), "practising on a channel": practice,
    "the builder of cascades": builder, "a start": first_page_of_a_start,
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_selection_is_not_offered(place: str) -> None:
    crowd()
    client = sign_in("Owner")
    page = client.get(PLACES[place](client)).content.decode()
    assert OFFERED in page
    assert HIDDEN not in page.replace(f"the group “{HIDDEN}”", "")  # a person's history tells what was


@pytest.mark.parametrize("action", ["add_to_group", "remove_from_group", "move_to_group"])
def test_nor_by_an_action_for_many(action: str) -> None:
    crowd()
    chosen = {"action": action, "select_across": "1", "_selected_action": [Contact.objects.get().pk]}
    page = sign_in("Owner").post(reverse("admin:contacts_contact_changelist"), chosen).content.decode()
    assert OFFERED in page
    assert HIDDEN not in page


def test_saving_a_person_takes_them_out_of_no_selection() -> None:
    hidden = crowd()
    ana = Contact.objects.get()
    answer = sign_in("Owner").post(contact_page(Client()), filled(ana) | {"first_name": "Ana", "in_groups": []})
    assert answer.status_code == 302
    assert [one.group for one in Membership.objects.all()] == [hidden]


def test_an_export_and_the_explanation_of_a_segment_say_nothing_of_it() -> None:
    crowd()
    cells = [cell for row in exporting.rows(Contact.objects.all()) for cell in row]
    assert OFFERED in cells
    assert CONDITIONS[0].known({}, Contact.objects.get(), Scope(NOW, Business.current())) == f"in: {OFFERED}"
