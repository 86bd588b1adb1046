"""How long each module of tests took when it was last recorded (`make test RECORD=1`), and how evenly the processes of a
run were at work: what is printed at its end.

Loaded with workers.py, whose order these seconds are.
"""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

FILE: Final = Path(__file__).with_name("durations.json")
_FEWEST_SECONDS: Final = 3
"""A module of less is not recorded: where it stands makes no difference."""
_SHOWN: Final = 20


def recorded() -> Mapping[str, int]:
    """Seconds by module, a path from the root folder."""
    found: dict[str, int] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


class Stopwatch:
    """Called with the reports of all processes."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._modules: dict[str, float] = defaultdict(float)
        self._last: dict[str, float] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._modules[report.nodeid.partition("::")[0]] += report.duration
        node: Any = getattr(report, "node", None)
        if node is not None:
            self._last[node.gateway.id] = time.monotonic() - self._began

    @pytest.hookimpl
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, config: pytest.Config
    ) -> None:
        if not self._last:
            return
        terminalreporter.section("longest modules, and when each process had nothing more to do")
        longest = sorted(self._modules.items(), key=lambda taken: -taken[1])
        for module, seconds in longest[:_SHOWN]:
            terminalreporter.write_line(f"{seconds:6.0f} s {module}")
        for name, seconds in sorted(self._last.items()):
            terminalreporter.write_line(f"{seconds:6.0f} s {name} had ended")
        if config.option.record_durations:
            record(self._modules)


def record(seconds: Mapping[str, float]) -> None:
    """Keep the rounded seconds of the modules that take some."""
    kept = {module: round(took) for module, took in sorted(seconds.items()) if took >= _FEWEST_SECONDS}
    FILE.write_text(json.dumps(kept, indent=2) + "\n", encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--record-durations",
        action="store_true",
        help="Keep how long each module takes: the order of later runs.",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Stopwatch())
