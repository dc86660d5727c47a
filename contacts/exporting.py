"""Contacts as a CSV file: streamed in portions, safe to open in a spreadsheet, and importable again without a change."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import IO, Any

from django.db.models import Count, Prefetch, QuerySet
from django.http import StreamingHttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from contacts.models import Address, Contact, Group, Handout, Taken
from contacts.resources import ContactResource

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "'")
_PORTION = 1000
_MOST_ADDRESSES, _MOST_DETAILS = 9, 200


def safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula; the import strips the apostrophe again, also where one stood before."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def plain(cell: str) -> str:
    """A cell where texts are known as such: only an apostrophe of its own is doubled, for the import strips one."""
    return f"'{cell}" if cell.startswith("'") else cell


def rows(contacts: QuerySet[Contact], *, cell: Callable[[str], str] = safe) -> Iterator[list[str]]:
    """The header and a row for each contact; a handful of statements for each thousand. cell: how the file at hand writes a text."""
    contacts = Contact.objects.filter(pk__in=contacts.prefetch_related(None).order_by().values("pk"))
    resource = _resource(contacts)
    yield [cell(header) for header in resource.get_export_headers()]
    groups = Prefetch("groups", Group.objects.offered().order_by("name"))
    addresses = Prefetch("addresses", Address.objects.order_by("position", "id"))
    ordered = contacts.order_by("pk").select_related("branch").prefetch_related(addresses, groups)
    for contact in ordered.iterator(chunk_size=_PORTION):
        yield [cell(text) for text in resource.export_resource(contact)]


def response(contacts: QuerySet[Contact], *, now: datetime) -> StreamingHttpResponse:
    """The file, sent while it is made."""
    return csv_response(rows(contacts), f"{_('contacts')} {now:%Y-%m-%d}.csv")


def csv_response(lines: Iterable[Sequence[str]], name: str, *, delimiter: str = ",") -> StreamingHttpResponse:
    """Any rows as a download; with a byte order mark, by which Excel knows UTF-8."""
    writer = csv.writer(_Echo(), delimiter=delimiter)

    def text() -> Iterator[str]:
        yield "\ufeff"
        for line in lines:
            yield writer.writerow(line)

    answer = StreamingHttpResponse((piece.encode() for piece in text()), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    return answer


def writer(out: IO[bytes]) -> Callable[[Sequence[str]], object]:
    """Writes rows into a file, in the same form as a download."""
    out.write("\ufeff".encode())
    lines = csv.writer(_Echo())
    return lambda row: out.write(lines.writerow(row).encode())


def note(user: Any, *, what: str, count: int, now: datetime) -> None:
    """The one place that hears of each export of people: who, what, how many, when."""
    who = user.pk if user else None
    Handout.objects.create(
        at=now, by_id=who, name=str(user)[:150], what=Taken.CONTACTS, people=count, chosen=what[:500]
    )


class _Echo:
    """What csv.writer writes to, handing each line back."""

    def write(self, line: str) -> str:
        return line


def _resource(contacts: QuerySet[Contact]) -> ContactResource:
    """With as many columns as these contacts need."""
    plain = contacts.order_by().values("pk")
    counts = Address.objects.filter(contact__in=plain).order_by().values("contact", "kind").annotate(n=Count("pk"))
    most = _most({"kind": kind, "n": n} for kind, n in counts.filter(n__gt=1).values_list("kind", "n"))
    details: dict[str, None] = {}
    for attributes in contacts.order_by().exclude(attributes={}).values_list("attributes", flat=True).iterator():
        details.update(dict.fromkeys(attributes))
    return ContactResource(
        emails=most.get("email", 1), phones=most.get("phone", 1), details=list(details)[:_MOST_DETAILS]
    )


def _most(counts: Iterable[Mapping[str, object]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counts:
        kind, n = str(count["kind"]), int(str(count["n"]))
        found[kind] = min(max(found.get(kind, 1), n), _MOST_ADDRESSES)
    return found
