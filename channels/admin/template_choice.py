"""The form beside a thread by which staff send an approved template: which one, and what stands in its places."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import gettext

from channels import answering
from channels.answering import Approved
from channels.models import Conversation
from contacts.consent import Person

PLACE = "place-"


class TemplateForm:
    """What the page shows. choices: (variant, name and language); chosen: the one asked for; rows: its places with what stands there."""

    def __init__(self, conversation: Conversation, person: Person | None, said: Mapping[str, str]) -> None:
        known = answering.templates(conversation, person) if person else []
        names = dict(settings.LANGUAGES)
        self.choices = [
            (one.pk, f"{one.message.name} · {gettext(str(names.get(one.language, one.language)))}") for one in known
        ]
        asked = str(said.get("template", ""))
        found = next((one for one in known if str(one.pk) == asked), None)
        self.chosen: Approved | None = answering.approved(found, person) if found and person else None
        places = self.chosen.places if self.chosen else {}
        self.given = {place: str(said.get(f"{PLACE}{place}", "")) for place in places}
        self.rows = [(place, self.given[place] or value) for place, value in places.items()]
