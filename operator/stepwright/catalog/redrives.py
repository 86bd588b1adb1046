"""Whether an execution can be redriven, and if not, why: in AWS's words if there are any.

Source: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html (redriveStatusReason).
"""

from __future__ import annotations

from typing import Final, Protocol

from stepwright.asl.machine import Machine
from stepwright.asl.signals import Millis, RedriveFrom
from stepwright.asl.step import Status

_DAY_MILLIS: Final = 24 * 60 * 60 * 1000
PERIOD_MILLIS: Final = 14 * _DAY_MILLIS
"""How long after its end an execution can be redriven."""
OPEN_MILLIS: Final = 365 * _DAY_MILLIS
"""And how long after its start at most."""
MAP_RUN_REDRIVES: Final = 1_000
"""How often a Map Run can be redriven."""
EVENTS_LIMIT: Final = 24_999
"""With fewer events than this there is room for ExecutionRedriven and one more."""


HISTORY_FULL: Final = "Execution history event limit exceeded"
TOO_OFTEN: Final = "Execution has a Map Run that was redriven as often as is possible"


PART_OF_MAP: Final = "Execution is a part of a distributed Map, which goes on where it failed"


class Redrivable(Protocol):
    """What is asked of an execution (``records.Execution``)."""

    @property
    def status(self) -> Status: ...

    @property
    def redrivable(self) -> bool | None: ...

    @property
    def not_redrivable(self) -> str | None: ...

    @property
    def started(self) -> Millis: ...

    @property
    def stopped(self) -> Millis | None: ...


def refusal(execution: Redrivable, now: Millis) -> str | None:
    """None if it can be redriven, as far as is known without its history."""
    if execution.status in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution.status} and cannot be redriven"
    if execution.redrivable is None:
        return "Execution was started before the launch of RedriveExecution"
    if not execution.redrivable:
        return (
            execution.not_redrivable
            or "Execution has a distributed Map that an earlier version of Stepwright kept nothing of"
        )
    if execution.stopped is not None and execution.stopped < now - PERIOD_MILLIS:
        return "Execution redrivable period exceeded"
    if execution.started < now - OPEN_MILLIS:
        return "Execution has exceeded the max execution time"
    return None


def no_such_state(at: RedriveFrom | None, machine: Machine) -> str | None:
    """Why an execution of the machine cannot go on there; None if it can."""
    if at is None or at.state in machine.root.states:
        return None
    return f"The definition that it runs has no state '{at.state}', or only in a Parallel or a Map"
