"""Writing a message in the admin, as a marketer does."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from channels.models import Message, MessageImage
from tests.contacts.staff import sign_in
from tests.factories import make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
ADD, COUNT, PICTURES = (
    "/admin/channels/message/add/",
    "/admin/channels/message/count/",
    "/admin/channels/message/pictures/",
)


@pytest.fixture
def marketer() -> Client:
    make_business()
    return sign_in("Marketer")


def filled(*variants: dict[str, str], **fields: str) -> dict[str, str]:
    data = {
        "name": "Spring",
        "purpose": "marketing",
        **fields,
        "variants-TOTAL_FORMS": str(len(variants)),
        "variants-INITIAL_FORMS": "0",
    }
    for at, variant in enumerate(variants):
        values = {
            "kind": "email",
            "language": "en",
            "subject": "News",
            "preheader": "",
            "body": "<p>Hello</p>",
            **variant,
        }
        data |= {f"variants-{at}-{name}": value for name, value in values.items()}
    return data


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_message_with_its_texts_is_written_on_one_page(marketer: Client) -> None:
    body = '<div onclick="x()">Hi {{ contact.first_name }}<script>alert(1)</script> <a href="https://a.example">go</a></div>'
    answer = marketer.post(ADD, filled({"body": body}, {"kind": "sms", "subject": "stray", "body": "Hi\r\nyou. STOP"}))
    assert answer.status_code == 302
    texts = {variant.kind: variant for variant in Message.objects.get().variants.all()}
    assert texts["email"].body == '<div>Hi {{ contact.first_name }} <a href="https://a.example">go</a></div>'
    assert (texts["sms"].body, texts["sms"].subject) == ("Hi\nyou. STOP", "")


@pytest.mark.parametrize(
    ("variant", "sentence"),
    [
        ({"kind": "sms", "body": "Hi\n{% if x y %}{% endif %}"}, "Line 2:"),
        ({"kind": "sms", "body": "Hi {{ contact.first_name | uppercase }}"}, "there is no filter"),
        ({"kind": "sms", "body": "{% for i in (1..99999999) %}x{% endfor %}"}, "grows too long"),
        ({"subject": ""}, "An email needs a subject."),
        ({"subject": "{{ oops"}, "is missing"),
        ({"body": "<div><br>&nbsp;</div>"}, "Write a text."),
        ({"body": '<p><a href="salon.example/book">book</a></p>'}, "leads nowhere"),
    ],
)
def test_what_is_wrong_with_a_text_is_said_and_nothing_is_lost(
    marketer: Client, variant: dict[str, str], sentence: str
) -> None:
    answer = marketer.post(ADD, filled(variant, {"kind": "sms", "language": "es", "body": "Hola, texto bueno"}))
    assert answer.status_code == 200
    assert sentence in said(answer)
    assert "Hola, texto bueno" in said(answer)
    assert not Message.objects.exists()


def test_the_same_channel_and_language_twice_is_refused(marketer: Client) -> None:
    answer = marketer.post(ADD, filled({"kind": "sms", "body": "a"}, {"kind": "sms", "body": "b"}))
    assert answer.status_code == 200
    assert not Message.objects.exists()


def test_what_staff_should_think_of_is_said_after_saving(marketer: Client) -> None:
    make_business(postal_address="", public_address="https://" + "a" * 60 + ".example")
    texts = ({"body": "<p>{{ contact.frist_name | default: '' }}</p>"}, {"kind": "sms", "body": "Offer"})
    page = said(marketer.post(ADD, filled(*texts), follow=True))
    for sentence in (
        "contact.frist_name",
        "how one can stop",
        "no postal address",
        "too long for the unsubscribe button",
    ):
        assert sentence in page


def test_nobody_is_asked_to_offer_stop_where_no_answer_can_come(marketer: Client) -> None:
    make_business()
    page = said(marketer.post(ADD, filled({"kind": "webpush", "subject": "Offer", "body": "Offer"}), follow=True))
    assert Message.objects.exists()
    assert "how one can stop" not in page


def test_only_who_may_marks_a_message_as_urgent_and_it_stands_in_the_history(marketer: Client) -> None:
    urgent = filled({"kind": "sms", "body": "Your class was moved"}, purpose="transactional", urgent="on")
    marketer.post(ADD, urgent)
    assert Message.objects.get().urgent is False
    Message.objects.all().delete()
    owner = sign_in("Owner")
    owner.post(ADD, urgent)
    assert Message.objects.get().urgent is True
    assert "urgent" in LogEntry.objects.latest("id").get_change_message().lower()


def test_advertising_is_never_urgent(marketer: Client) -> None:
    answer = sign_in("Owner").post(ADD, filled({"kind": "sms", "body": "x"}, purpose="marketing", urgent="on"))
    assert "can be urgent" in said(answer)


# --- while writing ---


def test_sms_and_price_are_counted_with_the_tracked_link_in_it(marketer: Client) -> None:
    make_business(public_address="https://news.aurora.example")
    make_channel("sms", price="0.07", price_unit="segment", name="Twilio")
    text = "a" * 120 + " https://a.example/" + "very-long/" * 40
    told = marketer.post(COUNT, {"kind": "sms", "text": text, "purpose": "marketing"}).json()
    # 120 letters, a blank, https://news.aurora.example/c/ and sixteen characters, /0
    assert told["sentence"].startswith("2 SMS · ")
    assert "0.14 EUR (Twilio)" in told["sentence"]
    assert marketer.post(COUNT, {"kind": "sms", "text": "Así es"}).json()["warning"].startswith("í")
    assert (
        "1 SMS"
        in marketer.post(COUNT, {"kind": "sms", "text": "Hi {{ contact.pet | default: 'you' }}"}).json()["sentence"]
    )


@pytest.mark.parametrize("text", ["{% if", "{{ a b }}", ""])
def test_a_half_written_text_is_no_error(marketer: Client, text: str) -> None:
    assert marketer.post(COUNT, {"kind": "sms", "text": text}).status_code == 200


def picture(form: str = "PNG", size: tuple[int, int] = (40, 20)) -> SimpleUploadedFile:
    kept = BytesIO()
    Image.new("RGB", size, "red").save(kept, form)
    return SimpleUploadedFile(f"photo of ana.{form.lower()}", kept.getvalue())


def test_a_picture_is_stored_made_narrower_and_served(marketer: Client) -> None:
    address = marketer.post(PICTURES, {"file": picture(size=(3000, 300))}).json()["url"]
    stored = MessageImage.objects.get()
    assert address == stored.file.url
    assert "ana" not in address
    with stored.file.open() as file, Image.open(file) as opened:
        assert opened.size == (1200, 120)
    served = Client().get(address)
    assert served.status_code == 200
    served.close()


@pytest.mark.parametrize(
    "file",
    [
        SimpleUploadedFile(
            "x.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/svg+xml"
        ),
        SimpleUploadedFile("x.png", b"no picture"),
        SimpleUploadedFile("x.html", b"<html>", "image/png"),
    ],
)
def test_what_is_no_picture_is_refused_in_words(marketer: Client, file: SimpleUploadedFile) -> None:
    file.seek(0)
    answer = marketer.post(PICTURES, {"file": file})
    assert answer.status_code == 400
    assert "PNG" in answer.json()["error"]
    assert not MessageImage.objects.exists()


def test_who_may_only_look_neither_writes_nor_uploads(marketer: Client) -> None:
    viewer = sign_in("Viewer")
    assert viewer.post(PICTURES, {"file": picture()}).status_code == 403
    assert viewer.post(COUNT, {"kind": "sms", "text": "x"}).status_code == 403
    assert viewer.post(ADD, filled({})).status_code == 403
    assert Client().post(PICTURES, {"file": picture()}).status_code == 302


# --- the preview ---


def test_the_preview_shows_the_mail_as_a_chosen_person_gets_it(marketer: Client) -> None:
    message = make_message(texts={("email", "en"): "<p>Hello {{ contact.first_name }} of {{ contact.city }}</p>"})
    ana = make_contact("Ana Ruiz", email="ana@mail.example", city="Madrid")
    page = said(marketer.get(f"/admin/channels/message/{message.pk}/preview/?contact={ana.pk}"))
    assert "Hello Ana of Madrid" in page
    assert "ana@mail.example" in page
    assert page.count("<iframe sandbox") == 2


def test_the_preview_says_who_would_be_left_out_and_why(marketer: Client) -> None:
    message = make_message(texts={("sms", "en"): "Hello {{ contact.city }}"})
    eva = make_contact("Eva Sol", phone="+34600111222", consent=())
    page = said(marketer.get(f"/admin/channels/message/{message.pk}/preview/?contact={eva.pk}"))
    assert "contact.city" in page
    assert "No consent to marketing on this channel." in page


def test_the_preview_of_an_sms_shows_its_price(marketer: Client) -> None:
    make_channel("sms", price="0.05", price_unit="segment")
    message = make_message(texts={("sms", "en"): "Hello {{ contact.first_name }}"})
    page = said(marketer.get(f"/admin/channels/message/{message.pk}/preview/"))
    assert "Hello Ana" in page
    assert "1 SMS" in page
    assert "0.05 EUR" in page


@pytest.mark.parametrize("query", ["", "?variant=999999", "?contact=999999", "?contact=x&variant=y"])
def test_the_preview_survives_any_address(marketer: Client, query: str) -> None:
    assert marketer.get(f"/admin/channels/message/{make_message().pk}/preview/{query}").status_code == 200
    assert marketer.get("/admin/channels/message/999999/preview/").status_code in {302, 404}


def test_the_list_asks_the_database_as_often_for_many_as_for_few(marketer: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert marketer.get("/admin/channels/message/").status_code == 200
        return len(asked)

    make_message("first")
    queries()
    few = queries()
    for number in range(20):
        make_message(f"message {number}")
    assert queries() == few
