"""The sandbox in the admin: what would have gone out, as the person would see it, and buttons that play the person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action, display

from channels import sandbox_play
from channels.admin.sandbox_page import page
from channels.models import SandboxMessage
from channels.sandbox_play import Act, CannotPlay, Operator
from contacts import kinds, territory
from contacts.admin.consent import KindFilter
from contacts.admin.limited import ModelAdmin


@admin.register(SandboxMessage)
class SandboxAdmin(ModelAdmin):
    """Nothing is written by hand here: the transport writes, the buttons play."""

    list_display = ("shown_to", "shown_kind", "sent_at", "shown_text", "shown_played")
    list_filter = (KindFilter, "channel")
    list_filter_submit = True
    search_fields = ("to", "recipient_name", "subject", "text")
    list_select_related = ("channel",)
    list_per_page = 25
    show_full_result_count = False
    actions = ("play_delivered", "play_open", "play_opt_out")

    class Media:
        css = {"all": ("channels/channels.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: SandboxMessage | None = None) -> bool:
        return False

    def has_play_permission(self, request: HttpRequest) -> bool:
        """Whether this person may play the person."""
        return bool(request.user.has_perm("channels.play_sandbox"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[SandboxMessage]:
        messages: QuerySet[SandboxMessage] = super().get_queryset(request)
        return messages.defer("html", "headers")

    @display(description=_("to"), ordering="to", header=True)
    def shown_to(self, message: SandboxMessage) -> tuple[str, str]:
        return message.recipient_name or message.shown_to, message.shown_to if message.recipient_name else ""

    @display(description=_("kind"), ordering="kind")
    def shown_kind(self, message: SandboxMessage) -> str:
        return str(kinds.label(message.kind))

    @display(description=_("message"))
    def shown_text(self, message: SandboxMessage) -> str:
        return (message.subject or message.text)[:80]

    @display(description=_("played"))
    def shown_played(self, message: SandboxMessage) -> str:
        return ", ".join(str(_SHORT.get(act.get("act", ""), "")) for act in message.played)

    # The page of one person

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Instead of a form: what the person sees."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        pk = int(object_id) if object_id.isdecimal() else None
        message = territory.found(SandboxMessage.objects.select_related("channel"), request.user, pk=pk)
        shown = page(message, request.user)
        context = {
            **self.admin_site.each_context(request), "title": _("Sandbox"), "opts": self.opts, "original": message, "page": shown,
            "may_play": self.has_play_permission(request), "media": self.media, "kind": kinds.label(message.kind),
            "contact_url": _contact_url(shown.contact_id) if request.user.has_perm("contacts.view_contact") else "",
        }  # fmt: skip
        return TemplateResponse(request, "channels/sandbox_message.html", context)

    def get_urls(self) -> list[URLPattern]:
        play = path("<int:pk>/play/", self.admin_site.admin_view(self.play_view), name="channels_sandboxmessage_play")
        return [play, *super().get_urls()]

    def play_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One of the buttons: plays, says what was played, and returns to the page."""
        message = territory.found(SandboxMessage.objects.select_related("channel"), request.user, pk=pk)
        if not self.has_play_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            self._play(
                request,
                [message],
                request.POST.get("act", ""),
                request.POST.get("text", ""),
                request.POST.get("link", "0"),
            )
        return HttpResponseRedirect(reverse("admin:channels_sandboxmessage_change", args=[pk]))

    def _play(
        self, request: HttpRequest, chosen: list[SandboxMessage], act: str, text: str = "", link: str = "0"
    ) -> None:
        number = int(link) if link.isdecimal() else -1
        try:
            sandbox_play.play_all(
                chosen, act, now=timezone.now(), operator=Operator.of(request.user), text=text, link=number
            )
        except CannotPlay as problem:
            self.message_user(request, str(problem), messages.ERROR)
            return
        played = sandbox_play.PLAYED[Act(act)]
        if len(chosen) == 1:
            self.message_user(request, played, messages.SUCCESS)
            return
        many = ngettext("%(count)d message.", "%(count)d messages.", len(chosen)) % {"count": len(chosen)}
        self.message_user(request, f"{played} {many}", messages.SUCCESS)

    # The same for many

    @action(description=_("Play: delivered"), permissions=["play"])
    def play_delivered(self, request: HttpRequest, queryset: QuerySet[SandboxMessage]) -> None:
        self._play_many(request, queryset, Act.DELIVERED)

    @action(description=_("Play: opened"), permissions=["play"])
    def play_open(self, request: HttpRequest, queryset: QuerySet[SandboxMessage]) -> None:
        self._play_many(request, queryset, Act.OPEN)

    @action(description=_("Play: opted out"), permissions=["play"])
    def play_opt_out(self, request: HttpRequest, queryset: QuerySet[SandboxMessage]) -> None:
        self._play_many(request, queryset, Act.OPT_OUT)

    def _play_many(self, request: HttpRequest, queryset: QuerySet[SandboxMessage], act: Act) -> None:
        whole = list(queryset.defer(None).select_related("channel"))
        able = [message for message in whole if act in sandbox_play.acts_for(message)]
        if able:
            self._play(request, able, act)
        if len(able) < len(whole):
            left = ngettext(
                "%(count)d message cannot be played so.",
                "%(count)d messages cannot be played so.",
                len(whole) - len(able),
            )
            self.message_user(request, left % {"count": len(whole) - len(able)}, messages.WARNING)


_SHORT = {
    "delivered": _("delivered"), "open": _("opened"), "click": _("clicked"), "answer": _("answered"), "order": _("ordered"),
    "press": _("pressed a button"), "bounce": _("bounced"), "opt_out": _("opted out"),
}  # fmt: skip


def _contact_url(contact_id: int | None) -> str:
    return reverse("admin:contacts_contact_change", args=[contact_id]) if contact_id else ""
