"""Something done to many people at once: to the ticked ones, or to all whom the list's filters show; in portions, once, and told."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from contacts import consent
from contacts.admin import choosing
from contacts.many import acts, files, runs
from contacts.models import Act, BulkRun, Consent, Contact, Group, Membership
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db
LIST = "admin:contacts_contact_changelist"


@pytest.fixture(autouse=True)
def _salon() -> None:
    make_business()


def clock() -> datetime:
    return NOW


def do(client: Client, action: str, people: list[Contact] | None = None, query: str = "", **said: Any) -> Any:
    """As in the list: these people ticked, or “select all” of what the query leaves."""
    ticked = [contact.pk for contact in people or Contact.objects.all()[:1]]
    chosen = {"action": action, "select_across": "0" if people else "1", "_selected_action": ticked}
    return client.post(reverse(LIST) + query, {**chosen, **({"chosen": "1"} | said if said else {})}, follow=True)


def asked(
    act: Act = Act.ADD, *, query: dict[str, list[str]] | None = None, user: User | None = None, **more: Any
) -> BulkRun:
    who = user or User.objects.create_superuser("olga")
    return runs.ask(act, {"query": query or {}}, words="all", user=who, now=NOW, **more)


def two_at_a_time(run: BulkRun) -> tuple[list[int], int] | None:
    ids = list(runs.people(run).filter(pk__gt=run.position).order_by("pk").values_list("pk", flat=True)[:2])
    return (ids, ids[-1]) if ids else None


AGREED: dict[str, Any] = {
    "kind": "email", "purpose": "marketing", "basis": "express", "source": "paper list", "on": "2026-01-31", "wording": "Yes, write to me.",
    "confirmed_by": "Olga Petrova",
}  # fmt: skip


def test_all_that_match_the_filter_and_the_search_are_meant_and_said_in_words() -> None:
    wanted = [make_contact(f"Ana {n}", city="Jaén") for n in range(3)]
    make_contact("Ana", city="Madrid")
    make_contact("Bo", city="Jaén")
    client, query = sign_in("Marketer"), "?city=Ja%C3%A9n&q=ana"
    page = said_of(do(client, "add_to_group", query=query))
    assert "3 people are selected." in page
    assert "city: Jaén; found by “ana”" in page
    assert "3 people were added to “Spring”." in said_of(do(client, "add_to_group", query=query, new="Spring"))
    assert set(Group.objects.get(name="Spring").contacts.all()) == set(wanted)
    assert BulkRun.objects.get().words == "city: Jaén; found by “ana”"


def test_people_are_moved_from_one_group_to_another() -> None:
    old, new = make_group("Old"), make_group("New")
    ana, bo, cy = make_contact("Ana", groups=[old]), make_contact("Bo", groups=[old, new]), make_contact("Cy")
    told = said_of(do(sign_in("Marketer"), "move_to_group", [ana, bo, cy], out_of=old.pk, group=new.pk))
    assert "2 people were moved to “New”. 1 were not in it." in told
    assert set(new.contacts.all()) == {ana, bo}
    assert not old.contacts.exists()


def test_a_tag_is_shown_beside_the_name_and_the_list_is_narrowed_by_it() -> None:
    ana, _bo = make_contact("Ana"), make_contact("Bo")
    client = sign_in("Marketer")
    do(client, "tag", [ana], new="VIP")
    vip = Group.objects.get(name="VIP")
    assert vip.kind == "tag"
    page = client.get(reverse(LIST), {"tag": vip.pk})
    assert [str(contact) for contact in page.context["cl"].result_list] == ["Ana"]
    assert ">VIP</span>" in said_of(page)
    assert "Choose a group" in said_of(do(client, "add_to_group", [ana], group=vip.pk))  # it is offered where tags are
    do(client, "untag", [ana], group=vip.pk)
    assert not vip.contacts.exists()


def test_consent_of_many_is_recorded_as_it_was_confirmed_and_nothing_that_ended_comes_back() -> None:
    fresh = make_contact("Ana", email="a@example.com", consent=())
    gone = make_contact("Bo", email="b@example.com")
    consent.withdraw(gone.pk, "email", source="link", now=NOW)
    consent.suppress(kind="email", normal="c@example.com", scope="all", reason="staff", source="desk", now=NOW)
    closed = make_contact("Cy", email="c@example.com", consent=())
    make_contact("Di", email="d@example.com")
    make_contact("Ed", consent=())
    before = Consent.objects.count()
    told = said_of(do(sign_in("Marketer"), "record_consent", query="?", **AGREED))
    assert "The consent of 1 person was recorded." in told
    assert Consent.objects.count() == before + 1
    line = consent.newest([fresh.pk])[(fresh.pk, "email", "marketing")]
    assert (line.given, line.basis, line.wording, line.source) == (
        True, "express", "Yes, write to me.", "paper list, confirmed by Olga Petrova",
    )  # fmt: skip
    assert line.at.date().isoformat() == "2026-01-31"
    assert line.operator is not None
    assert not consent.newest([gone.pk])[(gone.pk, "email", "marketing")].given
    assert not consent.newest([closed.pk])
    assert BulkRun.objects.get().skipped == {"already": 1, "no_address": 1, "consent_withdrawn": 1, "suppressed": 1}


def test_consent_needs_the_wording_and_the_name_of_who_confirms_it() -> None:
    ana = make_contact("Ana", email="a@example.com", consent=())
    page = do(sign_in("Marketer"), "record_consent", [ana], **(AGREED | {"wording": "", "confirmed_by": ""}))
    assert set(page.context["form"].errors) == {"wording", "confirmed_by"}
    assert not Consent.objects.exists()


def test_many_are_done_in_the_background_on_a_page_that_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    for n in range(3):
        make_contact(f"P{n}")
    client, group = sign_in("Marketer"), make_group("All")
    page = do(client, "add_to_group", query="?", group=group.pk)
    run = BulkRun.objects.get()
    assert page.redirect_chain[-1][0] == reverse("admin:contacts_bulkrun_change", args=[run.pk])
    assert 'id="import-progress"' in said_of(page)
    progress = client.get(reverse("admin:contacts_bulkrun_progress", args=[run.pk])).json()
    assert (progress["over"], progress["percent"]) == (False, 0)
    assert runs.work(clock=clock) == 1
    assert client.get(reverse("admin:contacts_bulkrun_progress", args=[run.pk])).json()["over"]
    assert "3 people were added to “All”." in said_of(
        client.get(reverse("admin:contacts_bulkrun_change", args=[run.pk]))
    )


def test_who_came_after_it_was_asked_for_is_not_of_them() -> None:
    make_contact("Ana")
    run = asked(group=make_group("All"))
    make_contact("Late")
    runs.work(clock=clock)
    run.refresh_from_db()
    assert (run.total, run.done) == (1, 1)


def test_after_a_crash_it_goes_on_where_it_stood_and_nobody_is_done_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [make_contact(f"P{n}", email=f"p{n}@example.com", consent=()) for n in range(5)]
    said = {
        "kind": "email",
        "purpose": "marketing",
        "basis": "express",
        "wording": "Yes",
        "source": "list",
        "at": NOW.isoformat(),
        "language": "en",
    }
    run = asked(Act.CONSENT, details=said)
    monkeypatch.setattr(runs, "_portion", two_at_a_time)
    real, calls = acts.apply, []

    def breaks(run: BulkRun, ids: list[int], now: datetime) -> Any:
        calls.append(ids)
        done = real(run, ids, now)
        if len(calls) == 2:
            raise RuntimeError("the power went")
        return done

    monkeypatch.setattr(acts, "apply", breaks)
    with pytest.raises(RuntimeError):
        runs.work(clock=clock)
    assert Consent.objects.count() == 2
    assert runs.work(clock=clock) == 0  # somebody may still be at it
    assert runs.work(clock=lambda: NOW + timedelta(minutes=2)) == 1
    run.refresh_from_db()
    assert (run.state, run.done, run.seen, Consent.objects.count()) == ("done", 5, 5, 5)
    assert sorted(Consent.objects.values_list("contact_id", flat=True)) == [contact.pk for contact in people]


@pytest.mark.parametrize("act", [Act.ADD, Act.EXPORT])
def test_what_fails_at_the_same_place_again_and_again_ends_with_a_sentence_and_keeps_what_was_done(
    act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        make_contact(f"P{n}")
    run = asked(act, group=make_group("All"))
    monkeypatch.setattr(runs, "_portion", two_at_a_time)
    real, tries = acts.apply, []

    def breaks(run: BulkRun, ids: list[int], now: datetime) -> Any:
        tries.append(ids[0])
        return real(run, ids, now) if len(tries) == 1 else 1 / 0

    def no_file(*_: Any) -> Any:
        tries.append(0)
        raise OSError("the disk is full")

    monkeypatch.setattr(acts, "apply", breaks)
    monkeypatch.setattr(files._Lines, "write", no_file)
    for minutes in range(0, 20, 2):
        with suppress(ZeroDivisionError, OSError):
            runs.work(clock=lambda minutes=minutes: NOW + timedelta(minutes=minutes))  # type: ignore[misc]
    run.refresh_from_db()
    assert run.problem == "It stopped because of a fault in the program. What was done before stays."
    assert (run.state, run.done, Membership.objects.count()) == ("failed", *((2, 2) if act == Act.ADD else (0, 0)))
    assert len(tries) == (4 if act == Act.ADD else 3)
    assert not run.file or not run.file.storage.exists(run.file.name or "")
    told = said_of(sign_in("Owner").get(reverse("admin:contacts_bulkrun_change", args=[run.pk])))
    assert "fault in the program" in told
    assert "Download" not in told


def test_a_fault_while_staff_wait_is_told_on_the_page_of_the_run_rather_than_as_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ana, group = make_contact("Ana"), make_group("All")
    monkeypatch.setattr(acts, "apply", lambda *_: 1 / 0)
    page = do(sign_in("Marketer"), "add_to_group", [ana], group=group.pk)
    assert page.status_code == 200
    assert BulkRun.objects.get().state == "running"
    assert 'id="import-progress"' in said_of(page)


def test_a_cancelled_one_stops_and_keeps_what_was_done(monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(4):
        make_contact(f"P{n}")
    run = asked(group=make_group("All"))
    monkeypatch.setattr(runs, "_portion", two_at_a_time)
    real = acts.apply

    def cancels(run: BulkRun, ids: list[int], now: datetime) -> Any:
        done = real(run, ids, now)
        runs.cancel(run, now=now)
        return done

    monkeypatch.setattr(acts, "apply", cancels)
    runs.work(clock=clock)
    run.refresh_from_db()
    assert (run.state, run.done, Membership.objects.count()) == ("cancelled", 2, 2)


def test_whoever_may_not_any_more_gets_nothing_done() -> None:
    make_contact("Ana")
    olga = User.objects.create_superuser("olga")
    run = asked(group=make_group("All"), user=olga)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    runs.work(clock=clock)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "The account that asked for it may not do this any more.")
    assert not Membership.objects.exists()


def test_what_the_asking_person_does_not_see_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    mine, _other = make_contact("Mine", city="Jaén"), make_contact("Other", city="Madrid")
    run = asked(group=make_group("All"))
    from contacts.admin.contact import ContactAdmin

    monkeypatch.setattr(ContactAdmin, "get_queryset", lambda self, request: Contact.objects.filter(city="Jaén"))
    runs.work(clock=clock)
    assert list(Group.objects.get().contacts.all()) == [mine]
    ids = {"ids": [_other.pk]}
    assert not runs.people(BulkRun(selection=ids, created_by=run.created_by)).exists()


def test_an_export_lies_in_private_and_only_who_asked_for_it_fetches_it() -> None:
    make_contact("Ana", email="a@example.com")
    client = sign_in("Marketer")
    page = do(client, "export_many", query="?")
    run = BulkRun.objects.get()
    assert page.redirect_chain[-1][0] == reverse("admin:contacts_bulkrun_change", args=[run.pk])
    runs.work(clock=clock)
    run.refresh_from_db()
    assert (run.state, run.done) == ("done", 1)
    address = reverse("admin:contacts_bulkrun_file", args=[run.pk])
    assert address in said_of(client.get(reverse("admin:contacts_bulkrun_change", args=[run.pk])))
    answer: Any = client.get(address)
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "a@example.com" in lines[1]
    assert sign_in("Front desk").get(address).status_code == 404
    owner: Any = sign_in("Owner").get(address)
    assert owner.status_code == 200
    assert b"a@example.com" in b"".join(owner.streaming_content)
    assert runs.prune(now=NOW + timedelta(days=8)) == 1
    run.refresh_from_db()
    assert not run.file


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (
            "Owner",
            {"tag", "add_to_group", "move_to_group", "record_consent", "export_many", "export_workbook", "start_for"},
        ),
        (
            "Marketer",
            {"tag", "add_to_group", "move_to_group", "record_consent", "export_many", "export_workbook", "start_for"},
        ),
        ("Front desk", {"tag", "add_to_group", "move_to_group"}),
        ("Viewer", set()),
    ],
)
def test_who_may_do_what_to_many(role: str, may: set[str]) -> None:
    make_contact("Ana")
    page = said_of(sign_in(role).get(reverse(LIST)))
    names = {"tag", "add_to_group", "move_to_group", "record_consent", "export_many", "export_workbook", "start_for"}
    assert {name for name in names if f'value="{name}"' in page} == may


def test_the_front_desk_cannot_bring_it_about_by_hand_either() -> None:
    ana = make_contact("Ana", email="a@example.com", consent=())
    client = sign_in("Front desk")
    do(client, "record_consent", [ana], **AGREED)
    do(client, "export_many", [ana])
    do(client, "export_workbook", [ana])
    assert not BulkRun.objects.exists()


def test_a_deleted_group_ends_it_with_a_sentence() -> None:
    make_contact("Ana")
    group = make_group("All")
    run = asked(group=group)
    group.delete()
    runs.work(clock=clock)
    run.refresh_from_db()
    assert (run.state, run.problem) == ("failed", "The group was deleted meanwhile.")


def test_no_filter_means_all_contacts() -> None:
    assert choosing.words(User.objects.create_superuser("olga"), {"query": {}}) == "all contacts"
