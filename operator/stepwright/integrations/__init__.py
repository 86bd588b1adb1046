"""Integrations that others ship: how a package of its own gives Stepwright Resources that tasks may name.

The package names a ``Driver`` as an entry point of the group ``stepwright.integrations``; whoever runs Stepwright names the
integrations that it loads (``loading``). ``testing`` holds the contract that all integrations keep, as tests. docs/plugins.md
describes all of it. What is in ``__all__`` is what such packages may rely on, for as long as ``API`` is the same.

Belongs here: what others need to write an integration, load it and test it. Not: integrations.
"""

from stepwright.asl.failure.errors import DATA_LIMIT_EXCEEDED, PERMISSIONS, RUNTIME
from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import TaskId
from stepwright.asl.step import CancelTask, StartTask
from stepwright.engine.ports import Clock, ExecutionRef, Unavailable
from stepwright.integrations.driver import API, Calling, Driver
from stepwright.integrations.provided import Provided, Values
from stepwright.tasks.calls.fields import Field, Fields, choice, mapping, text, truth, whole
from stepwright.tasks.calls.integration import (
    Again,
    Answered,
    AnswerLost,
    Call,
    CallFailed,
    Integration,
    RefusedForNow,
)
from stepwright.tasks.calls.named_connections import FIELD as CONNECTION
from stepwright.tasks.calls.servers import CannotConnect
from stepwright.tasks.calls.slots import Host

__all__ = [
    "API",
    "CONNECTION",
    "DATA_LIMIT_EXCEEDED",
    "PERMISSIONS",
    "RUNTIME",
    "Again",
    "AnswerLost",
    "Answered",
    "Call",
    "CallFailed",
    "Calling",
    "CancelTask",
    "CannotConnect",
    "Clock",
    "Driver",
    "ExecutionRef",
    "Field",
    "Fields",
    "Host",
    "Integration",
    "Json",
    "Provided",
    "RefusedForNow",
    "Resource",
    "StartTask",
    "TaskId",
    "Unavailable",
    "Values",
    "choice",
    "mapping",
    "text",
    "truth",
    "whole",
]
