"""From a text with fields to what one person gets."""

from __future__ import annotations

import re

import pytest

from channels import liquid, richtext
from channels.rendering import (
    BadTemplate,
    Brand,
    MissingField,
    choose,
    compile_content,
    render,
    text_digest,
    unsubscribe_fits,
)
from tests.channels.rendered import ANA, BASE, BRAND, frame, mail, sms

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
