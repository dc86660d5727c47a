"""Intake of Twilio's signed status calls: verified and stored, then applied in batches; beside a bare INSERT of the same call."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.utils import timezone

from channels import accounts, receipts, sending, webhooks
from channels.freezing import freeze
from channels.models import Channel, Delivery, InboundCall
from channels.models.delivery import new_token
from channels.sending import Planned
from channels.transport import RawCall
from contacts.models import Contact
from tests.benchmarks.crowd import empty, settle
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import make_business, make_channel, make_message
from tests.peers.twilio_account import SID, TOKEN, sign

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
URL = "https://news.aurora.example/hooks/abc/"
_INSERT = """
INSERT INTO channels_inboundcall(channel_id, call_key, method, url, headers, body, received_at, state, problem)
VALUES (%s, %s, 'POST', %s, %s, %s, %s, 'stored', '')
"""


def test_webhook_intake() -> None:
    make_business(public_address="https://news.aurora.example")
    channel = make_channel("sms", "twilio", settings={"account_sid": SID})
    channel.keep_secrets({"auth_token": TOKEN})
    channel.save()
    calls = [_call(number) for number in range(sized(3_000))]
    settle(len(calls))
    version = freeze(make_message(), now=timezone.now())

    def bare(watch: Watch) -> None:
        empty("channels_inboundcall")
        with watch(len(calls)), connection.cursor() as cursor:
            for number, call in enumerate(calls):
                row: Any = [channel.pk, str(number), URL, json.dumps(dict(call.headers)), call.body, timezone.now()]
                cursor.execute(_INSERT, row)

    def taken(watch: Watch) -> None:
        empty("channels_inboundcall", "channels_delivery")
        _sent(channel, version.pk, timezone.now())
        with watch(len(calls), ": verified and stored"):
            assert {webhooks.accept(channel, call, now=timezone.now()).status for call in calls} == {webhooks.OK}
        assert InboundCall.objects.count() == len(calls)
        with watch(len(calls), ": applied"):
            while receipts.apply_inbound(now=timezone.now()):
                pass
        assert Delivery.objects.filter(status="delivered").count() == len(calls)

    compare(
        f"Intake of {len(calls):,} signed calls, one after the other", "calls/s",
        {"bare INSERT of each, committed": bare, "call": taken},
    )  # fmt: skip
    accounts.let_go()


def _call(number: int) -> RawCall:
    form = {
        "AccountSid": SID, "ApiVersion": "2010-04-01", "From": "+34600000000", "MessageSid": f"SM{number:032x}",
        "SmsSid": f"SM{number:032x}", "MessageStatus": "delivered", "SmsStatus": "delivered", "To": f"+346{number:08d}",
    }  # fmt: skip
    headers = {
        "content-type": "application/x-www-form-urlencoded", "user-agent": "TwilioProxy/1.1",
        "x-twilio-signature": sign(TOKEN, URL, form.items()),
    }  # fmt: skip
    return RawCall("POST", URL, headers, urlencode(form).encode())


def _sent(channel: Channel, version: int, now: datetime) -> None:
    """A message to each, as Twilio has taken it."""
    people = Contact.objects.order_by("id").values_list("id", flat=True)
    planned = [
        Planned(
            token=new_token(), contact_id=pk, channel_id=channel.pk, message_version_id=version, kind="sms", purpose="marketing",
            not_before=now,
        )
        for pk in people
    ]  # fmt: skip
    ids = sorted(sending.plan(planned, now=now).values())
    sql = """
    UPDATE channels_delivery SET status = 'sent', sending_at = %s, sent_at = %s,
        provider_id = 'SM' || lpad(to_hex(id - %s), 32, '0')
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [now, now, ids[0]])
        cursor.execute("ANALYZE channels_delivery")
