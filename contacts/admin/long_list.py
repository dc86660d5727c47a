"""Lists of any length: a page at a time from either end, by `contacts.walking`. No table is counted, no column sorts without an index."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import PAGE_VAR
from django.core.paginator import Paginator
from django.db import connections
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template import RequestContext
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str
from unfold.views import ChangeList

from contacts import territory, walking
from contacts.admin import rows
from contacts.walking import MOST, Found, Key, Walk


class Roughly(int):
    """A number of rows that is not known exactly, with how it is said."""

    said: str = ""

    def __str__(self) -> str:
        return self.said

    @classmethod
    def of(cls, number: int, sentence: str) -> Roughly:
        rough = cls(number)
        rough.said = sentence % {"count": number_format(number, force_grouping=True)}
        return rough


class ShortCount(Paginator):  # type: ignore[type-arg]
    """Counts no further than a few pages; for choosing one of many by typing, and, in the list itself, only a name for its template."""

    template_name = "contacts/long_list_pages.html"

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST + 1].count()) if isinstance(rows, QuerySet) else len(rows)


class DayFilter(RangeDateFilter):
    """Days from and to, both whole, by the clock of the house."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        since, until = self.span()
        if since:
            queryset = queryset.filter(**{f"{self.field_path}__gte": since})
        return queryset.filter(**{f"{self.field_path}__lt": until}) if until else queryset

    def span(self) -> tuple[datetime | None, datetime | None]:
        """From the first moment of the one day to the end of the other; None where nothing, or no day, was given."""
        return self._midnight("from"), self._midnight("to", days=1)

    def _midnight(self, which: str, days: int = 0) -> datetime | None:
        given = self.used_parameters.get(f"{self.parameter_name}_{which}")
        try:
            day = parse_date_str(given) if isinstance(given, str) else None
            return timezone.make_aware(datetime.combine(day + timedelta(days=days), time())) if day else None
        except (ValueError, OverflowError):
            return None


class LongChangeList(ChangeList):
    """What the admin asks of a list, answered by a walk."""

    queryset: QuerySet[Any]
    result_list: Any
    own_conditions = (
        0  # those that leave out hardly anybody: the number of rows in the table still says about how many there are
    )

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[str]:
        by = self.model_admin.walks_by
        return ["-id"] if by == "id" else [f"-{by}", "-id"]

    def get_results(self, request: HttpRequest) -> None:
        with walking.brisk(connections[self.queryset.db]):
            self._turn_to_page(request)

    def _turn_to_page(self, request: HttpRequest) -> None:
        size = self.list_per_page
        at = Place.read(request.GET.get(PAGE_VAR, ""), self.model_admin.walks_by)
        walk = self._walk(request)
        first = walk.go(MOST + 1, on=False)
        if at.is_first:
            found = first if first.whole or len(first.keys) > size else walk.on(first, size + 1)
        else:
            found = walk.go(size + 1, at.key, up=at.up)
        if at.up and at.key and found.whole and len(found.keys) < size:  # back at the top: the first page, whole
            at, found = Place(), first
        keys = found.keys[:size]
        self.result_list = self.loaded([key[-1] for key in (reversed(keys) if at.up else keys)])
        self.result_count = self._said(first)
        self.full_result_count = None
        self.show_full_result_count = False
        self.show_admin_actions = True
        self.can_show_all = self.multi_page = False
        self.paginator = ShortCount(self.result_list, size)
        self._offer(at, found, [tuple(key) for key in keys])

    def loaded(self, pks: Sequence[Any]) -> list[Any]:
        """The rows of the page, in its order, with what stands beside them."""
        found = self.apply_select_related(self.root_queryset).in_bulk(list(pks)) if pks else {}
        return [found[pk] for pk in pks if pk in found]

    def drawn(self, context: RequestContext) -> SafeString:
        return rows.drawn(context, self)

    def _walk(self, request: HttpRequest) -> Walk:
        owner = self.model_admin
        narrowed = {name for name in self.filter_params if self.filter_params[name] not in ([""], [])}
        indexed = {"q"} if owner.finds_by_index(request) else set()
        for spec in self.filter_specs:
            if not getattr(spec, "goes_without_index", False):
                indexed |= set(owner.indexed_filters) & set(spec.expected_parameters())
        return Walk(
            self.queryset.prefetch_related(None),
            owner.walks_by,
            bool(narrowed & indexed) or territory.of(request.user) is not None,
            self._span(),
            searched="q" in narrowed,
        )

    def _span(self) -> tuple[int | None, int | None]:
        for spec in self.filter_specs:
            if isinstance(spec, DayFilter) and spec.field_path == self.model_admin.written_at and any(spec.span()):
                return walking.numbers_between(self.model, spec.field_path, *spec.span())
        return None, None

    def _said(self, first: Found) -> int:
        """How many there are, as far as that is known without counting them all."""
        known = len(first.keys)
        if first.whole and known <= MOST:
            return known
        whole = len(self.queryset.query.where.children) <= self.own_conditions
        if whole and (guess := walking.about(self.model, self.queryset.db)) and guess > MOST:
            return Roughly.of(guess, _("about %(count)s"))
        return Roughly.of(min(known, MOST), _("more than %(count)s") if known else _("perhaps some"))

    def _offer(self, at: Place, found: Found, keys: list[Key]) -> None:
        """The ways on from here. `further`: whether the next page begins where the search for rare ones was broken off."""
        top, bottom = (keys[-1], keys[0]) if at.up and keys else (keys[0], keys[-1]) if keys else (None, None)
        more = len(found.keys) > len(keys) or not found.whole
        broken = len(found.keys) <= len(keys) and not found.whole and found.seen is not None
        if broken and at.up:
            top = found.seen
        elif broken:
            bottom = found.seen
        up, down = (more, at.key is not None) if at.up else (at.key is not None, more)
        self.further = broken
        self.looked_upwards = at.up
        self.to_first = self._link(Place("")) if up else ""
        self.to_previous = self._link(Place("b", top or at.key)) if up else ""
        self.to_next = self._link(Place("a", bottom or at.key)) if down else ""
        self.to_last = self._link(Place("last")) if down else ""

    def _link(self, place: Place) -> str:
        return str(self.get_query_string({PAGE_VAR: place.written() or None}))


class Place:
    """Where a page begins, as it stands in the address: "" the first page, "last", "a<key>" after a row, "b<key>" before it."""

    def __init__(self, how: str = "", key: Key | None = None) -> None:
        self.how, self.key = how, key

    @property
    def up(self) -> bool:
        return self.how in ("b", "last")

    @property
    def is_first(self) -> bool:
        return self.how == ""

    def written(self) -> str:
        if self.key is None:
            return self.how
        return self.how + "~".join(part.isoformat() if isinstance(part, datetime) else str(part) for part in self.key)

    @classmethod
    def read(cls, text: str, by: str) -> Place:
        """Whatever cannot be understood is the first page."""
        if text == "last":
            return cls("last")
        how, parts = text[:1], text[1:].split("~")
        if how not in ("a", "b") or len(parts) != (1 if by == "id" else 2):
            return cls()
        if not (parts[-1].isascii() and parts[-1].isdecimal() and len(parts[-1]) < 19):
            return cls()
        number = int(parts[-1])
        if by == "id":
            return cls(how, (number,))
        value = _instant(parts[0])
        return cls(how, (value, number)) if value else cls()


def _instant(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


class LongList:
    """Mixed into the admin of what may have a million rows.

    walks_by: the column that the list goes by, newest first: "id", or an instant with an index; "" for a short list.
    indexed_filters: the parameters of filters that have an index of their own; a filter that has none for the value that was chosen says
    so by `goes_without_index`. written_at: an instant that is written once, with the row, so that its days bound the numbers.
    """

    walks_by: ClassVar[str] = "id"
    indexed_filters: ClassVar[Sequence[str]] = ()
    written_at: ClassVar[str] = ""
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    paginator: type[Paginator[Any]] = ShortCount
    sortable_by: Sequence[str] = ()
    change_list_template: Any = "contacts/long_list.html"

    def finds_by_index(self, request: HttpRequest) -> bool:
        """Whether what was typed into the search is looked for through an index."""
        return True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return LongChangeList if self.walks_by else ChangeList
