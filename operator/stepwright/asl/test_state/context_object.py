"""The context object of a tested state: the given one, else one as in an execution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stepwright.asl.json_types import Json
from stepwright.asl.machine import Map, Parallel, State, Task
from stepwright.asl.signals import Millis
from stepwright.asl.test_state.refusal import Refused
from stepwright.asl.test_state.select import ALONE
from stepwright.asl.text import timestamps

FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "Execution": frozenset(("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime")),
    "State": frozenset(("EnteredTime", "Name", "RetryCount")),
    "StateMachine": frozenset(("Id", "Name")),
    "Task": frozenset(("Token",)),
}


def check(given: Json, state: State) -> Mapping[str, Json]:
    """The given one. Raises ``Refused`` for fields that no context object has, for ``Map``, which is made
    from the items, and for a token if the state has none."""
    if not isinstance(given, dict):
        raise _refused("must be a JSON object")
    for name, part in given.items():
        if name == "Map":
            raise _refused("'Map' field is not supported when mocking a Context object")
        if name not in FIELDS:
            raise _refused(f"Field '{name}' is not allowed")
        if not isinstance(part, dict):
            raise _refused(f"Field '{name}' must be an object")
        for field in part:
            if field not in FIELDS[name]:
                raise _refused(f"Field '{field}' is not allowed")
    if "Task" in given and not (isinstance(state, Task) and state.resource.pattern):
        raise _refused(
            "Context object contains 'Task' when state is not a Task state "
            "with a '.sync' or '.waitForTaskToken' service integration pattern"
        )
    return given


def _refused(why: str) -> Refused:
    return Refused(f"Invalid Context object provided: {why}")


def default(
    state: State,
    input: Json,
    now: Millis,
    *,
    execution: tuple[str, str],
    machine: tuple[str, str],
    role_arn: str | None,
    retry_count: int,
    token: str,
) -> Mapping[str, Json]:
    """``execution`` and ``machine``: ARN and name. AWS gives both, although neither exists."""
    moment = timestamps.text(now)
    here: dict[str, Any] = {"Name": ALONE, "EnteredTime": moment}
    if isinstance(state, Task | Map | Parallel):
        here["RetryCount"] = retry_count
    context: dict[str, Json] = {
        "Execution": {
            "Id": execution[0],
            "Input": input,
            "Name": execution[1],
            "RoleArn": role_arn,
            "StartTime": moment,
        },
        "StateMachine": {"Id": machine[0], "Name": machine[1]},
        "State": here,
    }
    if isinstance(state, Task) and state.resource.waits_for_token:
        context["Task"] = {"Token": token}
    return context
