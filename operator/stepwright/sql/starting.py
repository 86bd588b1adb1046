"""A new execution, as the engine takes it: its machine compiled, its identity, its test case begun."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stepwright.asl.checkpoint.parts import Identity
from stepwright.asl.machine import Machine
from stepwright.catalog import arns
from stepwright.catalog.ports import TestCases
from stepwright.catalog.records import Execution
from stepwright.engine.ports import ExecutionRef, Loaded
from stepwright.sql.database import NAMESPACE
from stepwright.sql.machines import SqlMachines

Compiled = Callable[[str, str], Awaitable[Machine]]
"""The machine of a revision, by its id and its definition. Raises Refused."""


class Starting:
    def __init__(self, machines: SqlMachines, compiled: Compiled, test_cases: TestCases) -> None:
        self._machines = machines
        self._compiled = compiled
        self._test_cases = test_cases

    async def loaded(self, execution: Execution, *, kept: bool = False, synchronous: bool = False) -> Loaded:
        """``kept``: whether it will be stored. ``synchronous``: whether somebody waits for its end. Raises Refused,
        NoTestCase."""
        revision = await self._machines.revision(execution.revision_id)
        assert revision is not None
        machine = await self._compiled(revision.id, revision.definition)
        identity = Identity(
            uid=execution.uid,
            execution_id=execution.arn,
            name=execution.name,
            role_arn=revision.role_arn,
            state_machine_id=execution.machine_arn,
            state_machine_name=arns.machine_name(execution.machine_arn),
            version_arn=execution.version_arn,
            alias_arn=execution.alias_arn,
            synchronous=synchronous,
        )
        loaded = Loaded(
            ref=ExecutionRef.of(identity, NAMESPACE),
            identity=identity,
            machine=machine,
            input=execution.input,
            seq=0,
            parts={},
        )
        if execution.test_case is not None:
            await self._test_cases.begin(loaded.ref, loaded.machine, execution.test_case, kept=kept)
        return loaded
