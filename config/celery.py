"""The Celery application: only hints travel through it, the truth is in the database's rows."""

import os
import warnings

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import task_prerun
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery fears pickled messages run as root, as in most containers; ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("cascada")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def _only_a_living_connection(**_: object) -> None:
    """Connections outlive tasks (CELERY_DB_REUSE_MAX): a restarted database must not fail every task after it."""
    close_old_connections()
