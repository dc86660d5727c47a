"""What other programs may ask of this room: what was sent to whom, and what became of it."""

import base64
import binascii
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field

from channels.models import Delivery
from contacts import kinds, reasons
from contacts.api.agreeing import the_one
from contacts.api.door import Key, Problem
from contacts.api.shapes import Refusal
from contacts.models import Scope
from contacts.privacy import handouts

router = Router(tags=["deliveries"])
PAGE, LARGEST_PAGE = 100, 500

Limit = Annotated[int, Field(ge=1, le=LARGEST_PAGE)]


class DeliveryOut(BaseModel):
    """One message to one person. `why`: the reason in a sentence, where there is one."""

    id: str
    contact: int
    external_id: str | None
    channel: str
    address: str
    purpose: str
    campaign: str
    step: str
    status: str
    why: str
    cost: Decimal
    planned_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    opened_at: datetime | None
    opened_by: str = Field(description="human, unsure, machine, or empty")
    clicked_at: datetime | None
    clicked_by: str
    replied_at: datetime | None
    unsubscribed_at: datetime | None
    sandbox: bool


class DeliveriesOut(BaseModel):
    """A page, the newest first. `next`: what to ask for with `cursor` to go on; empty at the end."""

    deliveries: list[DeliveryOut]
    next: str


@router.get(
    "/deliveries", auth=Key(Scope.DELIVERIES_READ, by_branch=True), summary="Read what was sent to a person",
    response={200: DeliveriesOut, 404: Refusal, 422: Refusal},
)  # fmt: skip
def of_person(
    request: HttpRequest, id: int | None = None, external_id: str | None = None, email: str | None = None, phone: str | None = None,  # noqa: A002
    cursor: str = "", limit: Limit = PAGE,
) -> DeliveriesOut:  # fmt: skip
    """The person is named by our number, the number in your system, an email or a phone."""
    contact_id = the_one(request, id, external_id, email, phone)
    handouts.read_by(request.auth.name, "deliveries", 1, now=timezone.now())  # type: ignore[attr-defined]
    return page_of(Delivery.objects.filter(contact_id=contact_id), cursor, limit)


def page_of(deliveries: QuerySet[Delivery], cursor: str, limit: int) -> DeliveriesOut:
    """The next `limit` after the cursor, and the cursor of those that follow."""
    found = deliveries.select_related("contact").order_by("-id")
    if cursor:
        found = found.filter(pk__lt=number_of(cursor))
    rows = list(found[: limit + 1])
    more = cursor_of(rows[limit - 1].pk) if len(rows) > limit else ""
    return DeliveriesOut(deliveries=[shown(row) for row in rows[:limit]], next=more)


def cursor_of(number: int) -> str:
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def number_of(cursor: str) -> int:
    """The number in a cursor; 422 for what is none of ours."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode()
        if len(text) < 19 and text.isascii() and text.isdecimal():
            return int(text)
    except (ValueError, binascii.Error):
        pass
    raise Problem(422, "bad_cursor", _("This cursor is not one that was given here."), field="cursor")


def shown(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.token, contact=delivery.contact_id, external_id=delivery.contact.external_id, channel=delivery.kind,
        address=delivery.address if kinds.typed(kinds.address_of(delivery.kind)) else "", purpose=delivery.purpose,
        campaign=delivery.campaign, step=delivery.step_name, status=delivery.status,
        why=reasons.say(delivery.reason, delivery.reason_params), cost=delivery.cost, planned_at=delivery.created_at,
        sent_at=delivery.sent_at, delivered_at=delivery.delivered_at, opened_at=delivery.opened_at,
        opened_by=delivery.opened_grade, clicked_at=delivery.clicked_at, clicked_by=delivery.clicked_grade,
        replied_at=delivery.replied_at, unsubscribed_at=delivery.unsubscribed_at, sandbox=delivery.sandbox,
    )  # fmt: skip
