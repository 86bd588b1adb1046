"""Executions that a newer version of Stepwright has written."""

from __future__ import annotations

import asyncio
from collections import Counter

import msgspec
import pytest

from stepwright.asl.checkpoint import versions
from stepwright.cluster import seal
from tests.simulation.backups import BackedUp, tasks
from tests.simulation.scene import play


class _Newer(BackedUp):
    """A newer version of Stepwright has written the execution last; this one is started in its place."""

    machine = tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.has_written(2))
        self.operator.process.kill()
        self._replace(self.operator)
        self._set_version(99)
        await asyncio.sleep(60)
        self.stalled = self.condition("e0", "Stalled")
        self.reconciling = self.condition("e0", "Reconciling")
        self.waiting = len(self.operator.executions.for_newer_version)
        self.writes = len(self.patches("e0"))
        await asyncio.sleep(60)
        self.later_writes = len(self.patches("e0")) - self.writes
        self._set_version(2)
        self.operator.end()
        await self.until(lambda: self.phase("e0") == "Succeeded")

    def _set_version(self, version: int) -> None:
        key = ("executions", "default", "e0")
        body = self.server.edited(key)
        assert body is not None
        status = body["status"]
        head = msgspec.json.decode(status["checkpoint"]["head"])
        status["checkpoint"]["head"] = msgspec.json.encode({**head, "version": version}).decode()
        status["seal"] = str(seal.of(body["metadata"]["uid"], status))
        self.server.change(key, body)


@pytest.fixture(scope="module")
def newer() -> _Newer:
    return play(_Newer)


def test_an_execution_that_a_newer_version_has_written_says_so(newer: _Newer) -> None:
    """It hung without a word."""
    assert (newer.stalled["status"], newer.stalled["reason"]) == ("True", "NewerVersion")
    assert newer.stalled["message"] == (
        "A newer version of Stepwright has to go on with the execution: the checkpoint has version 99, this engine "
        f"knows versions up to {versions.NEWEST}"
    )
    assert newer.reconciling["status"] == "False"
    assert newer.waiting == 1
    assert newer.later_writes == 0


def test_it_goes_on_where_an_operator_can_read_it(newer: _Newer) -> None:
    assert newer.phase("e0") == "Succeeded"
    assert newer.condition("e0", "Stalled")["status"] == "False"
    assert Counter(newer.events()) == Counter()
