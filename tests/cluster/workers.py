"""Several processes test (pytest-xdist): one of them has the cluster, and its tests are alone with it, faults and all.

Loaded by `pytest_plugins` in the top conftest.py. xdist's own groups (`--dist loadgroup`) would say the same, but
pytest-xdist 3.8 cannot mark them with pytest 9.2: https://pytest-xdist.readthedocs.io/en/stable/how-to.html has this way.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

_MARK: Final = re.compile(r"^pytestmark = .*pytest\.mark\.cluster\b", re.MULTILINE)


def uses_cluster(item: pytest.Item) -> bool:
    return "cluster" in getattr(item, "fixturenames", ())


class OneHasTheCluster(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """A module of tests goes to one process; all that use the cluster go to the same."""

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return "cluster" if _is_marked(self.config.rootpath / module) else module


@functools.cache
def _is_marked(module: Path) -> bool:
    return _MARK.search(module.read_text(encoding="utf-8")) is not None


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneHasTheCluster:
    config.option.loadscopereorder = False  # the order is that of the tests
    return OneHasTheCluster(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes longest begins first."""
    for item in items:
        if uses_cluster(item) and not _is_marked(item.path):
            # The process that hands out tests sees only the text of their modules.
            raise pytest.UsageError(
                f"{item.nodeid} uses the cluster: its module needs `pytestmark = pytest.mark.cluster`"
            )
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: not _is_marked(item.path))
