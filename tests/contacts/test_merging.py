"""Two contacts made one by hand: what becomes of their fields, addresses, groups, consent and numbers, and two again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from contacts import consent, events, intake, merging, privacy
from contacts.consent import Ask, Line, gate, withdraw
from contacts.merging import registry
from contacts.merging.act import NotNow, merge, obstacles, undo
from contacts.models import Address, Business, Consent, Contact, Membership
from tests.factories import NOW, make_business, make_contact, make_group

LATER = NOW + timedelta(hours=1)
pytestmark = pytest.mark.django_db


def two(**theirs: Any) -> tuple[Contact, Contact]:
    make_business()
    kept = make_contact("Ana Ruiz", email="ana@example.org", phone="+34600111222", external_id="K1", city="Madrid")
    gone = make_contact("Ana Ruiz García", email="ana.ruiz@example.org", phone="+34600111222", **theirs)
    return kept, gone


def may(contact: Contact, kind: str) -> str:
    """ "" where marketing may be sent, else the reason."""
    verdict = gate([contact.pk], [Ask(kind)], now=LATER, business=Business.current())[contact.pk].verdicts[Ask(kind)]
    return "" if verdict.ok else verdict.reason


def test_every_table_that_refers_to_a_contact_is_known_to_merging() -> None:
    referring = {
        model for model in apps.get_models(include_auto_created=True) for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is Contact
    }  # fmt: skip
    unknown = sorted(model._meta.label for model in referring - registry.known_models())
    assert unknown == [], "say in the room's part of contacts.merging.registry what becomes of these rows"


def test_the_merged_person_has_the_addresses_groups_and_history_of_both() -> None:
    kept, gone = two()
    both, theirs = make_group("Both", [kept, gone]), make_group("Theirs", [gone])
    events.record(gone.pk, "order", at=NOW, now=NOW, key="1", source="till")
    merge(kept.pk, gone.pk, {"last_name": "gone"}, by=None, now=NOW)
    kept.refresh_from_db()
    assert not Contact.objects.filter(pk=gone.pk).exists()
    assert (str(kept), kept.city, kept.external_id) == ("Ana Ruiz García", "Madrid", "K1")
    assert [one.normal for one in kept.addresses.order_by("kind", "position")] == [
        "ana@example.org", "ana.ruiz@example.org", "+34600111222",
    ]  # fmt: skip
    assert {one.group for one in Membership.objects.filter(contact=kept)} == {both, theirs}
    assert kept.events.count() == 1
    assert "ana.ruiz@example.org" in kept.search
    assert Consent.objects.filter(contact=kept).count() == 4


def test_staff_choose_whose_email_comes_first_and_keep_both_notes() -> None:
    kept, gone = two(notes="Likes tea.")
    Contact.objects.filter(pk=kept.pk).update(notes="Allergic to nuts.", attributes={"pet": "cat"})
    Contact.objects.filter(pk=gone.pk).update(attributes={"pet": "dog", "shoe": 38})
    merge(kept.pk, gone.pk, {"first:email": "gone", "detail:pet": "gone"}, by=None, now=NOW)
    kept.refresh_from_db()
    assert kept.addresses.filter(kind="email").order_by("position")[0].normal == "ana.ruiz@example.org"
    assert kept.notes == "Allergic to nuts.\n\nLikes tea."
    assert kept.attributes == {"pet": "dog", "shoe": 38}


@pytest.mark.parametrize("withdrew", ["kept", "gone"])
@pytest.mark.parametrize("newer", ["the withdrawal", "the consent"])
def test_what_either_withdrew_stays_withdrawn_until_the_merged_person_agrees_again(withdrew: str, newer: str) -> None:
    kept, gone = two()
    who, other = (kept, gone) if withdrew == "kept" else (gone, kept)
    withdraw(who.pk, "email", source="reply STOP", now=NOW)
    if newer == "the consent":
        consent.grant(other.pk, "email", basis="express", source="form", now=NOW)
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    assert (may(kept, "email"), may(kept, "sms")) == ("consent_withdrawn", "")
    lines = Consent.objects.filter(contact=kept, kind="email").count()
    undo(done.pk, by=None, now=LATER)
    assert (may(who, "email"), may(other, "email")) == ("consent_withdrawn", "")
    done = merge(kept.pk, gone.pk, by=None, now=LATER)
    assert Consent.objects.filter(contact=kept, kind="email").count() >= lines
    consent.grant(kept.pk, "email", basis="express", source="form", now=LATER)
    assert may(kept, "email") == ""


def test_a_consent_that_ran_out_withdraws_nothing_and_silence_is_no_word() -> None:
    kept, gone = two(consent=())
    consent.record(
        [Line(gone.pk, "email", given=True, basis="soft", source="till", expires_at=NOW)], now=NOW - timedelta(1)
    )
    consent.grant(kept.pk, "email", basis="express", source="form", now=NOW)
    merge(kept.pk, gone.pk, by=None, now=NOW)
    assert (may(kept, "email"), may(kept, "sms")) == ("", "")


def test_an_address_that_is_suppressed_stays_so() -> None:
    kept, gone = two()
    consent.suppress(kind="email", normal="ana.ruiz@example.org", reason="stop", scope="all", source="told", now=NOW)
    merge(kept.pk, gone.pk, {"first:email": "gone"}, by=None, now=NOW)
    assert may(kept, "email") != ""


def test_a_program_that_knows_the_old_number_or_id_finds_the_merged_person() -> None:
    kept, gone = two(external_id="G1")
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    cleaner = intake.Cleaner(NOW)
    told = [{"external_id": "G1", "city": "Toledo"}, {"external_id": "K1"}]
    outcomes = intake.take_in([cleaner.row(n, one) for n, one in enumerate(told)], cleaner, now=NOW)
    assert [one.contact_id for one in outcomes] == [kept.pk, kept.pk]
    assert intake.find([cleaner.row(0, {"external_id": "G1"})], now=NOW)[0].contact_id == kept.pk
    kept.refresh_from_db()
    assert (kept.external_id, kept.city, Contact.objects.count()) == ("K1", "Toledo", 1)
    assert merging.by_numbers(["G1", "K1", "X"]) == {"G1": kept.pk}
    assert (merging.survivor(gone.pk), merging.survivors([gone.pk, kept.pk])) == (kept.pk, {gone.pk: kept.pk})
    third = make_contact("Ana Ruiz", email="third@example.org", external_id="T1")
    second = merge(third.pk, kept.pk, by=None, now=LATER)
    assert merging.by_numbers(["G1", "K1"]) == {"G1": third.pk, "K1": third.pk}
    assert merging.survivor(gone.pk) == third.pk
    done.refresh_from_db()
    assert "Another contact became part of this one since. Undo that first." in obstacles(done)
    undo(second.pk, by=None, now=LATER)
    Contact.objects.filter(pk=kept.pk).update(city="Madrid")
    undo(done.pk, by=None, now=LATER)
    assert set(Contact.objects.values_list("external_id", flat=True)) == {"G1", "K1", "T1"}


def test_undoing_brings_both_back_as_they_were() -> None:
    kept, gone = two(external_id="G1", notes="Likes tea.")
    make_group("Both", [kept, gone])
    events.record(gone.pk, "order", at=NOW, now=NOW, key="1", source="till")
    before = [_all_of(one) for one in (kept, gone)]
    done = merge(kept.pk, gone.pk, {"first:email": "gone", "external_id": "gone"}, by=None, now=NOW)
    undo(done.pk, by=None, now=LATER)
    assert [_all_of(one) for one in (kept, gone)] == before
    with pytest.raises(NotNow, match="undone already"):
        undo(done.pk, by=None, now=LATER)


def _all_of(contact: Contact) -> Any:
    row = {
        name: value
        for name, value in Contact.objects.filter(pk=contact.pk).values().get().items()
        if name != "updated_at"
    }
    ways = Address.objects.filter(contact=contact.pk).order_by("kind", "position", "normal")
    return (
        row, list(ways.values_list("kind", "normal", "position")), list(contact.events.values_list("key")),
        list(Membership.objects.filter(contact=contact.pk).values_list("group")),
        list(Consent.objects.filter(contact=contact.pk).order_by("pk").values_list("kind", "given")),
    )  # fmt: skip


def test_what_was_said_of_the_merged_person_since_is_named_and_keeps_it_from_being_undone() -> None:
    kept, gone = two()
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    assert obstacles(done) == []
    events.record(kept.pk, "order", at=LATER, now=LATER, key="2", source="till")
    withdraw(kept.pk, "email", source="reply STOP", now=LATER)
    Contact.objects.filter(pk=kept.pk).update(city="Toledo")
    done.refresh_from_db()
    assert obstacles(done) == [
        "Something that they did was recorded since.", "Their consent changed since.", "Their details were changed since.",
    ]  # fmt: skip
    with pytest.raises(NotNow, match="Their consent changed since"):
        undo(done.pk, by=None, now=LATER)
    assert Contact.objects.count() == 1


def test_whoever_is_erased_leaves_nothing_that_undoing_would_bring_back() -> None:
    kept, gone = two(external_id="G1")
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    privacy.erase(kept.pk, by_id=None, now=LATER)
    done.refresh_from_db()
    assert (done.gone, done.name, merging.by_numbers(["G1"])) == ({}, "", {})
    assert len(obstacles(done)) == 1
    other = make_contact("Ana Ruiz")
    with pytest.raises(NotNow, match="asked to be forgotten"):
        merge(other.pk, kept.pk, by=None, now=LATER)


def test_one_who_is_not_there_any_more_is_said_and_nothing_happens() -> None:
    kept, gone = two()
    with pytest.raises(NotNow, match="not there any more"):
        merge(kept.pk, gone.pk + 1000, by=None, now=NOW)
    with pytest.raises(NotNow, match="one contact"):
        merge(kept.pk, kept.pk, by=None, now=NOW)
    assert Contact.objects.count() == 2
