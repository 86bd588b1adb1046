"""What an integration says about the calls that it makes. Everything else about them is ``CallDriver``'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, runtime_checkable

from stepwright.asl.failure.errors import RUNTIME
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.catalog import arns, callers
from stepwright.catalog.arns import Place
from stepwright.catalog.callers import Caller
from stepwright.engine.ports import ExecutionRef
from stepwright.tasks.calls.slots import Host


@dataclass(frozen=True, slots=True)
class Call:
    ref: ExecutionRef
    task: StartTask

    @property
    def caller(self) -> Caller:
        """As whom it is made: as the role that the state names, else as the state machine's. Raises CallFailed."""
        return callers.of_task(self.ref, self.role)

    @property
    def role(self) -> str | None:
        """The ARN of the one that the state names. Raises CallFailed."""
        return role_of(self.task.credentials)

    @property
    def place(self) -> Place:
        """Where things are that it names without an ARN: where its execution is."""
        return arns.place_of(self.ref.arn)


@dataclass(frozen=True, slots=True)
class Answered:
    """``text``: the answer exactly as given, if it must be kept that way."""

    value: Json
    text: JsonText | None = None


def role_of(credentials: Json) -> str | None:
    """The role that a task's ``Credentials`` name, if there are any. Raises CallFailed."""
    if credentials is None:
        return None
    named = credentials.get("RoleArn") if isinstance(credentials, Mapping) else None
    if not isinstance(named, str) or not named:
        raise CallFailed(RUNTIME, "The Credentials of a task must name a role by its ARN (RoleArn).")
    return named


class Again(Enum):
    """What to do when nobody knows whether a call was made: the process that made it is gone, or its answer
    was lost."""

    HARMLESS = "doing it twice is doing it once, or the other side knows it by the identity that we send"
    """It is made again."""
    REPEAT = "it is made at least once, as AWS makes it"
    """It is made again."""
    FIND = "what was begun can be found"
    """It is searched for, and made if it is not found."""
    FAIL = "nobody can know"
    """The task fails with the error of a lost connection."""


class CallFailed(Exception):  # noqa: N818 - it names a condition
    """The call has failed for good; the task fails with these words."""

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


class AnswerLost(Exception):  # noqa: N818
    """The call may have been made: ``Integration.again`` decides what comes next. A call that was certainly
    not made raises ``Unavailable`` and is simply repeated."""


class RefusedForNow(Exception):  # noqa: N818
    """The other side refuses the call, perhaps not for long: it is made again a few times, then the task fails with
    ``failure``. ``landed``: it may have been made all the same."""

    def __init__(self, failure: CallFailed, *, landed: bool) -> None:
        super().__init__(f"{failure.error}: {failure.cause}")
        self.failure = failure
        self.landed = landed


@runtime_checkable
class Shows(Protocol):
    """An integration that begins what people find under a name of its own."""

    def shown_as(self, call: Call) -> str | None:
        """That name: an execution's ARN. ``call.task.submitted`` is what ``begin`` has answered. Makes no call."""


@runtime_checkable
class Changes(Protocol):
    """An integration whose tasks may be given other parameters while they run."""

    async def change(self, call: Call) -> None:
        """What was begun goes on with the parameters of this call. Harmless to repeat. Raises Unavailable."""


class Integration(Protocol):
    """All calls raise CallFailed, and Unavailable if they should be repeated later."""

    def serves(self, resource: Resource) -> bool: ...

    def host(self, call: Call) -> str | Host | None:
        """Whose calls share a limit: that of every host for a name alone. None: there is no limit. Raises nothing."""

    def again(self, call: Call) -> Again: ...

    def lost(self, call: Call) -> CallFailed:
        """The failure of a task when nobody knows whether its call was made."""

    async def begin(self, call: Call) -> Answered:
        """Make the call. The answer is the task's result; for a task that waits for what was begun, or for
        its token, it is the output of TaskSubmitted. Raises AnswerLost and RefusedForNow, too."""

    async def find(self, call: Call) -> Answered | None:
        """What ``begin`` answered, if it was called; only for FIND."""

    async def follow(self, call: Call, begun: Json) -> Answered:
        """Wait for the end of what was begun, even by another process; for tasks that wait for it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        """Stop what was begun, if anything; for tasks that wait for its end. Harmless to repeat."""

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """The task's result is committed: what was kept for it may go. Harmless to repeat."""

    async def close(self) -> None: ...
