"""Who fetched a picture or a link of ours: a person, a program, or one cannot tell.

Rules from what mail programs and link scanners are known to do; a program's fetch never stops a cascade.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from crawleruseragents import is_crawler

from channels.models import Grade
from channels.transport import Fact

# A click sooner than this after the delivery is a scanner's: nobody opens, reads and clicks as fast.
TOO_SOON = 2.0
# Different links of one message within one second.
TOO_MANY = 2

# They fetch for a person who is looking at this moment: the opening is real, only the device is hidden.
_FOR_PEOPLE = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
# Beside the public list of crawlers: scanners of mail security, and previews in messengers.
_SCANNERS = re.compile(
    r"Barracuda|Mimecast|Proofpoint|FireEye|Symantec|TrendMicro|Trend Micro|SafeLinks|MicrosoftPreview|SkypeUriPreview|BingPreview|"
    r"Google-Safety|GoogleMessages|TelegramBot|^WhatsApp/|^Viber/\S+$|facebookexternalhit|HeadlessChrome|okhttp|Go-http-client",
    re.IGNORECASE,
)
_BARE = re.compile(r"Mozilla/\d\.\d(?: \(\))?")
# A WebKit without browser, version or device: Apple's mail prefetch, and some scanners.
_VERSIONLESS = re.compile(r"Mozilla/5\.0 \([^)]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)")
_PREFETCH = ("purpose", "sec-purpose", "x-purpose", "x-moz")


def grade(
    fact: Fact,
    *,
    method: str = "GET",
    headers: Mapping[str, str],
    user_agent: str,
    ip: str = "",
    seconds_since_delivered: float | None = None,
    others_in_last_second: int = 0,
    machine_flag: bool = False,
) -> tuple[Grade, list[str]]:
    """The grade of one fetch and the codes of what speaks for it. headers: names in any case; others: further links of this message
    that were fetched within the last second; machine_flag: the provider itself says that it was a program."""
    agent = user_agent.strip()
    machine = [
        *(["provider"] if machine_flag else []),
        *(["head"] if method == "HEAD" else []),
        *(["prefetch"] if _is_prefetch(headers) else []),
        *(_too_fast(seconds_since_delivered, others_in_last_second) if fact == Fact.CLICKED else []),
    ]
    if _FOR_PEOPLE.search(agent):
        return (Grade.MACHINE, machine) if machine else (Grade.HUMAN, ["proxy"])
    if _is_program(agent):
        machine.append("program")
    if machine:
        return Grade.MACHINE, machine
    doubts = _doubts(agent, ip)
    return (Grade.UNSURE, doubts) if doubts else (Grade.HUMAN, [])


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    low = {name.lower(): value.lower() for name, value in headers.items()}
    return any("prefetch" in low.get(name, "") or "prerender" in low.get(name, "") for name in _PREFETCH)


def _too_fast(seconds: float | None, others: int) -> list[str]:
    soon = seconds is not None and 0 <= seconds < TOO_SOON
    return [*(["too_soon"] if soon else []), *(["all_at_once"] if others >= TOO_MANY else [])]


@lru_cache(maxsize=2048)
def _is_program(agent: str) -> bool:
    return bool(_SCANNERS.search(agent)) or is_crawler(agent)


def _doubts(agent: str, ip: str) -> list[str]:
    if not agent:
        return ["no_user_agent"]
    if _BARE.fullmatch(agent) or _VERSIONLESS.fullmatch(agent):
        return ["apple_prefetch" if ip.startswith("17.") else "bare_user_agent"]
    return []
