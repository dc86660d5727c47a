"""How the house is wired: one file for every installation; what differs comes from the environment.

Nothing is needed for a start on one machine: SQLite and the keys live in CASCADA_DATA (default: var/ beside manage.py).
docs/operations.md lists every variable. A wrong value raises ImproperlyConfigured with a sentence for the person.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from config.keys import Keys, KeysUnavailable, load
from config.unfold import UNFOLD  # noqa: F401  (Django reads it here)

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("CASCADA_DATA", default="") or BASE_DIR / "var").resolve()


def _flag(name: str, *, default: bool = False) -> bool:
    given = env.str(name, default="").strip().lower()
    if given in {"1", "true", "yes", "on"}:
        return True
    if given in {"0", "false", "no", "off"}:
        return False
    if given:
        raise ImproperlyConfigured(f"{name} must be 1 or 0, not '{given}'.")
    return default


def _names(name: str) -> list[str]:
    return [value.strip() for value in env.str(name, default="").split(",") if value.strip()]


def _number(name: str, default: int) -> int:
    given = env.str(name, default="").strip()
    if given and not given.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a whole number, not '{given}'.")
    return int(given) if given else default


# --- The database -----------------------------------------------------------------------------------------------------

_SQLITE_FILE = DATA_DIR / "cascada.sqlite3"

# Immediate transactions and WAL: a web request waits for the worker's short write, and never finds "database is locked".
_SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
        "PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864; "
        "PRAGMA cache_size=-20000;"
    ),
}


def _database() -> dict[str, Any]:
    url = env.str("DATABASE_URL", default="")
    scheme = url.split(":", 1)[0]
    if not url or scheme == "sqlite":
        path = url.removeprefix("sqlite:///") if url else str(_SQLITE_FILE)
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": path, "OPTIONS": _SQLITE_OPTIONS, "CONN_MAX_AGE": None}
    if scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must look like postgresql://user:password@host/name or sqlite:////path/to/file."
        )
    try:
        found = dict(env.db_url_config(url))
    except (ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured("DATABASE_URL cannot be read as postgresql://user:password@host/name.") from error
    if not found.get("NAME"):
        raise ImproperlyConfigured("DATABASE_URL names no database: postgresql://user:password@host/name.")
    # A request or task that finds the connection dead opens a new one; all others are spared the handshake.
    return {**found, "CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Keys -------------------------------------------------------------------------------------------------------------


def _keys() -> Keys:
    database = None if env.str("DATABASE_URL", default="") else _SQLITE_FILE
    try:
        return load(DATA_DIR / "keys.json", os.environ, beside=database)
    except KeysUnavailable as error:
        raise ImproperlyConfigured(str(error)) from error


_loaded = _keys()
SECRET_KEY = _loaded.signing[0]
SECRET_KEY_FALLBACKS = list(_loaded.signing[1:])
FIELD_ENCRYPTION_KEYS = list(_loaded.fields)
SUPPRESSION_KEY = _loaded.suppression
PUSH_KEY = _loaded.push

# --- Web --------------------------------------------------------------------------------------------------------------

DEBUG = _flag("CASCADA_DEBUG")
HTTPS = _flag("CASCADA_HTTPS")
ALLOWED_HOSTS = [*_names("CASCADA_HOSTS"), "localhost", "127.0.0.1", "[::1]"]
for _host in ALLOWED_HOSTS:
    if "/" in _host:
        raise ImproperlyConfigured(f"CASCADA_HOSTS takes names such as shop.example, not addresses such as {_host}.")
CSRF_TRUSTED_ORIGINS = [f"https://{'*' if name.startswith('.') else ''}{name}" for name in _names("CASCADA_HOSTS")]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = _number("CASCADA_HSTS_SECONDS", 31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
if _flag("CASCADA_BEHIND_PROXY"):  # only where a proxy of ours sets this header itself
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "import_export",
    "django_celery_beat",
    "anymail",
    "ninja",
    "contacts",
    "channels",
    "cascades",
    "config",
]

AUTHENTICATION_BACKENDS = ["config.fence.StaffBackend"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "config.policy.content_security_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "config.fence.Fence",
    "contacts.audit.middleware",
    "config.zone.business_time",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]

# --- Files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True  # nothing to collect before a start
WHITENOISE_MAX_AGE = 600
MEDIA_URL = "media/"
MEDIA_ROOT = DATA_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    # What people upload for imports: never served by an address of its own.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": DATA_DIR / "private",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

# --- Language and time ------------------------------------------------------------------------------------------------

LANGUAGES = [("en", _("English")), ("es", _("Spanish")), ("fr", _("French")), ("ru", _("Russian"))]
LANGUAGE_CODE = env.str("CASCADA_LANGUAGE", default="en")
if LANGUAGE_CODE not in dict(LANGUAGES):
    raise ImproperlyConfigured(f"CASCADA_LANGUAGE must be one of en, es, fr, ru, not '{LANGUAGE_CODE}'.")
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_TZ = True
TIME_ZONE = "UTC"

# --- Celery: hints, never truth ---------------------------------------------------------------------------------------


def _embedded_broker() -> Path:
    """The socket of the broker that `manage.py up` starts: short, as a socket's path holds about 100 characters."""
    folder = hashlib.sha256(str(DATA_DIR).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"cascada-{os.getuid()}-{folder}" / "broker.sock"


EMBEDDED_BROKER_SOCKET = _embedded_broker()
_BROKER_GIVEN = env.str("CELERY_BROKER_URL", default="")
if _BROKER_GIVEN and not urlsplit(_BROKER_GIVEN).scheme:
    raise ImproperlyConfigured("CELERY_BROKER_URL must look like redis://host:6379/0 or amqp://user:password@host//.")
BROKER_IS_EMBEDDED = not _BROKER_GIVEN
CELERY_BROKER_URL = _BROKER_GIVEN or f"redis+socket://{EMBEDDED_BROKER_SOCKET}"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A hint that finds no broker is given up at once: a web request that gives one must never wait for it.
_FAIL_FAST = {"max_retries": 0, "interval_start": 0, "interval_step": 0, "interval_max": 0}
_REDIS_TIMEOUTS = {"socket_connect_timeout": 2, "socket_timeout": 30} if CELERY_BROKER_URL.startswith("redis") else {}
CELERY_BROKER_TRANSPORT_OPTIONS = {**_FAIL_FAST, **_REDIS_TIMEOUTS}
CELERY_BROKER_CONNECTION_TIMEOUT = 2
CELERY_TASK_DEFAULT_QUEUE = "cascada"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_EXPIRES = None  # nothing is kept, so beat need not schedule its own cleaning
CELERY_TASK_PUBLISH_RETRY = False  # a hint that cannot be given is dropped: the next tick does the work
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# Nobody controls workers by messages, and on RabbitMQ two workers of one name could not start beside each other with it.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_DB_REUSE_MAX = 10_000  # else Celery closes the database connection after every task
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULER = "config.beat:Scheduler"
# No CELERY_BEAT_SCHEDULE: it would write over what staff change at each start. config.schedule makes the rows, once.

# --- The house's own --------------------------------------------------------------------------------------------------

CHANNEL_TRANSPORTS = {
    "email": "channels.transports.email.EmailTransport",
    "twilio": "channels.transports.twilio.TwilioTransport",
    "webpush": "channels.transports.webpush.WebPushTransport",
    "telegram": "channels.transports.telegram.TelegramTransport",
    "viber": "channels.transports.viber.ViberTransport",
    "vk": "channels.transports.vk.VkTransport",
    "apprise": "channels.transports.apprise.AppriseTransport",
    "sandbox": "channels.transports.sandbox.SandboxTransport",
}
TRIGGERS = {
    "manual": "cascades.triggers.manual.Manual",
    "event": "cascades.triggers.event.Happened",
    "booking": "cascades.triggers.booking.AroundBooking",
    "yearly": "cascades.triggers.yearly.Yearly",
    "silence": "cascades.triggers.silence.Silence",
    "schedule": "cascades.triggers.schedule.Schedule",
    "segment": "cascades.triggers.segment.InSegment",
    "event_date": "cascades.triggers.event_date.ToldDay",
    "api": "cascades.triggers.api.ByCall",
}
ADAPTERS = {
    "woocommerce": "contacts.adapters.woocommerce.WooCommerce",
    "shopify": "contacts.adapters.shopify.Shopify",
    "yclients": "contacts.adapters.yclients.Yclients",
}

# How long a worker that has fallen silent keeps what it took, beyond the time-outs of its provider; then others take over.
LEASE_SECONDS = _number("CASCADA_LEASE_SECONDS", 60)

# Countries whose law asks for a consent of its own before openings are tracked (France: CNIL deliberation 2026-042).
TRACKING_CONSENT_COUNTRIES = frozenset({"FR"})

# Push services of the browsers' makers. Anybody may subscribe with a server of their own, but what that says stops nobody else's messages.
PUSH_SERVICES = (
    "fcm.googleapis.com", "jmt17.google.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com",
)  # fmt: skip
# Endpoints of push subscriptions come from visitors: without this, only https, port 443 and public addresses. Lifted in tests.
PUSH_TO_PRIVATE_ADDRESSES = _flag("CASCADA_PUSH_TO_PRIVATE_ADDRESSES")

# Addresses of outgoing webhooks: without this, only https and public addresses. Lifted in tests.
HOOKS_TO_PRIVATE_ADDRESSES = _flag("CASCADA_HOOKS_TO_PRIVATE_ADDRESSES")

# No live channel starts before the business's public address is https and answered a round trip; lifted in tests.
CASCADA_REQUIRE_HTTPS = _flag("CASCADA_REQUIRE_HTTPS", default=True)

LOG_LEVEL = env.str("CASCADA_LOG_LEVEL", default="INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("CASCADA_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        **{room: {"level": LOG_LEVEL} for room in ("contacts", "channels", "cascades", "config")},
        "django.request": {"level": "ERROR"},  # else a line for every lost page, and a traceback for every refusal
        "gunicorn.http": {"level": "ERROR"},  # else a line for every HEAD request
    },
}
