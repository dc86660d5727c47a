"""The Celery application: only hints travel through it, the truth is in the database's rows."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("cascada")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
