"""The inbox: who wrote to us and waits for an answer, and the page on which staff read and answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.signing import BadSignature, Signer
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from channels import answering
from channels.admin.template_choice import TemplateForm
from channels.admin.thread import thread
from channels.admin.whose import WhoForm
from channels.models import Conversation, Delivery, DeliveryEvent
from channels.models.conversation import UNREAD
from channels.models.delivery import new_token
from channels.transport import Fact
from contacts import kinds, territory
from contacts.admin.limited import RelatedDropdownFilter
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.models import Contact
from contacts.searching import found_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAY_ANSWER = "channels.answer_conversation"
REFRESH = 4  # seconds


class ShownFilter(DropdownFilter):
    """What waits for an answer, unless something else is asked for or searched."""

    title = _("show")
    parameter_name = "show"
    all_option = ("", _("open"))

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        return [("unread", _("unread")), ("mine", _("in my hands")), ("done", _("done")), ("all", _("all"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Conversation]) -> QuerySet[Conversation]:
        which = {
            "unread": UNREAD, "mine": Q(assigned=request.user.pk, open=True), "done": Q(open=False), "all": Q(),
            "": Q() if request.GET.get("q") else Q(open=True),
        }  # fmt: skip
        return queryset.filter(which.get(self.value() or "", Q()))


@admin.register(Conversation)
class InboxAdmin(ReadOnlyAdmin):
    """One line per conversation; nothing is edited, it is answered."""

    list_display = ("who", "last_words", "state", "channel", "assigned", "last_at")
    list_display_links = ("who",)
    list_filter = (ShownFilter, ("channel", RelatedDropdownFilter))
    list_select_related = ("contact", "channel", "assigned")
    search_fields = ("contact__search", "address", "name")
    search_help_text = _("Name or address")
    walks_by = "last_at"
    actions: Any = None

    class Media:
        css = {"all": ("channels/inbox.css",)}
        js = ("channels/inbox.js",)

    # The list

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        found: QuerySet[Conversation] = super().get_queryset(request)
        newest = DeliveryEvent.objects.filter(conversation=OuterRef("pk"), fact=Fact.REPLIED).order_by("-id")
        return found.annotate(words=Subquery(newest.values("text")[:1])).defer("channel__sealed")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Conversation], search_term: str
    ) -> tuple[QuerySet[Conversation], bool]:
        if not search_term.strip():
            return queryset, False
        people = found_by(Contact.objects.all(), search_term).values("pk")
        term = search_term.strip()
        return queryset.filter(Q(contact__in=people) | Q(address__icontains=term) | Q(name__icontains=term)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), "title": gettext("Inbox")})
        return answer

    @display(description=_("person"), header=True)
    def who(self, conversation: Conversation) -> tuple[str, str]:
        shown = _shown(conversation)
        name = str(conversation.contact or conversation.name or gettext("Somebody unknown"))
        return name, shown if shown != name else ""

    @display(description=_("last words"))
    def last_words(self, conversation: Any) -> SafeString:
        return format_html('<span class="whitespace-normal">{}</span>', (conversation.words or "–")[:120])

    @display(description=_("state"), label={"new": "info", "open": "warning", "done": "success"})
    def state(self, conversation: Conversation) -> tuple[str, str]:
        if conversation.unread:
            return "new", gettext("new")
        return ("open", gettext("open")) if conversation.open else ("done", gettext("done"))

    # The page of one conversation

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        own = [
            path("<int:pk>/reply/", wrap(require_POST(self.reply_view)), name="channels_conversation_reply"),
            path("<int:pk>/template/", wrap(require_POST(self.template_view)), name="channels_conversation_template"),
            path("<int:pk>/do/", wrap(require_POST(self.act_view)), name="channels_conversation_act"),
            path("<int:pk>/who/", wrap(require_POST(self.who_view)), name="channels_conversation_who"),
        ]
        return [*own, *super().get_urls()]

    def may_answer(self, request: HttpRequest) -> bool:
        return bool(self.has_view_permission(request) and request.user.has_perm(MAY_ANSWER))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The thread; with ?part=1 only what changes by itself. Who may answer has read what they see."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        conversation = _found(request, int(object_id) if object_id.isdecimal() else 0)
        if self.may_answer(request):
            if conversation.contact_id is None and (owner := answering.owner(conversation)):
                answering.tie(conversation, owner, now=timezone.now())
            answering.read(conversation)
        return self._page(request, conversation)

    def _page(self, request: HttpRequest, conversation: Conversation, **more: Any) -> HttpResponse:
        shown = thread(conversation, timezone.now(), territory.of(request.user))
        may = self.may_answer(request)
        knows = may and request.user.has_perm("contacts.view_contact")
        context = {
            "thread": shown, "conversation": conversation, "may_answer": may, "refresh": REFRESH,
            "contact_url": _contact_url(conversation) if request.user.has_perm("contacts.view_contact") else "",
            "key": _signer(conversation).sign(new_token()), "typed": "", **more,
        }  # fmt: skip
        if may and shown.standing.template_only:
            context["templates"] = TemplateForm(conversation, shown.standing.person, request.POST or request.GET)
        if request.GET.get("part"):
            return TemplateResponse(request, "channels/thread_lines.html", context)
        may_add = request.user.has_perm("contacts.add_contact")
        who = more.get("who") or WhoForm(conversation, may_add=may_add, mine=territory.of(request.user))
        asks = knows and conversation.contact_id is None
        page = {
            **self.admin_site.each_context(request), "title": shown.contact or conversation.name or shown.address,
            "opts": self.opts, "who": who if asks else None, "media": self.media + who.media,
        }  # fmt: skip
        return TemplateResponse(request, "channels/thread.html", {**page, **context, "who": page["who"]})

    def reply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An answer. What cannot be sent stays in the box, with the reason above it."""
        conversation = self._answerable(request, pk)
        text = request.POST.get("text", "")
        try:
            token = _signer(conversation).unsign(request.POST.get("key", ""))
            sent = answering.reply(conversation, text, token=token, user=request.user, now=timezone.now())  # type: ignore[arg-type]
        except BadSignature:
            return self._page(request, conversation, typed=text, problem=gettext("Please send it once more."))
        except answering.CannotAnswer as problem:
            return self._page(request, conversation, typed=text, problem=str(problem))
        if sent is None and not _is_the_same(token, text):
            again = gettext("From this page an answer was sent already. If this is another one, send it once more.")
            return self._page(request, conversation, typed=text, problem=again)
        return HttpResponseRedirect(_url(pk))

    def template_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """An approved template, for those to whom nothing else may go now."""
        conversation = self._answerable(request, pk)
        now = timezone.now()
        form = TemplateForm(conversation, answering.standing(conversation, now).person, request.POST)
        if form.chosen is None:
            return HttpResponseRedirect(_url(pk))
        try:
            token = _signer(conversation).unsign(request.POST.get("key", ""))
            variant = form.chosen.variant
            answering.send_template(conversation, variant, form.given, token=token, user=request.user, now=now)  # type: ignore[arg-type]
        except BadSignature:
            return self._page(request, conversation, problem=gettext("Please send it once more."))
        except answering.CannotAnswer as problem:
            return self._page(request, conversation, problem=str(problem))
        return HttpResponseRedirect(_url(pk))

    def act_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Done, open again, in my hands, in nobody's."""
        conversation = self._answerable(request, pk)
        match request.POST.get("act", ""):
            case "done":
                seen = request.POST.get("heard", "")
                if answering.close(conversation, heard=int(seen) if seen.isdecimal() else 0):
                    return HttpResponseRedirect(reverse("admin:channels_conversation_changelist"))
                messages.warning(request, gettext("Something new was said meanwhile, so it stays open."))
            case "reopen":
                answering.reopen(conversation)
            case "take":
                answering.assign(conversation, request.user.pk)
            case "leave":
                answering.assign(conversation, None)
        return HttpResponseRedirect(_url(pk))

    def who_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Staff say who it is that writes."""
        conversation = self._answerable(request, pk)
        if not request.user.has_perm("contacts.view_contact"):
            raise PermissionDenied
        may_add = request.user.has_perm("contacts.add_contact")
        who = WhoForm(conversation, request.POST, may_add=may_add, mine=territory.of(request.user))
        if not who.is_valid():
            return self._page(request, conversation, who=who)
        contact = who.keep(conversation, timezone.now())
        messages.success(request, gettext("From now on this is %(name)s.") % {"name": contact})
        return HttpResponseRedirect(_url(pk))

    def _answerable(self, request: HttpRequest, pk: int) -> Conversation:
        if not self.may_answer(request):
            raise PermissionDenied
        return _found(request, pk)


def _found(request: HttpRequest, pk: int) -> Conversation:
    found = Conversation.objects.select_related("channel", "contact", "assigned")
    return territory.found(found.defer("channel__sealed"), request.user, pk=pk)


def _signer(conversation: Conversation) -> Signer:
    """An answer's token is minted here, for this conversation, and by nobody else."""
    return Signer(salt=f"channels.answer.{conversation.pk}")


def _is_the_same(token: str, text: str) -> bool:
    context = Delivery.objects.filter(token=token).values_list("context", flat=True).first() or {}
    return str(context.get("reply", "")) == text.replace("\r\n", "\n").strip()


def _shown(conversation: Conversation) -> str:
    try:
        return kinds.get(conversation.channel.kind).show(conversation.address)
    except LookupError:
        return conversation.address


def _url(pk: int) -> str:
    return reverse("admin:channels_conversation_change", args=[pk])


def _contact_url(conversation: Conversation) -> str:
    known = conversation.contact_id
    return reverse("admin:contacts_contact_change", args=[known]) if known else ""
