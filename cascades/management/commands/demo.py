"""`manage.py demo`: the demo shop into an empty database."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from cascades.demo import shop, story
from contacts.models import Contact


class Command(BaseCommand):
    help = (
        "Load the demo shop: a salon with contacts in three languages, a finished cascade, a running one and a draft."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        here = f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
        parser.add_argument("--address", default=here, help="where people reach this program (default: %(default)s)")

    def handle(self, *args: Any, **options: Any) -> None:
        if Contact.objects.exists():
            raise CommandError("There are contacts already. The demo shop is loaded into an empty database only.")
        now = timezone.now()
        with translation.override(translation.get_language() or "en"):
            story.tell(shop.build(now, options["address"]), now)
        self.stdout.write(f"The demo shop is open, with {Contact.objects.count()} customers.")
