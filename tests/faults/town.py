"""The people of a fault test, and the cascade that goes over them: email over SMTP, then SMS by Twilio to those who opened nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.utils import timezone

from cascades import runner
from cascades.models import Launch, Seen, Who
from channels.models import Channel
from contacts.models import Address, Basis, Consent, Contact, Group, Membership
from contacts.models.contact import fingerprint
from tests.factories import make_business, make_cascade, make_channel, make_message
from tests.faults.crew import Peer
from tests.peers.twilio_account import SID, TOKEN

RATE = 20.0  # messages per second and account
WAVE = 40  # two seconds of it
WAIT = timedelta(seconds=4)
TIMEOUT = "6"  # seconds; short, so that leases are


def email(number: int) -> str:
    return f"p{number}@example.org"


def phone(number: int) -> str:
    return f"+34600{number:06d}"


def settle(count: int) -> Group:
    """So many people with an email address, a phone and both consents, in one group."""
    make_business()
    group = Group.objects.create(name="Everyone")
    people = Contact.objects.bulk_create([Contact(first_name=f"P{n}", last_name="Ruiz") for n in range(count)])
    given = [(n, one, kind) for n, one in enumerate(people) for kind in ("email", "phone")]
    normals = [(one, kind, email(n) if kind == "email" else phone(n)) for n, one, kind in given]
    Address.objects.bulk_create(
        Address(contact=one, kind=kind, value=normal, normal=normal, fingerprint=fingerprint(kind, normal))
        for one, kind, normal in normals
    )
    long_ago = timezone.now() - timedelta(days=30)
    Consent.objects.bulk_create(
        Consent(
            contact=one, kind=kind, purpose="marketing", given=True, basis=Basis.EXPRESS, source="test", at=long_ago, recorded_at=long_ago,
            handled_at=long_ago,
        )
        for one in people for kind in ("email", "sms")
    )  # fmt: skip
    Membership.objects.bulk_create(Membership(contact=one, group=group) for one in people)
    return group


def accounts(mail: Peer, sms: Peer, rate: float = RATE) -> tuple[Channel, Channel]:
    """Two live accounts at the counting servers."""
    server = {"service": "smtp", "host": "127.0.0.1", "port": str(mail.port), "security": "none", "timeout": TIMEOUT}
    by_email = make_channel("email", "email", settings=server, rate=rate)
    api = {"account_sid": SID, "api_url": f"http://127.0.0.1:{sms.port}", "timeout": TIMEOUT}
    by_sms = make_channel(
        "sms", "twilio", settings=api, rate=rate, sender_address="+15005550006", price="0.05", price_unit="segment"
    )
    by_sms.keep_secrets({"auth_token": TOKEN})
    by_sms.save()
    return by_email, by_sms


def launch(group: Group, *channels: Channel) -> Launch:
    """Start a cascade over the group by these channels, a few seconds apart."""
    message = make_message()
    first, *others = [{"channel": channel, "message": message} for channel in channels]
    more = [{**step, "who": Who.NOT_OPENED, "wait": WAIT, "seen": Seen.CLICKED} for step in others]
    cascade = make_cascade(steps=[{**first, "seen": Seen.OPENED}, *more], final_wait=timedelta(seconds=2))
    return runner.start(uuid4(), cascade, {"groups": [group.pk]}, user=None, now=timezone.now())
