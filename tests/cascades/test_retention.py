"""Forgetting by itself: what is too old goes, portion by portion; what is younger, what is still needed and every number stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from cascades.models import Enrollment
from channels.admin.thread import thread
from channels.models import Conversation, Delivery, DeliveryEvent, InboundCall, InboundState, SandboxMessage
from channels.transport import Fact
from contacts import events
from contacts.models import Connection, Consent, Event, Handout, Received, Retention, Segment
from contacts.privacy import retention
from tests.cascades.story import Story
from tests.contacts.staff import READY, said_of, sign_in
from tests.factories import NOW, email_then_sms, make_business, make_channel, make_contact

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def purged(now: Any) -> int:
    done = 0
    while found := retention.purge(now):
        done += found
    return done


def call(key: str, age: int, state: str = InboundState.APPLIED) -> None:
    channel = Connection.objects.first() or Connection.objects.create(name="Shop", adapter="shopify")
    by = make_channel("sms", name=key)
    InboundCall.objects.create(
        channel=by, call_key=key, method="POST", url="", body=b"x", received_at=NOW - age * DAY, state=state
    )
    Received.objects.create(
        connection=channel,
        call_key=key,
        body=b"x",
        received_at=NOW - age * DAY,
        state="stored" if state == "stored" else "applied",
    )


def test_calls_as_they_came_go_after_their_term_and_those_still_waiting_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    for number, (age, state) in enumerate(
        [(90, "stored"), (60, "applied"), (50, "applied"), (40, "applied"), (5, "applied")]
    ):
        call(str(number), age, state)
    assert retention.purge(NOW) == 4  # two of each
    assert purged(NOW) == 2
    assert sorted(InboundCall.objects.values_list("call_key", flat=True)) == ["0", "4"]
    assert sorted(Received.objects.values_list("call_key", flat=True)) == ["0", "4"]
    assert Retention.current().purged_at == NOW


def test_words_go_after_a_year_and_all_numbers_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PORTION", 2)
    make_business()
    story, ana = Story(), make_contact("Ana Ruiz", email="a@example.com", phone="+34600000001")
    story.start(email_then_sms())
    story.later(hours=5)
    sms = ana.deliveries.latest("id")
    story.hear(sms, Fact.REPLIED, text="Lovely, thanks", address="+34600000001")
    mail = ana.deliveries.earliest("id")
    DeliveryEvent.objects.create(
        delivery=mail,
        contact=ana,
        channel=mail.channel,
        fact="opened",
        at=NOW,
        recorded_at=story.now,
        data={"ip": "10.0.0.1"},
    )
    counted = [
        DeliveryEvent.objects.count(),
        Delivery.objects.count(),
        Enrollment.objects.count(),
        Consent.objects.count(),
    ]
    purged(NOW + 300 * DAY)
    assert SandboxMessage.objects.count() == 2
    assert DeliveryEvent.objects.filter(text="Lovely, thanks").exists()
    assert Delivery.objects.exclude(subject="").exists()
    later = NOW + 400 * DAY
    purged(later)
    assert not SandboxMessage.objects.exists()
    assert not DeliveryEvent.objects.exclude(text="").exists()
    assert not DeliveryEvent.objects.filter(data__has_key="ip").exists()
    assert not Delivery.objects.exclude(subject="", context={}).exists()
    assert counted == [
        DeliveryEvent.objects.count(),
        Delivery.objects.count(),
        Enrollment.objects.count(),
        Consent.objects.count(),
    ]
    conversation = Conversation.objects.get()
    (line,) = [one for one in thread(conversation, later).lines if not one.mine]
    assert str(line.text) == "The text was deleted on Nov. 22, 2027, after 12 months."


def test_a_purge_goes_on_where_it_stood_and_what_came_since_is_found() -> None:
    make_business()
    ana, channel = make_contact("Ana Ruiz"), make_channel("sms")

    def wrote(at: Any) -> DeliveryEvent:
        return DeliveryEvent.objects.create(
            contact=ana, channel=channel, fact="replied", at=at, recorded_at=at, text="Hi"
        )

    old = wrote(NOW - 400 * DAY)
    purged(NOW)
    young = wrote(NOW - 100 * DAY)
    purged(NOW)
    assert Retention.current().places["words"] == old.pk
    purged(NOW + 300 * DAY)
    assert Retention.current().places["words"] == young.pk
    assert not DeliveryEvent.objects.exclude(text="").exists()


def test_events_go_after_three_years_and_never_where_staff_say_so() -> None:
    make_business()
    ana = make_contact("Ana Ruiz")
    for age in (1200, 100):
        events.record(ana.pk, "order", at=NOW - age * DAY, now=NOW, data={"total": 10.0}, source="shop", key=str(age))
    purged(NOW)
    assert Event.objects.count() == 2  # the cascades have not noticed them yet
    Event.objects.update(handled_at=NOW)
    Retention.objects.update(events=0)
    purged(NOW)
    assert Event.objects.count() == 2
    Retention.objects.update(events=1095)
    purged(NOW)
    assert Event.objects.get().key == "100"


def test_a_segment_that_looks_further_back_than_events_are_kept_is_named() -> None:
    kept = Retention.current()
    far = {"all": [{"kind": "event", "op": "at_least", "event": "visit", "times": 1, "days": 2000}]}
    ever = {"all": [{"any": [{"kind": "purchases", "op": "never"}]}]}
    near = {"all": [{"kind": "purchases", "op": "at_least", "times": 1, "days": 365}]}
    for name, rules in (("Far", far), ("Ever", ever), ("Near", near)):
        Segment.objects.create(name=name, rules=rules)
    told = retention.short_sighted(kept)
    assert [sentence.split("”")[0] for sentence in told] == ["“Ever", "“Far"]
    assert "2000 days back" in told[1]
    assert "after 3 years" in told[1]
    kept.events = 0
    assert retention.short_sighted(kept) == []


@pytest.mark.parametrize("role", READY)
def test_only_the_owner_says_how_long_things_are_kept(role: str) -> None:
    client = sign_in(role)
    Segment.objects.create(name="Far", rules={"all": [{"kind": "event", "op": "never", "event": "visit", "days": 500}]})
    page = client.get(reverse("admin:contacts_retention_changelist"), follow=True)
    assert page.status_code == (200 if role == "Owner" else 403)
    address = reverse("admin:contacts_retention_change", args=[Retention.current().pk])
    answer = client.post(address, {"raw": 7, "texts": 183, "answers": 365, "events": 365, "logs": 365}, follow=True)
    kept = Retention.current()
    if role != "Owner":
        assert (answer.status_code, kept.raw) == (403, 30)
        return
    assert (kept.raw, kept.texts, kept.events) == (7, 183, 365)
    assert "“Far” looks 500 days back" in said_of(answer)
    assert "Select a valid choice" in said_of(
        client.post(address, {"raw": 0, "texts": 183, "events": 365, "logs": 365})
    )


def test_the_builder_of_segments_warns_while_one_types() -> None:
    rules = '{"all": [{"kind": "event", "op": "never", "event": "visit", "days": 3000}]}'
    found = sign_in("Marketer").post(reverse("admin:contacts_segment_look"), {"rules": rules}).json()
    assert "3000 days back" in found["warnings"][0]


def test_the_log_of_exports_goes_after_its_term() -> None:
    for age in (1200, 10):
        Handout.objects.create(at=NOW - age * DAY, name="x", what="contacts", people=1)
    purged(NOW)
    assert Handout.objects.count() == 1
