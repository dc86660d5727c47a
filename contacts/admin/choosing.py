"""Who was chosen in the list of contacts, as a selection that can be asked anew in the background, and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.admin.contact_list import ContactChangeList
from contacts.many import runs
from contacts.models import Contact


class Chosen(ContactChangeList):
    """The list's filters and search, without its page."""

    def get_results(self, request: HttpRequest) -> None:
        self.result_list, self.result_count = [], 0


def selection(request: HttpRequest) -> dict[str, Any]:
    """What an action of the list was asked for: the ticked ones, or all that its filters leave."""
    if request.POST.get("select_across") == "1":
        kept = {name: values for name, values in request.GET.lists() if name not in ("p", "e")}
        return {"query": kept}
    return {"ids": sorted({int(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME) if pk.isdecimal()})}


def people(user: Any, query: Mapping[str, list[str]]) -> QuerySet[Contact]:
    """Those whom the list shows this user, now; the one way in which a selection becomes people."""
    return _list(user, query).queryset.order_by()


def words(user: Any, chosen: Mapping[str, Any]) -> str:
    """The selection as a phrase: "city: Madrid; found by “ana”"."""
    if "ids" in chosen:
        count = len(chosen["ids"])
        return ngettext("%(count)s person chosen in the list", "%(count)s people chosen in the list", count) % {
            "count": count
        }
    shown = _list(user, chosen["query"])
    said = [f"{spec.title}: {name}" for spec in shown.filter_specs if (name := _named(spec, shown))]
    if shown.query:
        said.append(_("found by “%(words)s”") % {"words": shown.query})
    return "; ".join(str(one) for one in said) or _("all contacts")


def _named(spec: Any, shown: Any) -> str:
    """What the filter is set to, as staff read it."""
    used = {
        str(value)
        for values in spec.used_parameters.values()
        for value in (values if isinstance(values, list) else [values])
    }
    if not used - {"", "None"}:
        return ""
    form = next(iter(spec.choices(shown)))["form"]
    field = next(iter(form.fields.values()))
    return ", ".join(
        str(label) for value, label in getattr(field, "choices", ()) if value not in ("", None) and str(value) in used
    )


def _list(user: Any, query: Mapping[str, list[str]]) -> Chosen:
    """As if this user had opened the list with these filters."""
    request = HttpRequest()
    request.method, request.user = "GET", user
    request.GET = QueryDict(urlencode(query, doseq=True))
    owner: Any = admin.site.get_model_admin(Contact)
    columns = owner.get_list_display(request)
    return Chosen(
        request, Contact, columns, None, owner.get_list_filter(request), None, owner.get_search_fields(request), (), 1, 1, (), owner,
        (), "",
    )  # fmt: skip


runs.found_by_the_list(people)
