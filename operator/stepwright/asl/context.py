"""The context object: what ``$$`` stands for.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html; the order of keys is
that of recorded executions.
"""

from __future__ import annotations

from stepwright.asl import timestamps
from stepwright.asl.draft import Draft
from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Parallel, State, Task
from stepwright.asl.parts import Branch, Start
from stepwright.asl.signals import TaskId


def task_token(uid: str, task: TaskId) -> str:
    return f"{uid}-{task}"


def build(
    draft: Draft,
    branch: Branch,
    state: State,
    *,
    token: str | None = None,
    item: tuple[int, Json] | None = None,
) -> Json:
    """``token``: of the task being started, where it waits for one. ``item``: index and value where an iteration is being made of it."""
    if draft.context_object is not None:
        given = dict(draft.context_object)
        return given if item is None else given | _map(item)
    if draft.constants is None:
        draft.constants = _constants(draft.start)
    here: dict[str, Json] = {"Name": state.name, "EnteredTime": timestamps.text(branch.entered_at)}
    if isinstance(state, (Task, Map, Parallel)):  # a union would be made anew each time
        here["RetryCount"] = branch.attempt
    context: dict[str, Json] = {**draft.constants, "State": here}
    if item is None:
        item = _current_item(draft, branch)
    if item is not None:
        context |= _map(item)
    if token is not None:
        context["Task"] = {"Token": token}
    return context


def _map(item: tuple[int, Json]) -> dict[str, Json]:
    return {"Map": {"Item": {"Index": item[0], "Value": item[1]}}}


def _constants(start: Start) -> dict[str, Json]:
    identity = start.identity
    execution: dict[str, Json] = {
        "Id": identity.execution_id,
        "Input": start.input.value,
        "StartTime": timestamps.text(start.started),
        "Name": identity.name,
        "RoleArn": identity.role_arn,
    }
    if not identity.synchronous:
        execution["RedriveCount"] = 0
    return {
        "Execution": execution,
        "StateMachine": {"Id": identity.state_machine_id, "Name": identity.state_machine_name},
    }


def _current_item(draft: Draft, branch: Branch) -> tuple[int, Json] | None:
    """Index and value of the innermost Map's item that the branch works on."""
    at: Branch | None = branch
    while at is not None and at.parent is not None:
        items = draft.items(at.parent)
        if items is not None:
            values = items.items.value
            assert isinstance(values, list)
            return at.index, values[at.index]
        at = draft.peek(at.parent)
    return None
