"""Step Functions' own API, as tasks call it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from stepwright.asl.json_types import Json
from stepwright.asl.signals import Millis, TaskId
from stepwright.catalog.callers import Caller
from stepwright.engine.ports import ExecutionRef


@dataclass(frozen=True, slots=True)
class CallingTask:
    """The task that a call is made for, which is what a call is known by: a second one of the same task finds what the first
    has begun. ``scheduled``: when it was; None if that is not known any more, of a task that an earlier version has
    stopped. ``waits``: whether it waits for the end of what it begins."""

    ref: ExecutionRef
    task: TaskId
    scheduled: Millis | None
    waits: bool


class Calls(Protocol):
    """Step Functions' own API, as tasks call it."""

    def serves(self, operation: str) -> bool:
        """Whether tasks can call it here: its name, and a pattern where it has one (``startExecution.waitForTaskToken``)."""

    async def call(
        self,
        operation: str,
        parameters: Json,
        *,
        by: CallingTask,
        caller: Caller,
        moment: Callable[[Millis], Json],
    ) -> dict[str, Json]:
        """What ``operation`` (``startExecution``) answers; names begin with a capital letter, as in tasks.

        ``caller`` must have the right to do it. What is named without an ARN is where the task's execution is. ``moment``
        formats a moment. Raises CallRefused, Unavailable.
        """

    async def is_express(self, arn: str, by: CallingTask) -> bool:
        """Of a state machine, or a version or an alias of one; False where there is none. Raises
        CallRefused, Unavailable."""

    async def until_ended(self, arn: str, by: CallingTask) -> None:
        """Return once the Standard execution that the task has started has ended, or no longer exists. Raises
        CallRefused, Unavailable."""

    async def stop(self, by: CallingTask) -> None:
        """Ask the execution to stop that the task has started, if it has started one; durable when it returns. Raises
        Unavailable."""
