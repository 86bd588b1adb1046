"""Several processes test (pytest-xdist): some have a cluster, each in a slot of its own, and the tests of a process are
alone with its cluster, faults and all.

Loaded by `pytest_plugins` in the top conftest.py. xdist's own groups (`--dist loadgroup`) do not do: pytest-xdist 3.8
cannot mark them with pytest 9.2, and which process has a cluster they would not know. This way:
https://pytest-xdist.readthedocs.io/en/stable/how-to.html
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.testcluster import durations, ladder
from tests.testcluster.slots import SLOT, slot

_MARK: Final = re.compile(r"^pytestmark = .*pytest\.mark\.cluster\b", re.MULTILINE)


def uses_cluster(item: pytest.Item) -> bool:
    return "cluster" in getattr(item, "fixturenames", ())


def clusters(processes: int) -> int:
    """How many of so many processes have a cluster: two of three, since tests that use one mostly wait. What is given
    there is one of."""
    return 1 if ladder.is_given() else max(1, processes * 2 // 3)


class SomeHaveAClusterEach(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """A module of tests goes to one process; those that use a cluster to one that has one, and before others."""

    def _split_scope(self, nodeid: str) -> str:
        return nodeid.partition("::")[0]

    def _assign_work_unit(self, node: Any) -> None:
        scope = self._next(node)
        if scope is not None:
            self.workqueue.move_to_end(scope, last=False)
            super()._assign_work_unit(node)

    def _reschedule(self, node: Any) -> None:
        if not node.shutting_down and self.workqueue and self._next(node) is None:
            node.shutdown()  # what is left needs a cluster
        else:
            super()._reschedule(node)

    def _next(self, node: Any) -> str | None:
        """The module that this process is given next."""
        has_cluster = node in sorted(self.nodes, key=_number)[: clusters(self.numnodes)]
        for scope in self.workqueue:
            if has_cluster or not self._uses_cluster(scope):
                return str(scope)
        return None

    def _uses_cluster(self, scope: str) -> bool:
        return _is_marked(self.config.rootpath / scope)


def _number(node: Any) -> int:
    return int(node.gateway.id.removeprefix("gw"))


@functools.cache
def _is_marked(module: Path) -> bool:
    return _MARK.search(module.read_text(encoding="utf-8")) is not None


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SomeHaveAClusterEach:
    config.option.loadscopereorder = False  # the order is that of the tests
    return SomeHaveAClusterEach(config, log)


def pytest_configure(config: pytest.Config) -> None:
    worker: Mapping[str, Any] | None = getattr(config, "workerinput", None)
    if worker is not None:
        os.environ[SLOT] = str(own_slot(worker["workerid"], worker["workercount"]))


def own_slot(worker: str, count: int) -> int:
    """Of the cluster that a process of this name has. Another that comes for one that has died has that of some other,
    and may disturb it: a run that fails anyway goes on."""
    return slot().number + int(worker.removeprefix("gw")) % clusters(count)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that the end, where processes have nothing more to do, is short."""
    for item in items:
        if uses_cluster(item) and not _is_marked(item.path):
            # The process that hands out tests sees only the text of their modules.
            raise pytest.UsageError(
                f"{item.nodeid} uses the cluster: its module needs `pytestmark = pytest.mark.cluster`"
            )
    if hasattr(config, "workerinput"):
        seconds = durations.recorded()
        items.sort(key=lambda item: _turn(item, seconds))


def _turn(item: pytest.Item, seconds: Mapping[str, int]) -> tuple[bool, int]:
    return not _is_marked(item.path), -seconds.get(item.nodeid.partition("::")[0], 0)
