"""The command by which the engine has a task run."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import StartTask
from stepwright.integrations import played


def start_task(resource: Resource, parameters: Json, number: int = 5, **changes: Any) -> StartTask:
    """``changes``: its other fields."""
    return replace(played.task(resource, parameters), task=TaskId(number), **changes)
