"""Invitations to join: made here, shown as links and QR codes, printed for the counter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from channels.join_links import JoinLink, join_links, landing
from channels.models import Invitation
from contacts.admin.limited import ModelAdmin
from contacts.models import Business, Group

PAPERS = ("a5", "a4")


@dataclass(frozen=True, slots=True)
class Code:
    """A way in as it is shown: the label, its address, and the address as a QR code. kind: "" for the page with all of them."""

    label: str
    url: str
    svg: SafeString
    kind: str = ""


def code(label: str, url: str, kind: str = "") -> Code:
    drawn = segno.make(url, error="m", micro=False).svg_inline(
        omitsize=True, border=4, dark="#000", light="#fff", title=label
    )
    return Code(label, url, mark_safe(drawn), kind)  # noqa: S308 - drawn by segno, which escapes the title


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Language as a choice; one that names a contact works once."""

    language = forms.ChoiceField(label=capfirst(_("language")), required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Invitation
        fields = ("source", "channel", "group", "contact", "language", "expires_at", "sms_a_day", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "group" in self.fields:
            self.fields["group"].queryset = Group.objects.offered()  # type: ignore[attr-defined]
        if "language" in self.fields:
            self.fields["language"].choices = [("", _("as the visitor's browser")), *settings.LANGUAGES]  # type: ignore[attr-defined]

    def save(self, commit: bool = True) -> Invitation:
        self.instance.single_use = self.instance.contact_id is not None
        saved: Invitation = super().save(commit)
        return saved


class MadeBy(admin.SimpleListFilter):
    """Those that messages made, one for each person, are as many as the people: they show when asked for."""

    title = _("made by")
    parameter_name = "made"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("messages", _("messages"))]

    def choices(self, changelist: Any) -> Iterator[Any]:
        shown = list(super().choices(changelist))
        shown[0]["display"] = _now("staff")
        yield from shown

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(by_message=self.value() == "messages")


@admin.register(Invitation)
class InvitationAdmin(ModelAdmin):
    """One line per invitation; its page shows every way in."""

    form = InvitationForm
    list_display = ("source", "channel", "contact", "group", "state")
    list_select_related = ("channel", "contact", "group")
    list_filter = (MadeBy, "active")
    search_fields = ("source",)
    autocomplete_fields = ("contact",)
    ordering = ("-id",)
    show_full_result_count = False
    change_form_before_template = "channels/invitation_codes.html"

    class Media:
        css = {"all": ("channels/channels.css",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Invitation | None = None) -> tuple[str, ...]:
        """What a message carries to one person stays theirs; it can be put out of use."""
        return (
            ("source", "channel", "group", "contact", "language", "expires_at", "sms_a_day")
            if obj and obj.by_message
            else ()
        )

    def get_urls(self) -> list[URLPattern]:
        poster = path(
            "<int:pk>/poster/", self.admin_site.admin_view(self.poster), name="channels_invitation_poster"
        )  # fmt: skip
        urls: list[URLPattern] = super().get_urls()
        return [poster, *urls]

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        found = self.get_object(request, object_id) if object_id else None
        shown = {"codes": _codes(found), "papers": PAPERS, "languages": settings.LANGUAGES, "invitation": found}
        return super().changeform_view(request, object_id, form_url, {**(extra_context or {}), **shown})

    def poster(self, request: HttpRequest, pk: int) -> HttpResponse:
        """A page to print: the shop, one QR code, and what to do with it; in any of our languages, on A4 or A5."""
        found = self.get_object(request, str(pk))
        if found is None:
            raise Http404
        if not self.has_view_permission(request, found):
            raise PermissionDenied
        business = Business.current()
        asked = request.GET.get("language") or found.language or business.language
        language = asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        paper = request.GET.get("paper") if request.GET.get("paper") in PAPERS else PAPERS[0]
        with translation.override(language):
            codes = _codes(found)
            wanted = next((one for one in codes if one.kind == request.GET.get("channel", "")), None)
            context = {
                "business": business, "code": wanted or (codes[0] if codes else None), "paper": paper, "language": language,
                "ways": [one.label for one in codes if one.kind] if not wanted or not wanted.kind else [],
            }  # fmt: skip
            return render(request, "channels/invitation_poster.html", context)

    @display(description=_("state"), label={"open": "success", "spent": "info", "ended": "warning", "full": "danger"})
    def state(self, invitation: Invitation) -> tuple[str, str]:
        if invitation.is_spent:
            return "spent", _now("used")
        if invitation.had_enough(timezone.now()):
            return "full", _now("in use, no more SMS today")
        return ("open", _now("in use")) if invitation.holds(timezone.now()) else ("ended", _now("ended"))


def _codes(invitation: Invitation | None) -> list[Code]:
    """The page with all ways in first, then each way by itself; nothing while there is no public address."""
    business = Business.current()
    page = landing(invitation, business) if invitation else ""
    if invitation is None or not page:
        return []
    return [code(_now("All channels"), page), *(_one(link) for link in join_links(invitation, business))]


def _one(link: JoinLink) -> Code:
    return code(link.label, link.url, link.channel.kind)
