"""What replaces the work of a state: a result or an error. It is checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from stepwright.asl.failure.matching import Failure
from stepwright.asl.machine import Map, Parallel, Task
from stepwright.asl.test_state.refusal import Refused
from stepwright.asl.test_state.select import Selected
from stepwright.asl.text.payload import Payload

ValidationMode = Literal["STRICT", "PRESENT", "NONE"]


@dataclass(frozen=True, slots=True)
class Mock:
    """One of ``result`` and ``failure`` is there. ``mode``: how the result of an AWS service is checked."""

    result: Payload | None = None
    failure: Failure | None = None
    mode: ValidationMode = "STRICT"


def check(selected: Selected, mock: Mock | None) -> None:
    """Raises ``Refused`` if the state cannot be tested with the mock, or without one."""
    state = selected.state
    if mock is None:
        if isinstance(state, Map | Parallel):
            raise Refused(
                "TestState API does not support Map or Parallel states. "
                "Supported state types include: [Task, Wait, Pass, Succeed, Fail, Choice]",
                "InvalidDefinition",
            )
        return
    if not isinstance(state, Task | Map | Parallel):
        raise Refused(f"State type '{type(state).__name__}' is not supported when a mock is specified")
    if mock.result is not None:
        _check_result(selected, mock.result)


def _check_result(selected: Selected, result: Payload) -> None:
    state = selected.state
    # A ResultWriter leaves the results elsewhere: the state's own is an object that says where.
    listed = isinstance(state, Parallel) or (isinstance(state, Map) and "ResultWriter" not in selected.raw)
    if not listed:
        return
    if not isinstance(result.value, list):
        raise Refused("Mocked result must be an array.")
    if isinstance(state, Parallel) and len(result.value) != len(state.branches):
        raise Refused("Mocked result must contain the same number of items as number of Parallel branches.")
