"""Email: plain SMTP, or any mail service that django-anymail knows, chosen by the account's settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from types import ModuleType
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from channels.transport import Account, Fact, Field, Inbound, Outgoing, RawCall, Result, Transport
from channels.transports.email import providers
from channels.transports.email.smtp import Line
from contacts.kinds import Kind

if TYPE_CHECKING:
    from channels.transports.email.esp import Desk

EMAIL = Kind("email", "email", _("Email"), _("Email address"), dear_rank=10, rich=True)

_SMTP = ("service", (providers.SMTP,))
_SES = ("service", (providers.SES,))


class EmailTransport(Transport):
    """One account at a mail server or a mail service."""

    name = "email"
    label = _("Email (SMTP or a mail service)")
    kinds = (EMAIL,)
    reports = {"email": providers.tells(providers.SMTP)}
    timeout = timedelta(seconds=20)
    fields = (
        Field(
            "service", _("mail service"), choices=providers.choices(), default=providers.SMTP,
            help_text=_(
                "Switch off the tracking of openings and clicks at Amazon SES, Brevo, Mailtrap, Postal, Resend and Scaleway: "
                "we track by ourselves, and only whom we may. The others are told so with each mail."
            ),
        ),
        Field("host", _("server"), help_text=_("For example smtp.our-provider.com"), only_for=_SMTP),
        Field("port", _("port"), default="587", only_for=_SMTP),
        Field(
            "security", _("encryption"), default="starttls", only_for=_SMTP,
            choices=(("starttls", "STARTTLS (587)"), ("tls", "TLS (465)"), ("none", _("none"))),
        ),
        Field("username", _("user name"), required=False, only_for=_SMTP),
        Field("password", _("password"), secret=True, required=False, only_for=_SMTP),
        Field("api_key", _("API key or token"), secret=True, only_for=providers.wanting("api_key")),
        Field("secret_key", _("second key"), secret=True, only_for=providers.wanting("secret_key")),
        Field("sender_domain", _("sending domain"), only_for=providers.wanting("sender_domain")),
        Field("message_stream", _("message stream"), required=False, only_for=providers.wanting("message_stream")),
        Field("project_id", _("project"), only_for=providers.wanting("project_id")),
        Field("region", _("region"), only_for=providers.wanting("region")),
        Field(
            "configuration_set", _("configuration set"), required=False, only_for=_SES,
            help_text=_("The one that publishes deliveries, bounces, complaints, openings and clicks to the topic."),
        ),
        Field(
            "topic", _("topic of its calls"), required=False, only_for=_SES,
            help_text=_("The ARN of the SNS topic. Without it nothing is learned of what became of a mail."),
        ),
        Field(
            "api_url", _("address of its API"), required=False, only_for=providers.wanting("api_url"),
            help_text=_("Only where the service gave you one of your own."),
        ),
        Field(
            "signing_secret", _("key that signs its calls"), secret=True, required=False, only_for=providers.signing(),
            help_text=_("Without it nothing is learned of what became of a mail."),
        ),
        Field(
            "webhook_secret", _("user and password of its calls"), secret=True, required=False, only_for=providers.by_password(),
            help_text=_("As user:password. Enter the address of calls at the service as https://user:password@…"),
        ),
    )  # fmt: skip

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        # A hidden setting may shorten the time-out, and the leases with it; it may not lengthen them.
        seconds = min(self.timeout.total_seconds(), float(account.settings.get("timeout") or 3600))
        self.timeout = timedelta(seconds=seconds)
        self._carrier: Line | Desk = Line(account, seconds)
        if account.settings.get("service", providers.SMTP) != providers.SMTP:
            from channels.transports.email.esp import Desk  # anymail and requests are loaded where a service is used

            self._carrier = Desk(account, seconds)

    @classmethod
    def reports_with(cls, kind: str, account_settings: Mapping[str, str]) -> frozenset[Fact]:  # noqa: ARG003
        """A mail server tells only what it refuses; what a service tells of the mail's fate differs from one to the other."""
        return providers.tells(account_settings.get("service", providers.SMTP))

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        yield from self._carrier.send_many(messages)

    def verify(self, call: RawCall) -> None:
        self._hooks.verify(self.account, call)

    def parse(self, call: RawCall) -> list[Inbound]:
        facts: list[Inbound] = self._hooks.parse(self.account, call)
        return facts

    def check(self) -> None:
        self._carrier.check()

    def close(self) -> None:
        self._carrier.close()

    @property
    def _hooks(self) -> ModuleType:
        from channels.transports.email import hooks  # anymail is loaded where a call comes

        return hooks
