"""The context object: what ``$$`` stands for.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html; the order of keys is
that of recorded executions.
"""

from __future__ import annotations

from stepwright.asl.checkpoint.parts import Branch
from stepwright.asl.interpreter import map_runs
from stepwright.asl.interpreter.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Parallel, State, Task
from stepwright.asl.signals import TaskId
from stepwright.asl.text import timestamps


def build(
    draft: Draft,
    branch: Branch,
    state: State,
    *,
    task: TaskId | None = None,
    item: tuple[int, Json] | None = None,
) -> Json:
    """``task``: the one being started, if it has a token. ``item``: index and value, if an iteration is being made for it."""
    if draft.context_object is not None:
        given = dict(draft.context_object)
        return given if item is None else given | _map(item)
    constants = draft.constants.get(branch.child)
    if constants is None:
        constants = _constants(draft) if branch.child is None else _of_child(draft, branch.child)
        draft.constants[branch.child] = constants
    here: dict[str, Json] = {"Name": state.name, "EnteredTime": timestamps.text(branch.entered_at)}
    if isinstance(state, (Task, Map, Parallel)):  # a union would be made anew each time
        here["RetryCount"] = branch.attempt
    context: dict[str, Json] = {**constants, "State": here}
    if item is None:
        item = current_item(draft, branch)
    if item is not None:
        context |= _map(item)
    if task is not None:
        context["Task"] = {"Token": draft.token(draft.checkpoint.start.identity.uid, task, draft.now)}
    return context


def _map(item: tuple[int, Json]) -> dict[str, Json]:
    return {"Map": {"Item": {"Index": item[0], "Value": item[1]}}}


def _constants(draft: Draft) -> dict[str, Json]:
    start, head = draft.checkpoint.start, draft.head
    identity = start.identity
    execution: dict[str, Json] = {
        "Id": identity.execution_id,
        "Input": start.input.value,
        "StartTime": timestamps.text(start.started),
        "Name": identity.name,
        "RoleArn": identity.role_arn,
    }
    if not identity.synchronous:
        execution["RedriveCount"] = head.redrives
    if head.redriven is not None:
        execution["RedriveTime"] = timestamps.text(head.redriven)
    return {
        "Execution": execution,
        "StateMachine": {"Id": identity.state_machine_id, "Name": identity.state_machine_name},
    }


def _of_child(draft: Draft, number: int) -> dict[str, Json]:
    """A child execution has a context object of its own, as if it had been started by itself."""
    child, root = draft.checkpoint.child(number), draft.checkpoint.peek(number)
    assert root is not None
    assert root.parent is not None
    fork = draft.checkpoint.peek_fork(root.parent)
    assert fork is not None
    assert fork.run is not None
    machine = map_runs.machine_arn(fork.run.arn)
    execution: dict[str, Json] = {
        "Id": map_runs.execution_arn(fork.run.arn, child.name),
        "Input": child.input.value,
        "StartTime": timestamps.text(child.started),
        "Name": child.name,
        "RoleArn": draft.checkpoint.start.identity.role_arn,
        "RedriveCount": child.redrives,
    }
    if child.redriven is not None:
        execution["RedriveTime"] = timestamps.text(child.redriven)
    return {
        "Execution": execution,
        "StateMachine": {"Id": machine, "Name": machine.rpartition(":")[2]},
    }


def current_item(draft: Draft, branch: Branch) -> tuple[int, Json] | None:
    """Index and value of the innermost Map's item that the branch works on, within its child execution."""
    at: Branch | None = branch
    while at is not None and at.parent is not None and not at.is_child:
        items = draft.checkpoint.items(at.parent)
        if items is not None:
            values = items.items.value
            assert isinstance(values, list)
            return at.index, values[at.index]
        at = draft.checkpoint.peek(at.parent)
    return None
