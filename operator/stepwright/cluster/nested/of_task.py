"""The ports of the AWS API as one task has them: what it starts, reads and stops there are Executions."""

from __future__ import annotations

import uuid
from typing import Final

from stepwright.asl.signals import Millis
from stepwright.asl.step import Status
from stepwright.asl.task_token import task_name
from stepwright.catalog import arns
from stepwright.catalog.ports import CallingTask, Cursor, Page
from stepwright.catalog.records import Execution, StateMachine
from stepwright.cluster.nested import listing
from stepwright.cluster.nested.asking import Asking
from stepwright.cluster.nested.children import Children
from stepwright.cluster.nested.names import Named
from stepwright.engine.ports import StopRequest, Uid


def call_id(by: CallingTask) -> str:
    """The identity of a task's call, and the name of an execution that it starts without one: a UUID, as on AWS.

    It is made of the moment at which the task was scheduled, too: a restore of etcd may give its id to another one.
    """
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{task_name(by.ref.uid, by.task)}-{by.scheduled}"))


class MachinesOfTask:
    """Implements ``catalog.ports.KnownMachines``."""

    def __init__(self, children: Children, by: CallingTask) -> None:
        self._children: Final = children
        self._by: Final = by

    async def machine(self, arn: str) -> StateMachine | None:
        found = arns.parse(arn)
        assert found is not None
        return await self._children.machine(self._by, found.account, found.names[0])


class ExecutionsOfTask:
    """Implements ``catalog.ports.StartedExecutions``."""

    def __init__(self, children: Children, asking: Asking, by: CallingTask) -> None:
        self._children: Final = children
        self._asking: Final = asking
        self._by: Final = by

    async def execution(self, arn: str) -> Execution | None:
        named = _named(arn)
        return None if named is None else await self._children.execution(self._by, named)

    async def executions(
        self, started_as: str, status: Status | None, after: Cursor | None, limit: int
    ) -> Page[Execution]:
        machine = arns.parse(started_as)
        assert machine is not None
        return await listing.executions(
            self._asking, self._by, machine.account, machine.names[0], status, after, limit
        )

    async def start(self, execution: Execution) -> Execution:
        named = _named(execution.arn)
        assert named is not None
        return await self._children.start(self._by, execution, named)

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        named = _named(execution.arn)
        assert named is not None
        await self._children.stop(self._by, named, request)
        return await self._children.end_of(self._by, named)

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool:  # noqa: ARG002 - it has one of its own
        return await self._children.stop_own(self._by, request)

    async def until_ended(self, arn: str) -> None:
        named = _named(arn)
        if named is not None:
            await self._children.until_ended(self._by, named)


def _named(arn: str) -> Named | None:
    """None if it cannot be an execution's."""
    found = arns.parse(arn)
    if found is None or found.kind != "execution" or len(found.names) != 2:
        return None
    return Named(found.account, *found.names)
