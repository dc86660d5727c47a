"""What became of one person at one step, in one word with its sentence: what staff filter by and read in every list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, CharField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from cascades.models import Decision, StepRun
from channels.models import DeliveryStatus, Grade
from contacts import reasons

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LABELS: dict[str, StrOrPromise] = {
    "answered": _("answered"),
    "clicked": _("clicked"),
    "opened": _("opened"),
    "unsubscribed": _("unsubscribed"),
    "delivered": _("delivered"),
    "sent": _("sent"),
    "waiting": _("waiting"),
    "skipped": _("skipped"),
    "failed": _("failed"),
    "unclear": _("unclear"),
}
TONES = {
    "answered": "success", "clicked": "success", "opened": "success", "delivered": "info", "sent": "info",
    "failed": "danger", "unclear": "warning", "unsubscribed": "warning", "skipped": "", "waiting": "",
}  # fmt: skip

_STATUS = "delivery__status"
# In the order of what says most: an opened message was also sent, and is listed as opened.
_RULES: tuple[tuple[str, Q], ...] = (
    ("unsubscribed", Q(delivery__unsubscribed_at__isnull=False)),
    ("answered", Q(delivery__replied_at__isnull=False)),
    ("clicked", Q(delivery__clicked_grade=Grade.HUMAN)),
    ("opened", Q(delivery__opened_grade=Grade.HUMAN)),
    ("skipped", Q(decision=Decision.SKIP) | Q(**{_STATUS: DeliveryStatus.CANCELLED})),
    ("waiting", Q(**{f"{_STATUS}__in": [DeliveryStatus.QUEUED, DeliveryStatus.SENDING]})),
    ("failed", Q(**{f"{_STATUS}__in": [DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.EXPIRED]})),
    ("unclear", Q(**{_STATUS: DeliveryStatus.UNKNOWN})),
    ("delivered", Q(**{_STATUS: DeliveryStatus.DELIVERED})),
    ("sent", Q(**{_STATUS: DeliveryStatus.SENT})),
)

# For `StepRun.objects.annotate(outcome_code=OUTCOME)`: the code, one of `LABELS`.
OUTCOME = Case(
    *[When(rule, then=Value(code)) for code, rule in _RULES],
    default=Value("sent"),
    output_field=CharField(max_length=12),
)


def implied(code: str) -> Q:
    """What holds of every run with this code and may have an index: the list looks there for those that are rare."""
    return Q() if code in ("sent", "skipped") else dict(_RULES).get(code, Q())


def sentence(run: StepRun) -> str:
    """Why it is so: the delivery's reason where there is one, else that of the decision."""
    if run.delivery is not None and run.delivery.reason:
        return reasons.say(run.delivery.reason, run.delivery.reason_params)
    return reasons.say(run.reason, run.reason_params)
