"""The kind Execution: one run of a state machine, its progress and its end.

The status is two things at once. For people: phase, current states, transitions, output, error, conditions. And for
the engine: the journal (``seq``, ``commitId``, ``checkpoint``, ``history``, ``historyPage``, ``settled``, ``seal``), written
together in one conditional write, so that what people see is never ahead of or behind what is recorded.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field, WithJsonSchema

from stepwright.cluster.resources.model import (
    Conditions,
    Name,
    ObjectMeta,
    Observed,
    Timestamp,
    Written,
    rules,
    unchanged,
)

INPUT_CHARACTERS = 262_144
"""AWS's limit for inputs and outputs, which counts bytes: the engine counts them when the execution
starts."""

Phase: TypeAlias = Literal["Pending", "Running", "Succeeded", "Failed", "TimedOut", "Aborted"]

_ENGINE = "Written by the engine for itself; not an interface, its form may change with any version."


class StateMachineRef(Written):
    """The state machine to run."""

    name: Name
    """The StateMachine's name, in the namespace of the Execution. It may be created later: the Execution waits."""


class Stop(Written):
    """A request to stop."""

    error: Annotated[str, Field(max_length=256)] | None = None
    """The error code that the aborted execution shows."""
    cause: Annotated[str, Field(max_length=32768)] | None = None
    """Why it is stopped, for people."""


class Redrive(Written):
    """A request to continue a failed execution from where it failed, or from another state."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "!has(self.inputJson) || has(self.from)",
                "inputJson is for the state in from: name one, or leave it out",
            ),
        )
    )

    request_id: Annotated[str, Field(min_length=1, max_length=128)]
    """Any text that no request had before: it is made once, and status.redrives says what became of it."""
    from_: Annotated[Annotated[str, Field(min_length=1, max_length=80)] | None, Field(alias="from")] = None
    """The state to go on at, if not where the execution failed: one that is in no Parallel and no Map. It is entered anew,
    with the variables that there were."""
    input_json: Annotated[str, Field(max_length=INPUT_CHARACTERS)] | None = None
    """The input of that state, as JSON text, up to 256 KiB; if not given, the input that the state had in which the
    execution ended."""


class Parent(Written):
    """The task that has started an execution."""

    namespace: Name
    """The namespace of the task's execution."""
    name: Name
    """The name of the task's execution."""
    uid: Annotated[str, Field(min_length=1, max_length=128)]
    """The uid of the task's execution."""
    task: Annotated[int, Field(ge=1)]
    """Id of the task's TaskScheduled event."""
    scheduled_time: Annotated[Timestamp, Field(json_schema_extra={"maxLength": 40})]
    """When the task was scheduled."""
    depth: Annotated[int, Field(ge=1, le=20)]
    """How many executions have led to this one, each started by a task of the one before."""
    awaited: bool
    """Whether the task waits for its end: then it is stopped with the task."""


class MapRunBounds(Written):
    """Other bounds for a run of a distributed Map that is under way. Those that are not given stay as they are."""

    map_run_arn: Annotated[str, Field(min_length=1, max_length=2048)]
    """The Map Run: one of status.mapRuns. For others, and for those that have ended, nothing changes."""
    max_concurrency: Annotated[int, Field(ge=0)] | None = None
    """How many child executions may run at once; 0 is as many as Stepwright allows."""
    tolerated_failure_count: Annotated[int, Field(ge=0)] | None = None
    """How many items may fail."""
    tolerated_failure_percentage: Annotated[float, Field(ge=0, le=100)] | None = None
    """How many of 100 items may fail."""


class MapShardBounds(Written):
    """What a part of a distributed Map has of the Map's bounds."""

    max_concurrency: Annotated[int, Field(ge=0)]
    """How many child executions it may run at once; with 0 it begins none."""
    tolerated_failure_count: Annotated[int, Field(ge=0)]
    """How many of its items may fail."""


class MapShard(Written):
    """A range of a distributed Map's items, which this execution works on. Its states are those of the Map's ItemProcessor."""

    uid: Annotated[str, Field(min_length=1, max_length=128)]
    """What the shard is known by in the execution whose Map it belongs to."""
    map_run: Annotated[str, Field(max_length=2048)]
    """The ARN of the Map Run."""
    first: Annotated[int, Field(ge=0)]
    """Which of the Map's items it begins with."""
    count: Annotated[int, Field(ge=0)]
    """How many of them it has."""
    bounds: MapShardBounds | None = None
    """Its share of its Map's bounds from now on. Stepwright changes it as the Map goes on."""


class ExecutionSpec(Written):
    """What to run, with which input. Only stop, restart, redrive and mapRuns can be set later."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            ("self.stateMachineRef == oldSelf.stateMachineRef", "stateMachineRef cannot be changed"),
            unchanged("inputJson", "inputJson cannot be changed, added or removed; create another Execution"),
            unchanged("name", "name cannot be changed, added or removed"),
            unchanged("parent", "parent cannot be changed, added or removed: it says who has started this"),
            (
                (
                    "has(self.mapShard) == has(oldSelf.mapShard) && (!has(self.mapShard) || "
                    "(self.mapShard.uid == oldSelf.mapShard.uid && self.mapShard.mapRun == oldSelf.mapShard.mapRun && "
                    "self.mapShard.first == oldSelf.mapShard.first && self.mapShard.count == oldSelf.mapShard.count))"
                ),
                "mapShard cannot be changed, added or removed, but for its bounds: it says what this works on",
            ),
            unchanged(
                "ttlSecondsAfterFinished", "ttlSecondsAfterFinished cannot be changed, added or removed"
            ),
            (
                (
                    "!has(oldSelf.stop) || (has(self.stop) ? self.stop == oldSelf.stop : has(self.redrive) && "
                    "(!has(oldSelf.redrive) || self.redrive.requestId != oldSelf.redrive.requestId))"
                ),
                "stop has been asked for: it cannot be changed or taken back, but by a new redrive",
            ),
            (
                (
                    "!has(self.redrive) || !has(self.stop) || (has(oldSelf.redrive) && "
                    "self.redrive.requestId == oldSelf.redrive.requestId)"
                ),
                "an execution that was stopped is redriven without its stop: set stop to null together with redrive",
            ),
            (
                (
                    "!has(self.redrive) || !has(oldSelf.redrive) || "
                    "self.redrive.requestId != oldSelf.redrive.requestId || "
                    "(has(self.redrive.from) == has(oldSelf.redrive.from) && "
                    "(!has(self.redrive.from) || self.redrive.from == oldSelf.redrive.from))"
                ),
                "redrive.from goes with its requestId: give another requestId for another redrive",
            ),
        )
    )

    state_machine_ref: StateMachineRef
    """The state machine to run."""
    input: Annotated[
        Any,
        # The rules of a CRD cannot see a field without a type: an admission policy makes it immutable.
        # Without nullable the API server would drop a null, which is an input like any other.
        WithJsonSchema(
            {"x-kubernetes-preserve-unknown-fields": True, "nullable": True, "maxLength": INPUT_CHARACTERS}
        ),
    ] = None
    """The input: any JSON value, up to 256 KiB; {} if neither this nor inputJson is given. The API server rounds
    numbers and sorts keys (1.0 becomes 1), and kubectl apply without --server-side leaves out fields that are null:
    inputJson is exact."""
    input_json: Annotated[str, Field(max_length=INPUT_CHARACTERS)] | None = None
    """The input as JSON text, kept exactly as written; instead of input."""
    stop: Stop | None = None
    """Set it to stop the execution: it ends as Aborted, its Jobs are deleted. A redrive that takes it away goes on from there."""
    restart: bool = False
    """Set it to run an execution that was restored from a backup again from its beginning; otherwise it
    waits. It has no effect on any other execution."""
    redrive: Redrive | None = None
    """Set it to run an execution that has failed, timed out or was stopped again from where that happened, or from a state of
    your choice."""
    map_runs: Annotated[
        list[MapRunBounds],
        Field(
            max_length=5,
            json_schema_extra={"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["mapRunArn"]},
        ),
    ] = Field(default_factory=list)
    """Set it to give runs of distributed Maps other bounds while they are under way, as UpdateMapRun of AWS does. They apply at once,
    and stay in force after the entry is removed."""
    name: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    """The execution's name in ARNs and for its own states, if that is not metadata.name."""
    parent: Parent | None = None
    """The task that started it, if one did. Only Stepwright sets this, acting as the account of the task's state machine."""
    map_shard: MapShard | None = None
    """Which items of a distributed Map it works on, if it is a part of one. Only Stepwright makes such executions, for Maps of
    more than 1,000 items, and it deletes them when they are done."""
    ttl_seconds_after_finished: Annotated[int, Field(ge=0, le=31_536_000)] | None = None
    """How many seconds after its end this Execution is deleted with everything it owns; by default what the
    state machine says in retention."""


class StartedMachine(Observed):
    """What the execution runs."""

    name: str
    """The StateMachine's name."""
    uid: str
    """The StateMachine's uid."""
    revision: str
    """The ControllerRevision with the definition and settings that this execution runs to its end."""


class OutputRef(Observed):
    """Where the output is kept."""

    name: str
    """The ExecutionHistory whose payload is the output."""


class Transition(Observed):
    """One visit of a state."""

    id: int
    """Id of the history event that entered the state."""
    path: str
    """Where in the workflow: Ship, Orders[3]/Ship, Both[0]/Check."""
    state: str
    """The state's name."""
    type: str
    """The state's type: Task, Choice, Wait, ..."""
    outcome: Literal["Succeeded", "Failed", "Caught", "Aborted", "TimedOut"] | None = None
    """How the visit ended; Caught is a failure that a Catch handled. Absent while the state is active."""
    start_time: Timestamp
    """When the state was entered."""
    duration_seconds: float | None = None
    """How long the visit took."""
    attempts: int = 1
    """How often the state was tried: 1 without a retry."""
    job: str | None = None
    """The Job of the newest attempt, for kubectl logs job/NAME."""
    execution: str | None = None
    """The Execution that the newest attempt started: its name, preceded by its namespace if that is a different one."""
    error: str | None = None
    """The error of the newest failed attempt."""


class RedriveRequest(Observed):
    """A redrive that was asked for."""

    request_id: str
    """By which request."""
    time: Timestamp
    """When the execution went on, or when that was refused."""
    from_: Annotated[str | None, Field(alias="from")] = None
    """The state that it went on at, if that was not where it had failed."""
    refused: str | None = None
    """Why it did not go on."""


class VisitsPage(Observed):
    """The newest visits of states, beside those under way, which the checkpoint has."""

    previous: str | None = None
    """The ExecutionHistory with what was reported of visits before."""
    told: str = Field(
        default="",
        description="Visits that have ended, and tries of others that have failed, as a JSON text: pointers with types, and rows "
        f"that name them by position. {_ENGINE}",
    )


class HistoryPage(Observed):
    """The page of history events that the status holds."""

    previous: str | None = None
    """The ExecutionHistory with the events before this page."""
    first_event_id: int = 1
    """Id of this page's first event."""


class ShardProgress(Observed):
    """How far a shard of a distributed Map has come."""

    started: int = 0
    """Of how many items child executions have begun."""
    finished: int = 0
    """Of how many items they have ended."""
    failed: int = 0
    """How many of these have failed."""
    children: int = 0
    """How many child executions have begun."""
    children_ended: int = 0
    """How many of them have ended."""
    children_failed: int = 0
    """How many of these have failed."""


class MapItems(Observed):
    """How many items of a distributed Map there are, as far as they are known."""

    total: int = 0
    """All that are known."""
    pending: int = 0
    """Those whose child executions have not begun."""
    running: int = 0
    """Those whose child executions run."""
    succeeded: int = 0
    """Those whose child executions have succeeded."""
    failed: int = 0
    """Those whose child executions have failed."""
    aborted: int = 0
    """Those whose child executions were ended with the Map."""


class MapExecutions(Observed):
    """How many child executions of a distributed Map there are."""

    total: int = 0
    """Those that have begun and, unless they take batches of items, those that are to begin."""
    pending: int = 0
    """Those that have not begun."""
    running: int = 0
    """Those that run."""
    succeeded: int = 0
    """Those that have succeeded."""
    failed: int = 0
    """Those that have failed."""
    aborted: int = 0
    """Those that were ended with the Map."""


class MapRun(Observed):
    """How far a distributed Map has come."""

    state: str
    """Where in the workflow the Map state is."""
    map_run_arn: str
    """The Map Run's ARN."""
    phase: Phase
    """Running, or how it ended."""
    start_time: Timestamp | None = None
    """When it began."""
    end_time: Timestamp | None = None
    """When it ended."""
    max_concurrency: int | None = None
    """How many child executions may run at once; 0 is as many as Stepwright allows."""
    tolerated_failure_count: int | None = None
    """How many items may fail, if the Map sets a number."""
    tolerated_failure_percentage: float | None = None
    """How many of 100 items may fail, if the Map sets a share."""
    redrive_count: int | None = None
    """How often it was redriven with its execution, if it was."""
    redrive_time: Timestamp | None = None
    """When it was redriven last."""
    items: MapItems
    """Its items."""
    executions: MapExecutions | None = None
    """Its child executions."""


class ExecutionStatus(Observed):
    """How far the execution is, or how it ended."""

    # There is one writer, the operator: tracking who owns each field would be a fifth of a write's cost to
    # the API server.
    model_config = ConfigDict(json_schema_extra={"x-kubernetes-map-type": "atomic"})

    phase: Phase = "Pending"
    """Pending until it starts, Running, and then how it ended: Succeeded, Failed, TimedOut or Aborted."""
    observed_generation: int = 0
    """The metadata.generation that the engine has acted on."""
    conditions: Conditions
    """Complete is True after any end, with the phase as its reason; Ready is True after success only; Stalled is True
    after any other end; Reconciling is True until the end; Redriven says what became of the newest redrive."""
    state_machine: StartedMachine | None = None
    """What the execution runs, fixed when it starts."""
    current_state: str | None = None
    """The active states, as a text for people; in transitions these have no outcome."""
    waiting_until: Timestamp | None = None
    """Present while only timers are open (a Wait, a Retry's interval, a time-out): when the earliest of them
    is due."""
    start_time: Timestamp | None = None
    """When it started."""
    end_time: Timestamp | None = None
    """When it ended."""
    duration: str | None = None
    """How long it took, as a text for people."""
    output: str | None = None
    """The output as JSON text, up to 8 KiB; a longer one is at outputRef."""
    output_ref: OutputRef | None = None
    """Where a longer output is kept."""
    error: str | None = None
    """The error that ended the execution."""
    cause: str | None = None
    """What led to the error, for people."""
    redrivable: bool | None = None
    """Of one that has not succeeded: whether what a redrive goes on from is kept. That is possible for 14 days."""
    not_redrivable: str | None = None
    """Why not."""
    redrive_count: int | None = None
    """How often it was redriven, if it was."""
    redrive_time: Timestamp | None = None
    """When it was redriven last."""
    redrives: Annotated[list[RedriveRequest], Field(max_length=10)] = Field(default_factory=list)
    """The newest 10 requests for redrives, oldest first."""
    transitions: Annotated[list[Transition], Field(max_length=50)] = Field(default_factory=list)
    """Visits of states, oldest first: those under way, 50 at most, and the newest 20 that have ended."""
    map_runs: Annotated[list[MapRun], Field(max_length=5)] = Field(default_factory=list)
    """The newest 5 runs of distributed Maps, oldest first; those in child executions are not among them."""
    map_shard: ShardProgress | None = None
    """The progress of the items that mapShard names."""
    seq: Annotated[int, Field(ge=0)] = 0
    """How often the engine has committed: each commit is conditional on the number before it. Written by the
    engine for itself; not an interface."""
    operator: str | None = None
    """The name of the installation of Stepwright that runs it: no other one touches it."""
    commit_id: str | None = Field(default=None, description=f"The newest commit's own id. {_ENGINE}")
    settled: bool = False
    """Whether the execution has ended and nothing is left to stop or clean up for it. Written by the engine for
    itself; not an interface."""
    checkpoint: dict[str, str] = Field(
        default_factory=dict,
        description=f"Everything needed to continue, as JSON texts by part. {_ENGINE}",
    )
    seal: str | None = Field(
        default=None,
        description=f"Hashes that reveal an edit of the status by somebody else. {_ENGINE}",
    )
    history: list[str] = Field(
        default_factory=list,
        description="The newest history events, oldest first, each as the JSON text of one of AWS's HistoryEvents. "
        "Earlier ones are in ExecutionHistory objects, from historyPage.previous on.",
    )
    history_page: HistoryPage | None = None
    """Where the events in history belong in the whole."""
    visits: VisitsPage | None = None
    """Visits of states, all of them together with the ExecutionHistory objects from visits.previous on, which the console
    shows."""


class Execution(Observed):
    """One run of a StateMachine. Follow it with kubectl get executions -w; what happened is in status.transitions."""

    api_version: Literal["stepwright.dev/v1"]
    kind: Literal["Execution"]
    metadata: ObjectMeta
    spec: ExecutionSpec
    """What to run, with which input. Only stop, restart, redrive and mapRuns can be set later."""
    status: Annotated[
        ExecutionStatus,
        # Reads show Pending, and the first commit finds seq 0 to test, without an extra write.
        Field(json_schema_extra={"default": {"phase": "Pending", "seq": 0, "observedGeneration": 0}}),
    ] = Field(default_factory=lambda: ExecutionStatus(conditions=[]))
    """How far the execution is, or how it ended."""
