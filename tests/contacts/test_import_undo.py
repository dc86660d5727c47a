"""Undoing an import: all of it while nobody has touched it since, and a sentence for each thing that stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts import audit, consent, events
from contacts.importing import sparing, undoing
from contacts.models import (
    Address,
    Consent,
    Contact,
    Group,
    ImportChange,
    ImportRun,
    ImportUndo,
    Membership,
    Suppression,
)
from contacts.tasks import work_imports
from tests.contacts.importing_desk import LIST, STATEMENT, load, newest, staff, table
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def count(client: Client, run: ImportRun) -> ImportUndo:
    """What undoing would do, as staff see it first."""
    client.post(f"{LIST}{run.pk}/undo/")
    work_imports()
    return ImportUndo.objects.get(run=run)


def undo(client: Client, run: ImportRun) -> ImportUndo:
    """All the way; what was counted before is what is done."""
    counted = count(client, run)
    client.post(f"{LIST}{run.pk}/undo/confirm/")
    work_imports()
    done = ImportUndo.objects.get(run=run)
    assert done.state == "done"
    same = counted.counts | {"groups": 0}
    assert done.counts | {"groups": 0} == same
    return done


def why(done: ImportUndo) -> dict[str, str]:
    return {str(left.contact): left.why for left in done.left.select_related("contact")}


def test_people_whom_the_import_added_go_with_all_that_it_wrote_of_them(client: Client) -> None:
    run = load(
        client, table("1,Ana,ana@example.com,600111222", "2,Bea,bea@example.com,"), new_group="Fair", **STATEMENT
    )
    assert (Contact.objects.count(), Consent.objects.count(), Membership.objects.count()) == (2, 3, 2)
    done = undo(client, run)
    assert done.counts["deleted"] == 2
    for model in (Contact, Address, Membership, Consent, Group):
        assert model._base_manager.count() == 0


def test_people_who_were_known_are_as_they_were(client: Client) -> None:
    known = make_contact("Ana Ruiz", email="ana@example.com", external_id="1", city="Cádiz", consent=())
    Contact.objects.filter(pk=known.pk).update(attributes={"pet": "cat", "size": "L"})
    known.refresh_from_db()
    before = _told(known.pk)
    data = table("1,Anna Sol,new@example.com,600111222,Vigo,dog,VIP", header="id,name,email,phone,city,pet,groups")
    run = load(client, data, **STATEMENT)
    assert _told(known.pk) != before
    assert _told(known.pk)[0]["attributes"] == {"pet": "dog", "size": "L"}
    done = undo(client, run)
    assert (done.counts["restored"], done.counts["consents"], done.left.count()) == (1, 2, 0)
    assert _told(known.pk) == before
    assert not Group.objects.filter(name="VIP").exists()


def _told(pk: int) -> Any:
    own = Contact.objects.values("first_name", "last_name", "external_id", "city", "attributes", "search").get(pk=pk)
    ways = list(Address.objects.filter(contact=pk).order_by("position", "id").values_list("kind", "value"))
    held = {kind for (_, kind, _), line in consent.newest([pk]).items() if line.given}
    return own, ways, held, list(Membership.objects.filter(contact=pk).values_list("group__name", flat=True))


def test_whoever_was_edited_used_or_heard_since_stays(client: Client) -> None:
    rows = [
        f"{n},{name},{name.lower()}@example.com," for n, name in enumerate(("Ana", "Bea", "Cai", "Dan", "Eva", "Flo"))
    ]
    run = load(client, table(*rows), **STATEMENT)
    people = {one.first_name: one for one in Contact.objects.all()}
    now = timezone.now()
    people["Ana"].city = "Vigo"
    people["Ana"].save()
    events.record(people["Bea"].pk, "visit", at=now, now=now, source="desk")
    consent.grant(people["Cai"].pk, "sms", basis="express", source="counter", now=now)
    way = people["Dan"].addresses.get()
    way.value = way.normal = "daniel@example.com"
    way.save()
    Membership.objects.create(contact=people["Eva"], group=Group.objects.create(name="VIP"))
    done = undo(client, run)
    assert done.counts["deleted"] == 1
    assert why(done) == {"Ana": "changed", "Bea": "used", "Cai": "changed", "Dan": "changed", "Eva": "changed"}
    assert sorted(Contact.objects.values_list("first_name", flat=True)) == ["Ana", "Bea", "Cai", "Dan", "Eva"]
    held = {
        (pk, kind) for (pk, kind, _), line in consent.newest([one.pk for one in people.values()]).items() if line.given
    }
    assert held == {(people["Cai"].pk, "sms")}  # what only the import had said is ended for those who stay


def test_whoever_was_only_looked_at_is_no_edited_person(client: Client) -> None:
    run = load(client, table("1,Ana,ana@example.com,"))
    one = Contact.objects.get()
    page = client.get(f"/admin/contacts/contact/{one.pk}/change/")
    form = page.context["adminform"].form
    data = {name: value for name, value in form.initial.items() if value not in (None, "") and name != "in_groups"}
    data = {key: value for key, value in data.items() if not isinstance(value, dict)} | {"attributes": "{}"}
    for formset in page.context["inline_admin_formsets"]:
        whole = formset.formset
        data |= {
            f"{whole.prefix}-TOTAL_FORMS": len(whole.initial_forms),
            f"{whole.prefix}-INITIAL_FORMS": len(whole.initial_forms),
        }
        for item in whole.initial_forms:
            data |= {item.add_prefix(name): value for name, value in item.initial.items() if value not in (None, "")}
            data[item.add_prefix("id")] = item.instance.pk
    answer = client.post(f"/admin/contacts/contact/{one.pk}/change/", data)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert undo(client, run).counts["deleted"] == 1


def test_a_field_that_was_changed_since_stays_and_the_others_go_back(client: Client) -> None:
    known = make_contact("Ana Ruiz", email="ana@example.com", external_id="1", city="Cádiz")
    run = load(client, table("1,Anna Ruiz,ana@example.com,Vigo", header="id,name,email,city"))
    known.refresh_from_db()
    known.city = "Lugo"
    known.save()
    done = undo(client, run)
    known.refresh_from_db()
    assert (known.first_name, known.city) == ("Ana", "Lugo")
    assert [(left.why, left.what) for left in done.left.all()] == [("fields", ["city"])]


def test_the_import_before_cannot_take_back_what_the_next_one_changed_until_that_is_undone(client: Client) -> None:
    make_contact("Ana Ruiz", email="ana@example.com", external_id="1", city="Cádiz")
    first = load(client, table("1,ana@example.com,Vigo", header="id,email,city"))
    second = load(client, table("1,ana@example.com,Lugo", header="id,email,city"))
    assert count(client, first).counts["partly"] == 1
    client.post(f"{LIST}{first.pk}/undo/cancel/")
    undo(client, second)
    undo(client, first)
    assert Contact.objects.get().city == "Cádiz"


def test_a_person_whom_the_import_added_and_another_one_changed_stays(client: Client) -> None:
    first = load(client, table("1,Ana,ana@example.com,"))
    load(client, table("1,Anna,ana@example.com,"))
    assert why(undo(client, first)) == {"Anna": "changed"}


def test_what_the_import_ended_is_not_given_back_and_what_it_closed_is_opened(client: Client) -> None:
    known = make_contact("Ana", email="ana@example.com", consent=())
    consent.grant(known.pk, "email", basis="express", source="counter", now=NOW, at=NOW - timedelta(days=999))
    make_contact("Bea", email="bea@example.com", consent=())
    run = load(client, b"email\nana@example.com\nbea@example.com\n", mode="left", channels=["email"], date="2026-01-31")
    assert Suppression.objects.filter(lifted_at=None).count() == 2
    consent.suppress(kind="email", normal="bea@example.com", channel="email", scope="marketing", reason="stop", source="reply",
                     now=timezone.now())  # fmt: skip
    done = undo(client, run)
    assert (done.counts["opened"], done.counts["stays_closed"]) == (1, 1)
    assert not consent.is_suppressed("email", "ana@example.com")
    assert consent.is_suppressed("email", "bea@example.com")
    assert why(done)["Ana"] == "ended"
    assert not consent.newest([known.pk])[known.pk, "email", "marketing"].given


def test_the_same_file_may_be_imported_again_with_its_consent(client: Client) -> None:
    known = make_contact("Ana", email="ana@example.com", consent=())
    undo(client, load(client, table("1,Ana,ana@example.com,"), **STATEMENT))
    assert not consent.newest([known.pk])[known.pk, "email", "marketing"].given
    run = load(client, table("1,Ana,ana@example.com,"), **STATEMENT)
    assert run.given == 1
    assert consent.newest([known.pk])[known.pk, "email", "marketing"].given


def test_a_consent_that_had_an_end_has_it_again(client: Client) -> None:
    known = make_contact("Ana", email="ana@example.com", consent=())
    until = timezone.now() + timedelta(days=9)
    consent.grant(known.pk, "email", basis="soft", source="sale", now=NOW, expires_at=until)
    undo(client, load(client, table("1,Ana,ana@example.com,"), **STATEMENT))
    line = consent.newest([known.pk])[known.pk, "email", "marketing"]
    assert (line.given, line.basis, line.expires_at) == (True, "soft", until)


def test_undoing_twice_undoing_what_still_runs_and_undoing_nothing_are_refused_in_a_sentence(client: Client) -> None:
    run = load(client, table("1,Ana,ana@example.com,"))
    ImportRun.objects.filter(pk=run.pk).update(state="importing")
    assert "has not ended yet" in _said(client, run)
    ImportRun.objects.filter(pk=run.pk).update(state="done", finished_at=timezone.now() - timedelta(days=40))
    assert "more than 30 days ago" in _said(client, run)
    ImportRun.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    undo(client, run)
    assert "was undone already" in _said(client, run)
    assert undoing.confirm(ImportUndo.objects.get(), now=timezone.now()) is False
    assert "wrote nothing" in _said(client, ImportRun.objects.create(filename="none.csv", state="cancelled"))


def _said(client: Client, run: ImportRun) -> str:
    page = client.post(f"{LIST}{run.pk}/undo/", follow=True)
    return " ".join(str(message) for message in page.context["messages"])


def test_undoing_goes_on_after_a_crash_and_does_nothing_twice(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_contact("Ana Ruiz", email="p1@example.com", external_id="1")
    run = load(client, table(*(f"{n},P{n},p{n}@example.com," for n in range(1, 12))))
    counted = count(client, run)
    client.post(f"{LIST}{run.pk}/undo/confirm/")
    init, remove, calls = undoing._Undoing.__init__, sparing.remove, []

    def small(self: Any, *args: Any) -> None:
        init(self, *args)
        self.size = 3

    def crash(ids: Any) -> None:
        remove(ids)
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit

    monkeypatch.setattr(undoing._Undoing, "__init__", small)
    monkeypatch.setattr(sparing, "remove", crash)
    with pytest.raises(SystemExit):
        work_imports()
    assert Contact.objects.count() == 8
    assert work_imports() == 0  # the lease of the dead one still holds
    undoing.work(clock=lambda: timezone.now() + timedelta(minutes=2))
    done = ImportUndo.objects.get()
    assert (done.state, done.counts["deleted"], done.seen) == ("done", 10, done.total)
    assert counted.counts["deleted"] == 10
    assert Contact.objects.get().full_name == "Ana Ruiz"


def test_a_cancelled_undoing_keeps_what_it_did_and_can_go_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load(client, table(*(f"{n},P{n},p{n}@example.com," for n in range(6))))
    count(client, run)
    client.post(f"{LIST}{run.pk}/undo/confirm/")
    init, look = undoing._Undoing.__init__, undoing._Undoing._next_added

    def small(self: Any, *args: Any) -> None:
        init(self, *args)
        self.size = 2

    monkeypatch.setattr(undoing._Undoing, "__init__", small)

    def cancelled(self: Any) -> list[int]:
        found = look(self)
        if Contact.objects.count() == 4:
            client.post(f"{LIST}{run.pk}/undo/cancel/")
        return found

    monkeypatch.setattr(undoing._Undoing, "_next_added", cancelled)
    work_imports()
    assert (ImportUndo.objects.get().state, Contact.objects.count()) == ("cancelled", 4)
    monkeypatch.setattr(undoing._Undoing, "_next_added", look)
    undo(client, run)
    assert Contact.objects.count() == 0


def test_nobody_may_undo_who_may_not_import(client: Client, django_user_model: Any) -> None:
    run = load(client, table("1,Ana,ana@example.com,"))
    desk = Client()
    desk.force_login(django_user_model.objects.create_user("desk", is_staff=True))
    for page in ("undo/", "undo/confirm/", "undo/cancel/", "undo/left/", "undo/progress/"):
        assert desk.post(f"{LIST}{run.pk}/{page}").status_code == 403
    assert not ImportUndo.objects.exists()


def test_the_history_of_a_person_says_what_an_import_changed(client: Client) -> None:
    known = make_contact("Ana Ruiz", email="ana@example.com", external_id="1", city="Cádiz")
    run = load(client, table("1,ana@example.com,Vigo,dog", header="id,email,city,pet"))
    history = client.get(f"/admin/contacts/contact/{known.pk}/history/").content.decode()
    for text in ("Cádiz", "Vigo", "dog", run.filename):
        assert text in history
    undo(client, run)
    assert "undone" in client.get(f"/admin/contacts/contact/{known.pk}/history/").content.decode()


def test_who_stays_can_be_downloaded_with_the_reason(client: Client) -> None:
    run = load(client, table("1,Ana,ana@example.com,"))
    with audit.acting(audit.MACHINE):
        events.record(Contact.objects.get().pk, "visit", at=timezone.now(), now=timezone.now(), source="desk")
    undo(client, run)
    rows = b"".join(client.get(f"{LIST}{run.pk}/undo/left/")).decode()
    assert "Ana" in rows
    assert "events" in rows
    assert newest() == run
    assert ImportChange.objects.count() == 0
