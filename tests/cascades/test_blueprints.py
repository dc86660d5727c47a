"""Every ready cascade, whichever there are: its texts are whole and short enough, what they say is known, and its draft can be started."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.utils import translation

from cascades import publishing
from cascades.admin import options
from cascades.blueprints import Blueprint, blueprint, blueprints, looks, needs, using
from cascades.blueprints.words import LANGUAGES, spare
from cascades.models import Cascade, Step
from cascades.trigger import trigger
from channels import liquid, richtext, segments
from channels.admin.message_advice import advice
from channels.models import Channel, Form, Message, MessageVariant
from channels.rendering import Written, sample_context
from contacts import kinds
from contacts import segments as crowds
from contacts.models import Business, Group, Segment
from tests.factories import make_business, make_channel
from tests.scenarios.stage import fill_in

ASKS_FOR_WORDS = {"s04", "s06", "s19"}

every = pytest.mark.parametrize("one", blueprints(), ids=lambda one: one.slug)
LONGEST_SUBJECT, MOST_SMS = 78, 2
SALON = Business(
    name="Salon Aurora", country="ES", public_address="https://news.salon-aurora.com", postal_address="Calle Mayor 1"
)
ROOTS = {"public_address", "unsubscribe_url", "preferences_url", "address_page", "booking_url"}
OPEN = {"forms", "join"}


def texts(one: Blueprint) -> Iterator[tuple[str, Written]]:
    yield from (
        (f"{one.slug} {key} {text.kind} {text.language}", text)
        for key in one.letters
        for text in one.letters[key].texts()
    )


@every
def test_each_message_is_said_on_every_kind_of_channel_in_every_language(one: Blueprint) -> None:
    for letter in one.letters.values():
        written = {(text.kind, text.language) for text in letter.texts() if not richtext.is_empty(text.body)}
        assert written == {(kind.name, language) for kind in kinds.all_kinds() for language in LANGUAGES}


@every
def test_no_message_is_the_same_in_two_languages(one: Blueprint) -> None:
    for letter in one.letters.values():
        assert len({(said.subject, said.mail, said.short) for said in letter.said.values()}) == len(LANGUAGES)
        assert not letter.link or all(said.button for said in letter.said.values())


@every
def test_as_customers_see_them_subjects_are_short_and_an_sms_is_two_at_most(one: Blueprint) -> None:
    seen = [
        (key, language, look.kind, look.rendered)
        for key in one.letters
        for language in LANGUAGES
        for look in looks.looks(one, key, SALON, language)
    ]
    long = [
        (*where, text.subject, text.text, text.segments)
        for *where, text in seen
        if len(text.subject) > LONGEST_SUBJECT or text.segments > MOST_SMS
    ]
    assert long == []


@every
def test_every_field_in_a_text_is_one_that_there_is(one: Blueprint) -> None:
    known = {**sample_context(), "business": {"name", "website", "address"}}
    strange = []
    for where, text in texts(one):
        for source in (text.subject, text.body):
            for path in liquid.fields(source):
                root, *rest = path
                fine = root == "voucher" and one.gift is not None and rest[:1] == [one.gift.slug]
                fine = fine or root in ROOTS or root in OPEN or (root in known and (not rest or rest[0] in known[root]))
                strange += [] if fine else [(where, path)]
    assert strange == []


@every
def test_its_way_in_its_steps_and_its_needs_are_ones_that_there_are(one: Blueprint) -> None:
    assert {plank.letter for plank in one.steps} == set(one.letters)
    assert {kind for plank in one.steps for kind in plank.kinds} <= {kind.name for kind in kinds.all_kinds()}
    assert set(one.needs) <= set(needs.NEEDS)
    assert one.trades
    for plank in one.steps:
        replies = set(one.letters[plank.letter].replies)
        assert {answer.choice for answer in plank.answers} <= replies | {"*"}
    assert one.trigger == trigger(one.trigger).name


@pytest.mark.django_db
def test_a_draft_whose_texts_ask_staff_for_words_of_their_own_does_not_start_before_they_are_written() -> None:
    business = make_business()
    cascade = using.use(blueprint("s04"), user_id=None).cascade
    said = " ".join(publishing.problems(cascade, business=business))
    assert "still asks for words of your own: “Write its name and its price here.”" in said
    fill_in(cascade)
    assert publishing.problems(cascade, business=business) == []


@pytest.mark.django_db
@every
def test_its_draft_stands_as_the_builder_would_have_it_and_could_be_started_at_once(one: Blueprint) -> None:
    business = make_business()
    cascade = using.use(one, user_id=None).cascade
    assert fill_in(cascade) == (one.slug in ASKS_FOR_WORDS)
    assert publishing.problems(cascade, business=business) == []
    steps = publishing.draft_steps(cascade)
    before: list[Channel] = []
    for step in steps:
        assert not options.seen_problem(step.seen, step.channel)
        assert not options.wait_problem(step.wait_from, before[-1] if before else None)
        assert not options.who_problem(step.who, before)
        assert not (step.answers and options.answers_problem(step.seen, step.channel))
        before.append(step.channel)
    said = [sentence for message in {step.message for step in steps} for sentence in advice(message, business)]
    assert said == []
    for segment in Segment.objects.all():
        assert crowds.clean(segment.rules) == segment.rules
        assert crowds.people(segment, cascade.created_at).count() == 0
    named = {name for variant in MessageVariant.objects.all() for name in re.findall(r"forms\.(\w+)", variant.body)}
    assert named == set(Form.objects.values_list("slug", flat=True))


@pytest.mark.django_db
def test_used_twice_it_gives_a_second_draft_and_doubles_nothing_else() -> None:
    make_business()
    one = next(one for one in blueprints() if one.slug == "s18")
    first = using.use(one, user_id=None).cascade
    counted = [model.objects.count() for model in (Message, Channel, Group)]
    second = using.use(one, user_id=None)
    assert (first.name, second.cascade.name) == ("A question with buttons", "A question with buttons 2")
    assert [model.objects.count() for model in (Message, Channel, Group)] == counted
    assert Group.objects.filter(name="Want to know more").count() == 1


@pytest.mark.django_db
def test_a_message_that_staff_changed_stays_as_it_is_and_the_next_use_has_its_own() -> None:
    make_business()
    one = next(one for one in blueprints() if one.slug == "s01")
    using.use(one, user_id=None)
    MessageVariant.objects.filter(kind="sms", language="en").update(body="Ours")
    using.use(one, user_id=None)
    assert list(Message.objects.order_by("pk").values_list("name", flat=True)) == ["What is new", "What is new 2"]
    assert MessageVariant.objects.filter(body="Ours").count() == 1


@pytest.mark.django_db
def test_a_step_goes_by_the_first_channel_that_the_house_has_and_by_one_in_earnest_before_the_sandbox() -> None:
    make_business()
    make_channel("email", "sandbox", name="Trying", position=0)
    make_channel("email", "email", name="Real mail", position=1)
    make_channel("vk", "sandbox", name="VK practice")
    one = next(one for one in blueprints() if one.slug == "s01")
    made = using.use(one, user_id=None)
    steps = Step.objects.filter(cascade=made.cascade).order_by("position")
    assert [step.channel.name for step in steps] == ["Real mail", "VK practice", "SMS (practice)"]
    assert any("There is no SMS yet" in said for said in made.remarks)
    told = needs.of(one, needs.House())
    assert [(need.label, need.there, need.practice) for need in told[:3]] == [
        ("Email", True, False), ("Telegram, Viber or VK", True, True), ("SMS", True, True),
    ]  # fmt: skip


@pytest.mark.django_db
def test_what_a_channel_cannot_tell_is_not_waited_for() -> None:
    """Telegram tells no opening: the step then ends by a click."""
    make_business()
    one = next(one for one in blueprints() if one.slug == "s15")
    steps = Step.objects.filter(cascade=using.use(one, user_id=None).cascade).order_by("position")
    assert [(step.channel.kind, step.seen) for step in steps] == [
        ("email", "opened"),
        ("telegram", "clicked"),
        ("sms", "clicked"),
    ]


@pytest.mark.django_db
def test_names_are_in_the_language_of_whoever_uses_it_and_whoever_may_not_make_it_urgent_does_not() -> None:
    make_business()
    one = next(one for one in blueprints() if one.slug == "s15")
    with translation.override("es"):
        made = using.use(one, user_id=None, may_urgent=False)
        assert made.cascade.name == str(one.title)
    assert [message.urgent for message in Message.objects.all()] == [False]
    assert len(made.remarks) > 1
    assert Cascade.objects.get().status == "draft"


@pytest.mark.parametrize(
    ("written", "spared"),
    [
        ("Cita el sábado a las 9, señora", "Cita el sabado a las 9, señora"),
        ("l’été à Besançon", "l'été à Besancon"),
        ("Запись ёлка", "Запись ёлка"),
    ],
)
def test_an_sms_keeps_the_letters_that_cost_nothing_and_loses_the_marks_of_others(written: str, spared: str) -> None:
    assert spare(written) == spared
    assert segments.count(spared).encoding == (segments.UCS if "ё" in spared else segments.GSM)
