"""Mail by a service's API: anymail's backends with settings per account, several calls at a time, each message's answer told apart."""

from __future__ import annotations

import json
import queue
import threading
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any
from urllib.parse import urljoin

import requests
from anymail.exceptions import AnymailConfigurationError, AnymailWarning
from django.utils.module_loading import import_string

from channels.transport import Account, Fault, Outgoing, Refused, Result
from channels.transports.email import batches, mime, providers
from channels.transports.email.answers import Reader, Reply
from channels.transports.email.batches import BATCHES, Batch

AT_ONCE = 16

Told = list[tuple[str, Result]]


class Desk:
    """The account at one service: a pool of anymail backends, each with its own kept session."""

    def __init__(self, account: Account, timeout: float) -> None:
        self.account = account
        self.timeout = timeout
        self.service = providers.SERVICES[account.settings.get("service", "")]
        self.reader = Reader(self.service.module, account.secrets)
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        self._making = threading.Lock()
        self._shared: Any = None  # Amazon's client may be used by many threads and is slow to make

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """Hand over each message once; results come as they are known. A call that was refused as a whole, and so took nothing, is made
        again message by message."""
        calls = batches.calls(self.service.module, messages)
        pool = ThreadPoolExecutor(min(AT_ONCE, max(1, len(messages))), thread_name_prefix="esp")
        try:
            waiting: dict[Future[Told | None], list[Outgoing]] = {pool.submit(self.call, call): call for call in calls}
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    call, told = waiting.pop(future), future.result()
                    if told is None:
                        waiting |= {pool.submit(self.call, [message]): [message] for message in call}
                    yield from told or ()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def call(self, messages: Sequence[Outgoing]) -> Told | None:
        """One call. Never raises for a message's sake; None where all were refused for the sake of some."""
        try:
            backend = self._take()
        except (AnymailConfigurationError, ImportError, ValueError) as error:
            refused = Refused(Fault.ACCOUNT, "settings", self.reader.clean(error))
            return [(message.key, refused) for message in messages]
        batch = BATCHES.get(self.service.module)
        try:
            if batch and (len(messages) > 1 or batch.each_answered):
                results = self._together(backend, batch, messages)
            else:
                results = [self._alone(backend, messages[0])]
            self._give_back(backend)
        except Exception as error:  # noqa: BLE001 - whatever a backend raises concerns these messages alone
            self._hang_up(backend)
            results = [self.reader.error(error, message.to) for message in messages]
        return None if results is None else [(one.key, result) for one, result in zip(messages, results, strict=True)]

    def check(self) -> None:
        """The settings are complete; `Refused` if not. Whether they are right, only a message can tell."""
        try:
            self._give_back(self._take())
        except (AnymailConfigurationError, ImportError, ValueError) as error:
            raise Refused(Fault.ACCOUNT, "settings", self.reader.clean(error)) from None

    def close(self) -> None:
        """Close all sessions."""
        while not self._idle.empty():
            self._idle.get().close()
        if self._shared is not None:
            self._shared.close()
            self._shared = None

    def _alone(self, backend: Any, message: Outgoing) -> Result:
        mail = self._mail(message)
        backend.send_messages([mail])
        # The recipient's own id: `message_id` of the whole may be a set.
        return self.reader.sent(next(iter(mail.anymail_status.recipients.values()), None))

    def _together(self, backend: Any, batch: Batch, messages: Sequence[Outgoing]) -> list[Result] | None:
        mails = [self._mail(message) for message in messages]
        if batch.join is None:
            params = self._params(backend, batches.merged(mails, messages))
        else:
            each = [self._params(backend, mail) for mail in mails]
            params = each[0] | {"data": json.dumps(batch.join([json.loads(one["data"]) for one in each]))}
            params["url"] = urljoin(backend.api_url, batch.endpoint)
        response: requests.Response = backend.session.request(**params)
        return batches.results(batch, self.reader, Reply.of(response), messages)

    def _params(self, backend: Any, mail: Any) -> dict[str, Any]:
        """The HTTP call that anymail would make."""
        payload = backend.build_message_payload(mail, {})
        params: dict[str, Any] = payload.get_request_params(backend.api_url)
        return {**params, "timeout": self.timeout}

    def _take(self) -> Any:
        if self._shared is not None:
            return self._shared
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            pass
        if self.service.module != providers.SES:
            backend = self._make()
            backend.open()
            return backend
        with self._making:
            if self._shared is None:
                backend = self._make_amazons()
                backend.open()
                self._shared = backend
            return self._shared

    def _give_back(self, backend: Any) -> None:
        if backend is not self._shared:
            self._idle.put(backend)

    def _hang_up(self, backend: Any) -> None:
        if backend is not self._shared:
            backend.close()

    def _options(self) -> dict[str, str]:
        given = {**self.account.settings, **self.account.secrets}
        return {theirs: given[ours] for ours, theirs in self.service.options.items() if given.get(ours)}

    def _make(self) -> Any:
        with warnings.catch_warnings():  # SendGrid: anymail no longer tests it, and says so at every start
            warnings.simplefilter("ignore", AnymailWarning)
            backend = import_string(f"anymail.backends.{self.service.module}.{self.service.backend}")
            return backend(**self._options(), timeout=self.timeout)

    def _make_amazons(self) -> Any:
        """botocore would try again by itself, after time-outs too, and send twice."""
        options = self._options()
        if missing := {"aws_access_key_id", "aws_secret_access_key", "region_name"} - set(options):
            raise ValueError(f"{len(missing)} settings are missing")
        config = {
            "retries": {"total_max_attempts": 1}, "read_timeout": self.timeout, "connect_timeout": self.timeout,
            "max_pool_connections": AT_ONCE,
        }  # fmt: skip
        backend = import_string("anymail.backends.amazon_ses.EmailBackend")
        return backend(
            client_params={**options, "config": config},
            configuration_set_name=self.account.settings.get("configuration_set") or None,
        )

    def _mail(self, message: Outgoing) -> Any:
        sender = message.sender if message.sender.address else self.account.sender
        mail: Any = mime.as_django(message, sender, dict(message.headers))
        if self.service.key_in == "metadata":
            mail.metadata = {"delivery": message.key}
        else:
            mail.tags = [message.key]
        if self.service.hushed:
            mail.track_opens = mail.track_clicks = False
        return mail
