"""The main job from end to end, as somebody at a browser does it: import, write, build, start, react, read."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.desk import Desk
from tests.browser.house import wait_until

pytestmark = pytest.mark.browser

PEOPLE = """First name;Last name;Email;Mobile;Language
Iris;Vega;iris@friends.example;600 200 001;en
Jon;Mora;jon@friends.example;600 200 002;en
Kim;Paz;kim@friends.example;600 200 003;en
Leo;Gil;;600 200 004;en
Mia;Ros;mia@friends.example;600 200 005;en
Bad;Row;not an address;12;en
"""


def test_the_main_job_in_the_browser(owner: Desk, tmp_path: Path) -> None:
    nothing_is_quiet(owner)
    import_people(owner, tmp_path)
    write(owner)
    build(owner)
    start(owner)
    play(owner)
    read(owner)
    assert "Bought" in owner.page.locator("#story").inner_text()


def nothing_is_quiet(desk: Desk) -> None:
    """Whatever time it is while the test runs: equal times mean no quiet hours."""
    desk.open("/admin/contacts/business/")
    for name in ("quiet_from", "quiet_until"):
        desk.field(name).fill("12:00")
    desk.press(desk.button("Save"))
    assert desk.page.locator(".errornote, ul.errorlist").count() == 0


def import_people(desk: Desk, folder: Path) -> None:
    file = folder / "friends.csv"
    file.write_text(PEOPLE, encoding="utf-8-sig")
    page = desk.open("/admin/contacts/importrun/add/")
    desk.field("file").set_input_files(file)
    desk.press(desk.button("Go on to the columns"))
    expect(desk.field("column_0")).to_have_value("first_name")
    desk.field("new_group").fill("Friends")
    page.locator('[name="mode"][value="all"]').check()
    for kind in ("email", "sms"):
        page.locator(f'[name="channels"][value="{kind}"]').check()
    desk.field("basis").select_option("express")
    desk.field("wording").fill("Yes, write to me.")
    desk.field("date").fill(datetime.now(UTC).date().replace(day=1).isoformat())
    desk.field("confirmed_by").fill("Olga")
    desk.press(desk.button("Check"))
    # The page goes on by itself as soon as the worker has looked at the file.
    expect(page.get_by_role("heading", name="What the import would do")).to_be_visible(timeout=60_000)
    assert counts(desk) == {"new": "5", "changed": "0", "unchanged": "0", "unclear": "0", "refused": "1"}
    page.locator(".import-counts a", has_text=re.compile("refused", re.IGNORECASE)).click()
    refused = page.locator(".import-rows li")
    expect(refused).to_have_count(1)
    assert "Line 7" in refused.inner_text()
    assert "not an address" in refused.inner_text()
    with page.expect_download() as download:
        desk.link("Download the refused rows").click()
    rows = Path(download.value.path()).read_text("utf-8-sig")
    assert "Bad" in rows
    assert "Iris" not in rows
    desk.press(desk.button("Confirm and import"))
    expect(page.get_by_role("heading", name="What the import did")).to_be_visible(timeout=60_000)


def counts(desk: Desk) -> dict[str, str]:
    cells = desk.page.locator(".import-counts > div").all_inner_texts()
    return {text.split("\n")[0].strip().lower(): text.split("\n")[-1].strip() for text in cells}


def write(desk: Desk) -> None:
    page = desk.open("/admin/channels/message/add/")
    desk.field("name").fill("Friends only")
    desk.field("variants-0-subject").fill("Only for friends")
    desk.page.locator("trix-editor").first.click()
    page.keyboard.type("Hello ")
    page.locator(".variant-tools button", has_text="First name").first.click()
    page.keyboard.press("Enter")
    page.keyboard.press("Control+b")
    page.keyboard.type("Come and see us.")
    page.get_by_text("Add another Text").click()
    desk.field("variants-1-kind").select_option("sms")
    text = desk.field("variants-1-body")
    text.fill("Come and see us. STOP to opt out")
    told = page.locator(".variant-count strong:visible")
    expect(told).to_contain_text("1 SMS")
    short = told.inner_text()
    text.press_sequentially(" and bring whomever you like, the more the merrier we are" * 3, delay=0)
    expect(told).not_to_have_text(short)
    expect(told).to_contain_text("2 SMS")
    text.fill("Come and see us. STOP to opt out")
    desk.press(desk.button("Save and continue editing"))
    assert "<strong>Come and see us.</strong>" in desk.field("variants-0-body").input_value()
    assert "{{ contact.first_name" in desk.field("variants-0-body").input_value()


def build(desk: Desk) -> None:
    page = desk.open("/admin/cascades/cascade/add/")
    desk.field("name").fill("For friends")
    page.locator("[name=goal][value=order]").check()
    # The dear channel first, by mistake.
    fill_step(desk, 0, "SMS")
    desk.link("Add a step").or_(desk.button("Add a step")).click()
    fill_step(desk, 1, "Email")
    desk.field("steps-1-wait_0").fill("0")  # a step that is added waits some hours by itself
    steps = page.locator(".cascada-step:not(.empty-form)")
    expect(page.locator(".cascada-note").first).to_contain_text("the cheaper channel comes first")
    steps.nth(1).get_by_role("button", name="Move up").click()
    assert [name.strip() for name in steps.locator(".cascada-name").all_inner_texts()] == ["Email", "SMS"]
    desk.field("steps-0-wait_0").fill("1")
    desk.field("steps-0-wait_1").select_option("hours")
    desk.press(desk.button("Save and continue editing"))
    assert order(desk) == ["Email", "SMS"]


def fill_step(desk: Desk, number: int, channel: str) -> None:
    desk.field(f"steps-{number}-channel").select_option(label=channel)
    desk.field(f"steps-{number}-message").select_option(label="Friends only")


def order(desk: Desk) -> list[str]:
    """The steps as the page draws them after they were saved."""
    return [text.split("\n")[-1].strip() for text in desk.page.locator(".cascada-stair-top").all_inner_texts()]


def start(desk: Desk) -> None:
    page = desk.page
    desk.link("Start").first.click()
    page.get_by_label(re.compile(r"Friends \(")).check()
    desk.press(desk.button("Show what will happen"))
    shown = desk.said()
    assert "4 people get the first message by Email" in shown
    assert "1 person gets the first message by SMS" in shown
    for radio in page.locator('[name="unknown"][value="no"]').all():
        radio.check()
    desk.button("Start for 5 people").dblclick()
    page.wait_for_url("**/results/")
    expect(numbers(desk, "sent").nth(0)).to_have_text("4", timeout=60_000)
    expect(numbers(desk, "sent").nth(1)).to_have_text("1", timeout=60_000)
    desk.find("cascades/launch", "For friends")
    assert page.locator("#result_list tr.data-row").count() == 1


def numbers(desk: Desk, name: str) -> Locator:
    return desk.page.locator(".report-step").locator("dt", has_text=re.compile(f"^{name}$")).locator("+ dd")


def play(desk: Desk) -> None:
    page = desk.page
    message_to(desk, "iris@friends.example")
    mail = page.frame_locator("iframe").locator("body")
    expect(mail).to_contain_text("Hello Iris")
    desk.press(desk.button("Open"))
    message_to(desk, "jon@friends.example")
    desk.press(desk.button("Opt out"))
    message_to(desk, "mia@friends.example")
    desk.press(desk.button("Bounce"))
    message_to(desk, "+34600200004")
    page.locator('[name="text"]').fill("STOP")
    desk.press(desk.button("Answer"))
    desk.find("contacts/contact", "Kim Paz")
    page.locator("#result_list tr.data-row th a").first.click()
    desk.press(desk.button("Bought"))
    assert "Noted: bought" in desk.said()
    # What bounced moves on at once; she answers the short message.
    wait_until(lambda: has_message(desk, "+34600200005"), "the SMS after the bounce", 60)
    message_to(desk, "+34600200005")
    page.locator('[name="text"]').fill("Gladly!")
    desk.press(desk.button("Answer"))


def has_message(desk: Desk, to: str) -> bool:
    return desk.find("channels/sandboxmessage", to).locator("#result_list tr.data-row").count() > 0


def message_to(desk: Desk, to: str) -> None:
    desk.press(desk.find("channels/sandboxmessage", to).locator("#result_list tr.data-row th a").first)


def read(desk: Desk) -> None:
    page = desk.open("/admin/cascades/cascade/")
    page.get_by_role("link", name="For friends").click()
    desk.link("Results").click()
    cards = page.locator("#numbers .report-outcomes")
    expect(cards).to_contain_text("3 reached", timeout=60_000)
    expect(cards).to_contain_text("2 stopped", timeout=60_000)
    desk.press(desk.link("Every recipient"))
    rows = [" ".join(text.split()) for text in page.locator("#result_list tr.data-row").all_inner_texts()]
    for person, step, outcome in (
        ("Iris Vega", "Email", "opened"), ("Jon Mora", "Email", "unsubscribed"), ("Kim Paz", "Email", "sent"),
        ("Mia Ros", "Email", "failed"), ("Mia Ros", "SMS", "answered"), ("Leo Gil", "Email", "skipped"), ("Leo Gil", "SMS", "unsubscribed"),
    ):  # fmt: skip
        assert any(person in row and step in row and outcome in row.lower() for row in rows), (
            person,
            step,
            outcome,
            rows,
        )
    assert any("Leo Gil" in row and "No address for this channel." in row for row in rows)
    assert len(rows) == 7
    desk.find("contacts/contact", "Kim Paz")
    page.locator("#result_list tr.data-row th a").first.click()
    expect(page.locator("#story")).to_contain_text("Bought")
