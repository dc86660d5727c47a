"""The quick way for plain Liquid says what the library says, or leaves it to the library."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from channels import liquid, liquid_plain
from channels.liquid import MissingField
from channels.rendering import Brand, compile_content

WORDS = st.text(alphabet=st.sampled_from("aé <>&\"'{}%|.\n\r\t💇"), max_size=6)
NAMES = [
    "contact",
    "contact.name",
    "contact.size",
    "shop",
    "shop.city",
    "shop.city.first",
    "today",
    "partial",
    "gone",
    "gone.name",
]
PATHS = st.sampled_from([*NAMES, 'contact["name"]', "contact.tags[0]", "contact[shop]", '"text"', "4", "nil", "blank"])
LITERALS = st.sampled_from(['"there"', "'<b>'", '""', "3", "shop.city", '"a", "b"', '"x", allow_false: true'])
SHOWN = st.one_of(
    PATHS.map("{{{{ {} }}}}".format),
    st.builds("{{{{ {} | default: {} }}}}".format, PATHS, LITERALS),
    st.builds("{{{{- {} | default: {} -}}}}".format, PATHS, LITERALS),
    st.builds("{{{{ {} | upcase }}}}".format, PATHS),
    st.builds("{{{{ {} | default: {} | upcase }}}}".format, PATHS, LITERALS),
)
TEXT = WORDS.filter(lambda words: "{" not in words and "%" not in words)
CONDITIONS = st.one_of(
    PATHS, st.sampled_from(["shop or gone", "shop and contact", 'shop.city == "a"', "contact.name != blank"])
)
TEMPLATES = st.recursive(
    TEXT | SHOWN,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map("".join),
        st.builds("{{% if {} %}}{}{{% endif %}}".format, CONDITIONS, inner),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, CONDITIONS, inner, inner),
        st.builds("{{% if {} %}}{}{{% elsif {} %}}{}{{% endif %}}".format, CONDITIONS, inner, CONDITIONS, inner),
        st.builds("{{%- unless {} %}}{}{{% endunless -%}}".format, CONDITIONS, inner),
        st.builds('{{% assign shop = "x" %}}{}'.format, inner),
    ),
    max_leaves=8,
)  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.one_of(
    WORDS, WORDS.map(Markup), st.sampled_from([0, 7, 1.5, True, False, None, date(2026, 11, 22), [], ["a", "<"], {}])
)
CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "contact": st.fixed_dictionaries({}, optional={"name": VALUES, "tags": VALUES, "size": VALUES}) | VALUES,
        "shop": st.fixed_dictionaries({}, optional={"city": VALUES}) | VALUES,
        "today": VALUES,
        "partial": VALUES,
    },
)


def by_the_library(source: str, context: dict[str, Any], *, escape: bool) -> str | None:
    """None where the library refuses."""
    try:
        return liquid.compiled(source, escape=escape).render(context)
    except Exception:  # noqa: BLE001 - whatever it is: the quick way must not say anything then
        return None


def plainly(source: str, context: dict[str, Any], *, escape: bool) -> str | None:
    """None where the quick way leaves it to the library."""
    plain = liquid_plain.read(liquid.compiled(source, escape=escape))
    return plain.fill(context) if plain else None


@settings(max_examples=200, deadline=None)
@given(TEMPLATES, CONTEXTS, st.booleans())
@example("{% if shop %} {% else %} \n{% endif %}.", {"shop": "a"}, True)
@example('{{ contact.name | default: "<b>" }}', {"contact": {"name": "<i>"}}, True)
@example('{{ contact.name | default: "<b>" }}', {"contact": {}}, True)
@example("{{ contact.name }}", {"contact": {"name": "a\r\nb"}}, False)
@example("{{ partial }}", {"partial": "mine"}, False)
def test_both_ways_give_the_same_text(source: str, context: dict[str, Any], escape: bool) -> None:
    quick = plainly(source, context, escape=escape)
    if quick is not None:
        assert quick == by_the_library(source, context, escape=escape)
        assert type(quick) is str


@pytest.mark.parametrize("escape", [True, False])
def test_what_is_plain_goes_the_quick_way(escape: bool) -> None:
    source = '{{ contact.name | default: "guest" }}, {% if shop.city %}in {{ shop.city }}{% else %}here{% endif %}: {{ public_address }}'
    known = {"contact": {"name": "Ana"}, "shop": {"city": "Jaén"}, "public_address": "https://x.example"}
    assert plainly(source, known, escape=escape) == "Ana, in Jaén: https://x.example"
    assert plainly(source, {"public_address": "x"}, escape=escape) == "guest, here: x"


def test_a_whole_mail_of_the_house_is_plain() -> None:
    body = "<h1>Hello {{ contact.first_name }}</h1><p>{% if contact.city %}In {{ contact.city }}{% endif %}</p>"
    (made,) = compile_content(
        [("email", "en", "{{ contact.first_name }}!", "", body)], Brand("Salon Aurora", logo="/a.png")
    )
    for part, escape in (("subject", False), ("text", False), ("html", True)):
        assert liquid_plain.read(liquid.compiled(made[part], escape=escape)), part


@pytest.mark.parametrize(
    "value", [7, True, None, date(2026, 11, 22), ["a"], {"a": "b"}, "", Markup("<b>"), "a\rb", "x" * 200_000]
)
def test_a_value_that_is_no_ordinary_text_is_left_to_the_library(value: object) -> None:
    assert plainly("{{ contact.name }}", {"contact": {"name": value}}, escape=True) is None


def test_a_field_that_is_missing_is_named_as_ever() -> None:
    with pytest.raises(MissingField, match=r"^contact\.name$"):
        liquid.render("{{ shop }}{{ contact.name }}", {"contact": {}, "shop": "a"}, escape=True)


def test_a_text_that_grows_too_long_is_refused_as_ever() -> None:
    with pytest.raises(MissingField):
        liquid.render("{{ a }}" * 5, {"a": "x" * 90_000}, escape=False)
