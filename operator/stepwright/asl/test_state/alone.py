"""A task by itself: a machine that only calls it, with its computed input.

So an engine can call what a tested Task state calls, while the trial handles the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from stepwright.asl.json_types import Json, Pointer
from stepwright.asl.machine import Machine, Scope, Task
from stepwright.asl.step import StartTask
from stepwright.asl.text.payload import Payload

LONGEST_SECONDS: Final = 300
"""AWS gives a test five minutes."""


def machine(state: Task, call: StartTask) -> Machine:
    """Its input is ``call.input``; it ends with the task's result or error."""
    timeout = min(call.timeout_seconds or LONGEST_SECONDS, LONGEST_SECONDS)
    alone = replace(
        state,
        query_language="JSONata",  # without Output: the result as it is
        input_path=_Known(Payload(call.input), is_identity=True),
        parameters=_Known(Payload(call.parameters)) if call.has_parameters else None,
        credentials=None if call.credentials is None else _Known(Payload(call.credentials)),
        output=None,
        assign=None,
        retry=(),
        catch=(),
        timeout_seconds=timeout,
        heartbeat_seconds=call.heartbeat_seconds,
        next=None,
        end=True,
    )
    root = Pointer("")
    return Machine(
        scopes={root: Scope(root, state.name, {state.name: alone})}, resources=frozenset({state.resource})
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """An expression whose value is already known."""

    constant: Payload
    is_identity: bool = False

    def evaluate(self, _data: Any) -> Json:
        return self.constant.value
