"""Standard executions: reading, starting and stopping them."""

from __future__ import annotations

from typing import Protocol

from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.asl.step import HistoryEvent, Status
from stepwright.catalog.ports.lists import Cursor, Page
from stepwright.catalog.records import Execution
from stepwright.engine.ports import StopRequest, Uid


class StartedExecutions(Protocol):
    """Standard executions, as whoever has started them looks after them. What is written is durable when the call returns."""

    async def execution(self, arn: str) -> Execution | None: ...

    async def executions(
        self, started_as: str, status: Status | None, after: Cursor | None, limit: int
    ) -> Page[Execution]:
        """Those of a state machine, or started with a version or an alias of it; the newest first, by their
        end, last redrive or start, whichever was last.

        Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """

    async def start(self, execution: Execution) -> Execution:
        """Begin a Standard execution; durable when it returns. The stored one, if its ARN was taken. Raises
        MachineGone, NoTestCase."""

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        """Stop an execution and wait until it has ended. Returns when that was, even if it had ended
        before."""

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool:
        """Durable when it returns. False where it does not run."""

    async def until_ended(self, arn: str) -> None:
        """Return once an execution is over, or is not there."""


class Executions(StartedExecutions, Protocol):
    """Standard executions, stored and run."""

    async def has_machine(self, execution: Execution) -> bool:
        """Whether the state machine that it was started with exists and is not being deleted; another one of
        the same name does not count."""

    async def events(
        self,
        execution: Execution,
        after: Cursor | None,
        limit: int,
        *,
        newest_first: bool,
        first: int | None = None,
    ) -> Page[HistoryEvent]:
        """Events of an execution in the order asked for. ``first``: the id of the one that a list without a cursor begins
        with; ids are dense."""

    async def redrive(self, execution: Execution, token: str | None, at: RedriveFrom | None = None) -> Millis:
        """Let an execution that ended without success continue, ``at`` a state or where it failed; durable when it
        returns. Returns when that was done, perhaps by an earlier call with this token. Raises NotRedrivable."""
