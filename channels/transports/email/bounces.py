"""Soft bounces told from hard ones, as data: a table per mail service over its own raw event.

Anymail calls both "bounced". Only what stands here as DEAD gives an address up; what is unknown keeps it.
Sources: anymail 15.2 (webhooks/*.py) and the pages named at each table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from channels.transports.email.smtp import is_dead_address


class Verdict(Enum):
    """What a bounce means."""

    DEAD = "dead"  # the address does not exist
    RETRIED = "retried"  # not yet: the service goes on trying
    GIVEN_UP = "given up"  # this mail will not arrive; the address may be fine


@dataclass(frozen=True, slots=True)
class Rule:
    """One field of the raw event (a path of names; "*" is whatever name stands there) and what its values mean."""

    path: tuple[str, ...]
    means: Mapping[str, Verdict]


def _rule(path: str, *, dead: str = "", retried: str = "", given_up: str = "") -> Rule:
    words = ((dead, Verdict.DEAD), (retried, Verdict.RETRIED), (given_up, Verdict.GIVEN_UP))
    return Rule(tuple(path.split(".")), {word: verdict for listed, verdict in words for word in listed.split()})


# The first rule that knows the value decides. Where none does, only the words of the mailbox's own server can give an address up.
RULES: dict[str, tuple[Rule, ...]] = {
    # SES, "Bounce object": Transient is what SES stopped trying for now (full, too large, also out-of-office); Undetermined says nothing.
    # "Suppressed": once bounced for somebody at Amazon; "OnAccountSuppressionList": also for a complaint, so it keeps the address.
    "amazon_ses": (
        _rule("bounce.bounceSubType", given_up="OnAccountSuppressionList"),
        _rule("bounce.bounceType", dead="Permanent", given_up="Transient Undetermined"),
    ),
    # Brevo, "Transactional webhooks": "deferred" is its word for trying again; soft_bounce comes after that.
    "brevo": (_rule("event", dead="hard_bounce invalid_email", given_up="soft_bounce blocked error"),),
    # MailerSend, "Activity": hard_bounced is suppressed there, soft_bounced is not.
    "mailersend": (_rule("data.type", dead="hard_bounced", given_up="soft_bounced"),),
    # Mailgun, "Tracking failures": temporary is tried again, "old" is too long tried, suppress-* were suppressed there before.
    "mailgun": (
        _rule("event-data.severity", retried="temporary"),
        _rule("event-data.reason", dead="bounce suppress-bounce", given_up="old suppress-complaint suppress-unsubscribe espblock"),
    ),
    # Mailjet, "Event API": hard_bounce is true for what is final; else it goes on trying.
    "mailjet": (
        _rule("error", given_up="content_blocked"),
        _rule("hard_bounce", dead="true", retried="false"),
    ),
    # Mailtrap, "Webhooks": "bounce" is permanent, "soft bounce" is tried again (anymail: deferred).
    "mailtrap": (_rule("event", dead="bounce"),),
    # Mandrill, "About bounces": after either kind it stops trying; "deferral" is its word for trying again.
    "mandrill": (_rule("event", dead="hard_bounce", given_up="soft_bounce"),),
    # Postal: MessageBounced is a mail that came back later, HardFail (anymail: failed) may be any 5xx: neither tells why.
    "postal": (),
    # Postmark, "Bounce API, bounce types": a SoftBounce comes after its own retries; DnsError and Transient (anymail: deferred) before.
    "postmark": (
        _rule("Type", dead="HardBounce", given_up="SoftBounce VirusNotification Blocked Undeliverable"),
        _rule("SuppressionReason", dead="HardBounce", given_up="SpamComplaint ManualSuppression"),
    ),
    # Resend, "Email bounces" (SES beneath): type as there; "delivery_delayed" is its word for trying again.
    "resend": (_rule("data.bounce.type", dead="Permanent", given_up="Transient Undetermined Suppressed"),),
    # SendGrid, "Event webhook": type "blocked" is for now or for the content, "bounce" is final.
    "sendgrid": (_rule("type", dead="bounce", given_up="blocked expired"),),
    # SparkPost, "Bounce classification codes": 10, 30 and 90 are hard; "delay" is its word for trying again.
    "sparkpost": (
        _rule("msys.*.bounce_class", dead="10 30 90", given_up="1 20 21 22 23 24 25 40 50 51 52 53 54 70"),
    ),
    # Unisender Go, "callback-format": err_will_retry comes as soft_bounced (anymail: deferred); hard_bounced says why.
    "unisender_go": (
        _rule(
            "delivery_info.delivery_status", dead="err_user_unknown err_user_inactive err_mailbox_discarded err_domain_inactive",
            retried="err_will_retry",
            given_up="err_mailbox_full err_spam_rejected err_blacklisted err_too_large err_unsubscribed err_unreachable err_skip_letter "
            "err_destination_misconfigured err_delivery_failed err_spam_skipped err_lost",
        ),
    ),
}  # fmt: skip

# RFC 3463: 4.x.x for now, 5.2.2 full, 5.3.x the system, 5.7.x policy: whatever the service calls it, the mailbox is there.
_SPARED = re.compile(r"(?<![\d.])(?:4\.\d+\.\d+|5\.(?:2\.2|3\.\d+|7\.\d+))(?![\d.])")
_CODE = re.compile(r"\b5\d\d\b")


def verdict(service: str, raw: Mapping[str, Any], words: str) -> Verdict:
    """What a bounce means that this service reports. raw: its own event; words: what the mailbox's server said."""
    found = next((found for rule in RULES.get(service, ()) if (found := _by(rule, raw))), None)
    if found is None:
        return Verdict.DEAD if is_dead_address(_code(words), words) else Verdict.GIVEN_UP
    spared = found is Verdict.DEAD and _SPARED.search(words) and not is_dead_address(_code(words), words)
    return Verdict.GIVEN_UP if spared else found


def _by(rule: Rule, raw: Any) -> Verdict | None:
    for name in rule.path:
        if not isinstance(raw, Mapping):
            return None
        raw = next(iter(raw.values()), None) if name == "*" else raw.get(name)
    return rule.means.get(str(raw).lower() if isinstance(raw, bool) else str(raw))


def _code(words: str) -> int:
    """The SMTP code in the words; 550 where none stands there."""
    found = _CODE.search(words)
    return int(found[0]) if found else 550
