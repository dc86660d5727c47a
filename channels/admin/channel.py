"""The page of a channel: what it is, its account, how it fares, and buttons to try it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import display

from channels import capabilities, health, practising, sending
from channels.admin import trying
from channels.admin.channel_form import PREFIX, AccountForm, NewChannelForm, account_form, shown_when
from channels.models import Channel, Delivery
from channels.readiness import obstacles
from channels.transport import Fact, Transport
from contacts import kinds
from contacts.admin.consent import KindFilter
from contacts.admin.limited import ModelAdmin
from contacts.models import Business, Group

_ACTS = ("test", "check", "breaker", "address", "practise")


@admin.register(Channel)
class ChannelAdmin(ModelAdmin):
    """Adding asks what it is; the account's settings follow on the channel's own page."""

    list_display = ("name", "shown_kind", "shown_carrier", "price", "price_unit", "rate", "health", "active")
    list_filter = (KindFilter, "active")
    list_filter_submit = True
    search_fields = ("name", "sender_name", "sender_address")
    ordering = ("position", "id")
    show_full_result_count = False
    conditional_fields = shown_when()
    change_form_outer_before_template = "channels/channel_panel.html"

    class Media:
        css = {"all": ("channels/channels.css",)}

    @display(description=_("kind"), ordering="kind")
    def shown_kind(self, channel: Channel) -> str:
        return str(kinds.label(channel.kind))

    @display(description=_("carried by"), ordering="transport")
    def shown_carrier(self, channel: Channel) -> str:
        carrier = _carrier(channel)
        return str(carrier.label) if carrier else channel.transport

    @display(description=_("health"), label={"ok": "success", "stopped": "danger", "error": "warning", "new": "info"})
    def health(self, channel: Channel) -> tuple[str, str]:
        return _health(channel)

    def get_form(self, request: HttpRequest, obj: Channel | None = None, change: bool = False, **kwargs: Any) -> Any:
        carrier = _carrier(obj) if obj else None
        kwargs["form"] = NewChannelForm if obj is None else account_form(carrier) if carrier else AccountForm
        return super().get_form(request, obj, change, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> tuple[str, ...]:
        """What has carried a message stays what it is: its reports and its history belong to it."""
        if obj is None:
            return ()
        return ("shown_kind", "shown_carrier") if Delivery.objects.filter(channel=obj).exists() else ("shown_kind",)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return [(None, {"fields": ["name", ("kind", "transport")]}), _SENDER, _PRICE]
        fixed = "shown_carrier" in self.get_readonly_fields(request, obj)
        what = ["name", ("shown_kind", "shown_carrier" if fixed else "transport"), "active"]
        carrier = _carrier(obj)
        account = [PREFIX + field.name for field in carrier.fields] if carrier else []
        sets = [(None, {"fields": what}), _SENDER, _PRICE]
        return [*sets[:1], (_("Account"), {"fields": account}), *sets[1:]] if account else sets

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        moved = isinstance(form, AccountForm) and form.changes_transport
        if moved and obj.carrier.live:
            obj.active = False
        super().save_model(request, obj, form, change)
        if change and "daily_limit" in form.changed_data:
            sending.wake(Delivery.objects.filter(channel=obj, reason="daily_limit"), now=timezone.now())
        if not change or moved:
            self.message_user(
                request,
                _("Now enter the account's settings, try them, and then set the channel in use."),
                messages.INFO,
            )

    def response_add(self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None) -> HttpResponse:
        if obj.carrier.fields:
            return HttpResponseRedirect(_page(obj.pk))
        answer: HttpResponse = super().response_add(request, obj, post_url_continue)
        return answer

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """No secret of a posted form stands in an error report."""
        protected = sensitive_post_parameters()(super().changeform_view)
        return protected(request, *args, **kwargs)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        channel = self.get_object(request, object_id)
        panel = self._panel(request, channel) if channel else {}
        answer: HttpResponse = super().change_view(
            request, object_id, form_url, {**(extra_context or {}), "panel": panel}
        )
        return answer

    def _panel(self, request: HttpRequest, channel: Channel) -> dict[str, Any]:
        business = Business.current()
        carrier = _carrier(channel)
        calls_back = (
            carrier is not None
            and carrier.live
            and carrier.verify is not Transport.verify
            and Fact.DELIVERED in carrier.reports_with(channel.kind, channel.settings)
        )
        figures = health.figures(channel, business, timezone.now())
        return {
            "channel": channel,
            "figures": figures,
            "error_percent": 100 * (figures.error_rate or 0),
            "currency": business.currency,
            "matrix": capabilities.matrix(channel) if carrier else [],
            "health": _health(channel)[1],
            "stopped": _is_stopped(channel),
            "obstacles": obstacles(channel, business),
            "callback_url": f"{business.public_address}/hooks/{channel.hook}/"
            if calls_back and business.public_address
            else "",
            "practice_groups": Group.objects.offered().order_by("name") if practising.possible(channel) else None,
            "asks_for_phone": channel.address_kind == "phone",
            "my_address": getattr(request.user, "email", "") if channel.address_kind == "email" else "",
            "may_change": self.has_change_permission(request, channel),
            "may_test": self.may_test(request),
            "asks_for_address": carrier is not None and carrier.live and not business.address_is_proven,
        }

    # The buttons

    def get_urls(self) -> list[URLPattern]:
        act = path("<int:pk>/do/<str:act>/", self.admin_site.admin_view(self.act_view), name="channels_channel_act")
        return [act, *super().get_urls()]

    def may_test(self, request: HttpRequest) -> bool:
        """Whether this person may send a test message."""
        return bool(request.user.has_perm("channels.test_channel"))

    def act_view(self, request: HttpRequest, pk: int, act: str) -> HttpResponse:
        """One of the page's buttons: does it, says what came of it, and returns to the page."""
        channel = get_object_or_404(Channel, pk=pk)
        allowed = self.may_test(request) if act == "test" else self.has_change_permission(request, channel)
        if not allowed or act not in _ACTS:
            raise PermissionDenied
        if request.method == "POST":
            ok, sentence = _do(act, channel, request)
            self.message_user(request, sentence, messages.SUCCESS if ok else messages.ERROR)
            self.log_change(request, channel, str(_LOGGED[act]))
        return HttpResponseRedirect(_page(pk) if self.has_view_permission(request, channel) else reverse("admin:index"))


_SENDER = (_("Sender"), {"fields": [("sender_name", "sender_address"), "reply_to"]})
_PRICE = (
    _("Price and pace"),
    {"fields": [("price", "price_unit"), ("rate", "daily_limit"), "spread_minutes", "position"]},
)
_LOGGED = {
    "test": _("Sent a test message."),
    "check": _("Checked the account."),
    "breaker": _("Set the channel in use again after errors."),
    "address": _("Checked the public address."),
    "practise": _("Let people join for practice."),
}


def _do(act: str, channel: Channel, request: HttpRequest) -> trying.Told:
    if act == "test":
        return trying.send_test(channel, request.POST.get("to", ""))
    if act == "practise":
        return trying.let_join(channel, request.POST.get("group", ""), timezone.now())
    if act == "check":
        return trying.check_account(channel)
    return trying.close_breaker(channel) if act == "breaker" else trying.check_address(timezone.now())


def _page(pk: int) -> str:
    return reverse("admin:channels_channel_change", args=[pk])


def _carrier(channel: Channel) -> type[Transport] | None:
    try:
        return channel.carrier
    except LookupError:
        return None


def _is_stopped(channel: Channel) -> bool:
    return channel.breaker_until is not None and channel.breaker_until > timezone.now()


def _health(channel: Channel) -> tuple[str, str]:
    """A code for the colour, and the words."""
    if _is_stopped(channel):
        return "stopped", str(_("stopped after errors"))
    if channel.last_error_at and (channel.last_success_at is None or channel.last_error_at > channel.last_success_at):
        return "error", str(_("last attempt failed"))
    return ("ok", str(_("works"))) if channel.last_success_at else ("new", str(_("not used yet")))
