"""The settings of a test run: the house's own, with a data folder and a database that are this run's alone."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

SCRATCH = Path(tempfile.mkdtemp(prefix="cascada-tests-"))
_OWNER = os.getpid()


def _clean() -> None:
    if os.getpid() == _OWNER:  # not in a forked child
        shutil.rmtree(SCRATCH, ignore_errors=True)


atexit.register(_clean)

os.environ["CASCADA_DATA"] = str(SCRATCH)
os.environ["CELERY_BROKER_URL"] = "memory://"  # tests that need a real one ask for the broker_url fixture
os.environ["CASCADA_REQUIRE_HTTPS"] = "0"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES  # noqa: E402

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file: threads and the processes of a real worker open it too.
    # Its tables are made from the models; the migrations themselves are run on PostgreSQL here, and by `test --up` on both.
    DATABASES["default"]["TEST"] = {"NAME": str(SCRATCH / "test.sqlite3"), "MIGRATE": False}
else:
    DATABASES["default"]["TEST"] = {"NAME": f"test_cascada_{_OWNER}"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0  # threads of a live server leave no connection behind

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; what is tested is not the hash
WHITENOISE_AUTOREFRESH = True  # a file is looked up when it is asked for; else each test client lists them all
