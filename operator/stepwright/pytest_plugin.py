"""The pytest plugin: the fixture ``workflow``, and where a test that uses it fails, the executions as they went.

pytest loads this module in every project that has Stepwright installed, so it imports nothing until the fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stepwright.testing import Result, Workflow

_RESULTS = pytest.StashKey[list[Any]]()
_MOST_SHOWN = 3


@pytest.fixture
def workflow(request: pytest.FixtureRequest) -> Callable[..., Workflow]:
    """``workflow("order.yaml")`` or ``workflow({"StartAt": ...})`` gives a ``stepwright.testing.Workflow``. A relative
    path is looked for beside the test's file first, then from the working directory."""
    from stepwright.testing import Workflow  # noqa: PLC0415

    results: list[Result] = []
    request.node.stash[_RESULTS] = results

    def remember(result: Result) -> None:
        results.append(result)
        del results[:-_MOST_SHOWN]

    def load(definition: Any, **how: Any) -> Workflow:
        if isinstance(definition, Path) or (
            isinstance(definition, str) and not definition.lstrip().startswith("{")
        ):
            beside = request.path.parent / definition
            definition = beside if beside.exists() else Path(definition)
        loaded = Workflow(definition, **how)
        loaded._after_run = remember  # noqa: SLF001 - the plugin belongs to it
        return loaded

    return load


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and _RESULTS in item.stash:
        from stepwright.testing import trace  # noqa: PLC0415

        for result in item.stash[_RESULTS]:
            report.sections.append((f"Execution of {result.name}", "\n".join(trace.lines(result))))
    return report
