"""Test cases that an execution may be started with."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.machine import Machine
from stepwright.engine.ports import ExecutionRef, Uid


class TestCases(Protocol):
    """The test cases of a file of mocks, as AWS Step Functions Local has them."""

    async def begin(self, ref: ExecutionRef, machine: Machine, case: str, *, kept: bool) -> None:
        """An execution is about to be started with a test case; durable when it returns, if executions are
        ``kept``. Raises NoTestCase."""

    def forget(self, uid: Uid) -> None:
        """The execution no longer runs."""
