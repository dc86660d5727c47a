"""Hints to the worker: one for a storm of them, and none is the caller's trouble."""

from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.conf import settings

from contacts import hints


def task_on(broker: str) -> tuple[Celery, str]:
    app = Celery("hinted", broker=broker, set_as_current=False)
    # A queue of its own: the broker in memory is one for the whole process.
    app.conf.task_default_queue = f"hinted-{uuid4().hex}"
    # The environment's CELERY_BROKER_URL would win over the argument.
    app.conf.update(broker_read_url=broker, broker_write_url=broker)
    app.conf.broker_connection_timeout = 1
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS

    @app.task(name=f"hinted.{broker}")
    def look() -> None: ...

    return app, look.name


def test_in_a_storm_one_hint_does_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hints, "QUIET_SECONDS", 60)
    app, name = task_on("memory://")
    for _ in range(5):
        hints.give(app.tasks[name])
    with app.connection_for_read() as connection:
        channel: Any = connection.channel()
        assert channel.queue_declare(app.conf.task_default_queue, passive=True).message_count == 1


def test_without_a_broker_the_caller_is_not_troubled(caplog: pytest.LogCaptureFixture) -> None:
    app, name = task_on("redis://127.0.0.1:9/0")
    with caplog.at_level("DEBUG", logger="contacts.hints"):
        hints.give(app.tasks[name])
    assert "no hint given" in caplog.text
