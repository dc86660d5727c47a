"""From a text with fields to what one person gets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import liquid, richtext
from channels.rendering import (
    BadTemplate,
    Brand,
    Frame,
    MissingField,
    Rendered,
    choose,
    compile_content,
    render,
    text_digest,
    unsubscribe_fits,
)

BRAND = Brand("Salon Aurora", "#6d28d9", "/media/brand/logo.png", "https://aurora.example", "Calle Mayor 1, Madrid")
BASE = "https://news.aurora.example"
UTM = {"source": "cascada", "campaign": "Spring sale", "content": "First mail"}
ANA = {"contact": {"first_name": "Ana", "city": "Madrid"}}


def frame(**fields: Any) -> Frame:
    return Frame(
        **{
            "base_url": BASE,
            "token": "AbCdEfGhIjKlMnOp",
            "purpose": "marketing",
            "utm": UTM,
            "language": "en",
            **fields,
        }
    )


def mail(
    body: str, context: dict[str, Any] | None = None, *, subject: str = "News", language: str = "en", **framing: Any
) -> Rendered:
    content = compile_content([("email", language, subject, "", body)], BRAND)
    return render(content[0], ANA if context is None else context, frame(**framing))


def sms(body: str, context: dict[str, Any] | None = None, **framing: Any) -> Rendered:
    return render(
        compile_content([("sms", "en", "", "", body)], BRAND)[0], ANA if context is None else context, frame(**framing)
    )


def query(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


# --- fields ---


def test_a_missing_field_concerns_one_person_and_is_named() -> None:
    with pytest.raises(MissingField) as missing:
        sms("Hello {{ contact.first_name }}", {"contact": {}})
    assert missing.value.field == "contact.first_name"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ contact.pet | default: 'friend' }}", "friend"),
        ("{{ contact.pet | upcase | default: 'friend' }}", "friend"),
        ("{% if contact.pet %}yes{% else %}no{% endif %}", "no"),
        ("{% unless contact.pet.name %}none{% endunless %}", "none"),
        ("{% if contact.pet == 'cat' %}yes{% else %}no{% endif %}", "no"),
        ("{% if contact.pet == blank %}blank{% endif %}", "blank"),
        ("{% if contact.pet != blank %}{{ contact.pet }}{% else %}none{% endif %}", "none"),
        ("{% if contact.city != blank %}{{ contact.city }}{% endif %}", "Madrid"),
        ("{% if contact.age > 17 %}grown{% else %}unknown{% endif %}", "unknown"),
        ("{% case contact.pet %}{% when 'cat' %}c{% else %}other{% endcase %}", "other"),
    ],
)
def test_a_field_that_may_be_missing_can_be_asked_for(text: str, expected: str) -> None:
    assert sms(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{ contact.born | date: '%d' }}",
        "{{ contact.pet | size }}",
        "{{ contact.pet | append: '!' }}",
        "{% for one in contact.pets %}{{ one }}{% endfor %}",
        "{% assign pet = contact.pet %}{{ pet }}",
    ],
)
def test_no_filter_hides_a_missing_field(text: str) -> None:
    with pytest.raises(MissingField):
        sms(text)


def test_a_value_that_does_not_fit_quarantines_the_person_and_not_everybody() -> None:
    with pytest.raises(MissingField, match=r"contact\.first_name"):
        sms("{{ contact.first_name | date: '%d' }}")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\n{% if a b %}{% endif %}", "Line 2"),
        ("{% if a %}", "endif"),
        ("{{ contact.first_name", "}}"),
        ("{% include 'secrets' %}", "include"),
        ("{% render 'secrets' %}", "render"),
        ("{% nonsense %}", "nonsense"),
        ("a" * 200_001, "too long"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(BadTemplate, match=re.escape(said)):
        sms(text)
    with pytest.raises(BadTemplate, match=re.escape(said)):
        liquid.try_out(text, ANA, escape=False)


@pytest.mark.parametrize(
    "text",
    [
        "{% for i in (1..100000000000) %}x{% endfor %}",
        "{% for a in (1..900) %}{% for b in (1..900) %}x{% endfor %}{% endfor %}",
        "{{ 'a' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaa' " * 12 + "}}",
        "{{ contact.first_name | safe }}",
        "{{ contact.first_name | nosuch }}",
    ],
)
def test_trying_a_text_out_finds_what_never_ends_and_what_is_not_there(text: str) -> None:
    with pytest.raises(BadTemplate):
        liquid.try_out(text, ANA, escape=True)
    with pytest.raises(MissingField):
        sms(text)


def test_values_are_escaped_in_html_and_plain_in_text_and_subject() -> None:
    rascal = {"contact": {"first_name": "<script>alert(1)</script> & Co"}}
    found = mail("<p>{{ contact.first_name }}</p>", rascal, subject="For {{ contact.first_name }}")
    assert "<script>alert" not in found.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in found.html
    assert "<script>alert(1)</script> & Co" in found.text
    assert found.subject == "For <script>alert(1)</script> & Co"


def test_a_value_can_add_no_header_line() -> None:
    assert mail(
        "<p>x</p>", {"contact": {"first_name": "A\r\nBcc: all@x.example"}}, subject="{{ contact.first_name }}"
    ).subject == ("A Bcc: all@x.example")


def test_dates_speak_the_language_of_the_text() -> None:
    born = {"contact": {"birth_date": "1990-05-17"}}
    assert mail("<p>{{ contact.birth_date | date: '%-d %B' }}</p>", born, language="ru").text.startswith("17 мая")
    assert mail("<p>{{ contact.birth_date | date: '%-d de %B' }}</p>", born, language="es").text.startswith(
        "17 de mayo"
    )


# --- links ---


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


# --- the pixel ---


def test_the_picture_is_there_only_for_whom_it_may_be() -> None:
    assert f'<img src="{BASE}/o/AbCdEfGhIjKlMnOp.gif"' in mail("<p>x</p>", tracked=True).html
    assert "/o/" not in mail("<p>x</p>", tracked=False).html


# --- the mail ---


def test_what_a_mail_must_not_carry_is_cleaned_away_and_liquid_is_not() -> None:
    dirty = (
        '<h1 onclick="x()">Hi {{&nbsp;contact.<strong>first_name</strong> | default: "you" }}</h1><script>alert(1)</script>'
        '<style>p{}</style><iframe src="https://x"></iframe><p style="x">{% if contact.city &gt; "A" %}in {{ contact.city }}{% endif %}</p>'
        '<img src="/media/mail/a.png" onerror="x" width="300"><a href="https://a.example/?n={{ contact.first_name }}&amp;b=1">go</a>'
    )
    found = mail(dirty, purpose="transactional")
    for bad in ("onclick", "onerror", "<script", "iframe", "alert"):
        assert bad not in found.html
    assert "Hi Ana" in found.html
    assert "in Madrid" in found.text
    assert f'src="{BASE}/media/mail/a.png"' in found.html
    assert found.links == ["https://a.example/?n=Ana&b=1"]


def test_cleaning_twice_changes_nothing_more() -> None:
    once = richtext.clean('<div>a &lt; b {{ x | default: "<&>" }}<br><a href="{{ y }}"><mark>go</mark></a></div>')
    assert richtext.clean(once) == once
    assert '{{ x | default: "<&>" }}' in once


def test_the_layout_shows_the_shop_and_says_why() -> None:
    found = mail("<p>x</p>", language="es")
    assert f'src="{BASE}/media/brand/logo.png"' in found.html
    assert "Calle Mayor 1, Madrid" in found.html
    assert "Calle Mayor 1, Madrid" in found.text
    assert 'lang="es"' in found.html
    assert "{{" not in found.html
    assert "{%" not in found.html + found.text
    assert max(len(line) for line in found.html.split("\n")) < 998  # longer lines are encoded, dearly (RFC 5322)


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://a.example"><mark>Go</mark></a>',
        '<a href="https://a.example"><strong><mark>Go</mark></strong></a>',
        '<mark><a href="https://a.example">Go</a></mark>',
        '<mark><strong><a href="https://a.example">Go</a></strong></mark>',
    ],
)
def test_a_link_with_the_look_of_a_button_is_one(link: str) -> None:
    html = mail(f'<p><a href="https://b.example">other</a> {link}</p>').html
    assert len(re.findall(r'<a class="button" href="[^"]+/c/\w+/1" style="[^"]*background-color:#6d28d9', html)) == 1
    assert "<mark>" not in html


def test_the_plain_text_reads_like_the_mail() -> None:
    found = mail(
        "<h1>Spring</h1><p>One<br>two &amp; three</p><ul><li>a</li><li>b</li></ul><ol><li>x</li><li>y</li></ol>"
        '<p><a href="mailto:a@b.example">write</a></p><hr><blockquote>said</blockquote>',
        purpose="transactional",
    ).text
    assert found.startswith(
        "Spring\n\nOne\ntwo & three\n\n- a\n- b\n\n1. x\n2. y\n\nwrite (a@b.example)\n\n----\n\nsaid\n\n--\n"
    )


def test_the_shops_own_name_is_no_liquid() -> None:
    content = compile_content(
        [("email", "en", "s", "", "<p>x</p>")], Brand("{{ contact.secret }} & <b>", postal_address="{% if %}")
    )
    assert "contact.secret" in render(content[0], {}, frame()).html


# --- choosing, and telling texts apart ---


def test_the_persons_language_is_chosen_else_the_business_s() -> None:
    content = compile_content(
        [("sms", "es", "", "", "hola"), ("sms", "en", "", "", "hello"), ("email", "fr", "s", "", "<p>x</p>")], BRAND
    )
    assert [
        found["body"] if (found := choose(content, "sms", language, "en")) else None
        for language in ("es", "es-MX", "ru", "")
    ] == ["hola", "hola", "hello", "hello"]
    assert choose(content, "email", "ru", "en") is None


def test_the_same_words_with_other_links_have_the_same_digest() -> None:
    body = "<p>Hi {{ contact.first_name }} <a href='https://a.example'>a</a></p>"
    assert text_digest(mail(body)) == text_digest(mail(body, token="ZZZZZZZZZZZZZZZZ"))
    assert text_digest(mail(body)) != text_digest(mail(body, {"contact": {"first_name": "Eva"}}))
    assert text_digest(mail(body)) != text_digest(mail(body, subject="Other"))


@pytest.mark.parametrize(
    ("base", "fits"),
    [
        (BASE, True),
        ("https://" + "a" * 43, True),
        ("https://" + "a" * 44, False),
        ("https://news.a-very-long-name-of-a-salon.example.co.uk/x", False),
    ],
)
def test_the_whole_unsubscribe_address_stays_within_seventy_characters(base: str, fits: bool) -> None:
    assert unsubscribe_fits(base) is fits
    assert (len(frame(base_url=base).unsubscribe_url) <= 70) is fits
