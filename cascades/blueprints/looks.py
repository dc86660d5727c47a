"""The texts of a blueprint as a person would see them: an invented one, of whom everything is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cascades.blueprints.blueprint import Blueprint
from channels import freezing, rendering
from channels.rendering import Frame, Rendered
from contacts import kinds
from contacts.models import Business
from contacts.vouchers import Day, InText

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_CODE, _LAST_DAY = "7KQX-M2WD-8R", Day(2027, 3, 23)
_TOKEN = "preview-preview0"  # as long as a real one  # noqa: S105


@dataclass(frozen=True, slots=True)
class Look:
    """A text for one kind of channel. used: whether a step goes by it."""

    kind: str
    label: StrOrPromise
    rendered: Rendered
    rich: bool
    used: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in one language: the texts that the steps use, and the others that it has for whoever moves a step to another channel."""

    name: StrOrPromise
    used: list[Look]
    others: list[Look]


def letters(blueprint: Blueprint, language: str, business: Business) -> list[Shown]:
    """Every message of the blueprint."""
    return [_shown(blueprint, key, looks(blueprint, key, business, language)) for key in blueprint.letters]


def _shown(blueprint: Blueprint, key: str, found: list[Look]) -> Shown:
    return Shown(
        blueprint.letters[key].name, [one for one in found if one.used], [one for one in found if not one.used]
    )


def looks(blueprint: Blueprint, key: str, business: Business, language: str) -> list[Look]:
    """One message for every kind of channel, cheapest first."""
    letter = blueprint.letters[key]
    used = {kind for plank in blueprint.steps if plank.letter == key for kind in plank.kinds}
    texts = [text for text in letter.texts() if text.language == language]
    base = business.public_address or "https://news.example.com"
    frame = Frame(base, _TOKEN, letter.purpose, utm={"source": business.utm_source}, language=language)
    gift = blueprint.gift
    given = (
        {gift.slug: InText(code=_CODE, until=_LAST_DAY, gives=gift.gives, terms="", name=str(gift.name))}
        if gift
        else {}
    )
    found = []
    for made in rendering.compile_content(texts, freezing.brand_of(business)):
        kind = kinds.get(made["kind"])
        rendered = rendering.render(made, {**rendering.sample_context(), rendering.VOUCHER: given}, frame)
        found.append(Look(kind.name, kind.label, rendered, kind.rich, kind.name in used))
    return found
