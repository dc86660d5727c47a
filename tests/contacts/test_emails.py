"""Email addresses as real lists hold them become one address or a sentence that says what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts import emails
from contacts.emails import BadEmail, compare_key, normalise
from tests.invented import invented


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" ana@example.com ", "ana@example.com"),
        ("Ana.Garcia@Example.COM", "Ana.Garcia@example.com"),
        ("'ana@example.com", "ana@example.com"),
        ("ana@example.com;", "ana@example.com"),
        ("mailto:ana@example.com", "ana@example.com"),
        ("Ana García <ana@example.com>", "ana@example.com"),
        ('"García, Ana" <ana@example.com>', "ana@example.com"),
        ("\ufeffana@example.com\u200b", "ana@example.com"),
        ("\u00a0ana@example.com\u00a0", "ana@example.com"),
        ("ana+news@example.com", "ana+news@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("ana@example.com.", "ana@example.com"),
        ("мария@пример.рф", None),
        ("maria@пример.рф", "maria@xn--e1afmkfd.xn--p1ai"),
        ("max@STRAßE.de", "max@xn--strae-oqa.de"),
        ("ana@xn--e1afmkfd.xn--p1ai", "ana@xn--e1afmkfd.xn--p1ai"),
    ],
)
def test_an_address_is_trimmed_and_only_its_domain_changes(raw: str, expected: str | None) -> None:
    if expected is None:
        with pytest.raises(BadEmail):
            normalise(raw)
    else:
        assert normalise(raw) == expected


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", "empty"),
        (" ' ", "empty"),
        ("no", "at"),
        ("ana.example.com", "at"),
        ("ana@example.com, bea@example.com", "several"),
        ("ana@example.com bea@example.com", "several"),
        ("ana garcia@example.com", "space"),
        ("ana@example.com\r\nBcc: x", "space"),
        ("@example.com", "local"),
        ("ana.@example.com", "local"),
        ("a..b@example.com", "local"),
        ("мария@example.com", "local"),
        ('"ana"x@example.com', "local"),
        ("ana\x00@example.com", "local"),
        ("ana@", "domain"),
        ("ana@localhost", "domain"),
        ("ana@gmail,com", "domain"),
        ("ana@example..com", "domain"),
        ("ana@-example.com", "domain"),
        ("ana@exa_mple.com", "domain"),
        ("ana@127.0.0.1", "domain"),
        ("ana@[127.0.0.1]", "domain"),
        ("ana@☃️‍.com", "domain"),
        ("a" * 65 + "@example.com", "long"),
        ("a@" + "b." * 130 + "com", "domain"),
        ("a" * 60 + "@" + ".".join(["b" * 60] * 3) + ".example.com", "long"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_with_its_cause(raw: str, code: str) -> None:
    with pytest.raises(BadEmail) as refused:
        normalise(raw)
    assert refused.value.code == code
    assert str(refused.value)


def test_every_cause_has_its_sentence() -> None:
    for code in emails.SENTENCES:
        assert str(BadEmail(code, "100%"))
        assert isinstance(BadEmail(code), ValueError)


@given(st.text(alphabet=st.characters(), max_size=20), st.text(max_size=20))
@invented(60)
def test_whatever_a_cell_holds_the_answer_is_one_plain_address_or_a_sentence(local: str, domain: str) -> None:
    for raw in (f"{local}@{domain}", f"ana@{domain}.com", local):
        try:
            found = normalise(raw)
        except BadEmail as refused:
            sentence = str(refused)
            assert sentence
        else:
            assert found.isascii()
            assert found.isprintable()
            assert normalise(found) == found


def test_two_writings_of_a_mailbox_compare_as_one() -> None:
    assert compare_key(normalise("Ana@Example.com")) == compare_key(normalise(" ana@example.COM"))
    assert compare_key(normalise("ana.g@gmail.com")) != compare_key(normalise("anag@gmail.com"))
