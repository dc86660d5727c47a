"""The lists of contacts, consent, events, groups and suppressed addresses: found, narrowed, acted upon, at any length."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import consent, events
from contacts.models import Address, Consent, Contact, Event, Group, Suppression
from tests.contacts.staff import READY, listed, said_of, sign_in
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db


LISTS = ("contact", "group", "consent", "event", "suppression", "branch")


@pytest.fixture(autouse=True)
def _salon() -> None:
    make_business()


@pytest.mark.parametrize("role", READY)
def test_each_ready_group_may_look_at_every_list_and_page(role: str) -> None:
    ana = make_contact("Ana Ruiz", email="ana@example.com", groups=[make_group()])
    events.record(ana.pk, "visit", at=NOW, now=NOW)
    consent.suppress(kind="phone", normal="+34600000001", scope="all", reason="staff", source="desk", now=NOW)
    client = sign_in(role)
    for model in LISTS:
        assert client.get(reverse(f"admin:contacts_{model}_changelist")).status_code == 200, model
    for row in (ana, Group.objects.get(), Consent.objects.first(), Event.objects.get(), Suppression.objects.get()):
        assert row is not None
        assert client.get(reverse(f"admin:contacts_{row._meta.model_name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize(
    "query", ["иван", "ИВАН петров", "ñandú", "nandu", "+34 600 12 34 56", "600-123-456", "MÁLAGA", "ivan@example"]
)
def test_the_search_finds_people_whatever_the_case_the_accents_and_the_grouping(query: str) -> None:
    make_contact("Bo Berg", email="bo@example.org", phone="+4915112345678")
    wanted = "Иван Ñandú Петров"
    make_contact(wanted, email="ivan@example.com", phone="+34600123456", city="Málaga")
    assert listed(sign_in("Viewer"), query) == [wanted]


def test_a_list_asks_the_database_no_more_for_a_thousand_rows_than_for_ten() -> None:
    client = sign_in("Owner")

    def statements() -> dict[str, int]:
        counted = {}
        for model in LISTS:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(f"admin:contacts_{model}_changelist")).status_code == 200
            counted[model] = len(queries)
        return counted

    fill(10)
    statements()  # what is asked only once a process
    few = statements()
    fill(990)
    assert statements() == few


def fill(rows: int) -> None:
    """Rows of every list, each of its own person."""
    from contacts.models import Branch, Membership

    first = Contact.objects.count()
    people = Contact.objects.bulk_create(
        [Contact(first_name=f"P{n}", search=f"p{n}") for n in range(first, first + rows)]
    )
    numbers = [f"+34600{contact.pk:06d}" for contact in people]
    Address.objects.bulk_create(
        [
            Address(contact=c, kind="phone", value=v, normal=v, fingerprint=v)
            for c, v in zip(people, numbers, strict=True)
        ]
    )
    groups = Group.objects.bulk_create([Group(name=f"G{c.pk}") for c in people])
    Branch.objects.bulk_create([Branch(name=f"B{c.pk}") for c in people])
    Membership.objects.bulk_create([Membership(contact=c, group=g) for c, g in zip(people, groups, strict=True)])
    consent.record([consent.Line(c.pk, "sms", given=True, basis="express", source="t") for c in people], now=NOW)
    events.record_many([events.Fact(c.pk, "visit", NOW) for c in people], now=NOW)
    Suppression.objects.bulk_create(
        [Suppression(kind="phone", fingerprint=v, hint=v, scope="all", reason="staff", at=NOW) for v in numbers]
    )


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"groups__id__exact": "{group}"}, ["Ana"]),
        ({"language": "ru"}, ["Bo"]),
        ({"language": "-"}, ["Ana", "Cy"]),
        ({"city": "Jaén"}, ["Cy"]),
        ({"consent": "email:given"}, ["Ana"]),
        ({"consent": "email:withdrawn"}, ["Bo"]),
        ({"consent": "email:none"}, ["Cy"]),
        ({"address": "phone:yes"}, ["Ana"]),
        ({"address": "email:no"}, ["Cy"]),
        ({"address": "email:broken"}, ["Bo"]),
    ],
)
def test_the_list_is_narrowed_by(query: dict[str, str], names: list[str]) -> None:
    group = make_group()
    make_contact("Ana", email="a@example.com", phone="+34600000001", consent=("email",), groups=[group])
    bo = make_contact("Bo", email="b@example.com", consent=("email",), language="ru")
    bo.addresses.update(validity="invalid")
    consent.withdraw(bo.pk, "email", source="link", now=NOW)
    make_contact("Cy", consent=(), city="Jaén")
    asked = {name: value.format(group=group.pk) for name, value in query.items()}
    page = sign_in("Viewer").get(reverse("admin:contacts_contact_changelist"), asked)
    assert sorted(str(contact) for contact in page.context["cl"].result_list) == names


def test_a_row_says_on_which_channel_marketing_may_be_sent_and_why_not() -> None:
    make_contact("Ana", email="a@example.com", phone="+34600000001", consent=("email",))
    text = said_of(sign_in("Viewer").get(reverse("admin:contacts_contact_changelist")))
    assert 'title="May be sent."' in text
    assert 'title="No consent to marketing on this channel."' in text


def test_the_selection_goes_into_a_group_and_out_of_it_in_one_statement() -> None:
    people = [make_contact(f"P{n}") for n in range(3)]
    client, address = sign_in("Marketer"), reverse("admin:contacts_contact_changelist")
    chosen = {"action": "add_to_group", "_selected_action": [p.pk for p in people[:2]], "select_across": "0"}
    assert "2 people are selected." in said_of(client.post(address, chosen))
    assert "Choose a group" in said_of(client.post(address, {**chosen, "chosen": "1"}))
    told = said_of(client.post(address, {**chosen, "chosen": "1", "new": "Spring"}, follow=True))
    assert "2 people were added to “Spring”." in told
    spring = Group.objects.get(name="Spring")
    everyone = {
        "action": "add_to_group",
        "select_across": "1",
        "_selected_action": [people[0].pk],
        "chosen": "1",
        "group": spring.pk,
    }
    assert "1 person was added to “Spring”. 2 were in it already." in said_of(
        client.post(address, everyone, follow=True)
    )
    assert spring.contacts.count() == 3
    client.post(address, {**chosen, "action": "remove_from_group", "chosen": "1", "group": spring.pk})
    assert list(spring.contacts.all()) == [people[2]]
