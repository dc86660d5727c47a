"""The gallery: who sees it, what it says is missing, how it is sifted, and that its button makes a draft and starts nothing."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades.admin import gallery
from cascades.blueprints import blueprint, looks
from cascades.models import Cascade, Enrollment, Launch
from channels.models import Message
from contacts import events
from tests.contacts.staff import READY, said_of, sign_in
from tests.factories import NOW, make_business, make_channel, make_contact

pytestmark = pytest.mark.django_db
GALLERY = "/admin/cascades/cascade/blueprints/"


@pytest.fixture
def marketer(db: None) -> Client:
    make_business(website="https://aurora.example")
    return sign_in("Marketer")


def titles(**asked: str) -> list[str]:
    """What the page shows, without the page around it."""
    return [str(card.blueprint.title) for card in gallery._all(RequestFactory().get(GALLERY, asked))["cards"]]


@pytest.mark.parametrize(("role", "status"), list(zip(READY, (200, 200, 403, 403), strict=True)))
def test_whoever_may_add_cascades_sees_it_and_uses_it(role: str, status: int) -> None:
    make_business()
    client = sign_in(role)
    assert client.get(GALLERY).status_code == status
    assert client.get(f"{GALLERY}s01/").status_code == status
    assert client.post(f"{GALLERY}s01/use/").status_code == (302 if status == 200 else 403)
    assert Cascade.objects.exists() == (status == 200)


def test_the_list_leads_to_it_and_an_empty_one_says_so(marketer: Client) -> None:
    page = marketer.get(reverse("admin:cascades_cascade_changelist"))
    assert "There is no cascade yet." in said_of(page)
    ready = reverse("admin:cascades_cascade_ready_cascades")
    assert ready in said_of(page)
    assert marketer.get(ready)["location"] == GALLERY
    marketer.post(f"{GALLERY}s01/use/")
    assert "There is no cascade yet." not in said_of(marketer.get(reverse("admin:cascades_cascade_changelist")))


def test_the_button_makes_a_draft_says_what_to_look_at_and_starts_nothing(marketer: Client) -> None:
    answer = marketer.post(f"{GALLERY}s02/use/", follow=True)
    cascade = Cascade.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("admin:cascades_cascade_change", args=[cascade.pk])
    said = [str(message) for message in answer.context["messages"]]
    assert "Nothing is sent until you start it." in said[0]
    assert any("Web push (practice)" in sentence for sentence in said)
    assert (cascade.status, str(cascade.created_by), cascade.trigger) == ("draft", "Marketer", "event")
    assert Message.objects.count() == 3
    assert not Launch.objects.exists()
    assert not Enrollment.objects.exists()


def test_who_brought_an_urgent_message_along_stands_in_its_history_once() -> None:
    make_business()
    owner, marketer = sign_in("Owner"), sign_in("Marketer")
    marketer.post(f"{GALLERY}s15/use/")
    assert not LogEntry.objects.filter(
        content_type__model="message"
    ).exists()  # a marketer may not, so it is not urgent
    owner.post(f"{GALLERY}s15/use/")
    owner.post(f"{GALLERY}s15/use/")
    (told,) = LogEntry.objects.filter(content_type__model="message")
    assert (str(told.user), told.get_change_message()) == ("Owner", "Changed urgent.")
    assert Message.objects.get(pk=str(told.object_id)).urgent


def test_nothing_is_made_by_looking_and_what_there_is_not_is_not_found(marketer: Client) -> None:
    assert marketer.get(f"{GALLERY}s01/use/").status_code == 405
    assert marketer.get(f"{GALLERY}s99/").status_code == 404
    assert marketer.post(f"{GALLERY}s99/use/").status_code == 404
    assert not Cascade.objects.exists()


def test_it_is_sifted_by_trade_by_words_and_by_what_the_house_has() -> None:
    make_business(website="https://aurora.example")
    everything = titles()
    assert "Abandoned cart" in titles(**{"for": "shop"})
    assert "Abandoned cart" not in titles(**{"for": "salon"})
    assert titles(q="cart notification") == ["Abandoned cart"]
    assert titles(q="nothing of the kind") == []
    assert titles(**{"for": "nonsense"}) == everything
    assert titles(ready="1") == []
    for kind in ("email", "telegram", "sms", "webpush"):
        make_channel(kind)
    assert "Announcement" in titles(ready="1")
    assert "Abandoned cart" not in titles(ready="1")
    ana = make_contact()
    for name in ("cart_changed", "order"):
        events.record(ana.pk, name, at=NOW, now=NOW, key=name)
    assert "Abandoned cart" in titles(ready="1")


def test_what_is_missing_is_said_with_the_page_where_it_is_mended(marketer: Client) -> None:
    page = said_of(marketer.get(f"{GALLERY}s01/"))
    assert "No Telegram, Viber or VK yet: connect one." in page
    assert reverse("admin:channels_channel_add") in page
    make_channel("viber")
    page = said_of(marketer.get(f"{GALLERY}s01/"))
    assert "No Telegram, Viber or VK yet" not in page
    assert "viber sandbox" in page


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "we have something new"),
        ("es", "tenemos novedades"),
        ("fr", "nous avons du nouveau"),
        ("ru", "у нас новости"),
    ],
)
def test_its_page_shows_each_text_in_the_language_that_is_asked_for(
    marketer: Client, language: str, words: str
) -> None:
    page = marketer.get(f"{GALLERY}s01/", {"language": language})
    assert words in said_of(page)
    letter = page.context["letters"][0]
    assert [look.kind for look in letter.used] == ["email", "telegram", "vk", "viber", "sms"]
    assert {look.kind for look in letter.others} >= {"webpush", "whatsapp"}


def test_the_gallery_asks_the_same_however_many_cards_it_shows(marketer: Client) -> None:
    marketer.get(GALLERY)
    with CaptureQueriesContext(
        connection,
    ) as all_of_them:
        marketer.get(GALLERY)
    assert len(all_of_them) <= 30, [query["sql"] for query in all_of_them]


@pytest.mark.parametrize(("language", "day"), [("en", "good until March 23, 2027"), ("ru", "до 23 марта 2027")])
def test_a_day_in_a_text_is_shown_as_people_of_its_language_write_it(language: str, day: str) -> None:
    shown = looks.looks(blueprint("s05"), "wishes", make_business(), language)
    mail = next(one for one in shown if one.kind == "email")
    assert day in mail.rendered.text
