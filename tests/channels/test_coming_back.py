"""Who was forgotten may come back by their own act; nobody else brings them back. And what is kept as evidence of such an act."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.holdings import wordless
from channels.models import Confirmation, FormAnswer
from contacts import consent
from contacts.consent import Ask, gate
from contacts.consent.suppression import is_suppressed
from contacts.models import Business, Consent, Contact, Handout, Retention, Suppression
from contacts.privacy import erasing, export, handouts, retention
from tests.channels.test_confirming import ANA, link_in, send, subscribe, token
from tests.contacts.api_caller import Caller
from tests.contacts.importing_desk import STATEMENT, load, staff, table
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_contact
from tests.territories import house as houses

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux x86_64) " + "Gecko/20100101 " * 40
__all__ = ["token"]


@pytest.fixture
def forgotten(token: str) -> str:
    """Ana was a customer and asked to be forgotten; the way to join again."""
    erasing.erase(make_contact("Ana Ruiz", email=ANA).pk, by_id=None, now=timezone.now())
    assert is_suppressed("email", ANA)
    return token


def mail_of(contact: Contact) -> str:
    """Why marketing by email may not go to them; "" where it may."""
    ask = Ask("email", "marketing", urgent=False, played=False)
    return gate([contact.pk], [ask], now=timezone.now(), business=Business.current())[contact.pk].verdicts[ask].reason


def test_whoever_was_forgotten_and_confirms_that_they_join_again_is_written_to_again(forgotten: str) -> None:
    visitor = Client(headers={"User-Agent": BROWSER})
    subscribe(visitor, forgotten)
    (asked,) = send()
    assert is_suppressed("email", ANA)  # asking opens nothing
    visitor.post(link_in(asked))
    assert not is_suppressed("email", ANA)
    back = Contact.objects.get(addresses__normal=ANA)
    assert back.erased_at is None
    assert mail_of(back) == ""
    assert Suppression.objects.get().lifted_at is not None


def test_a_file_a_program_and_staff_do_not_bring_them_back(forgotten: str) -> None:
    run = load(staff(), table("Ana Ruiz,ana@mail.example", header="name,email"), **STATEMENT)
    assert run.state == "done"
    told = {"email": ANA, "consents": [
        {"channel": "email", "given": True, "basis": "express", "source": "till", "wording": "Yes", "at": timezone.now().isoformat()}
    ]}  # fmt: skip
    Caller().results("contacts", [told])
    consent.lift_rows(Suppression.objects.values_list("pk", flat=True), now=timezone.now())
    assert is_suppressed("email", ANA)
    assert mail_of(Contact.objects.get(addresses__normal=ANA)) != ""
    assert not Consent.objects.filter(given=True, contact__erased_at=None).exists()


@pytest.mark.parametrize(("reason", "opens"), [("stop", False), ("staff", False), ("complaint", True)])
def test_what_else_closed_the_address_is_opened_only_by_what_opens_it_of_everybody(
    reason: str, opens: bool, forgotten: str
) -> None:
    channel = "sms" if reason == "stop" else ""
    consent.suppress(
        kind="email", normal=ANA, channel=channel, scope="marketing", reason=reason, source="x", now=timezone.now()
    )  # fmt: skip
    visitor = Client()
    subscribe(visitor, forgotten)
    visitor.post(link_in(send()[0]))
    assert Suppression.objects.filter(reason=reason, lifted_at=None).exists() is not opens


def test_the_browser_stands_with_the_address_it_came_from_on_the_proof_and_goes_when_the_person_does(
    token: str,
) -> None:
    visitor = Client(headers={"User-Agent": BROWSER})
    subscribe(visitor, token)
    visitor.post(link_in(send()[0]))
    line, asked = Consent.objects.get(), Confirmation.objects.get()
    assert line.user_agent == asked.user_agent == asked.confirmed_agent == BROWSER[:200]
    contact = line.contact
    proof = said_of(sign_in("Owner").get(reverse("admin:contacts_contact_proof", args=[contact.pk])))
    assert BROWSER[:60] in proof
    assert BROWSER[:60] in export.data(contact, now=timezone.now())
    erasing.erase(contact.pk, by_id=None, now=timezone.now())
    assert not Consent.objects.exclude(user_agent="").exists()
    assert not Confirmation.objects.exclude(user_agent="", confirmed_agent="").exists()


def test_words_in_answers_to_forms_go_after_their_time_and_scores_stay() -> None:
    with time_machine.travel(NOW, tick=False):
        house = houses.build()
        house.form.questions.create(key="w", kind="text", labels={"en": "Why?"}, position=1)
        answer = FormAnswer.objects.get(contact=house.theirs)
        answer.answers = answer.answers | {"w": {"value": "My dog died", "said": "My dog died", "label": "Why?"}}
        answer.save()
        retention.purge(NOW)
        answer.refresh_from_db()
        assert answer.answers["w"]["said"] == "My dog died"
        Retention.objects.update(answers=183)
        while retention.purge(NOW + timedelta(days=200)):
            pass
        answer.refresh_from_db()
        assert answer.answers["w"]["said"] == answer.answers["w"]["value"] == ""
        assert answer.answers["q"]["value"] == 9
        assert wordless(FormAnswer.objects.none()) == 0


def test_what_a_program_reads_of_people_is_one_line_a_day_with_their_number() -> None:
    with time_machine.travel(NOW, tick=False):
        house = houses.build()
        caller = Caller("Till")
        for _again in range(2):
            assert caller.ask("consents", id=house.theirs.pk).status_code == 200
        caller.ask("deliveries", id=house.theirs.pk)
        caller.ask(f"cascades/{house.cascade.pk}/deliveries")
        caller.ask("consents", email="nobody@x.example")
        found = Handout.objects.filter(what="read").order_by("id")
        assert list(found.values_list("name", "chosen", "people")) == [
            ("Till", "consents", 2),
            ("Till", "deliveries", 4),
        ]
        handouts.read_by("Till", "consents", 1, now=NOW + timedelta(days=1))
        assert found.count() == 3
        assert "Till" in said_of(houses.sign_in(name="boss").get(reverse("admin:contacts_handout_changelist")))
