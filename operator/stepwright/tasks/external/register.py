"""ExternalTasks as they are made, seen and changed. Everything here is pure."""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import msgspec

from stepwright.asl.json_types import JsonText
from stepwright.asl.signals import Millis, TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.asl.text import jsontext
from stepwright.asl.text.jsontext import InvalidJson
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.kube import timestamps
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

API_VERSION: Final = "stepwright.dev/v1"
PLURAL: Final = "externaltasks"
EXECUTION_UID: Final = "stepwright.dev/execution-uid"

LARGEST_OUTPUT_BYTES: Final = 262_144

TIMED_OUT: Final = "ExternalTask.TimedOut"
HEARTBEAT_LOST: Final = "ExternalTask.HeartbeatLost"
OUTPUT_INVALID: Final = "ExternalTask.OutputInvalid"
OUTPUT_TOO_LARGE: Final = "ExternalTask.OutputTooLarge"
DELETED: Final = "ExternalTask.Deleted"
REFUSED: Final = "ExternalTask.Refused"
QUOTA_EXCEEDED: Final = "ExternalTask.QuotaExceeded"
TOO_LARGE: Final = "ExternalTask.TooLarge"

State = Literal["Scheduled", "Taken", "Answered", "Closed"]
Reason = Literal["Expired", "TimedOut", "HeartbeatLost", "Stopped"]
"""Why it is closed: the engine's timer of the task has fired; the worker has taken too long, or was silent for too long; nobody wants it."""


class Labels(msgspec.Struct, frozen=True, gc=False, rename={"execution_uid": EXECUTION_UID}):
    execution_uid: str = ""


class Metadata(msgspec.Struct, frozen=True, gc=False):
    name: str
    uid: str
    namespace: str = ""
    resourceVersion: str = ""
    labels: Labels = Labels()


class Spec(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    execution: str = ""
    scheduled: str = ""
    taskTemplate: str | None = None
    timeoutSeconds: int | None = None
    heartbeatSeconds: int | None = None


class Taken(msgspec.Struct, frozen=True, gc=False):
    worker: str = ""


class Status(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    state: State = "Scheduled"
    taken: Taken | None = None
    heartbeat: str | None = None
    reason: str | None = None


class Register(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """The fields of an ExternalTask that are kept in memory: neither its input nor its answer."""

    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()

    @property
    def execution(self) -> Uid:
        return Uid(self.metadata.labels.execution_uid)

    @property
    def task(self) -> TaskId | None:
        """None if the name is not one that Stepwright gives."""
        start, _, number = self.metadata.name.rpartition("-")
        is_its = start == self.execution and number.isascii() and number.isdigit()
        return TaskId(int(number)) if is_its else None

    @property
    def is_over(self) -> bool:
        return self.status.state in ("Answered", "Closed")


class Answer(msgspec.Struct, frozen=True, gc=False):
    output: str | None = None
    error: str | None = None
    cause: str | None = None


NO_ANSWER: Final = Answer()


class _StatusWithAnswer(msgspec.Struct, frozen=True, gc=False):
    answer: Answer = Answer()


class Answered(msgspec.Struct, frozen=True, gc=False):
    """What ``Register`` leaves out."""

    status: _StatusWithAnswer = _StatusWithAnswer()


def name_of(uid: Uid, task: TaskId) -> str:
    return f"{uid}-{task}"


def path(namespace: str, name: str = "", subresource: str = "") -> str:
    return path_of(API_VERSION, PLURAL, namespace, *filter(None, (name, subresource)))


def made(ref: ExecutionRef, task: StartTask) -> dict[str, Any]:
    """The object of a task. Its parameters are fields of the spec."""
    assert isinstance(task.parameters, Mapping)
    return _object(ref, task.task, task.scheduled, {"path": task.path, **task.parameters})


def tombstone(ref: ExecutionRef, task: TaskId, scheduled: Millis | None) -> dict[str, Any]:
    """The object of a task that is over before it had one: it belongs to no TaskTemplate, so nobody takes it."""
    return _object(ref, task, scheduled or Millis(0), {})


def nothing(ref: ExecutionRef, task: TaskId) -> Register:
    """As if it was made and closed, where nothing can be made."""
    return Register(
        Metadata(name_of(ref.uid, task), "", ref.namespace), status=Status("Closed", reason="Stopped")
    )


def is_of(found: Register, manifest: Mapping[str, Any]) -> bool:
    """Whether what was found under its name was made of this manifest."""
    whose: str = manifest["metadata"]["labels"][EXECUTION_UID]
    when: str = manifest["spec"]["scheduled"]
    return (found.metadata.labels.execution_uid, found.spec.scheduled) == (whose, when)


def _object(ref: ExecutionRef, task: TaskId, scheduled: Millis, more: Mapping[str, Any]) -> dict[str, Any]:
    owner = {"apiVersion": API_VERSION, "kind": "Execution", "name": ref.name, "uid": ref.uid}
    return {
        "apiVersion": API_VERSION,
        "kind": "ExternalTask",
        "metadata": {
            "name": name_of(ref.uid, task),
            "labels": {EXECUTION_UID: ref.uid},
            "ownerReferences": [owner],
        },
        "spec": {"execution": ref.name, "scheduled": timestamps.rfc3339(scheduled), **more},
    }


def closing(register: Register, reason: Reason) -> list[Operation]:
    """Close it, unless anything has happened to it since it was seen so: an answer, a claim, a sign of life."""
    return [
        {"op": "test", "path": "/metadata/uid", "value": register.metadata.uid},
        {"op": "test", "path": "/metadata/resourceVersion", "value": register.metadata.resourceVersion},
        add("/status/state", "Closed"),
        add("/status/reason", reason),
    ]


def result(register: Register, answer: Answer, task: TaskId) -> TaskSucceeded | TaskFailed | None:
    """What the task has come to; None if it is not over, or if that is not for its driver to say."""
    status = register.status
    if status.state == "Answered":
        return _answered(answer, task)
    if status.state != "Closed":
        return None
    who = "nobody" if status.taken is None else f"the worker {status.taken.worker}"
    match status.reason:
        case "TimedOut":
            cause = f"{who} had it and has not answered within {register.spec.timeoutSeconds} s"
            return TaskFailed(task, TIMED_OUT, cause)
        case "HeartbeatLost":
            cause = f"{who} had it and gave no sign of life for {register.spec.heartbeatSeconds} s"
            return TaskFailed(task, HEARTBEAT_LOST, cause)
    return None


def deleted(task: TaskId) -> TaskFailed:
    return TaskFailed(task, DELETED, "somebody has deleted its ExternalTask")


def _answered(answer: Answer, task: TaskId) -> TaskSucceeded | TaskFailed:
    if answer.error is not None:
        return TaskFailed(task, answer.error, answer.cause)
    text = answer.output or "null"
    if len(text.encode()) > LARGEST_OUTPUT_BYTES:
        cause = f"the answer has more than {LARGEST_OUTPUT_BYTES:,} bytes"
        return TaskFailed(task, OUTPUT_TOO_LARGE, cause)
    try:
        return TaskSucceeded(task, jsontext.parse(text), JsonText(text))
    except InvalidJson as error:
        return TaskFailed(task, OUTPUT_INVALID, f"the answer is not JSON: {error}. It begins: {text[:200]}")
