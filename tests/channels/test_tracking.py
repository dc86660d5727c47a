"""Who fetched it: user agents as they are really sent."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from channels import tracking
from channels.models import Grade
from channels.reasons import said_of_grade
from channels.tracking import grade
from channels.transport import Fact

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
PEOPLE = [
    CHROME,
    IPHONE,
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Thunderbird/128.4.0",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Trident/7.0; .NET4.0C; Microsoft Outlook 16.0.17328; ms-office)",
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 342.0.0.29.96",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    f"{CHROME} Edge/12.246 Mozilla/5.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
]
PROGRAMS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; BarracudaCentral; +http://www.barracudacentral.org)",
    "curl/8.5.0",
    "python-requests/2.32.3",
    "Go-http-client/2.0",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
]


PREVIEWS = [
    "TelegramBot (like TwitterBot)",
    "WhatsApp/2.23.20.0 A",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
    "Viber/23.4.0.5",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
]


def graded(user_agent: str, fact: Fact = Fact.OPENED, **more: Any) -> Grade:
    return grade(fact, user_agent=user_agent, **{"headers": {}, **more})[0]


@pytest.mark.parametrize("user_agent", PEOPLE)
@pytest.mark.parametrize("fact", [Fact.OPENED, Fact.CLICKED])
def test_people_and_the_proxies_that_fetch_for_them_count(user_agent: str, fact: Fact) -> None:
    assert graded(user_agent, fact, seconds_since_delivered=60.0) == Grade.HUMAN


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_crawlers_scanners_and_previews_are_programs(user_agent: str) -> None:
    assert graded(user_agent) == graded(user_agent, Fact.CLICKED) == Grade.MACHINE


@pytest.mark.parametrize(
    "user_agent",
    ["", "Mozilla/5.0", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"],
)
def test_who_hides_is_neither(user_agent: str) -> None:
    assert graded(user_agent) == Grade.UNSURE


@pytest.mark.parametrize(
    "header",
    [{"Purpose": "prefetch"}, {"Sec-Purpose": "prefetch;prerender"}, {"X-Moz": "prefetch"}, {"x-purpose": "Prefetch"}],
)
def test_a_browser_that_only_fetches_ahead_is_a_program(header: dict[str, str]) -> None:
    assert graded(CHROME, headers=header) == Grade.MACHINE


def test_a_look_at_the_headers_alone_is_a_programs() -> None:
    assert graded(CHROME, Fact.CLICKED, method="HEAD") == Grade.MACHINE


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.3, Grade.MACHINE), (1.99, Grade.MACHINE), (2.0, Grade.UNSURE), (9.9, Grade.UNSURE), (10.0, Grade.HUMAN), (None, Grade.HUMAN),
        (-3.0, Grade.HUMAN),
    ],
)  # fmt: skip
def test_nobody_clicks_within_two_seconds_of_the_delivery_and_few_within_ten(
    seconds: float | None, expected: Grade
) -> None:
    assert graded(CHROME, Fact.CLICKED, seconds_since_delivered=seconds) == expected
    assert graded(CHROME, Fact.OPENED, seconds_since_delivered=seconds) == Grade.HUMAN


def test_nobody_clicks_all_links_at_once() -> None:
    assert graded(CHROME, Fact.CLICKED, others_in_last_second=2) == Grade.MACHINE
    assert graded(CHROME, Fact.CLICKED, others_in_last_second=1) == Grade.HUMAN


def test_a_providers_word_that_it_was_a_program_holds_even_for_a_proxy() -> None:
    assert grade(Fact.OPENED, headers={}, user_agent=PEOPLE[-1], machine_flag=True) == (Grade.MACHINE, ["provider"])


def test_a_visitor_of_the_hidden_link_is_a_program_even_behind_a_proxy_of_people() -> None:
    assert grade(Fact.OPENED, headers={}, user_agent=PEOPLE[-1], trapped=True) == (Grade.MACHINE, ["hidden_link"])


@pytest.mark.parametrize("user_agent", PREVIEWS)
def test_the_previews_of_messengers_are_programs_and_named_as_such(user_agent: str) -> None:
    assert grade(Fact.CLICKED, headers={}, user_agent=user_agent) == (Grade.MACHINE, ["preview"])


def test_every_code_of_a_grade_has_its_sentence() -> None:
    source = Path(tracking.__file__).read_text()
    codes = set(re.findall(r'\["([a-z_]+)"\]|return "([a-z]+)"|return \["([a-z_]+)" if|else "([a-z_]+)"\]', source))
    found = {code for group in codes for code in group if code} | {"preview", "program", tracking.HIDDEN}
    assert len(found) >= 13
    for code in found:
        assert said_of_grade([code]), code
    assert said_of_grade(["of tomorrow"]) == ""


def test_the_grade_says_why() -> None:
    assert grade(Fact.CLICKED, headers={"Purpose": "prefetch"}, user_agent="curl/8", method="HEAD", seconds_since_delivered=1) == (
        Grade.MACHINE, ["head", "prefetch", "too_soon", "program"],
    )  # fmt: skip
