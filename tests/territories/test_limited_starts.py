"""A marketer who is limited to a branch starts a running cascade for their own people, and changes nothing that is for all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades import audience, runner
from cascades.models import CascadeStatus, Enrollment, Launch
from contacts import territory
from contacts.models import Guardian, StaffBranch
from tests.cascades.start_desk import choose, go, text, url_of
from tests.factories import NOW, make_contact, make_message
from tests.territories import house as houses
from tests.territories.house import House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with time_machine.travel(NOW, tick=False):
        yield houses.build()


@pytest.fixture
def desk(house: House) -> Client:
    return houses.sign_in(house.branch, role="Marketer")


def test_all_contacts_are_all_of_their_branch_also_when_the_task_takes_them_in_later(
    house: House, desk: Client
) -> None:
    url = url_of(desk, house.cascade)
    page = choose(desk, url, everyone="on")
    assert page.context["forecast"].people == 1
    assert "only people of Centro" in text(page)
    go(desk, url, page)
    made = Launch.objects.latest("created_at", "start_at")
    launch = Launch.objects.exclude(state="enrolled").get()
    assert launch.selection["branches"] == [house.branch.pk]
    StaffBranch.objects.all().delete()  # whatever becomes of the login meanwhile
    runner.enroll_due(NOW)
    assert {one.contact_id for one in Enrollment.objects.filter(launch=launch)} == {house.theirs.pk}
    assert made.version_id == launch.version_id


def test_groups_segments_and_smuggled_contacts_are_cut_to_their_branch(house: House, desk: Client) -> None:
    for chosen in (
        {"groups": [house.group.pk]},
        {"segments": [house.segment.pk]},
        {"branch": house.elsewhere.pk, "everyone": "on"},
    ):
        page = choose(desk, url_of(desk, house.cascade), **chosen)
        found = page.context.get("forecast")
        assert found is None or found.people == 1, chosen
        assert "Norte" not in text(page), chosen
    session = desk.session
    session["cascades.chosen"] = [house.other.pk, house.homeless.pk, house.theirs.pk]
    session.save()
    page = choose(desk, url_of(desk, house.cascade, "?chosen=1"), contacts="on")
    assert page.context["forecast"].people == 1


def test_a_start_shows_the_sizes_of_groups_and_the_branches_that_are_theirs(house: House, desk: Client) -> None:
    page = text(desk.get(url_of(desk, house.cascade)))
    assert "Regulars (1 person)" in page
    assert "Norte" not in page


def test_who_is_limited_starts_only_what_runs_and_as_it_was_published(house: House, desk: Client) -> None:
    house.cascade.steps.filter(version=None).update(wait=timedelta(hours=5))  # somebody is changing the draft
    was = str(house.cascade.steps.filter(version=None).get().message)
    house.cascade.steps.filter(version=None).update(message=make_message("Not yet", texts={("sms", "en"): "Not yet"}))
    url = url_of(desk, house.cascade)
    page = choose(desk, url, everyone="on")
    assert [one.message for one in page.context["forecast"].steps] == [was]
    assert "Not yet" not in text(page)
    go(desk, url, page)
    assert Launch.objects.exclude(state="enrolled").get().version_id == house.cascade.version_id
    house.cascade.status = CascadeStatus.DRAFT
    house.cascade.save()
    answer = desk.get(reverse("admin:cascades_cascade_launch_whom", args=[house.cascade.pk, uuid4()]))
    assert answer.status_code == 403
    assert "Ask somebody who looks after all branches" in text(answer)
    limited = User.objects.get(username="limited")
    with pytest.raises(runner.NotReady):
        runner.start(uuid4(), house.cascade, {"contacts": [house.theirs.pk]}, user=limited, now=NOW, published=True)


def test_a_selection_that_says_nothing_stays_nobody_and_who_is_not_limited_is_cut_by_nothing(house: House) -> None:
    assert audience.limited({}, (house.branch.pk,)) == {}
    assert not audience.people({"branches": [house.branch.pk]}, NOW).exists()
    everyone = {"filter": {"added_before": (NOW + timedelta(days=9)).isoformat()}}
    assert audience.people(audience.limited(everyone, None), NOW).count() == 3
    assert (
        audience.people(audience.limited({**everyone, "branches": [house.elsewhere.pk]}, (house.branch.pk,)), NOW).get()
        == house.theirs
    )


def test_their_own_contacts_get_a_branch_of_theirs(house: House, desk: Client) -> None:
    """Chosen where there is but one, asked among theirs where there are several, and never another's."""
    add = reverse("admin:contacts_contact_add")
    lists = ("addresses", "guardians", "students")
    blank = {f"{name}-{what}_FORMS": "0" for name in lists for what in ("TOTAL", "INITIAL")} | {"attributes": ""}
    asked = desk.get(add).context["adminform"].form.fields["branch"]
    assert [label for _value, label in asked.choices] == ["Centro"]
    for smuggled in (house.elsewhere.pk, ""):
        answer = desk.post(add, {"first_name": "Nora", "branch": smuggled, **blank})
        assert answer.status_code == 200
        assert answer.context["errors"]
    assert desk.post(add, {"first_name": "Nora", "branch": house.branch.pk, **blank}).status_code == 302
    both = houses.sign_in(house.branch, house.elsewhere, role="Marketer", name="both")
    asked = both.get(add).context["adminform"].form.fields["branch"]
    assert [label for _value, label in asked.choices][1:] == ["Centro", "Norte"]
    page = reverse("admin:contacts_contact_change", args=[house.theirs.pk])
    assert (
        desk.post(page, {"first_name": "Zoila", "branch": "", **blank}).status_code == 200
    )  # they cannot be sent out of sight


def test_an_address_that_others_have_too_names_only_theirs(house: House, desk: Client) -> None:
    make_contact("Wanda Twin", email="zoila@x.example", branch=house.elsewhere)
    page = reverse("admin:contacts_contact_change", args=[house.theirs.pk])
    assert "Wanda" not in text(desk.get(page))
    assert "Wanda Twin" in text(houses.sign_in(name="boss").get(page))


def test_who_answers_for_whom_is_read_within_their_branch(house: House, desk: Client) -> None:
    Guardian.objects.create(student=house.theirs, guardian=house.other)
    Guardian.objects.create(student=house.other, guardian=house.theirs)
    page = reverse("admin:contacts_contact_change", args=[house.theirs.pk])
    assert "Wanda" not in text(desk.get(page))
    assert "Wanda" in text(houses.sign_in(name="boss").get(page))


def test_the_owner_limits_a_login_on_its_page_and_nobody_widens_their_own(house: House) -> None:
    boss, login = houses.sign_in(name="boss"), User.objects.create_user("nina", password="x", is_staff=True)
    page = reverse("admin:auth_user_change", args=[login.pk])
    asked = boss.get(page)
    assert "Nothing chosen: they see everybody." in text(asked)
    kept = {
        "username": "nina",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-11-01",
        "date_joined_1": "10:00",
    }
    answer = boss.post(page, {**kept, "branches": [house.branch.pk]})
    assert answer.status_code == 302, answer.context and answer.context["errors"]
    assert territory.of(User.objects.get(pk=login.pk)) == (house.branch.pk,)
    assert boss.post(page, kept).status_code == 302
    assert territory.of(User.objects.get(pk=login.pk)) is None
    limited = houses.sign_in(house.branch)
    assert limited.get(page).status_code == 403


def test_the_limit_is_asked_for_once_in_a_request(house: House, desk: Client) -> None:
    with CaptureQueriesContext(connection) as asked:
        desk.get(reverse("admin:contacts_contact_changelist"))
    assert sum("staffbranch" in one["sql"] for one in asked) == 1
