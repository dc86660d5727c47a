"""Twilio's error codes as data, because they change. A code that stands in no list fails the message and keeps the address.

Source: twilio.com/docs/api/errors and the changelog of 2024-07-10; see the manual in `channels.transport` for the kinds.
"""

from __future__ import annotations

from channels.transport import Fact, Fault, Refused

# The address can never get an SMS: not a number, not mobile, a landline, a short code.
DEAD = {21211, 21214, 21217, 21265, 21401, 21614, 21635}
# The person has opted out at Twilio, which blocks by itself (STOP).
OPTED_OUT = {21610}
# Try this one again later: queues, rates, a service that is busy.
TEMPORARY = {20429, 20503, 21611, 30001, 30022, 63018}
# The account: credentials, suspension, money, region not allowed, no such service.
ACCOUNT = {
    20003, 20005, 20006, 20008, 20404, 21408, 21606, 21609, 21612, 21659, 21660, 21661, 21703, 21705, 30002, 30024, 30032, 30034, 30035,
    30038,
}  # fmt: skip
# The text or the sender's name: empty, too long, filtered, template.
TEXT = {21602, 21603, 21617, 21620, 21623, 21624, 30007, 63016, 63049}
# Its time was over before it could be delivered: ours, not the address's.
EXPIRED = {30036}


def refusal(code: int, detail: str, *, retry_after: float | None = None) -> Refused:
    """What an error answer to a request means."""
    reason = str(code)
    if code in TEMPORARY:
        return Refused(Fault.TEMPORARY, reason, detail, retry_after=retry_after)
    if code in ACCOUNT:
        return Refused(Fault.ACCOUNT, reason, detail)
    if code in TEXT:
        return Refused(Fault.TEXT, reason, detail)
    return Refused(Fault.PERSON, reason, detail, address_dead=code in DEAD, opted_out=code in OPTED_OUT)


def failure(code: int | None) -> tuple[Fact, bool]:
    """What a status of failed or undelivered with this code means: the fact, and whether the address is dead."""
    if code in DEAD:
        return Fact.BOUNCED, True
    return (Fact.EXPIRED, False) if code in EXPIRED else (Fact.FAILED, False)
