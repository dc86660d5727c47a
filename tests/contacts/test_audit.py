"""Who changed what and when: seen wherever a row is saved, written where it is done to many, read in words, and never a secret in it."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades import runner
from channels.models import MessageVariant
from contacts import audit, changes, privacy
from contacts.audit import Actor
from contacts.many import runs
from contacts.models import Act, Address, Branch, Business, By, Change, Contact, Segment
from tests.cascades.story import Story
from tests.contacts.api_caller import Caller
from tests.contacts.staff import READY, said_of, sign_in
from tests.factories import NOW, email_then_sms, make_business, make_channel, make_contact, make_group

pytestmark = pytest.mark.django_db


def told(model: str) -> list[tuple[str, str, str]]:
    """(who, act, in words) of each change of a kind, oldest first."""
    found = Change.objects.filter(model=model).order_by("id")
    return [(changes.who(one), one.act, changes.summary(one)) for one in found]


def test_a_saved_row_is_told_as_it_was_and_as_it_is_in_the_words_of_the_form() -> None:
    ana, branch = make_contact("Ana Ruiz", city="Madrid"), Branch.objects.create(name="Centro")
    Change.objects.all().delete()
    ana.city, ana.branch, ana.attributes = "Lisbon", branch, {"pet": "cat"}
    ana.save()
    ana.save()  # nothing new
    assert told("contacts.contact") == [
        ("by itself", "changed", "City: Madrid → Lisbon; Other details: – → pet: cat; Branch: – → Centro")
    ]


def test_an_address_stands_in_the_history_of_its_person() -> None:
    ana = make_contact("Ana Ruiz")
    address = Address.objects.create(contact=ana, kind="email", value="a@example.com", normal="a@example.com")
    address.value = "b@example.com"
    address.save()
    address.delete()
    assert [text for _who, _act, text in told("contacts.contact")] == [
        "Address: – → a@example.com", "Address · as given: a@example.com → b@example.com", "Address: b@example.com → –",
    ]  # fmt: skip


def test_what_staff_change_in_the_admin_bears_their_name_and_stands_on_the_history_page() -> None:
    make_business()
    client, group = sign_in("Marketer"), make_group("Regulars")
    User.objects.update(first_name="Eva", last_name="Sol")
    client.post(
        reverse("admin:contacts_group_change", args=[group.pk]), {"name": "Best", "description": "", "kind": group.kind}
    )
    assert told("contacts.group")[-1] == ("Eva Sol", "changed", "Name: Regulars → Best")
    page = said_of(client.get(reverse("admin:contacts_group_history", args=[group.pk])))
    assert "Eva Sol" in page
    assert ">Regulars</del>" in page
    assert ">Best</ins>" in page


def test_what_is_done_to_many_at_once_is_one_line_with_the_number() -> None:
    make_business()
    people, group = [make_contact("Ana Ruiz"), make_contact("Bo Stone")], make_group("VIP")
    user = User.objects.create_superuser("olga")
    run = runs.ask(Act.ADD, {"ids": [one.pk for one in people]}, words="2 people", user=user, now=NOW, group=group)
    runs.work(clock=lambda: NOW)
    change = Change.objects.filter(model="contacts.bulkrun", object_id=run.pk).get()
    assert (changes.summary(change), change.people, changes.who(change)) == ("2 people", 2, "olga")


def test_secrets_are_named_as_changed_and_stand_nowhere() -> None:
    channel = make_channel("sms")
    channel.keep_secrets({"token": "s3cret-of-twilio"})
    channel.save()
    user = User.objects.create_user("eva", password="first")
    user.set_password("second")
    user.save()
    texts = [text for model in ("channels.channel", "auth.user") for _who, _act, text in told(model)]
    assert "Sealed: – → changed; the value is not kept here" in texts
    assert "Password: – → changed; the value is not kept here" in texts
    kept = json.dumps(list(Change.objects.values_list("what", flat=True)))
    assert not [one for one in ("s3cret", channel.sealed, user.password, "pbkdf2", "md5$") if one in kept]


def test_the_texts_of_a_message_and_the_steps_of_a_draft_stand_with_the_whole_and_frozen_ones_nowhere() -> None:
    make_business()
    cascade = email_then_sms()
    variant = MessageVariant.objects.earliest("id")
    variant.subject = "Autumn"
    variant.save()
    assert told("channels.message")[-1][2] == "Variant · subject: News from {{ business.name }} → Autumn"
    before = Change.objects.filter(model="cascades.cascade").count()
    make_contact(email="a@example.com")
    Story().start(cascade)
    assert Change.objects.filter(model="cascades.cascade").count() - before <= 1


def test_a_program_is_named_by_its_key_and_only_what_it_really_changed_is_told() -> None:
    make_business()
    caller = Caller("Till")
    person = {"external_id": "7", "first_name": "Ana", "city": "Madrid"}
    for city in ("Madrid", "Madrid", "Lisbon"):
        caller.results("contacts", [person | {"city": city}])
    found = [(who, act) for who, act, _text in told("contacts.contact")]
    assert found == [("Till (program)", "added"), ("Till (program)", "changed")]
    assert told("contacts.contact")[1][2].endswith("Madrid → Lisbon")


def test_holding_and_stopping_a_cascade_is_told() -> None:
    make_business()
    make_contact(email="a@example.com")
    cascade = email_then_sms()
    Story().start(cascade)
    client = sign_in("Marketer")
    client.post(reverse("admin:cascades_cascade_pause", args=[cascade.pk]))
    client.post(reverse("admin:cascades_cascade_stop", args=[cascade.pk]))
    client.post(reverse("admin:cascades_cascade_stop", args=[cascade.pk]))  # too late, so nothing was done
    said = [text for who, act, text in told("cascades.cascade") if act == "done"]
    assert [text.split(".")[0] for text in said] == ["The cascade is on hold", "The cascade is stopped"]


def test_sending_and_advancing_write_nothing_down() -> None:
    make_business()
    for number in range(3):
        make_contact(email=f"a{number}@example.com")
    cascade = email_then_sms()
    story = Story()
    runner.start(
        uuid4(),
        cascade,
        {"contacts": list(Contact.objects.values_list("pk", flat=True))},
        user=None,
        now=NOW,
    )
    before = Change.objects.count()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        story.tick()
    assert Change.objects.count() == before
    assert not [one["sql"] for one in asked if "contacts_change" in one["sql"]]


@pytest.mark.parametrize("role", READY)
def test_only_the_owner_reads_the_list_over_all_and_nobody_changes_it(role: str) -> None:
    make_business()
    client = sign_in(role)
    make_group("Regulars")
    listed = client.get(reverse("admin:contacts_change_changelist"), {"kind": "contacts.group", "act": "added"})
    assert listed.status_code == (200 if role == "Owner" else 403)
    row = Change.objects.latest("id")
    assert client.post(reverse("admin:contacts_change_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    if role == "Owner":
        assert len(listed.context["cl"].result_list) == 1
        assert "Regulars" in said_of(client.get(reverse("admin:contacts_change_change", args=[row.pk])))


def test_the_list_asks_no_more_for_many_than_for_few() -> None:
    client, address = sign_in("Owner"), reverse("admin:contacts_change_changelist")

    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(address)
        return len(found)

    make_group("One")
    client.get(address)
    few = asked()
    for number in range(8):
        make_group(f"More {number}")
    assert asked() == few


def test_of_an_erased_person_the_history_keeps_when_and_who_and_no_word() -> None:
    make_business()
    ana = make_contact("Zoe Quartz", email="zoe@example.com")
    ana.city = "Quartzville"
    ana.save()
    client = sign_in("Owner")
    client.post(reverse("admin:contacts_contact_erase", args=[ana.pk]), {"typed": "Zoe Quartz"})
    while privacy.sweep(NOW):
        pass
    rows = json.dumps(list(Change.objects.values("name", "what", "said", "who")), default=str).lower()
    assert "quartz" not in rows
    assert told("contacts.contact")[-1] == ("Owner", "done", "The person was erased.")


def test_what_a_person_changes_on_a_public_page_is_theirs() -> None:
    with audit.acting(Actor(By.PERSON)):
        make_group("By a page")
    assert told("contacts.group") == [("the person", "added", "added")]


def test_the_settings_of_the_house_are_told_too() -> None:
    make_business(name="Salon Aurora")
    business = Business.current()
    business.name, business.keep_holidays = "Salon Sol", True
    business.save()
    Segment.objects.create(name="Near", rules={"all": []})
    assert told("contacts.business")[-1][2] == "Name: Salon Aurora → Salon Sol; Nothing on public holidays: no → yes"
    assert told("contacts.segment") == [("by itself", "added", "added")]
