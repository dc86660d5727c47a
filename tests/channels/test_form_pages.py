"""Forms as people answer them, and what their answers do."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from channels import limits, surveys
from channels.models import Delivery, Form, FormAnswer, FormQuestion
from contacts import timeline
from contacts.models import Event
from tests.channels.letters import delivered, safe, said, stranger
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.channels.rendered import BASE, mail
from tests.factories import make_business, make_channel, make_contact, make_group, make_message

pytestmark = pytest.mark.django_db
FORMS_ANSWER = {"q_score": "9", "q_again": "yes", "q_what": ["hair", "nails"], "q_text": "Lovely"}


@pytest.fixture
def visitor() -> Client:
    return stranger()


def survey(**fields: Any) -> Form:
    """A score, a choice with groups, several choices and a text."""
    values = {
        "name": "Visit survey",
        "title": {"en": "How was it?", "es": "¿Qué tal?"},
        "intro": {"en": "Four questions."},
        **fields,
    }
    form = Form.objects.create(**values)
    fans, lost = make_group("Fans").pk, make_group("Lost").pk
    yes = {"value": "yes", "labels": {"en": "Yes", "es": "Sí"}, "group": fans}
    no = {"value": "no", "labels": {"en": "No", "es": "No"}, "group": lost}
    many = [{"value": one, "labels": {"en": one.title()}, "group": None} for one in ("hair", "nails", "skin")]
    asked: list[dict[str, Any]] = [
        {"key": "q_score", "kind": "score_10", "labels": {"en": "Would you recommend us?", "es": "¿Nos recomendaría?"}, "required": True},
        {"key": "q_again", "kind": "one", "labels": {"en": "Will you come again?"}, "options": [yes, no], "attribute": "Comes again"},
        {"key": "q_what", "kind": "several", "labels": {"en": "What did you have?"}, "options": many},
        {"key": "q_text", "kind": "text", "labels": {"en": "Anything else?"}, "attribute": "Remark"},
    ]  # fmt: skip
    for position, one in enumerate(asked):
        FormQuestion.objects.create(form=form, position=position, **one)
    return form


def address(delivery: Delivery, form: Form) -> str:
    return f"/f/{delivery.token}/{form.slug}"


def test_looking_saves_nothing_not_even_with_a_score_in_the_link(visitor: Client) -> None:
    delivery, form = delivered(), survey()
    answer = visitor.get(address(delivery, form) + "?score=9&utm_source=x")
    safe(answer)
    page = said(answer)
    assert 'value="9" checked' in page
    assert page.count(" checked") == 1
    assert "<legend>Would you recommend us?" in page
    for nonsense in ("11", "-1", "x", "9" * 5000, "<b>"):
        assert " checked" not in said(visitor.get(address(delivery, form), {"score": nonsense}))
    assert not FormAnswer.objects.exists()
    assert not Event.objects.exists()


def test_an_answer_fills_details_and_groups_and_is_the_goal_of_cascades(visitor: Client) -> None:
    group = make_group("Answered")
    delivery, form = delivered(), survey(group=group, thanks={"en": "See you!"})
    answer = visitor.post(address(delivery, form), FORMS_ANSWER)
    safe(answer)
    assert (answer.status_code, "See you!" in said(answer)) == (200, True)
    kept = FormAnswer.objects.get()
    assert (kept.contact_id, kept.delivery_id, kept.language) == (delivery.contact_id, delivery.pk, "en")
    assert {key: (one["value"], one["said"]) for key, one in kept.answers.items()} == {
        "q_score": (9, "9"), "q_again": ("yes", "Yes"), "q_what": (["hair", "nails"], "Hair, Nails"), "q_text": ("Lovely", "Lovely"),
    }  # fmt: skip
    contact = kept.contact
    assert contact.attributes == {"Comes again": "yes", "Remark": "Lovely"}
    assert set(contact.groups.values_list("name", flat=True)) == {"Answered", "Fans"}
    event = Event.objects.get()
    assert (event.name, event.handled_at, event.data["score"], event.data["form"]) == ("answer", None, 9, form.pk)
    assert event.data["answers"]["Comes again"] == "yes"
    told = [entry for entry in timeline.story(contact) if "Visit survey" in entry.title]
    assert len(told) == 1
    assert "Would you recommend us? 9" in told[0].detail
    assert not [entry for entry in timeline.story(contact) if entry.title == "Answered"]


def test_the_same_answer_again_changes_nothing_another_one_replaces_it(visitor: Client) -> None:
    delivery, form = delivered(), survey()
    regulars = make_group("Lost")
    for _ in range(2):
        visitor.post(address(delivery, form), FORMS_ANSWER)
    assert FormAnswer.objects.count() == 1
    assert "answered already" in said(visitor.get(address(delivery, form)))
    visitor.post(address(delivery, form), {**FORMS_ANSWER, "q_again": "no"})
    first, second = FormAnswer.objects.order_by("id")
    assert (first.replaced_at is not None, second.replaced_at) == (True, None)
    assert first.answers["q_again"]["value"] == "yes"
    assert list(delivery.contact.groups.all()) == [regulars]
    delivery.contact.refresh_from_db()
    assert delivery.contact.attributes["Comes again"] == "no"
    assert Event.objects.filter(name="answer").count() == 2


def test_a_group_that_staff_had_put_the_person_into_is_not_left(visitor: Client) -> None:
    form = survey()
    fans = make_group("Fans")
    ana = make_contact("Ana", phone="+34600000001", groups=[fans])
    delivery = delivered(ana)
    visitor.post(address(delivery, form), FORMS_ANSWER)
    visitor.post(address(delivery, form), {**FORMS_ANSWER, "q_again": "no"})
    assert set(ana.groups.values_list("name", flat=True)) == {"Fans", "Lost"}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"q_score": ""}, "Please answer this question."),
        ({"q_score": "11"}, "“11” cannot be chosen here"),
        ({"q_again": "<script>"}, "“&lt;script&gt;” cannot be chosen here"),
        ({"q_again": ["yes", "no"]}, "Please choose one answer only."),
        ({"q_what": ["hair", "x\x00"]}, "“x” cannot be chosen here"),
    ],
)
def test_what_is_wrong_stands_at_its_question_and_nothing_typed_is_lost(
    visitor: Client, changes: dict[str, Any], sentence: str
) -> None:
    delivery, form = delivered(), survey()
    answer = visitor.post(address(delivery, form), {**FORMS_ANSWER, **changes})
    safe(answer)
    page, key = said(answer), next(iter(changes))
    assert answer.status_code == 422
    assert f'id="{key}-problem">{sentence}' in page
    assert f'<a href="#{key}-0">' in page
    assert 'role="alert" tabindex="-1" autofocus' in page
    assert 'aria-invalid="true"' in page
    assert f'aria-describedby="{key}-problem"' in page
    assert "Lovely</textarea>" in page
    assert not FormAnswer.objects.exists()


def test_a_text_that_is_too_long_is_cut_and_the_person_is_told(visitor: Client) -> None:
    delivery, form = delivered(), survey()
    answer = visitor.post(address(delivery, form), {**FORMS_ANSWER, "q_text": "ы" * 10_000})
    assert "longer than 2000 characters; its beginning was kept" in said(answer)
    assert FormAnswer.objects.get().answers["q_text"]["value"] == "ы" * 2000


def test_an_empty_form_is_not_an_answer(visitor: Client) -> None:
    delivery, form = delivered(), survey()
    form.questions.update(required=False)
    assert "Nothing was answered yet." in said(visitor.post(address(delivery, form), {}))
    assert not FormAnswer.objects.exists()


@pytest.mark.parametrize(
    ("language", "lang", "title", "button"),
    [("es", "es", "¿Qué tal?", "Enviar"), ("fr", "en", "How was it?", "Send"), ("", "en", "How was it?", "Send")],
)
def test_the_page_speaks_the_persons_language_as_far_as_the_form_does(
    visitor: Client, language: str, lang: str, title: str, button: str
) -> None:
    page = said(visitor.get(address(delivered(language=language), survey())))
    assert f'<html lang="{lang}">' in page
    assert f"<h1>{title}</h1>" in page
    if lang == "es":
        assert "¿Nos recomendaría?" in page
        assert "Will you come again?" in page  # nobody wrote it in Spanish yet


def test_a_closed_form_takes_nothing_and_a_strange_address_leads_nowhere(visitor: Client) -> None:
    delivery, form = delivered(), survey(active=False)
    assert "This form is closed" in said(visitor.post(address(delivery, form), FORMS_ANSWER))
    assert not FormAnswer.objects.exists()
    for strange in (f"/f/{delivery.token}/nothing", f"/f/AAAAAAAAAAAAAAAA/{form.slug}", f"/f/{'a' * 300}/{form.slug}"):
        for call in (visitor.get, visitor.post):
            answer = call(strange)
            assert (answer.status_code, "This link leads nowhere" in said(answer)) == (404, True)


def test_who_sends_without_end_is_asked_to_wait(visitor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, form = delivered(), survey()
    monkeypatch.setattr(limits, "POSTS", 1)
    codes = [visitor.post(address(delivery, form), FORMS_ANSWER).status_code for _ in range(2)]
    assert codes == [200, 429]
    assert visitor.get(address(delivery, form)).status_code == 200


def test_a_played_answer_says_so(visitor: Client) -> None:
    delivery, form = delivered(sandbox=True), survey()
    visitor.post(address(delivery, form), FORMS_ANSWER)
    assert FormAnswer.objects.get().played is True
    assert Event.objects.get().played is True


@pytest.mark.usefixtures("scripted")
def test_a_message_leads_to_the_form_by_a_link_that_is_counted(scripted: type[ScriptedTransport]) -> None:
    make_business()
    form = survey()
    text = f"How was it? {{{{ forms.{form.slug} }}}}?score=9"
    version = frozen(make_message(texts={("sms", "en"): text}, purpose="transactional"))
    sent = queue(make_contact(phone="+34600000001"), make_channel("sms", "scripted"), version)
    send()
    sent = reread(sent)
    assert scripted.handed[0].text == f"How was it? http://127.0.0.1:8000/c/{sent.token}/0"
    assert sent.links == [f"http://127.0.0.1:8000{address(sent, form)}?score=9"]


def test_a_score_in_a_mail_is_a_link_of_one_click() -> None:
    links = "".join(f'<a href="{{{{ forms.visit_x }}}}?score={n}">{n}</a> ' for n in (9, 10))
    found = mail(f"<p>{links}</p>", purpose="transactional")
    assert found.links == [f"{BASE}/f/AbCdEfGhIjKlMnOp/visit_x?score={n}" for n in (9, 10)]
    assert f'href="{BASE}/c/AbCdEfGhIjKlMnOp/1"' in found.html


def test_all_answers_together_are_numbers_and_a_table(django_assert_num_queries: Any) -> None:
    form = survey()
    questions = list(form.questions.all())
    for n, (score, again) in enumerate((("10", "yes"), ("9", "yes"), ("2", "no"))):
        person = make_contact(f"P{n} =cmd()", external_id=f"+{n}")
        delivery = delivered(person)
        _answer(form, questions, delivery, score, again)
    _answer(form, questions, delivery, "3", "no")  # thought better of it: counts once
    with django_assert_num_queries(1):
        counts = surveys.numbers(FormAnswer.objects.filter(form=form), questions, "en")
    assert (counts[0].answered, counts[0].average, counts[0].nps) == (3, 7.3, 33)
    assert counts[1].bars == [("Yes", 2, 67), ("No", 1, 33)]
    assert (counts[2].bars[0], counts[3].answered) == (("Hair", 3, 100), 3)
    with django_assert_num_queries(2):
        rows = list(surveys.table(FormAnswer.objects.all()))
    assert len(rows) == 5
    assert rows[0][-4:] == ["Would you recommend us?", "Will you come again?", "What did you have?", "Anything else?"]
    assert (rows[1][2], rows[1][3], rows[1][-4:]) == ("P0 =cmd()", "'+0", ["10", "Yes", "Hair", "'=1+1"])


def _answer(form: Form, questions: list[FormQuestion], delivery: Delivery, score: str, again: str) -> None:
    from django.http import QueryDict

    posted = QueryDict(f"q_score={score}&q_again={again}&q_what=hair&q_text=%3D1%2B1")
    given = surveys.read(surveys.asked(questions, "en", "en"), posted)
    surveys.take(form, questions, delivery, given.answers, language="en", now=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_sent_four_times_at_the_same_moment_it_counts_once() -> None:
    delivery, form = delivered(), survey()
    together, codes = threading.Barrier(4), list[int]()

    def press() -> None:
        together.wait()
        try:
            codes.append(stranger().post(address(delivery, form), FORMS_ANSWER).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 4
    assert FormAnswer.objects.count() == 1
    assert Event.objects.filter(name="answer").count() == 1
