"""Express executions, of which nothing is kept."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.checkpoint.parts import Identity
from stepwright.asl.json_types import JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.step import Outcome
from stepwright.catalog.records import Execution


class Express(Protocol):
    """Each runs once at most, in this process, and ends with it."""

    async def start(self, execution: Execution) -> None:
        """Begin an Express execution and keep nothing of it. Raises NoTestCase."""

    async def run(self, execution: Execution) -> Execution:
        """Run an Express execution and wait for its end. Raises NoTestCase."""

    async def run_machine(self, machine: Machine, identity: Identity, input: JsonText) -> Outcome:
        """Run a machine that was never created, keep nothing of it, and wait for its end."""
