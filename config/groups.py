"""The four ready groups of staff, and what each may do. They are made once; what the owner changes afterwards stays."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from django.db import connections
from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Ready:
    """Patterns of `app.codename`: given is what one of `may` matches and none of `not_` does."""

    name: str
    may: tuple[str, ...]
    not_: tuple[str, ...] = ()

    def has(self, permission: str) -> bool:
        return any(fnmatchcase(permission, may) for may in self.may) and not any(
            fnmatchcase(permission, refused) for refused in self.not_
        )


_KEYS = (
    "contacts.*_integration",
    "contacts.*_answeredcall",
    "contacts.*_connection",
    "contacts.*_received",
    "channels.*_outgoinghook",
    "channels.*_hookcall",
)
# What only whoever answers for all of it looks into.
_WATCH = ("contacts.*_erasure", "contacts.*_handout", "contacts.*_change", "contacts.*_retention")
_ACCOUNTS = ("channels.*_channel", "channels.*_inboundcall", *_KEYS)

GROUPS = (
    Ready(
        gettext_noop("Owner"),
        may=("contacts.*", "channels.*", "cascades.*", "auth.*_user", "auth.*_group", "django_celery_beat.*"),
    ),
    Ready(
        gettext_noop("Marketer"),
        may=(
            "contacts.view_*",
            "contacts.*_contact",
            "contacts.*_address",
            "contacts.*_guardian",
            "contacts.*_group",
            "contacts.*_segment",
            "contacts.*_membership",
            "contacts.*_importrun",
            "contacts.*_importlayout",
            "contacts.*_event",
            "contacts.*_booking",
            "contacts.*_voucheroffer",
            "contacts.*_goeswith",
            "contacts.redeem_voucher",
            "contacts.undo_redemption",
            "contacts.*_classsession",
            "contacts.add_consent",
            "contacts.consent_bulkrun",
            "contacts.undo_merge",
            "channels.view_*",
            "channels.*_message",
            "channels.*_messageversion",
            "channels.*_messagevariant",
            "channels.*_messageimage",
            "channels.*_form",
            "channels.*_formquestion",
            "channels.*_invitation",
            "channels.*_site",
            "channels.*_sandboxmessage",
            "channels.play_sandbox",
            "channels.test_channel",
            "channels.resolve_delivery",
            "channels.answer_conversation",
            "cascades.*",
        ),
        not_=("channels.*_inboundcall", *_KEYS, *_WATCH),
    ),
    Ready(
        gettext_noop("Front desk"),
        may=(
            "contacts.view_*",
            "contacts.add_contact",
            "contacts.change_contact",
            "contacts.merge_contact",
            "contacts.*_address",
            "contacts.*_guardian",
            "contacts.*_membership",
            "contacts.add_event",
            "contacts.record_event",
            "contacts.*_booking",
            "contacts.redeem_voucher",
            "contacts.*_classsession",
            "contacts.add_consent",
            "channels.view_*",
            "channels.add_invitation",
            "channels.answer_conversation",
            "cascades.view_*",
        ),
        not_=(*_ACCOUNTS, *_WATCH, "contacts.*_import*"),
    ),
    Ready(
        gettext_noop("Viewer"),
        may=("contacts.view_*", "channels.view_*", "cascades.view_*"),
        not_=(*_ACCOUNTS, *_WATCH, "contacts.*_import*"),
    ),
)

_known: set[tuple[str, str]] = set()


def remember(using: str, **_: Any) -> None:
    """Receiver of pre_migrate: which permissions there were before."""
    from django.contrib.auth.models import Permission

    _known.clear()
    if Permission._meta.db_table in connections[using].introspection.table_names():
        _known.update(_permissions(using))


def provide(using: str, **_: Any) -> None:
    """Receiver of post_migrate: make missing groups whole, and hand new permissions, and only those, to the existing."""
    from django.contrib.auth.models import Group

    permissions = _permissions(using)
    for ready in GROUPS:
        group, made = Group.objects.using(using).get_or_create(name=ready.name)
        group.permissions.add(
            *(pk for key, pk in permissions.items() if (made or key not in _known) and ready.has(".".join(key)))
        )
    _known.update(permissions)


def _permissions(using: str) -> dict[tuple[str, str], int]:
    from django.contrib.auth.models import Permission

    rows = Permission.objects.using(using).values_list("content_type__app_label", "codename", "pk")
    return {(app, codename): pk for app, codename, pk in rows}
