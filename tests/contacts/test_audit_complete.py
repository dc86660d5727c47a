"""Nothing that staff or programs change goes unwritten: every admin and every call of the API is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Group as Rights
from django.contrib.auth.models import Permission, User
from django.db.models import CharField, Model, TextField
from django.test import RequestFactory
from django.urls import reverse

from contacts import audit, changes
from contacts.many import runs
from contacts.models import Act, By, Change, Contact
from tests.contacts.api_caller import Caller
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_group
from tests.territories import house as houses
from tests.territories.house import House
from tests.territories.test_nothing_is_forgotten import api_operations

pytestmark = pytest.mark.django_db
FORM = [{"changed": {"fields": ["Name"]}}]


@pytest.fixture
def house() -> Iterator[House]:
    with time_machine.travel(NOW, tick=False):
        yield houses.build()


def lines(model: type[Model] | None = None) -> int:
    found = Change.objects.all()
    return (found.filter(model=model._meta.label_lower) if model else found).count()


def free_text(model: type[Model]) -> str:
    """A text of a row that may be changed to anything; "" where there is none."""
    return next(
        (
            one.name for one in model._meta.concrete_fields
            if isinstance(one, CharField | TextField) and one.editable and not one.choices and not one.unique
            and one.name not in audit._watched[model].skip
        ), "",
    )  # fmt: skip


def test_every_admin_that_changes_something_leaves_a_line(house: House) -> None:
    request: Any = RequestFactory().get("/")
    request.user = User.objects.create_superuser("olga")
    asked = 0
    for model, owner in admin.site._registry.items():
        may = (
            owner.has_add_permission(request),
            owner.has_change_permission(request),
            owner.has_delete_permission(request),
        )
        row = model._default_manager.first()
        if not any(may) or row is None:
            continue
        before = lines(model)
        owner.log_change(request, row, FORM)
        if not audit.is_watched(model):
            assert lines(model) == before + 1, model
            asked += 1
        elif name := free_text(model):
            setattr(row, name, "Quite another")
            row.save()
            assert lines(model) == before + 1, model
            asked += 1
    assert asked > 12


def test_every_call_of_a_program_that_changes_something_leaves_a_line_and_one_that_changes_nothing_none(
    house: House,
) -> None:
    caller, at, who = Caller("Till"), NOW.isoformat(), {"id": house.theirs.pk}
    cascade, code = house.cascade.pk, house.theirs.vouchers.get().code
    calls: dict[str, Any] = {
        "/contacts": ("contacts", {"contacts": [{"email": "zoila@x.example", "last_name": "Gil"}]}),
        "/events": ("events", {"events": [{"event": "visit", "person": who, "key": "1"}]}),
        "/consents": ("consents", {"consents": [{"person": who, "channel": "email", "given": False, "source": "till", "at": at}]}),
        "/bookings": ("bookings", {"bookings": [{"person": who, "number": "1", "title": "Cut", "starts_at": at}]}),
        "/vouchers/{code}/redeem": (f"vouchers/{code}/redeem", {}),
        "/cascades/{cascade}/enroll": (f"cascades/{cascade}/enroll", {"people": [who], "occasion": "x"}),
        "/stop": ("stop", {"people": [who]}),
    }  # fmt: skip
    assert set(calls) == {path for path, one in api_operations() if "POST" in one.methods}, "ask the new call, too"
    for path, (address, told) in calls.items():
        before = lines()
        assert caller.say(address, told).status_code == 200, path
        assert lines() > before, path
        newest = Change.objects.latest("id")
        assert (newest.by, newest.who) == (By.PROGRAM, "Till"), path
        before = lines()
        caller.say(address, told)
        assert lines() == before or path == "/consents", path  # a withdrawal that is told again is told again


def test_who_is_made_by_an_event_is_written_down(house: House) -> None:
    Caller("Till").say("events", {"events": [{"event": "visit", "person": {"email": "new@x.example"}, "create": True}]})
    made = Contact.objects.get(addresses__normal="new@x.example")
    (line,) = changes.told_of(made)
    assert (line.who, line.act) == ("Till (program)", "added")


def test_rights_of_a_login_and_of_a_group_are_written_down_by_name(house: House) -> None:
    nina, desk = User.objects.create_user("nina"), Rights.objects.get(name="Front desk")
    right = Permission.objects.get(codename="view_change")
    with audit.acting(audit.Actor(By.STAFF, "olga")):
        nina.groups.set([desk])
        nina.user_permissions.add(right)
        nina.groups.clear()
        desk.permissions.add(right)
        Rights.objects.create(name="Trainees").delete()
    told = [
        (one.model, one.name, one.who, changes.summary(one)) for one in Change.objects.filter(who="olga").order_by("id")
    ]
    assert told[:3] == [
        ("auth.user", "nina", "olga", "Groups: – → Front desk"),
        ("auth.user", "nina", "olga", f"User permissions: – → {right}"),
        ("auth.user", "nina", "olga", "Groups: Front desk → –"),
    ]
    assert told[3] == ("auth.group", "Front desk", "olga", f"Permissions: – → {right}")
    assert [act for _model, name, _who, act in told[4:] if name == "Trainees"] == ["added", "deleted"]


@pytest.mark.parametrize("act", [Act.ADD, Act.REMOVE, Act.MOVE, Act.CONSENT])
def test_what_was_done_to_many_stands_in_the_history_of_each_it_was_done_to(act: Act, house: House) -> None:
    owner = sign_in("Owner")
    user, other = User.objects.get(username="Owner"), make_group("Best")
    said = {
        "kind": "email", "purpose": "tracking", "basis": "express", "source": "desk", "wording": "Yes", "language": "en",
        "at": NOW.isoformat(),
    }  # fmt: skip
    cases: dict[Act, dict[str, Any]] = {
        Act.ADD: {"group": other}, Act.REMOVE: {"group": house.group}, Act.MOVE: {"from_group": house.group, "group": other},
        Act.CONSENT: {"details": said},
    }  # fmt: skip
    more = cases[act]
    if act == Act.ADD:
        house.other.groups.add(other)
    people = [house.theirs.pk] if act == Act.CONSENT else [house.theirs.pk, house.other.pk]
    run = runs.ask(act, {"ids": people}, words="these", user=user, now=NOW, **more)
    runs.work(clock=lambda: NOW)
    run.refresh_from_db()
    assert run.done == (2 if act in (Act.REMOVE, Act.MOVE) else 1)
    line = changes.told_of(house.theirs)[0]
    assert line.who == "Owner"
    assert str(act.label) in line.sentence
    if act != Act.CONSENT:
        assert str(other if act != Act.REMOVE else house.group) in line.sentence
        assert line.sentence in said_of(owner.get(reverse("admin:contacts_contact_history", args=[house.theirs.pk])))
    if act == Act.ADD:  # was in it already
        assert str(act.label) not in " ".join(one.sentence for one in changes.told_of(house.other))
    assert Change.objects.filter(model="contacts.bulkrun").count() == 1
