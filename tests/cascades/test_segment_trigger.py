"""Coming into a segment and leaving it: who counts, who counts anew, and who gets nothing more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import Cascade, Enrollment, SegmentStay
from cascades.parameters import BadParameters
from cascades.trigger import Check, trigger
from channels.models import Channel, Delivery, Message
from contacts import events, segments
from contacts.models import Contact, Group, Membership, Segment
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
QUARTER = timedelta(minutes=15)


def regulars() -> Segment:
    group = Group.objects.create(name="Regulars")
    return Segment.objects.create(
        name="Regulars", rules={"all": [{"kind": "groups", "op": "any", "groups": [group.pk]}]}
    )


def listening(segment: Segment, now: datetime = NOW, wait: timedelta = timedelta(0), **params: Any) -> Cascade:
    make_business()
    text = Message.objects.first() or make_message(texts={("sms", "en"): "Hello"}, purpose="transactional")
    step = {
        "channel": Channel.objects.first() or make_channel("sms"), "message": text,
        "seen": "nothing", "wait": wait, "wait_from": "start",
    }  # fmt: skip
    more = {name: params.pop(name) for name in ("reentry", "reentry_after") if name in params}
    given = {"segment": segment.pk, **params}
    cascade = make_cascade("Thanks", [step], trigger="segment", trigger_params=given, **more)
    runner.switch_on(cascade, user=None, now=now)
    return cascade


def person(number: int = 1) -> Contact:
    return make_contact(f"Ana {number}", phone=f"+346001112{number:02}")


def into(*people: Contact) -> None:
    Membership.objects.bulk_create(Membership(contact=one, group=Group.objects.get()) for one in people)


def out(*people: Contact) -> None:
    Membership.objects.filter(contact__in=people).delete()


def inside(cascade: Cascade) -> list[tuple[int, str, str]]:
    return list(
        Enrollment.objects.filter(cascade=cascade).order_by("id").values_list("contact_id", "outcome", "reason")
    )


def test_who_is_inside_already_does_not_count_unless_staff_want_them() -> None:
    segment, ana, eva = regulars(), person(1), person(2)
    into(ana)
    only_new, everyone = listening(segment), listening(segment, inside="all")
    runner.listen(NOW + QUARTER)
    into(eva)
    runner.listen(NOW + 2 * QUARTER)
    runner.listen(NOW + 3 * QUARTER)
    assert inside(only_new) == [(eva.pk, "", "")]
    assert inside(everyone) == [(ana.pk, "", ""), (eva.pk, "", "")]


def test_coming_in_a_second_time_is_a_new_occasion_and_the_rules_of_re_entry_hold() -> None:
    segment, ana = regulars(), person()
    each, never = listening(segment), listening(segment, reentry="never")
    after = listening(segment, reentry="after", reentry_after=timedelta(days=2))
    for days in (1, 2, 4):
        into(ana)
        runner.listen(NOW + timedelta(days=days))
        out(ana)
        runner.listen(NOW + timedelta(days=days) + QUARTER)
    assert [len(inside(cascade)) for cascade in (each, never, after)] == [3, 1, 2]


def test_a_segment_is_asked_for_at_most_so_often_and_once_for_all_who_listen_to_it() -> None:
    segment, ana = regulars(), person()
    cascades = [listening(segment), listening(segment)]
    runner.listen(NOW + QUARTER)
    into(ana)
    runner.listen(NOW + QUARTER + timedelta(minutes=14))
    assert [inside(cascade) for cascade in cascades] == [[], []]
    runner.listen(NOW + 2 * QUARTER)
    assert [len(inside(cascade)) for cascade in cascades] == [1, 1]
    assert SegmentStay.objects.count() == 1


def test_who_leaves_gets_nothing_more_where_staff_chose_so_and_it_says_why() -> None:
    segment, ana, eva = regulars(), person(1), person(2)
    stops, goes_on = listening(segment, leavers="stop"), listening(segment)
    runner.listen(NOW + QUARTER)
    into(ana, eva)
    runner.listen(NOW + 2 * QUARTER)
    runner.advance(NOW + 2 * QUARTER)
    out(ana)
    runner.listen(NOW + 3 * QUARTER)
    assert [(who, why) for who, outcome, why in inside(stops) if outcome] == [(ana.pk, "left_segment")]
    assert [outcome for _pk, outcome, _reason in inside(goes_on)] == ["", ""]
    queued = Delivery.objects.filter(contact=ana, run__enrollment__cascade=stops).get()
    assert (queued.status, queued.reason) == ("cancelled", "left_segment")


def test_who_has_left_before_the_cascade_could_take_them_in_is_not_taken_in_where_leaving_stops_it() -> None:
    segment, ana = regulars(), person()
    stops, other = listening(segment, leavers="stop"), listening(segment)
    runner.pause(stops.pk, now=NOW)
    into(ana)
    runner.listen(NOW + QUARTER)
    out(ana)
    runner.listen(NOW + 2 * QUARTER)
    runner.resume(stops.pk, now=NOW + 2 * QUARTER)
    runner.listen(NOW + 3 * QUARTER)
    assert (inside(stops), len(inside(other))) == ([], 1)


def test_what_was_played_in_the_sandbox_counts_for_a_cascade_that_only_plays() -> None:
    rules = {"all": [{"kind": "event", "op": "at_least", "event": "visit", "times": 1, "days": 30}]}
    segment = Segment.objects.create(name="Visited", rules=segments.clean(rules))
    played = listening(segment)
    params = trigger("segment").clean({"segment": segment.pk})
    ana = person()
    events.record(ana.pk, "visit", at=NOW, now=NOW, played=True)
    runner.listen(NOW + QUARTER)
    assert inside(played) == [(ana.pk, "", "")]
    check = Check(NOW + QUARTER, NOW, NOW, played=False)
    trigger("segment").observe(params, check)
    assert [entry.people.count() for entry in trigger("segment").due(params, check)] == [0, 0]


def test_while_the_rules_cannot_be_followed_nobody_leaves_and_nobody_enters() -> None:
    segment, ana, _eva = regulars(), person(1), person(2)
    cascade = listening(segment, leavers="stop")
    into(ana)
    runner.listen(NOW + QUARTER)
    Group.objects.all().delete()
    runner.listen(NOW + 2 * QUARTER)
    assert inside(cascade) == [(ana.pk, "", "")]


def test_a_segment_to_which_a_live_cascade_listens_cannot_be_deleted_one_that_is_gone_cannot_be_listened_to() -> None:
    segment = regulars()
    cascade = listening(segment)
    assert segments.uses(segment.pk) == ["cascade “Thanks”"]
    runner.stop(cascade.pk, now=NOW)
    assert segments.uses(segment.pk) == []
    with pytest.raises(BadParameters, match="was deleted"):
        trigger("segment").clean({"segment": 999})


def test_between_two_askings_a_tick_costs_no_question_for_the_people_of_the_segment() -> None:
    segment = regulars()
    listening(segment)
    runner.listen(NOW + QUARTER)
    with CaptureQueriesContext(connection) as quiet:
        runner.listen(NOW + QUARTER + timedelta(minutes=1))
    assert not [one for one in quiet.captured_queries if "contacts_membership" in one["sql"]]
