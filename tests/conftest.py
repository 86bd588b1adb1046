"""Fixtures for all tests."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.testcluster.durations",
    "tests.testcluster.workers",
    "tests.testcluster.pytest_fixture",
    "tests.processes.account",
    "tests.processes.fixtures",
    "tests.processes.moto",
    "tests.on_cluster.installed_chart",
    "tests.on_cluster.town",
]


def pytest_configure() -> None:
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        # Where no code may be kept compiled, each operator and command under test takes seconds to compile its own.
        os.environ.setdefault("PYTHONPYCACHEPREFIX", str(Path(__file__).parent.parent / ".bytecode"))
    # Neither how long an example takes nor how long it takes to make one says anything on a machine that is busy.
    settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("any machine")
    # As it comes, structlog prints an exception with all that its frames hold: seconds, where they hold an operator.
    *processors, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure([*processors, plain])


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """A command that runs within a test sets up the log of its process, which is that of all other tests, too."""
    root, config = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**config)
