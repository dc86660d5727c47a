"""Forms as staff build them, look at them and read what came."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels.models import Form, FormAnswer, Message
from tests.channels.letters import delivered, said, stranger
from tests.contacts.staff import sign_in
from tests.factories import make_business, make_group

pytestmark = pytest.mark.django_db
ADD = "/admin/channels/form/add/"


@pytest.fixture
def marketer() -> Client:
    make_business()
    return sign_in("Marketer")


def question(at: int, **fields: Any) -> dict[str, Any]:
    values = {
        "position": str(at), "kind": "score_10", "labels-en": f"Question {at}", "labels-es": "", "labels-fr": "", "labels-ru": "",
        "attribute": "", **fields,
    }  # fmt: skip
    return {f"questions-{at}-{name}": value for name, value in values.items()}


def options(
    at: int, labels: list[str], values: list[str] | None = None, groups: list[str] | None = None
) -> dict[str, Any]:
    blank = [""] * len(labels)
    columns = {"value": values or blank, "en": labels, "es": blank, "fr": blank, "ru": blank, "group": groups or blank}
    return {f"questions-{at}-options-{name}": column for name, column in columns.items()}


def filled(*questions: dict[str, Any], initial: int = 0, title: str = "How was it?", **fields: Any) -> dict[str, Any]:
    page: dict[str, Any] = {
        "name": "Visit survey", "active": "on", "group": "", "title-en": title, "title-es": "¿Qué tal?", "intro-en": "",
        "thanks-en": "",
        "questions-TOTAL_FORMS": str(len(questions)), "questions-INITIAL_FORMS": str(initial), **fields,
    }  # fmt: skip
    for one in questions:
        page |= one
    return page


def built(marketer: Client) -> Form:
    group = make_group("Fans")
    choice = {
        **question(1, kind="one", attribute="Comes again"),
        **options(1, ["Yes", "Yes", "", "Нет"], groups=[str(group.pk), "", "", ""]),
    }
    answer = marketer.post(ADD, filled(question(0, required="on"), choice, question(2, **{"labels-en": ""})))
    assert answer.status_code == 302, said(answer)
    return Form.objects.get()


def test_a_form_is_built_on_one_page(marketer: Client) -> None:
    form = built(marketer)
    assert form.title == {"en": "How was it?", "es": "¿Qué tal?"}
    assert form.slug.startswith("visit_survey_")
    assert len(form.slug) == len("visit_survey_") + 8
    score, choice = form.questions.all()
    assert (score.kind, score.required, score.labels) == ("score_10", True, {"en": "Question 0"})
    assert [(one["value"], bool(one["group"])) for one in choice.options] == [
        ("yes", True),
        ("yes-2", False),
        ("нет", False),
    ]


def test_a_question_that_was_added_without_a_place_comes_last(marketer: Client) -> None:
    form = built(marketer)
    score, choice = form.questions.all()
    kept = {**question(1, kind="one", id=str(choice.pk)), **options(1, ["Yes", "No"], ["yes", "yes-2"])}
    page = filled(question(0, id=str(score.pk)), kept, question(2, position=""), initial=2)
    assert marketer.post(f"/admin/channels/form/{form.pk}/change/", page).status_code == 302
    assert [(one.position, str(one)) for one in form.questions.all()] == [
        (0, "Question 0"),
        (1, "Question 1"),
        (2, "Question 2"),
    ]


def test_an_answers_value_stays_whatever_its_label_becomes(marketer: Client) -> None:
    form = built(marketer)
    score, choice = form.questions.all()
    again = {**question(1, kind="one", id=str(choice.pk)), **options(1, ["No way", "Of course"], ["нет", "yes"])}
    page = filled(question(0, id=str(score.pk), position="1"), {**again, "questions-1-position": "0"}, initial=2)
    answer = marketer.post(f"/admin/channels/form/{form.pk}/change/", page)
    assert answer.status_code == 302, said(answer)
    first, second = form.questions.all()
    assert (first.pk, second.pk) == (choice.pk, score.pk)
    assert [(one["value"], one["labels"]["en"]) for one in first.options] == [("нет", "No way"), ("yes", "Of course")]


@pytest.mark.parametrize(
    ("page", "sentence"),
    [
        (filled(question(0), title=""), "in the language of your business too"),
        (filled(question(0, **{"labels-en": "", "labels-es": "¿Qué?"})), "in the language of your business too"),
        (filled({**question(0, kind="one"), **options(0, ["Only one"])}), "A choice needs two answers at least."),
        (filled(question(0, attribute="Pet"), question(1, attribute="Pet")), "Two questions fill the same detail."),
        (filled(question(0, **{"labels-en": "x" * 201})), "200 characters at most"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(marketer: Client, page: dict[str, Any], sentence: str) -> None:
    answer = marketer.post(ADD, page)
    assert answer.status_code == 200
    assert sentence in said(answer)
    assert "¿Qué tal?" in said(answer)
    assert not Form.objects.exists()


def test_the_preview_speaks_each_language_and_sends_nothing(marketer: Client) -> None:
    form = built(marketer)
    for language, title in (("en", "How was it?"), ("es", "¿Qué tal?"), ("xx", "How was it?")):
        answer = marketer.get(f"/admin/channels/form/{form.pk}/preview/", {"language": language})
        assert f"<h1>{title}</h1>" in said(answer)
        assert "disabled" in said(answer)


def test_answers_are_read_as_numbers_as_a_list_and_as_a_file(marketer: Client) -> None:
    form = built(marketer)
    delivery = delivered()
    score, choice = form.questions.all()
    stranger().post(f"/f/{delivery.token}/{form.slug}", {score.key: "9", choice.key: "yes"})
    results = f"/admin/channels/form/{form.pk}/results/"
    page = said(marketer.get(results))
    assert "1 answer" in page
    assert "average 9.0" in page
    assert "Ana Ruiz" in said(marketer.get("/admin/channels/formanswer/", {"q": "ruiz"}))
    one = FormAnswer.objects.get()
    assert "Question 0" in said(marketer.get(f"/admin/channels/formanswer/{one.pk}/change/"))
    sent: Any = sign_in("Owner").get(results, {"export": "1"})
    file = b"".join(sent.streaming_content).decode()
    assert "Question 0,Question 1" in file
    assert file.rstrip().endswith("9,Yes")
    picked = {"action": "export_answers", "_selected_action": [str(one.pk)]}
    assert marketer.post("/admin/channels/formanswer/", picked)["Content-Type"].startswith("text/csv")
    assert "text/csv" not in sign_in("Viewer").get(results, {"export": "1"})["Content-Type"]


def test_the_page_of_a_form_and_its_results_ask_the_same_however_many_questions_there_are(marketer: Client) -> None:
    def asked(count: int) -> int:
        form = Form.objects.create(name=f"With {count}", title={"en": "Hi"})
        for n in range(count):
            form.questions.create(position=n, labels={"en": str(n)})
        with CaptureQueriesContext(connection) as captured:
            marketer.get(f"/admin/channels/form/{form.pk}/change/")
            marketer.get(f"/admin/channels/form/{form.pk}/results/")
        return len(captured)

    asked(1)
    assert asked(2) == asked(9)


def test_a_form_with_answers_is_closed_and_not_deleted(marketer: Client) -> None:
    form = built(marketer)
    stranger().post(f"/f/{delivered().token}/{form.slug}", {form.questions.all()[0].key: "9"})
    assert sign_in("Owner").post(f"/admin/channels/form/{form.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_message_can_only_lead_to_a_form_that_is_there(marketer: Client) -> None:
    form = built(marketer)
    page = {
        "name": "Survey", "purpose": "transactional", "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0",
        "variants-0-kind": "sms", "variants-0-language": "en", "variants-0-subject": "", "variants-0-preheader": "",
    }  # fmt: skip
    add = "/admin/channels/message/add/"
    assert f"forms.{form.slug}" in said(marketer.get(add))
    wrong = marketer.post(add, {**page, "variants-0-body": "Tell us: {{ forms.visit_survey }}"})
    assert "There is no form with the address “forms.visit_survey”." in said(wrong)
    assert marketer.post(add, {**page, "variants-0-body": f"Tell us: {{{{ forms.{form.slug} }}}}"}).status_code == 302
    assert Message.objects.count() == 1
