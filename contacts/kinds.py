"""The kinds of channel there are (email, SMS ...), as data. Transports bring them; `channels.apps` registers them at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What addresses begin with that people were given for practice: real channels do not write to them.
PRACTICE = "practice-"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of channel. `address` is the kind of address that it needs ("email", "phone"); several kinds may share one.

    `dear_rank`: the usual order from free to dear, for lists. `rich`: carries HTML and a subject. `segmented`: priced by SMS segment.
    `titled`: plain text under a title (the variant's subject). `buttons`: how many may stand beneath a message. `templates`: the provider
    approves texts beforehand. `longest`: characters of text, 0 for no limit. `typed`: staff may type the address; else people bring it by
    joining. `at_once`: to how many of a person's addresses one message goes. `account`: the address is a person's own account with a
    messenger. `shown`: an address as staff read it, where the bare one says nothing.
    `normal`: a typed address as it is compared and sent to, for kinds of address of a transport's own; `ValueError` with a sentence.
    """

    name: str
    address: str
    label: StrOrPromise
    address_label: StrOrPromise
    dear_rank: int = 50
    rich: bool = False
    segmented: bool = False
    titled: bool = False
    buttons: int = 0
    templates: bool = False
    longest: int = 0
    typed: bool = True
    at_once: int = 1
    account: bool = False
    shown: Callable[[str], str] | None = None
    normal: Callable[[str], str] | None = None

    def show(self, address: str) -> str:
        """The address for people's eyes."""
        return self.shown(address) if self.shown else address


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make a kind known; the same one may be registered by several transports."""
    _kinds.setdefault(kind.name, kind)


def all_kinds() -> list[Kind]:
    """Every known kind, cheapest first."""
    return sorted(_kinds.values(), key=lambda kind: (kind.dear_rank, kind.name))


def get(name: str) -> Kind:
    """A kind by its name; `LookupError` if no transport brings it."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"no channel of kind {name!r}") from None


def address_of(name: str) -> str:
    """The kind of address that a kind of channel needs; "" for one whose transport is no longer installed."""
    return _kinds[name].address if name in _kinds else ""


def normal(address_kind: str, raw: str) -> str | None:
    """A typed address as it is compared and sent to, by the rule of the transport that brings its kind; None where none has a rule.

    `ValueError` with a sentence for whoever typed it.
    """
    rules = [kind.normal for kind in _kinds.values() if kind.address == address_kind and kind.normal]
    return rules[0](raw) if rules else None


def label(name: str) -> StrOrPromise:
    """The kind's name for people, or the bare name of a kind whose transport is no longer installed."""
    return _kinds[name].label if name in _kinds else name


def choices() -> list[tuple[str, StrOrPromise]]:
    """For forms and filters."""
    return [(kind.name, kind.label) for kind in all_kinds()]


def typed(address_kind: str) -> bool:
    """Whether staff may type, search and export addresses of this kind; the others people bring by joining, and nobody reads them."""
    return any(kind.typed for kind in _kinds.values() if kind.address == address_kind)


def accounts() -> list[str]:
    """The kinds of address that are people's own accounts with messengers."""
    return sorted({kind.address for kind in _kinds.values() if kind.account})


def shown(address_kind: str, normal: str) -> str:
    """An address for people's eyes; of a kind that nobody knows any more, nothing of it."""
    if normal.startswith(PRACTICE):
        return _("joined for practice")
    for kind in _kinds.values():
        if kind.address == address_kind and (kind.typed or kind.shown):
            return kind.show(normal)
    return "•••"


def typed_address_choices() -> list[tuple[str, StrOrPromise]]:
    """Kinds of address that staff may type."""
    return [choice for choice in address_choices() if typed(choice[0])]


def address_choices() -> list[tuple[str, StrOrPromise]]:
    """Kinds of address for forms: each once."""
    return list({kind.address: (kind.address, kind.address_label) for kind in all_kinds()}.values())
