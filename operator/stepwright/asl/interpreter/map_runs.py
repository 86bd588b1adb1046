"""Map Runs: a distributed Map while it runs, and its child executions, as they look from outside.

An iteration of a distributed Map is an execution of its own: it has a name, an input, a context object, variables and
a history, and the parent's history does not mention its events. In the checkpoint it is a branch like any other. So it
costs no more than an iteration of an inline Map, and everything that carries executions carries it, too. Its events have
numbers of their own and are handed out separately (``Step.child_events``): a journal may keep them or not.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha1
from typing import Final, Literal
from uuid import NAMESPACE_OID, UUID, uuid5

from msgspec.structs import replace

from stepwright.asl.checkpoint.parts import Branch, Child, Fork, MapRun, child_id
from stepwright.asl.failure.matching import Failure
from stepwright.asl.interpreter import history, open_shards
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map
from stepwright.asl.step import ChildExecution, Counts, MapRunStatus, Status
from stepwright.asl.text import jsontext, timestamps
from stepwright.asl.text.payload import Payload, of_text

_MACHINE: Final = ":stateMachine:"
_NAMESPACE: Final = NAMESPACE_OID.bytes
_ID_BEGINS: Final = len("01234567-89ab-")
_NEIGHBOURS: Final = 1_000
"""About as many items as are written together."""
_INCLUDED: Final[dict[str, Json]] = {"Included": True}


def new(
    draft: Draft,
    state: Map,
    max_concurrency: int,
    batch: tuple[int | None, int | None],
) -> MapRun:
    """Its ARN follows from the execution and from the moment at which the Map began in it, so the same step always gives
    the same ARN."""
    identity = draft.checkpoint.start.identity
    prefix, _, machine = identity.state_machine_id.partition(_MACHINE)
    began = str(uuid5(NAMESPACE_OID, f"{identity.uid}/{draft.head.ordinal}"))
    run = id_begins(identity.uid) + began[_ID_BEGINS:]
    return MapRun(
        arn=f"{prefix}:mapRun:{machine}/{label(identity.state_machine_id, state)}:{run}",
        started=draft.now,
        max_concurrency=max_concurrency,
        batch_items=batch[0],
        batch_bytes=batch[1],
    )


def id_begins(uid: str) -> str:
    """What the ids of all Map Runs of an execution begin with, so that it can be found by the ARN of one."""
    made = sha1(_NAMESPACE + uid.encode(), usedforsecurity=False).hexdigest()
    return f"{made[:8]}-{made[8:12]}-"


def label(machine_arn: str, state: Map) -> str:
    """The name of the Map in ARNs: its label, or one made up for it if it has none."""
    return state.label or str(uuid5(NAMESPACE_OID, machine_arn + state.pointer))


def execution_arn(run_arn: str, child: str) -> str:
    return f"{_of_run(run_arn, ':execution:')}:{child}"


def machine_arn(run_arn: str) -> str:
    """Child executions belong to no state machine that anybody created; AWS names theirs by machine and label."""
    return _of_run(run_arn, _MACHINE)


@lru_cache(maxsize=64)
def _of_run(run_arn: str, kind: str) -> str:
    """A run has many child executions, and each of them asks several times."""
    return run_arn.rpartition(":")[0].replace(":mapRun:", kind, 1)


@lru_cache(maxsize=64)
def _uuid(run_arn: str) -> bytes:
    return UUID(run_arn.rpartition(":")[2]).bytes


def _name(run_arn: str, index: int) -> str:
    """A UUID of version 5. Names of neighbours begin alike, so that whoever stores them by name has one page to write for
    many of them, not one for each."""
    made = sha1(_uuid(run_arn) + b"%d" % index, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(made[16], 16) & 3]
    begins = _name_begins(run_arn, index // _NEIGHBOURS)
    return f"{begins}-{made[8:12]}-5{made[13:16]}-{variant}{made[17:20]}-{made[20:32]}"


@lru_cache(maxsize=64)
def _name_begins(run_arn: str, neighbours: int) -> str:
    return sha1(_uuid(run_arn) + b"/%d" % neighbours, usedforsecurity=False).hexdigest()[:8]


def begin_child(draft: Draft, fork: Fork, branch: Branch, items: int) -> None:
    """A branch that was just added is the root of a child execution: give it its identity and its first event."""
    run = fork.run
    assert run is not None
    name = _name(run.arn, branch.index)
    branch.child = branch.number
    draft.checkpoint.put(child_id(branch.number), Child(branch.number, name, branch.input, draft.now, items))
    draft.record(
        branch,
        "ExecutionStarted",
        0,
        "executionStartedEventDetails",
        history.execution_started(branch.input.text, draft.checkpoint.start.identity.role_arn),
    )
    fork.run = replace(run, children=run.children + 1)
    _tell_child(draft, run, branch, "RUNNING")


def child_succeeded(draft: Draft, fork: Fork, branch: Branch) -> None:
    run = fork.run
    assert run is not None
    text = branch.input.text
    draft.record(
        branch,
        "ExecutionSucceeded",
        branch.previous,
        "executionSucceededEventDetails",
        history.output(text),
    )
    fork.run = replace(run, ended=run.ended + 1)
    _tell_child(draft, run, branch, "SUCCEEDED")


def child_failed(draft: Draft, fork: Fork, branch: Branch, failure: Failure) -> None:
    run = fork.run
    assert run is not None
    details = history.failure(failure.error, failure.cause)
    draft.record(branch, "ExecutionFailed", branch.previous, "executionFailedEventDetails", details)
    fork.run = replace(run, ended=run.ended + 1, failed=run.failed + 1)
    fork.failed += draft.checkpoint.child(branch.number).items
    _tell_child(draft, run, branch, "FAILED", failure)


def child_aborted(draft: Draft, fork: Fork, branch: Branch) -> None:
    assert fork.run is not None
    draft.record(branch, "ExecutionAborted", 0, "executionAbortedEventDetails", {})
    _tell_child(draft, fork.run, branch, "ABORTED")


def redrive(draft: Draft, parent: Branch, fork: Fork) -> None:
    """The run goes on with what had not succeeded. The recorded event follows the state's start, just as the event that
    began the run did, which came right after it."""
    run = fork.run
    assert run is not None
    fork.run = replace(run, redrives=run.redrives + 1, redriven=draft.now)
    if run.is_shard:
        return  # which its Map records
    fork.previous = draft.record(
        parent,
        "MapRunRedriven",
        parent.previous - 1,
        "mapRunRedrivenEventDetails",
        {"mapRunArn": run.arn, "redriveCount": fork.run.redrives},
    )
    tell(draft, fork)


def redrive_child(draft: Draft, branch: Branch) -> int:
    """A child execution that had ended without success runs again. Returns the id of the event that says so."""
    child = draft.checkpoint.child(branch.number)
    child = replace(child, redrives=child.redrives + 1, redriven=draft.now)
    draft.checkpoint.put(child_id(branch.number), child)
    assert branch.parent is not None
    fork = draft.checkpoint.peek_fork(branch.parent)
    assert fork is not None
    assert fork.run is not None
    _tell_child(draft, fork.run, branch, "RUNNING")
    return draft.record(
        branch, "ExecutionRedriven", branch.events, *history.execution_redriven(child.redrives)
    )


def keeps_descriptions(draft: Draft, fork: Fork) -> bool:
    """Whether what is kept of a child execution that has succeeded is its description, not its output alone."""
    parent = draft.checkpoint.peek(fork.branch)
    assert parent is not None
    state = draft.state(parent)
    assert isinstance(state, Map)
    writer = state.writer
    return writer is not None and (writer.resource is not None or writer.transformation == "NONE")


def description(
    draft: Draft,
    fork: Fork,
    branch: Branch,
    status: Literal["SUCCEEDED", "FAILED", "ABORTED"] = "SUCCEEDED",
    failure: Failure | None = None,
) -> Payload:
    """What the results of a Map hold in place of a child execution whose failure is tolerated; and, if they are written
    elsewhere, of every child execution, as in AWS's files of results. It is kept as a text: there may be thousands."""
    assert fork.run is not None
    child, run = draft.checkpoint.child(branch.number), fork.run
    said: dict[str, Json] = {}
    if failure is not None and failure.cause is not None:
        said["Cause"] = failure.cause
    if failure is not None and failure.error is not None:
        said["Error"] = failure.error
    said["ExecutionArn"] = execution_arn(run.arn, child.name)
    said["Input"] = child.input.text
    said["InputDetails"] = _INCLUDED
    said["Name"] = child.name
    if status == "SUCCEEDED":
        said["Output"] = branch.input.text
    said["OutputDetails"] = _INCLUDED
    said["RedriveCount"] = child.redrives
    if child.redriven is not None:
        said["RedriveDate"] = timestamps.text(child.redriven)
    said["StartDate"] = draft.timestamp if child.started == draft.now else timestamps.text(child.started)
    said["StateMachineArn"] = machine_arn(run.arn)
    said["Status"] = status
    said["StopDate"] = draft.timestamp
    return of_text(jsontext.dump(said))


def pending(given: Payload) -> Payload:
    """What such a file says of a child execution that has not begun: what it was to begin with."""
    return Payload({"Input": given.text, "InputDetails": {"Included": True}, "Status": "PENDING"})


def tell(
    draft: Draft, fork: Fork, status: Literal["RUNNING", "SUCCEEDED", "FAILED", "ABORTED"] = "RUNNING"
) -> None:
    """Report how the run stands. What is running when it ends is aborted. Only its Map reports about a shard."""
    assert fork.run is not None
    if fork.run.is_shard:
        return
    own, fork = fork, open_shards.folded(draft.parts, fork)
    run = fork.run
    assert run is not None
    over = status != "RUNNING"
    aborted = over or run.leaving is not None
    items = fork.cursor - fork.finished
    children = run.children - run.ended
    parent = draft.checkpoint.peek(fork.branch)
    assert parent is not None
    execution, machine = _parent(draft, parent)
    lasting = draft.checkpoint.frozen_fork(fork.branch) if over else own if aborted else fork
    waiting = 0 if run.batch_items or run.batch_bytes else fork.width - fork.cursor
    draft.children.map_runs[run.arn] = MapRunStatus(
        arn=run.arn,
        execution_arn=execution,
        state_machine_arn=machine,
        status=status,
        started=run.started,
        stopped=draft.now if over else None,
        max_concurrency=run.max_concurrency,
        tolerated_failure_count=fork.tolerated_count,
        tolerated_failure_percentage=fork.tolerated_percentage,
        items=Counts(
            total=fork.width,
            running=0 if aborted else items,
            succeeded=fork.finished - fork.failed,
            failed=fork.failed,
            aborted=items if aborted else 0,
            not_redrivable=0 if lasting is None else lasting.failed,
        ),
        executions=Counts(
            total=run.children + waiting,
            running=0 if aborted else children,
            succeeded=run.ended - run.failed,
            failed=run.failed,
            aborted=children if aborted else 0,
            not_redrivable=0 if lasting is None or lasting.run is None else lasting.run.failed,
        ),
        path=parent.prefix + parent.state if parent.child is None else "",
        redrives=run.redrives,
        redriven=run.redriven,
    )


def _parent(draft: Draft, parent: Branch) -> tuple[str, str]:
    """The ARNs of the execution whose Map it is, and of its state machine."""
    if parent.child is None:
        identity = draft.checkpoint.start.identity
        return identity.execution_id, identity.state_machine_id
    root = draft.checkpoint.peek(parent.child)
    assert root is not None
    assert root.parent is not None
    around = draft.checkpoint.peek_fork(root.parent)
    assert around is not None
    assert around.run is not None
    arn = around.run.arn
    return execution_arn(arn, draft.checkpoint.child(root.number).name), machine_arn(arn)


def _tell_child(
    draft: Draft, run: MapRun, branch: Branch, status: Status, failure: Failure | None = None
) -> None:
    child = draft.checkpoint.child(branch.number)
    draft.children.executions[child.name] = ChildExecution(
        name=child.name,
        map_run_arn=run.arn,
        status=status,
        started=child.started,
        input=child.input.text,
        items=child.items,
        stopped=None if status == "RUNNING" else draft.now,
        output=branch.input.text if status == "SUCCEEDED" else None,
        error=None if failure is None else failure.error,
        cause=None if failure is None else failure.cause,
        redrives=child.redrives,
        redriven=child.redriven,
    )
