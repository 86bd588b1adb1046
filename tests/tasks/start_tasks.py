"""The command by which the engine has a task run."""

from __future__ import annotations

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import StartTask


def start_task(resource: Resource, parameters: Json, number: int = 5) -> StartTask:
    return StartTask(
        task=TaskId(number),
        resource=resource,
        parameters=parameters,
        has_parameters=True,
        input={},
        state="S",
        pointer="/States/S",
        path="S",
        attempt=0,
        scheduled=Millis(0),
        timeout_seconds=None,
        heartbeat_seconds=None,
    )
