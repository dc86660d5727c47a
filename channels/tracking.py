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
# A click sooner than this may be either's: it is never taken for a person's, whatever else speaks for it.
SOON = 10.0
# Different links of one message within one second.
TOO_MANY = 2

# The code of a visitor who followed the link that no person sees.
HIDDEN = "hidden_link"

# They fetch for a person who is looking at this moment: the opening is real, only the device is hidden.
_FOR_PEOPLE = re.compile(r"GoogleImageProxy|YahooMailProxy", re.IGNORECASE)
# Beside the public list of crawlers: scanners of mail security, and what makes the previews in messengers.
_SCANNERS = re.compile(
    r"Barracuda|Mimecast|Proofpoint|FireEye|Symantec|TrendMicro|Trend Micro|SafeLinks|Google-Safety|HeadlessChrome|okhttp|Go-http-client",
    re.IGNORECASE,
)
_PREVIEWS = re.compile(
    r"TelegramBot|^WhatsApp/|^Viber/\S+$|ViberBot|facebookexternalhit|facebookcatalog|vkShare|Slackbot|Slack-ImgProxy|Discordbot|"
    r"Twitterbot|LinkedInBot|SkypeUriPreview|MicrosoftPreview|BingPreview|GoogleMessages|Snapchat URL Preview|line-poker|OdklBot|"
    r"iMessageLinkExtension|redditbot|Iframely|mattermost-bot|Signal-Link-Preview",
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
    trapped: bool = False,
) -> tuple[Grade, list[str]]:
    """The grade of one fetch and the codes of what speaks for it. headers: names in any case; others: further links of this message
    that were fetched within the last second; machine_flag: the provider itself says that it was a program; trapped: this visitor has
    followed the link of this message that no person sees. The codes have their sentences in `channels.reasons`, as "grade_<code>"."""
    agent = user_agent.strip()
    machine = [
        *(["provider"] if machine_flag else []),
        *([HIDDEN] if trapped else []),
        *(["head"] if method == "HEAD" else []),
        *(["prefetch"] if _is_prefetch(headers) else []),
        *(_too_fast(seconds_since_delivered, others_in_last_second) if fact == Fact.CLICKED else []),
    ]
    proxied = bool(_FOR_PEOPLE.search(agent))
    if not proxied and (why := program_in(agent)):
        machine.append(why)
    if machine:
        return Grade.MACHINE, machine
    soon = fact == Fact.CLICKED and seconds_since_delivered is not None and 0 <= seconds_since_delivered < SOON
    doubts = [*(["soon"] if soon else []), *([] if proxied else _doubts(agent, ip))]
    return (Grade.UNSURE, doubts) if doubts else (Grade.HUMAN, ["proxy"] if proxied else [])


def is_program(user_agent: str, headers: Mapping[str, str]) -> bool:
    """Whether the caller says itself that it is no person who looks at this moment."""
    return bool(program_in(user_agent.strip())) or _is_prefetch(headers)


def _is_prefetch(headers: Mapping[str, str]) -> bool:
    low = {name.lower(): value.lower() for name, value in headers.items()}
    return any("prefetch" in low.get(name, "") or "prerender" in low.get(name, "") for name in _PREFETCH)


def _too_fast(seconds: float | None, others: int) -> list[str]:
    soon = seconds is not None and 0 <= seconds < TOO_SOON
    return [*(["too_soon"] if soon else []), *(["all_at_once"] if others >= TOO_MANY else [])]


@lru_cache(maxsize=2048)
def program_in(agent: str) -> str:
    """The code of the program that a user agent names: "preview", "program", or "" for none that is known."""
    if _PREVIEWS.search(agent):
        return "preview"
    return "program" if _SCANNERS.search(agent) or is_crawler(agent) else ""


def _doubts(agent: str, ip: str) -> list[str]:
    if not agent:
        return ["no_user_agent"]
    if _BARE.fullmatch(agent) or _VERSIONLESS.fullmatch(agent):
        return ["apple_prefetch" if ip.startswith("17.") else "bare_user_agent"]
    return []
