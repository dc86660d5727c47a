"""Third-party admins in the house's dress, and the sidebar."""

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django_celery_beat.models import ClockedSchedule, IntervalSchedule, PeriodicTask

from config.unfold import SIDEBAR

pytestmark = pytest.mark.django_db

MODELS = (
    "auth/user",
    "auth/group",
    "django_celery_beat/periodictask",
    "django_celery_beat/intervalschedule",
    "django_celery_beat/crontabschedule",
    "django_celery_beat/solarschedule",
    "django_celery_beat/clockedschedule",
)


def _member(group: str) -> Client:
    user = User.objects.create_user("pat", password="pat", is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("page", ["", "add/"])
def test_every_third_party_page_is_in_our_dress(admin_client: Client, model: str, page: str) -> None:
    response = admin_client.get(f"/admin/{model}/{page}")
    assert response.status_code == 200
    assert b"unfold/css/styles.css" in response.content


def test_a_periodic_task_is_switched_off_on_its_own_page(admin_client: Client) -> None:
    task = PeriodicTask.objects.get(task="channels.tasks.send")
    address = f"/admin/django_celery_beat/periodictask/{task.pk}/change/"
    form = admin_client.get(address).context["adminform"].form
    sent = {name: "" if value is None else value for name, value in form.initial.items()} | {"regtask": ""}
    del sent["enabled"]
    sent |= {"start_time_0": "", "start_time_1": "", "expires_0": "", "expires_1": ""}
    assert admin_client.post(address, sent).status_code == 302
    task.refresh_from_db()
    assert not task.enabled
    assert task.task == "channels.tasks.send"


def test_a_schedule_names_the_tasks_that_use_it(admin_client: Client) -> None:
    interval = IntervalSchedule.objects.get(every=300)
    page = admin_client.get(f"/admin/django_celery_beat/intervalschedule/{interval.pk}/change/")
    assert "check that nobody was lost" in page.content.decode()


def test_the_pages_bring_no_script_of_their_own_that_the_policy_would_refuse(admin_client: Client) -> None:
    task = PeriodicTask.objects.get(task="channels.tasks.send")
    page = admin_client.get(f"/admin/django_celery_beat/periodictask/{task.pk}/change/").content.decode()
    assert "periodic-task-overrides" not in page


def test_the_front_desk_sees_people_and_cascades_but_neither_accounts_nor_staff() -> None:
    response = _member("Front desk").get("/admin/")
    titles = {str(item["title"]) for group in response.context["sidebar_navigation"] for item in group["items"]}
    assert not titles & {"Channels", "Staff", "Staff groups", "Periodic tasks", "Imports", "Incoming reports"}


def test_an_owner_who_is_no_superuser_cannot_make_one() -> None:
    client = _member("Owner")
    other = User.objects.create_user("kim", is_staff=True)
    form = client.get(f"/admin/auth/user/{other.pk}/change/").context["adminform"].form
    assert "is_superuser" not in form.fields
    boss = User.objects.create_superuser("boss")
    assert client.get(f"/admin/auth/user/{boss.pk}/change/").status_code == 302


def test_every_line_of_the_sidebar_that_is_in_the_house_answers(admin_client: Client) -> None:
    shown = admin_client.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in shown for item in group["items"]]
    assert len(links) == len(set(links)) <= sum(len(pages) for _title, pages in SIDEBAR)
    for link in links:
        assert admin_client.get(link, follow=True).status_code == 200, link


def test_the_clock_can_be_set(admin_client: Client) -> None:
    sent = {"clocked_time_0": "2026-12-24", "clocked_time_1": "10:00", "periodictask_set-TOTAL_FORMS": "0"}
    sent |= {"periodictask_set-INITIAL_FORMS": "0"}
    assert admin_client.post("/admin/django_celery_beat/clockedschedule/add/", sent).status_code == 302
    assert ClockedSchedule.objects.count() == 1
