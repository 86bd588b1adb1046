"""Fixtures for all tests."""

from __future__ import annotations

pytest_plugins = ["tests.cluster.pytest_fixture", "tests.operator_fixtures", "tests.installed_chart"]
