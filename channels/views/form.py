"""A form as one person sees it: GET shows, POST acts; the delivery's token says who answers."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import surveys
from channels.contention import insist
from channels.models import Delivery, Form, FormAnswer
from channels.models.form import said_in
from channels.surveys import Asked
from channels.surveys.asking import LONGEST, cut_sentence
from channels.views.limits import measured, refused
from channels.views.visits import delivery_of, language_of, not_found, page
from contacts.models import Business

# Who guesses is measured by their address; a message that is known, by its token: a whole town may call from one address at once.
strange = measured(not_found)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def form(request: HttpRequest, token: str, slug: str) -> HttpResponse:
    """No login and no cookie: the token alone says who answers. A score in the address (`?score=9`) is chosen, never saved."""
    delivery = delivery_of(token)
    found = Form.objects.filter(slug=slug).first() if delivery else None
    if delivery is None or found is None:
        return strange(request)
    if wait := refused(request, [token]):
        return wait
    with translation.override(found.language_for(language_of(delivery), Business.current().language)):
        if not found.active:
            return page(request, "form_closed", _texts(found))
        if request.method == "POST":
            return _answered(request, found, delivery)
        asked = surveys.preset(_asked(found), request.GET.get("score", ""))
        return _shown(request, found, delivery, asked)


def _asked(found: Form) -> list[Asked]:
    return surveys.asked(list(found.questions.all()), _language(), Business.current().language)


def _answered(request: HttpRequest, found: Form, delivery: Delivery) -> HttpResponse:
    given = surveys.read(_asked(found), request.POST)
    if given.problems:
        return _shown(request, found, delivery, given.asked, status=422)
    questions = [one.question for one in given.asked]
    now, language = timezone.now(), _language()
    insist(lambda: surveys.take(found, questions, delivery, given.answers, language=language, now=now))
    cut = cut_sentence(len(given.cut)) if given.cut else ""
    return page(request, "form_thanks", {**_texts(found), "cut": cut})


def _shown(
    request: HttpRequest, found: Form, delivery: Delivery, asked: Sequence[Asked], *, status: int = 200
) -> HttpResponse:
    again = FormAnswer.objects.filter(form=found, delivery=delivery, replaced_at=None).exists()
    context = {
        "asked": asked, "problems": [one for one in asked if one.problem], "again": again, "longest": LONGEST, "any_required":
        any(one.question.required for one in asked), **_texts(found),
    }  # fmt: skip
    return page(request, "form", context, status=status)


def _texts(found: Form) -> dict[str, str]:
    languages = (_language(), Business.current().language)
    return {name: said_in(getattr(found, name), *languages) for name in ("title", "intro", "thanks")}


def _language() -> str:
    return translation.get_language() or "en"
