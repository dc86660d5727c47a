"""The round trip over the public address: whether it is this very program that answers there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts import reachability
from contacts.models import Business
from tests.channels.harness import SmtpHarness
from tests.factories import make_business

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail() -> Iterator[SmtpHarness]:
    with SmtpHarness() as house:
        yield house


def test_the_public_address_is_proven_when_this_program_answers_there(live_server: Any) -> None:
    business = make_business(public_address=live_server.url)
    proof = reachability.prove(business, timezone.now())
    assert (proof.ok, str(proof.sentence)) == (True, "The public address answers, and it is ours.")
    stored = Business.current()
    assert (stored.public_checked_address, stored.public_nonce) == (live_server.url, "")
    assert stored.public_checked_at is not None


def test_an_address_at_which_something_else_answers_is_not_ours(mail: SmtpHarness) -> None:
    for address in (
        f"http://127.0.0.1:{mail.peer.port}",
        "http://127.0.0.1:9",
        "",
        "ftp://a.example",
        "http://127.0.0.1:9999999",
    ):
        business = make_business(
            public_address=address, public_checked_at=timezone.now(), public_checked_address=address
        )
        proof = reachability.prove(business, timezone.now())
        assert not proof.ok
        assert str(proof.sentence)
        assert Business.current().public_checked_at is None


def test_in_earnest_only_https_counts(settings: Any, live_server: Any) -> None:
    settings.CASCADA_REQUIRE_HTTPS = True
    proof = reachability.prove(make_business(public_address=live_server.url), timezone.now())
    assert (proof.ok, str(proof.sentence)) == (False, "The public address must begin with https://.")


def test_only_the_nonce_that_was_just_left_is_answered(client: Client) -> None:
    make_business(public_nonce="")
    assert client.get("/reach/anything/").status_code == 404
    Business.objects.update(public_nonce="the-word")
    assert client.get("/reach/other/").status_code == 404
    assert client.get("/reach/the-word/").content == b"the-word"
    assert client.post("/reach/the-word/").status_code == 405
