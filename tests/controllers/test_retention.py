"""Retention under late events."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from stepwright.cluster.api import Unreachable
from stepwright.controllers.execution_watch import Seen
from stepwright.controllers.retention import Retention
from stepwright.controllers.state_machine_watch import NOTHING_SAID
from stepwright.engine.ports import Uid
from tests.engine.virtual_loop import VirtualClock, run


class Api:
    """Answers deletions slowly; ``fails`` of them not at all."""

    def __init__(self, fails: int = 0) -> None:
        self.deleted: list[str] = []
        self._fails = fails

    async def delete(self, path: str, _: Any) -> None:
        await asyncio.sleep(1)
        if self._fails:
            self._fails -= 1
            raise Unreachable("no answer", outcome_unknown=True)
        self.deleted.append(path)


ENDED = msgspec.convert(
    {
        "metadata": {"namespace": "shop", "name": "run-1", "uid": "u1"},
        "spec": {"stateMachineRef": {"name": "m"}, "ttlSecondsAfterFinished": 5},
        "status": {"endTime": "2026-01-01T00:00:00Z"},
    },
    Seen,
)


def test_a_late_event_of_an_execution_that_is_being_deleted_does_no_harm() -> None:
    """The timer armed by it rang when nothing was known of the execution any more: the operator ended."""

    async def main() -> None:
        api: Any = Api()
        retention = Retention(api, VirtualClock(), lambda _: NOTHING_SAID)
        running = asyncio.create_task(retention.run())
        retention.keep(ENDED)
        await asyncio.sleep(5.5)
        retention.keep(ENDED)
        await asyncio.sleep(30)

        assert set(api.deleted) == {"/apis/stepwright.dev/v1/namespaces/shop/executions/run-1"}
        assert not running.done()
        running.cancel()

    run(main)


def test_an_execution_gone_while_its_deletion_was_not_answered_is_forgotten() -> None:
    async def main() -> None:
        api: Any = Api(fails=1)
        retention = Retention(api, VirtualClock(), lambda _: NOTHING_SAID)
        running = asyncio.create_task(retention.run())
        retention.keep(ENDED)
        await asyncio.sleep(5.5)
        retention.forget(Uid("u1"))
        await asyncio.sleep(600)

        assert api.deleted == []
        assert not running.done()
        running.cancel()

    run(main)
