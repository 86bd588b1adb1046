"""What faces ask of the place where state machines and executions live, as protocols. Adapters implement them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from stepwright.asl.checkpoint.parts import Identity
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis, UpdateMapRun
from stepwright.asl.step import HistoryEvent, Outcome, Status
from stepwright.catalog.arns import Place
from stepwright.catalog.records import (
    Activity,
    ActivityTask,
    Alias,
    Execution,
    Listed,
    MapRun,
    Revision,
    StateMachine,
    Version,
)
from stepwright.engine.ports import ExecutionRef, StopRequest, Uid


class NoSuchTask(Exception):  # noqa: N818 - it names a condition
    """The token is none that was ever given out, or its execution is unknown."""


class TaskOver(Exception):  # noqa: N818
    """The task of this token is no longer open: it has its result, timed out, or its execution has ended."""

    def __init__(self, activity: str | None = None) -> None:
        """``activity``: its ARN, where the task was one of an activity."""
        super().__init__(activity)
        self.activity = activity


class NotRedrivable(Exception):  # noqa: N818
    """The execution runs, has succeeded, its state machine was deleted, or nothing was kept that a redrive could go on
    from."""


class NoTestCase(Exception):  # noqa: N818
    """There is no test case of this name for the state machine, or it does not fit. The sentences say why."""


class MachineGone(Exception):  # noqa: N818
    """The state machine was deleted, or is being deleted."""


class CallRefused(Exception):  # noqa: N818 - what an API said
    """The API has refused a call; ``code`` is the exception's name, as AWS has it."""

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status


class Calls(Protocol):
    """Step Functions' own API, as tasks call it."""

    def serves(self, operation: str) -> bool: ...

    async def call(
        self, operation: str, parameters: Json, *, once: str, moment: Callable[[Millis], Json]
    ) -> dict[str, Json]:
        """What ``operation`` (``startExecution``) answers; names begin with a capital letter, as in tasks.

        ``once``: a UUID. What a call with it has begun, a second one finds there; an execution that it starts has it
        as its uid. ``moment`` writes a moment. Raises CallRefused, Unavailable.
        """


class Catalog(Protocol):
    """What there is, stored. What is written is durable when the call returns."""

    async def add_machine(self, machine: StateMachine, version: Version | None = None) -> StateMachine:
        """The machine as it is stored: the one that was there before, if its name was taken. With it comes its first
        version, where it is to be published."""

    async def machine(self, arn: str) -> StateMachine | None: ...

    async def machines(self, place: Place, after: str, limit: int) -> Sequence[StateMachine]:
        """Those of a place by name that come after ``after``."""

    async def revise(self, arn: str, revision: Revision) -> None:
        """Give a machine its next revision."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of a machine."""

    async def delete_machine(self, arn: str) -> None:
        """It goes at once, or, where executions run, once these have failed at their next transition. They stay."""

    async def revision(self, id: str) -> Revision | None: ...

    async def execution(self, arn: str) -> Execution | None: ...

    async def has_machine(self, execution: Execution) -> bool:
        """Whether the state machine that it was started with is there, and is not being deleted."""

    async def executions(
        self, started_as: str, status: Status | None, before: Listed | None, limit: int
    ) -> Sequence[Execution]:
        """Of a state machine, or those started by a version or an alias of it; the newest first, those that are
        listed after ``before``."""

    async def events(
        self, execution: Execution, beyond: int | None, limit: int, *, newest_first: bool
    ) -> Sequence[HistoryEvent]:
        """Events of an execution in the order asked for, those beyond the event of this id."""


class Versions(Protocol):
    """Published versions and their aliases, stored. What is written is durable when the call returns."""

    async def publish(self, machine: StateMachine, description: str | None, now: Millis) -> Version:
        """The version of the machine's revision: the one that was published before with this description, or with any
        where none is given, if there is one."""

    async def version(self, arn: str) -> Version | None: ...

    async def versions(self, machine_arn: str, before: int | None, limit: int) -> Sequence[Version]:
        """The newest first, those with a number below ``before``."""

    async def delete_version(self, arn: str) -> None: ...

    async def add_alias(self, alias: Alias) -> Alias:
        """The alias as it is stored: the one that was there before, if its name was taken."""

    async def alias(self, arn: str) -> Alias | None: ...

    async def aliases(self, machine_arn: str, after: str, limit: int) -> Sequence[Alias]:
        """By name, those that come after ``after``."""

    async def replace_alias(self, alias: Alias) -> None: ...

    async def delete_alias(self, arn: str) -> None: ...


class Activities(Protocol):
    """Activities, stored. What is written is durable when the call returns."""

    async def add(self, activity: Activity) -> Activity:
        """The activity as it is stored: the one that was there before, if its name was taken."""

    async def activity(self, arn: str) -> Activity | None: ...

    async def activities(self, place: Place, after: str, limit: int) -> Sequence[Activity]:
        """Those of a place by name that come after ``after``."""

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of an activity."""

    async def delete(self, arn: str) -> None: ...


class Work(Protocol):
    """The tasks of activities, as workers get them."""

    async def take(self, arn: str, worker: str | None, seconds: float) -> ActivityTask | None:
        """Wait so long for a task; each is handed out once, also across a restart."""


class MapRuns(Protocol):
    """What is known of Map Runs and their child executions."""

    async def map_run(self, arn: str) -> MapRun | None: ...

    async def map_runs(self, execution_arn: str, before: int | None, limit: int) -> Sequence[MapRun]:
        """Of an execution, the newest first, those whose position comes before ``before``."""

    async def children(
        self,
        map_run_arn: str,
        status: Status | None,
        before: Listed | None,
        limit: int,
        *,
        redriven: bool | None = None,
    ) -> Sequence[Execution]:
        """The child executions of a Map Run, likewise; those that were redriven, or that were not."""


class TestCases(Protocol):
    """The test cases of a file of mocks, as AWS Step Functions Local has them."""

    async def begin(self, ref: ExecutionRef, machine: Machine, case: str, *, kept: bool) -> None:
        """An execution is about to be started with a test case; durable when it returns, where executions are ``kept``.
        Raises NoTestCase."""

    def forget(self, uid: Uid) -> None:
        """The execution is carried no more."""


class Runner(Protocol):
    """Lets executions run."""

    async def start(self, execution: Execution) -> Execution:
        """Begin a Standard execution; durable when it returns. The stored one, if its ARN was taken. Raises
        MachineGone, NoTestCase."""

    async def start_express(self, execution: Execution) -> None:
        """Begin an Express execution and keep nothing of it. Raises NoTestCase."""

    async def run_express(self, execution: Execution) -> Execution:
        """Run an Express execution and wait for its end. Raises NoTestCase."""

    async def run_machine(self, machine: Machine, identity: Identity, input: JsonText) -> Outcome:
        """Run a machine that was never created, keep nothing of it, and wait for its end."""

    async def stop(self, execution: Execution, request: StopRequest) -> Millis:
        """Stop an execution and wait until it has ended; when that was, also where it had ended before."""

    async def redrive(self, execution: Execution, token: str | None) -> Millis:
        """Let an execution that ended without success go on; durable when it returns. When that was done, also where
        it was by an earlier call with this token. Raises NotRedrivable."""

    async def update_map_run(self, asked: UpdateMapRun) -> bool:
        """Give a Map Run under way other bounds; durable when it returns. False where it is not under way."""

    async def succeed(self, token: str, output: JsonText) -> None:
        """The result of a task, by its token; durable when it returns. Raises NoSuchTask, TaskOver."""

    async def fail(self, token: str, error: str | None, cause: str | None) -> None:
        """Raises NoSuchTask, TaskOver."""

    async def heartbeat(self, token: str) -> None:
        """Raises NoSuchTask, TaskOver."""
