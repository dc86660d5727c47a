"""Taking codes back: looked up as somebody typed them, redeemed once, undone where staff erred, and named by an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from contacts import events
from contacts.bulk import Among
from contacts.models import CodeKind, Voucher, VoucherOffer
from contacts.models.event import REDEEMED, REDEMPTION_UNDONE
from contacts.vouchers.codes import normal
from contacts.vouchers.issuing import WAY

SOURCE = "vouchers"
BY_ORDER = gettext_noop("order %(number)s")
_BUYING = ("order", "order_paid")


class NotRedeemable(Exception):
    """The message says why, for whoever stands at the counter. code: a word for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a code. `problem`: why it cannot be redeemed now, as a code and a sentence; both empty where it can."""

    offer: VoucherOffer
    voucher: Voucher | None
    problem: str = ""
    sentence: str = ""

    @property
    def ok(self) -> bool:
        return not self.problem


def look_up(typed: str, *, now: datetime, contact_id: int | None = None) -> Found | None:
    """The voucher with this code, however it is typed; None for a code that there is not. contact_id: whose, for one that many have."""
    wanted = normal(typed)
    if not wanted:
        return None
    found = Voucher.objects.select_related("offer", "contact", "redeemed_by").filter(normal=wanted, single=True).first()
    if found is not None:
        return Found(found.offer, found, *_against(found, now))
    fixed = VoucherOffer.objects.filter(kind=CodeKind.FIXED).exclude(code="")
    offer = next((one for one in fixed if normal(one.code) == wanted), None)
    if offer is None:
        return None
    if contact_id is None:
        return Found(offer, None, "whose", _("Many people have this code. Say whose it is."))
    theirs = Voucher.objects.select_related("offer", "contact", "redeemed_by").filter(
        offer=offer, contact_id=contact_id
    )
    rows = sorted(theirs, key=lambda one: (one.redeemed_at is not None, -one.pk))
    if not rows:
        return Found(offer, None, "not_theirs", _("This person was not given this code."))
    return Found(offer, rows[0], *_against(rows[0], now))


def _against(voucher: Voucher, now: datetime) -> tuple[str, str]:
    """Why it cannot be redeemed now; empty where it can."""
    if voucher.redeemed_at is not None:
        return "redeemed", redeemed_said(voucher)
    if voucher.contact_id is None:
        return "not_given", _("This code has not been given to anybody yet.")
    if voucher.expires_at is not None and voucher.expires_at <= now:
        return "expired", _("This code expired on %(when)s.") % {"when": _moment(voucher.expires_at)}
    if not voucher.offer.active:
        return "over", _("This offer is over.")
    return "", ""


def redeemed_said(voucher: Voucher) -> str:
    """When and where it was redeemed, as a sentence."""
    who = voucher.redeemed_by
    where = ", ".join(
        part for part in (voucher.redeemed_where, who and (who.get_full_name() or who.get_username())) if part
    )
    said = {"when": _moment(voucher.redeemed_at), "where": where or "–"}
    return _("This code was redeemed already, on %(when)s (%(where)s).") % said


def _moment(instant: datetime | None) -> str:
    return date_format(localtime(instant), "DATETIME_FORMAT") if instant else ""


def redeem(
    voucher: Voucher, *, now: datetime, where: str, operator_id: int | None = None, reference: str = "", played: bool = False
) -> Voucher:  # fmt: skip
    """Redeem it, once; `NotRedeemable` with a sentence. Told again with the same reference, the first time stands.

    A code that was only for practice is redeemed for practice; played: as is one from the sandbox, and a real one stays as it is.
    """
    played = played or voucher.practice
    with transaction.atomic():
        fresh = (
            Voucher.objects.select_for_update(of=("self",), no_key=True)
            .select_related("offer", "contact", "redeemed_by")
            .get(pk=voucher.pk)
        )
        problem, sentence = _against(fresh, now)
        if problem == "redeemed" and reference and fresh.reference == reference:
            return fresh
        if problem:
            raise NotRedeemable(problem, sentence)
        if not played or fresh.practice:
            fresh.redeemed_at, fresh.redeemed_where = now, where[:120]
            fresh.reference, fresh.redeemed_by_id = reference[:100], operator_id
            fresh.save(update_fields=["redeemed_at", "redeemed_where", "reference", "redeemed_by"])
        _tell([fresh], REDEEMED, now, where=where, reference=reference, operator_id=operator_id, played=played)
    return fresh


def undo(voucher: Voucher, *, now: datetime, operator_id: int | None) -> bool:
    """It was redeemed by mistake: it can be redeemed again. Whether it was redeemed."""
    with transaction.atomic():
        free = {"redeemed_at": None, "redeemed_where": "", "reference": "", "redeemed_by": None}
        done = Voucher.objects.filter(pk=voucher.pk, redeemed_at__isnull=False).update(**free)
        if done:
            _tell([voucher], REDEMPTION_UNDONE, now, operator_id=operator_id, played=voucher.practice)
    return bool(done)


def _tell(
    vouchers: Iterable[Voucher], name: str, now: datetime, *, played: bool, where: str = "", reference: str = "",
    operator_id: int | None = None,
) -> None:  # fmt: skip
    events.record_many(
        [
            events.Fact(
                one.contact_id or 0, name, now, f"{one.pk}:{now.isoformat()}", _data(one, where, reference), SOURCE, operator_id,
                played or one.practice,
            )
            for one in vouchers
        ],
        now=now,
    )  # fmt: skip


def _data(voucher: Voucher, where: str, reference: str) -> dict[str, Any]:
    """What stands with the event: the title for staff, the offer for filters, and the way that the code belongs to."""
    offer = voucher.offer
    number = voucher.occasion.removeprefix(WAY)
    way = {"way": int(number)} if voucher.occasion.startswith(WAY) and number.isdecimal() else {}
    told = {
        "voucher": offer.slug,
        "title": f"{offer.name}: {offer.gives}",
        "code": voucher.code,
        "where": where,
        "reference": reference,
    }
    return {name: value for name, value in told.items() if value} | way


def codes_in(data: Mapping[str, Any]) -> list[str]:
    """The codes that an order names: `vouchers`, or one as `voucher`; as they are compared."""
    told = data.get("vouchers")
    many = told if isinstance(told, list) else [data.get("voucher")]
    return [code for one in many[:50] if isinstance(one, str) and (code := normal(one))]


def named_by_orders(facts: Iterable[events.Fact], now: datetime) -> None:
    """Redeem what new orders name; what was redeemed before, or is unknown here, is left. Whatever the shop took in, it took in."""
    orders = [(fact, codes) for fact in facts if fact.name in _BUYING and (codes := codes_in(fact.data))]
    if not orders:
        return
    wanted = {code for _fact, codes in orders for code in codes}
    fixed = {normal(one.code): one.pk for one in VoucherOffer.objects.filter(kind=CodeKind.FIXED).exclude(code="")}
    shared = {fixed[code] for code in wanted & fixed.keys()}
    buyers = {fact.contact_id for fact, _codes in orders}
    open_ones = Voucher.objects.select_related("offer").filter(redeemed_at=None, contact__isnull=False)
    rows = [
        *open_ones.filter(Among("normal", wanted), single=True),
        *(
            open_ones.filter(Among("contact_id", buyers), offer_id__in=shared, single=False).order_by("id")
            if shared
            else ()
        ),
    ]
    by_code = {row.normal: row for row in rows if row.single}
    by_person = {(row.normal, row.contact_id): row for row in rows if not row.single}
    for fact, codes in orders:
        for code in codes:
            row = by_code.pop(code, None) or by_person.pop((code, fact.contact_id), None)
            if row is not None:
                _take_in(row, fact, now)


def _take_in(voucher: Voucher, fact: events.Fact, now: datetime) -> None:
    if fact.played and not voucher.practice:
        _tell([voucher], REDEEMED, now, where=fact.source, played=True)
        return
    number = str(fact.data.get("order", ""))
    where = (BY_ORDER % {"number": number} if number else fact.source)[:120]
    taken = {
        "redeemed_at": fact.at,
        "redeemed_where": where,
        "reference": number[:100],
        "redeemed_by_id": fact.operator_id,
    }
    if Voucher.objects.filter(pk=voucher.pk, redeemed_at=None).update(**taken):
        _tell([voucher], REDEEMED, now, where=where, reference=number, operator_id=fact.operator_id, played=fact.played)
