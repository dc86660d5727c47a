"""Twilio's error codes as data, because they change. A code that stands in no list fails the message and keeps the address.

Source: twilio.com/docs/api/errors, docs/whatsapp/api/error-code-mapping and the changelog of 2024-07-10; the kinds are those of
`channels.transport`.
"""

from __future__ import annotations

from channels.transport import Fact, Fault, Refused

# The address can never be reached on this kind: not a number, not mobile, a landline, a short code; nobody on WhatsApp.
DEAD = {21211, 21214, 21217, 21265, 21401, 21614, 21635, 63003, 63024}
# The person has opted out at Twilio, which blocks by itself (STOP), or has blocked us on WhatsApp.
OPTED_OUT = {21610, 63033}
# Try this one again later: queues, rates, a service that is busy.
TEMPORARY = {20429, 20503, 21611, 30001, 30022, 63009, 63010, 63012, 63018}
# The account: credentials, suspension, money, region not allowed, no such service.
ACCOUNT = {
    20003, 20005, 20006, 20008, 20404, 21408, 21606, 21609, 21612, 21659, 21660, 21661, 21703, 21705, 21910, 30002, 30024, 30032, 30034,
    30035, 30038, 63001, 63002, 63007, 63008, 63020, 63022, 63038, 63051,
}  # fmt: skip
# The text or the sender: empty, too long, filtered; a template that is missing, rejected, paused, or wrongly filled in.
TEXT = {
    21602, 21603, 21617, 21620, 21623, 21624, 21656, 30007, 63005, 63006, 63013, 63021, 63027, 63028, 63030, 63040, 63041, 63042,
}  # fmt: skip
# This person, now: 63016 outside the 24 hours, 63032 and 63049 Meta gives them no more marketing for the time being (and nobody with a
# number in the United States). The next step reaches them; the address stays, and these stand in no list on purpose.
NOT_NOW = {63016, 63032, 63049}
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
