"""Nobody meets a text that is not in their language: the catalogues hold what the sources say, whole and well formed."""

import json
import re
import shutil
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path

import polib
import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.core.management import CommandError, call_command
from django.template.base import Lexer, TokenType
from django.test import Client
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, override
from pytest_django import Settings

from config.catalogues import compile_catalogues
from config.catalogues.texts import Text, in_python, in_template
from config.catalogues.upkeep import (
    LANGUAGES,
    SOURCE,
    catalogue_path,
    key,
    missing,
    placeholders,
    plural_forms,
    update,
    wanted,
)
from tests.conftest import ROOT

LOCALE = ROOT / "locale"
HINT = "run `python3 manage.py catalogue`, translate what it counts, and commit locale/"


@cache
def _catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(catalogue_path(LOCALE, language)))


@pytest.fixture(scope="module")
def texts() -> dict[Text, set[str]]:
    return wanted(ROOT)


@pytest.fixture
def compiled(tmp_path: Path, settings: Settings) -> Path:
    """The catalogues as they are now, compiled and in force."""
    folder = tmp_path / "locale"
    for language in LANGUAGES:
        target = catalogue_path(folder, language)
        target.parent.mkdir(parents=True)
        shutil.copy(catalogue_path(LOCALE, language), target)
    compile_catalogues(folder)
    settings.LOCALE_PATHS = [folder]
    return folder


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_holds_each_text_of_the_sources_and_no_other(language: str, texts: dict[Text, set[str]]) -> None:
    held = {Text(entry.msgid, entry.msgid_plural, entry.msgctxt or "") for entry in _catalogue(language)}
    assert sorted(texts.keys() - held) == [], f"{language} lacks these: {HINT}"
    assert sorted(held - texts.keys()) == [], f"nobody says these any more: {HINT}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_text_is_translated_and_no_translation_is_a_guess(language: str) -> None:
    catalogue = _catalogue(language)
    assert [key(entry) for entry in missing(catalogue)] == []
    assert [key(entry) for entry in catalogue if entry.fuzzy or entry.obsolete] == []


def _forms(entry: polib.POEntry) -> list[str]:
    return [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)] or [entry.msgstr]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_has_the_places_to_fill_of_its_text(language: str) -> None:
    wrong = []
    for entry in _catalogue(language):
        known = placeholders(entry.msgid + entry.msgid_plural)
        for number, form in enumerate(_forms(entry)):
            # "One person" may do without its number; a form that stands for several numbers may not.
            spared = bool(entry.msgid_plural) and number == 0 and plural_forms(language) < 4
            if not (placeholders(form) <= known if spared else placeholders(form) == known):
                wrong.append(f"{key(entry)} -> {form}")
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_begins_and_ends_as_its_text_does(language: str) -> None:
    ends = re.compile(r"^\s*|\s*$")
    wrong = [
        f"{key(entry)!r} -> {form!r}"
        for entry in _catalogue(language)
        for form in _forms(entry)
        if ends.findall(form) != ends.findall(entry.msgid) or ("\n" in form.strip()) != ("\n" in entry.msgid.strip())
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_tags_in_a_translation_are_those_of_its_text(language: str) -> None:
    tags = re.compile(r"<[^>]+>")
    wrong = [
        key(entry)
        for entry in _catalogue(language)
        for form in _forms(entry)
        if sorted(tags.findall(form)) != sorted(tags.findall(entry.msgid))
    ]
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_plural_has_as_many_forms_as_django_counts_in_the_language(language: str) -> None:
    plurals = [entry for entry in _catalogue(language) if entry.msgid_plural]
    assert plurals
    assert [key(entry) for entry in plurals if len(entry.msgstr_plural) != plural_forms(language)] == []
    assert f"nplurals={plural_forms(language)};" in _catalogue(language).metadata["Plural-Forms"]


def test_the_catalogue_names_no_line_no_date_and_no_path_of_a_machine() -> None:
    for language in LANGUAGES:
        text = catalogue_path(LOCALE, language).read_text("utf-8")
        assert "Creation-Date" not in text
        assert "Revision-Date" not in text
        assert not re.search(r"^#: .*(:\d|/site-packages/|^#: /)", text, re.MULTILINE)


def test_a_count_is_said_with_the_form_that_russian_and_spanish_want(compiled: Path) -> None:
    said = {}
    for language, count in (("ru", 1), ("ru", 2), ("ru", 5), ("es", 1), ("es", 7), ("fr", 0)):
        with override(language):
            said[language, count] = ngettext("%(number)s day", "%(number)s days", count) % {"number": count}
    assert said == {
        ("ru", 1): "1 день", ("ru", 2): "2 дня", ("ru", 5): "5 дней",
        ("es", 1): "1 día", ("es", 7): "7 días", ("fr", 0): "0 jour",
    }  # fmt: skip


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_what_unfold_says_is_translated_though_unfold_brings_no_translation(language: str, compiled: Path) -> None:
    with override(language):
        for text in ("Search apps and models...", "Type to search", "Apply Filters", "Toggle password visibility"):
            assert gettext(text) != text


@pytest.mark.django_db
def test_the_login_page_speaks_the_language_that_the_browser_asks_for(compiled: Path) -> None:
    pages = {
        language: Client().get("/admin/login/", headers={"accept-language": language}).content.decode()
        for language in LANGUAGES
    }
    for language, page in pages.items():
        assert f'<html lang="{language}"' in page
        assert ("Welcome back to" in page) == (language == SOURCE)
    assert len({re.sub(r"\s+", " ", page) for page in pages.values()}) == len(LANGUAGES)


# --- What the sources show without asking for a translation ---------------------------------------------------------------


def _bare(source: str) -> Iterator[str]:
    """Words of a template that stand outside of translate and blocktranslate; names of icons are none."""
    kept, inside = [], False
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.split_contents()[0]
            inside = name.startswith(("blocktrans", "comment")) or (inside and not name.startswith("end"))
        if token.token_type == TokenType.TEXT and not inside:
            kept.append(token.contents)
        else:
            kept.append("\x00")
    text = re.sub(r"<(script|style)\b.*?</\1>|<!--.*?-->", "", "".join(kept), flags=re.DOTALL)
    text = re.sub(r'<(\w+)[^>]*\bclass="[^"]*material-symbols-outlined[^>]*>.*?</\1>', "", text, flags=re.DOTALL)
    yield from re.findall(r'\b(?:title|alt|placeholder|aria-label)="([^"\x00]*[^\W\d_]{2}[^"\x00]*)"', text)
    text = re.sub(r"<[^>]*>|&\w+;", "\x00", text)
    yield from (word.strip() for word in text.split("\x00") if re.search(r"[^\W\d_]{2}", word))


def test_a_bare_word_in_a_template_is_found() -> None:
    assert list(
        _bare('<p title="Hello">{% translate "a" %} there <i class="material-symbols-outlined">add</i></p>')
    ) == [
        "Hello",
        "there",
    ]


def test_no_template_shows_a_text_that_is_not_translated() -> None:
    paths = sorted((ROOT / "templates").rglob("*.html"))
    assert paths
    found = [f"{path.relative_to(ROOT)}: {words}" for path in paths for words in _bare(path.read_text("utf-8"))]
    assert found == []


def test_each_column_and_field_of_our_pages_has_a_name_that_is_translated() -> None:
    named: list[tuple[str, object]] = [
        (f"{model.__name__}.{name}", label_for_field(name, model, page))
        for model, page in admin.site._registry.items()
        if Path(model._meta.app_config.path).parent == ROOT
        for name in {*page.list_display, *page.readonly_fields, *(page.fields or ())} - {"__str__", "action_checkbox"}
    ]
    assert named
    assert [name for name, label in named if not isinstance(label, Promise)] == []


# --- The upkeep -----------------------------------------------------------------------------------------------------------


def test_texts_are_found_under_whatever_name_gettext_is_imported() -> None:
    source = (
        "from django.utils.translation import gettext as _now, gettext_lazy, ngettext, pgettext\n"
        "a = _now('One ' 'sentence.')\n"
        "b = gettext_lazy(name)\n"
        "c = ngettext('%(n)s day', '%(n)s days', n)\n"
        "d = pgettext('verb', 'open') % {'x': gettext_lazy('inner')}\n"
        "e = other('no text')\n"
    )
    assert set(in_python(source)) == {
        Text("One sentence."),
        Text("%(n)s day", "%(n)s days"),
        Text("open", context="verb"),
        Text("inner"),
    }


def test_texts_of_a_template_are_found_as_django_looks_them_up() -> None:
    source = """{% load i18n %}
        <p title="{% translate "A title" %}">{{ _("A word")|upper }}
          {% blocktranslate trimmed with who=name %}
            Hello
            {{ who }}, 5 % more
          {% endblocktranslate %}</p>
      {% blocktranslate count n=people %}{{ n }} person{% plural %}{{ n }} people{% endblocktranslate %}
        {% translate "open" context "verb" as said %}{# translate "not this" #}
    """
    assert set(in_template(source)) == {
        Text("A title"),
        Text("A word"),
        Text("Hello %(who)s, 5 %% more"),
        Text("%(n)s person", "%(n)s people"),
        Text("open", context="verb"),
    }


def test_an_update_keeps_translations_and_drops_what_nobody_says(tmp_path: Path) -> None:
    old: dict[Text, set[str]] = {
        Text("Stays"): {"a.py"},
        Text("Goes"): {"a.py"},
        Text("%(n)s day", "%(n)s days"): {"a.py"},
    }
    update(
        tmp_path, "es", old, {"Stays": "Queda", "Goes": "Va", "%(n)s day": ["%(n)s día", "%(n)s de días", "%(n)s días"]}
    )
    new = update(tmp_path, "es", {**{text: old[text] for text in old if text.text != "Goes"}, Text("Comes"): {"b.py"}})
    assert [(entry.msgid, _forms(entry)) for entry in new] == [
        ("%(n)s day", ["%(n)s día", "%(n)s de días", "%(n)s días"]),
        ("Comes", [""]),
        ("Stays", ["Queda"]),
    ]
    assert [entry.msgid for entry in missing(new)] == ["Comes"]
    first = catalogue_path(tmp_path, "es").read_bytes()
    update(
        tmp_path, "es", {Text("Comes"): {"b.py"}, Text("Stays"): {"a.py"}, Text("%(n)s day", "%(n)s days"): {"a.py"}}
    )
    assert catalogue_path(tmp_path, "es").read_bytes() == first


def test_too_few_forms_of_a_plural_count_as_missing(tmp_path: Path) -> None:
    texts = {Text("%(n)s day", "%(n)s days"): {"a.py"}}
    assert missing(update(tmp_path, "ru", texts, {"%(n)s day": ["%(n)s день", "%(n)s дня"]}))
    assert not missing(update(tmp_path, "ru", texts, {"%(n)s day": ["день", "дня", "дней", "дня"]}))


def test_a_file_of_a_translator_that_cannot_be_read_is_refused_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "es.json"
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("catalogue", merge=("es", str(file)), stdout=StringIO())
    file.write_text(json.dumps(["a list"]))
    with pytest.raises(CommandError, match="no object"):
        call_command("catalogue", merge=("es", str(file)), stdout=StringIO())
    with pytest.raises(CommandError, match="not one of"):
        call_command("catalogue", merge=("xx", str(file)), stdout=StringIO())
