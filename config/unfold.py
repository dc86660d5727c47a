"""The admin's dress: name, colours, and the sidebar in staff's words."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Page:
    """One line of the sidebar: shown to whom `permission` is given, with an icon of Material Symbols."""

    title: str | Promise
    icon: str
    address: str
    permission: str


def _list(title: str | Promise, icon: str, app: str, model: str) -> Page:
    return Page(title, icon, f"admin:{app}_{model}_changelist", f"{app}.view_{model}")


SIDEBAR: tuple[tuple[str | Promise, tuple[Page, ...]], ...] = (
    (
        _("People"),
        (
            _list(_("Contacts"), "person", "contacts", "contact"),
            _list(_("Groups"), "groups", "contacts", "group"),
            _list(_("Segments"), "filter_alt", "contacts", "segment"),
            _list(_("Bookings"), "calendar_month", "contacts", "booking"),
            Page(_("Counter"), "point_of_sale", "admin:contacts_voucher_counter", "contacts.redeem_voucher"),
            _list(_("Classes"), "self_improvement", "contacts", "classsession"),
            _list(_("Imports"), "upload_file", "contacts", "importrun"),
            _list(_("Bulk actions"), "checklist_rtl", "contacts", "bulkrun"),
            _list(_("Possible duplicates"), "people_alt", "contacts", "duplicate"),
            _list(_("Merged contacts"), "merge", "contacts", "merge"),
            _list(_("Consent"), "fact_check", "contacts", "consent"),
            _list(_("Suppressions"), "block", "contacts", "suppression"),
            _list(_("Events"), "event_note", "contacts", "event"),
        ),
    ),
    (
        _("Sending"),
        (
            _list(_("Inbox"), "inbox", "channels", "conversation"),
            _list(_("Cascades"), "waterfall_chart", "cascades", "cascade"),
            _list(_("Launches"), "rocket_launch", "cascades", "launch"),
            _list(_("Recipients"), "checklist", "cascades", "enrollment"),
            _list(_("Deliveries"), "outgoing_mail", "channels", "delivery"),
        ),
    ),
    (
        _("Content and channels"),
        (
            _list(_("Messages"), "edit_note", "channels", "message"),
            _list(_("Voucher offers"), "redeem", "contacts", "voucheroffer"),
            _list(_("Goes with"), "add_shopping_cart", "contacts", "goeswith"),
            _list(_("Bought together"), "shopping_basket", "contacts", "boughttogether"),
            _list(_("Vouchers"), "confirmation_number", "contacts", "voucher"),
            _list(_("Forms"), "quiz", "channels", "form"),
            _list(_("Answers"), "rate_review", "channels", "formanswer"),
            _list(_("Channels"), "cell_tower", "channels", "channel"),
            _list(_("Invitations to join"), "qr_code_2", "channels", "invitation"),
            _list(_("Confirmations"), "mark_email_read", "channels", "confirmation"),
            _list(_("Sandbox"), "science", "channels", "sandboxmessage"),
            _list(_("Incoming reports"), "call_received", "channels", "inboundcall"),
        ),
    ),
    (
        _("House"),
        (
            _list(_("Business"), "storefront", "contacts", "business"),
            _list(_("Branches"), "location_on", "contacts", "branch"),
            _list(_("Staff"), "badge", "auth", "user"),
            _list(_("Staff groups"), "shield_person", "auth", "group"),
            _list(_("Integrations"), "hub", "contacts", "integration"),
            _list(_("Websites"), "language", "channels", "site"),
            _list(_("Connections"), "cable", "contacts", "connection"),
            _list(_("Outgoing webhooks"), "webhook", "channels", "outgoinghook"),
            _list(_("Calls of webhooks"), "call_made", "channels", "hookcall"),
            _list(_("Calls of connections"), "call_received", "contacts", "received"),
            _list(_("How long things are kept"), "auto_delete", "contacts", "retention"),
            _list(_("Changes"), "history", "contacts", "change"),
            _list(_("Exports"), "output", "contacts", "handout"),
            _list(_("Erasures"), "person_off", "contacts", "erasure"),
            _list(_("Periodic tasks"), "schedule", "django_celery_beat", "periodictask"),
            Page(_("Health"), "monitor_heart", "admin:health", "cascades.view_launch"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar for this person: only what they may see, and no empty headings."""
    groups: list[dict[str, Any]] = []
    for title, pages in SIDEBAR:
        items = [item for page in pages if request.user.has_perm(page.permission) for item in _items(page)]
        if items:
            groups.append({"title": title, "separator": bool(groups), "items": items})
    return groups


def _items(page: Page) -> list[dict[str, Any]]:
    try:
        return [{"title": page.title, "icon": page.icon, "link": reverse(page.address)}]
    except NoReverseMatch:  # a room that has no such page
        return []


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Cascada",
    "SITE_HEADER": "Cascada",
    "SITE_SYMBOL": "water",
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "config.fence.badge",
    "DASHBOARD_CALLBACK": "cascades.admin.front.page",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("cascades/icon.svg")}],
    "STYLES": [lambda _request: static("config/admin.css")],
    "COLORS": {
        "primary": {
            "50": "oklch(98.4% .014 180.72)",
            "100": "oklch(95.3% .051 180.801)",
            "200": "oklch(91% .096 180.426)",
            "300": "oklch(85.5% .138 181.071)",
            "400": "oklch(77.7% .152 181.912)",
            "500": "oklch(70.4% .14 182.503)",
            "600": "oklch(51.1% .096 186.391)",
            "700": "oklch(45% .085 187.5)",
            "800": "oklch(43.7% .078 188.216)",
            "900": "oklch(38.6% .063 188.416)",
            "950": "oklch(27.7% .046 192.524)",
        },
    },
    "SIDEBAR": {"show_search": True, "show_all_applications": False, "navigation": navigation},
}
