"""A voucher from the offer to the counter, as staff see it: made, practised with, redeemed, and refused the second time."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk
from tests.browser.test_front_desk import PASSWORD, hire

pytestmark = pytest.mark.browser


def test_an_offer_is_made_and_its_code_is_looked_up_at_the_counter(owner: Desk, window: Open) -> None:
    owner.open("/admin/contacts/voucheroffer/add/")
    owner.field("name").fill("Spring")
    owner.field("gives").fill("10 % off a haircut")
    expect(owner.field("slug")).to_have_value("spring")
    expect(owner.field("code")).to_be_hidden()
    owner.field("kind").select_option("fixed")
    expect(owner.field("pattern")).to_be_hidden()
    owner.field("code").fill("SPRING-10")
    owner.press(owner.button("Save"))
    assert "{{ voucher.spring }}" in owner.said()
    page = owner.open("/admin/contacts/goeswith/add/")
    owner.field("what").fill("Hair")
    owner.field("name").fill("Care mask")
    owner.press(owner.button("Save"))
    assert "Care mask" in page.content()

    hire(owner, "teo")
    for width, scheme in ((1440, "light"), (390, "dark")):
        desk = window(viewport={"width": width, "height": 900}, color_scheme=scheme)
        desk.log_in("teo", PASSWORD)
        page = desk.open("/admin/contacts/voucher/counter/")
        page.get_by_label("Code").fill("spring 10")
        desk.press(desk.button("Look it up"))
        assert "Say whose it is" in desk.said()
        assert desk.is_wide() == []
        assert desk.nameless() == []
        page.get_by_label("Code").fill("SPRUNG")
        desk.press(desk.button("Look it up"))
        assert "There is no such code" in desk.said()
