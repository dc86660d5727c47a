"""Links in a text: each leads through our own address, or nowhere, and no value breaks out of what surrounds it."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.rendering import TRAP
from tests.channels.rendered import BASE, mail, query, sms


def test_every_link_leads_through_our_address_and_is_kept_in_order() -> None:
    found = mail(
        '<p><a href="https://a.example/x?y=1&amp;z=2">a</a> <a href="https://b.example">b</a> <a href="https://a.example/x?y=1&z=2">c</a></p>'
    )
    assert re.findall(rf'href="{BASE}/c/AbCdEfGhIjKlMnOp/(\d)"', found.html) == ["0", "1", "0"]
    assert [urlsplit(link).netloc for link in found.links] == ["a.example", "b.example"]
    assert query(found.links[0])["z"] == ["2"]
    assert f"a: {BASE}/c/AbCdEfGhIjKlMnOp/0" in found.text
    assert "//a.example" not in found.html


def test_links_in_a_loop_are_each_their_own() -> None:
    cart = {"items": [{"url": "https://s.example/1", "name": "Cream"}, {"url": "https://s.example/2", "name": "Oil"}]}
    body = '{% for item in items %}<p><a href="{{ item.url }}">{{ item.name }}</a></p>{% endfor %}'
    found = mail(body, cart, purpose="transactional")
    assert found.links == ["https://s.example/1", "https://s.example/2"]
    assert f"Oil: {BASE}/c/AbCdEfGhIjKlMnOp/1" in found.text


@pytest.mark.parametrize("target", ["mailto:a@b.example", "tel:+34600000000", "#top"])
def test_mail_telephone_and_places_in_the_text_stay(target: str) -> None:
    found = mail(f'<p><a href="{target}">x</a></p>')
    assert f'href="{target}"' in found.html
    assert found.links == []


@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "nowhere"])
def test_a_link_that_is_no_address_leads_nowhere(target: str) -> None:
    found = mail('<p><a href="{{ contact.site }}">x</a></p>', {"contact": {"site": target}})
    assert found.links == []
    assert 'href="#"' in found.html


def test_utm_is_added_to_marketing_links_and_existing_ones_stay() -> None:
    found = mail('<p><a href="https://a.example/?utm_source=mine&b=1#part">a</a></p>')
    assert query(found.links[0]) == {
        "utm_source": ["mine"], "b": ["1"], "utm_medium": ["email"], "utm_campaign": ["Spring sale"], "utm_content": ["First mail"],
    }  # fmt: skip
    assert urlsplit(found.links[0]).fragment == "part"


def test_a_message_about_an_order_carries_no_utm_and_no_way_out() -> None:
    found = mail('<p><a href="https://a.example/order">a</a></p>', purpose="transactional")
    assert found.links == ["https://a.example/order"]
    assert found.headers == {}
    assert "/u/" not in found.html + found.text


def test_the_unsubscribe_link_is_never_tracked_nor_tagged() -> None:
    found = mail('<p>x <a href="{{ unsubscribe_url }}">leave</a></p>')
    out = f"{BASE}/u/AbCdEfGhIjKlMnOp"
    assert found.html.count(f'href="{out}"') == 2
    assert f"Unsubscribe: {out}\n" in found.text
    assert found.links == []
    assert found.headers == {"List-Unsubscribe": f"<{out}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def test_an_sms_has_its_addresses_shortened_and_its_segments_counted_with_them() -> None:
    found = sms("See https://a.example/a-very-long-path/" + "x" * 120 + "?q=1, or www.b.example/x.")
    assert found.text == f"See {BASE}/c/AbCdEfGhIjKlMnOp/0, or {BASE}/c/AbCdEfGhIjKlMnOp/1."
    assert query(found.links[0])["utm_medium"] == ["sms"]
    assert found.links[1].startswith("https://www.b.example/x?")
    assert found.segments == 1


def test_an_sms_may_carry_its_way_out() -> None:
    assert sms("Offer. Stop: {{ unsubscribe_url }}").text == f"Offer. Stop: {BASE}/u/AbCdEfGhIjKlMnOp"


def test_addresses_in_running_text_of_a_mail_become_links() -> None:
    found = mail(
        '<p>See https://a.example/x, or <a href="https://b.example">https://b.example</a>.</p>', purpose="transactional"
    )
    assert found.links == ["https://a.example/x", "https://b.example"]
    assert f"See {BASE}/c/AbCdEfGhIjKlMnOp/0, or {BASE}/c/AbCdEfGhIjKlMnOp/1." in found.text


def test_without_a_token_links_stay_as_they_are() -> None:
    found = mail('<p><a href="https://a.example/x">a</a></p>', token="", purpose="transactional")
    assert 'href="https://a.example/x"' in found.html
    assert found.links == []


@given(st.text(max_size=60))
def test_no_value_breaks_out_of_the_html(value: str) -> None:
    found = mail(
        '<p title="x"><a href="https://a.example/{{ contact.v | url_encode }}">{{ contact.v | default: "-" }}</a></p>',
        {"contact": {"v": value}},
    )
    inside = re.search(
        r'<a href="https://news\.aurora\.example/c/AbCdEfGhIjKlMnOp/0"[^>]*>(.*?)</a>', found.html, re.DOTALL
    )
    assert inside is not None
    assert "<" not in inside[1]


def test_the_hidden_link_is_met_by_programs_only() -> None:
    made = mail('<p><a href="https://shop.example/">Shop</a></p>')
    trap = f"{BASE}/c/AbCdEfGhIjKlMnOp/{TRAP}"
    found = re.search(
        rf'<div style="display:none" aria-hidden="true"><a href="{trap}" tabindex="-1" rel="nofollow"></a></div>',
        made.html,
    )
    assert found is not None
    assert trap not in made.text
    assert len(made.links) == 1
    assert "/c/" not in mail("<p>Hello</p>", token="").html  # nothing of ours where no links are ours
