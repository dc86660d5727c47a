"""A start for a segment: whoever its rules find when the time has come."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from cascades import runner
from cascades.models import Launch
from contacts import segments
from contacts.models import Segment
from tests import factories
from tests.cascades.start_desk import choose, family, go, text, url_of
from tests.contacts.staff import sign_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@time_machine.travel(NOW, tick=False)
def test_a_segment_is_started_for_whoever_is_in_it_then_and_is_not_deleted_before() -> None:
    factories.make_business()
    client = sign_in("Marketer")
    cascade, _group = factories.email_then_sms(), family()
    rules = {"all": [{"kind": "name", "op": "starts", "text": "both"}]}
    segment = Segment.objects.create(name="Both ways", rules=segments.clean(rules))
    url = url_of(client, cascade)
    page = choose(client, url, segments=[segment.pk], when="later", day="2026-11-23", clock="10:00")
    assert page.context["forecast"].people == 3
    assert "segment Both ways" in text(page)
    go(client, url, page)
    assert segments.uses(segment.pk) == [f"planned start of “{cascade.name}”"]
    factories.make_contact("Both9", email="both9@x.example")
    runner.enroll_due(NOW + timedelta(days=1))
    assert Launch.objects.get().audience == 4
    assert segments.uses(segment.pk) == []
