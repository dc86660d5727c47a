"""The Content-Security-Policy of public pages and of the admin."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_the_login_page_of_the_admin_may_evaluate_expressions() -> None:
    policy = Client().get("/admin/login/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.django_db
def test_a_public_page_runs_no_script_at_all() -> None:
    policy = Client().get("/nowhere/").headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert "unsafe" not in policy
