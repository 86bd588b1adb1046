"""ExternalTasks from a worker's side: what it reads of them, and the patches by which it takes and answers one.

Everything here is pure. Each patch tests what it relies on, so that of two workers one has a task, and nobody answers one that is
closed.
"""
# ruff: noqa: N815 - the fields' names on the wire

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import msgspec

from stepwright.functions import handlers
from stepwright.functions.handlers import Context, Outcome
from stepwright.kube.json_patch import Operation, add
from stepwright.kube.paths import path_of

API_VERSION: Final = "stepwright.dev/v1"
PLURAL: Final = "externaltasks"

LARGEST_OUTPUT_BYTES: Final = 262_144
"""What a task's result may have."""
_LONGEST_ERROR: Final = 256
_LONGEST_CAUSE: Final = 32_768
TOO_LARGE: Final = "States.DataLimitExceeded"
LEFT: Final = "Lambda.SdkClientException"
"""Of a task whose worker ends before it is done: retriers written for AWS repeat it."""


class Metadata(msgspec.Struct, frozen=True, gc=False):
    name: str
    uid: str
    namespace: str = ""
    resourceVersion: str = ""


class Offer(msgspec.Struct, frozen=True, gc=False):
    """One that waits for a worker."""

    metadata: Metadata


class Spec(msgspec.Struct, frozen=True, gc=False):
    input: str = "{}"
    requestId: str = ""
    clientContext: str | None = None
    timeoutSeconds: int | None = None
    heartbeatSeconds: int | None = None


class Taken(msgspec.Struct, frozen=True, gc=False):
    claim: str = ""
    time: str = ""


class Status(msgspec.Struct, frozen=True, gc=False):
    state: str = "Scheduled"
    taken: Taken | None = None


class Task(msgspec.Struct, frozen=True, gc=False):
    """One that this worker has, or has asked for."""

    metadata: Metadata
    spec: Spec = Spec()
    status: Status = Status()

    def is_claimed_by(self, claim: str) -> bool:
        return self.status.taken is not None and self.status.taken.claim == claim

    @property
    def beats_seconds(self) -> float | None:
        """How often a sign of life is given: three times as often as it is asked for."""
        asked = self.spec.heartbeatSeconds
        return None if asked is None else max(1.0, asked / 3)


def selector(template: str) -> str:
    """Of those that wait for workers of this TaskTemplate."""
    return f"status.state=Scheduled,spec.taskTemplate={template}"


def path(namespace: str, name: str, subresource: str = "") -> str:
    return path_of(API_VERSION, PLURAL, namespace, *filter(None, (name, subresource)))


def claiming(offer: Offer, worker: str, claim: str, now: datetime) -> list[Operation]:
    return [
        _is(offer.metadata.uid),
        {"op": "test", "path": "/status/state", "value": "Scheduled"},
        add("/status/state", "Taken"),
        add("/status/taken", {"worker": worker, "claim": claim, "time": _text(now)}),
    ]


def beating(task: Task, claim: str, now: datetime) -> list[Operation]:
    return [*_mine(task, claim), add("/status/heartbeat", _text(now))]


def answering(task: Task, claim: str, answer: dict[str, str], now: datetime) -> list[Operation]:
    return [
        *_mine(task, claim),
        add("/status/state", "Answered"),
        add("/status/answer", {**answer, "time": _text(now)}),
    ]


def answer(outcome: Outcome) -> dict[str, str]:
    """What the function has come to, within what an answer may hold."""
    if outcome.failed:
        return _failure(json.loads(outcome.body))
    if len(outcome.body) > LARGEST_OUTPUT_BYTES:
        return error(TOO_LARGE, f"The function's answer is larger than {LARGEST_OUTPUT_BYTES:,} bytes.")
    return {"output": outcome.body.decode()}


def error(name: str, cause: str) -> dict[str, str]:
    return {"error": name, "cause": cause[:_LONGEST_CAUSE]}


def event(task: Task) -> Any:
    return handlers.event_of(task.spec.input.encode())


def context(task: Task, function: str) -> Context:
    deadline = None
    if task.spec.timeoutSeconds is not None and task.status.taken is not None:
        taken = datetime.fromisoformat(task.status.taken.time).timestamp()
        deadline = round((taken + task.spec.timeoutSeconds) * 1000)
    given = handlers.client_context(task.spec.clientContext)
    return Context(function, task.spec.requestId, client_context=given, deadline=deadline)


def _failure(said: dict[str, Any]) -> dict[str, str]:
    """Where the call failed is left out first, then the end of what it says."""
    name = str(said.get("errorType") or "Lambda.Unknown")[:_LONGEST_ERROR]
    cause = json.dumps(said, ensure_ascii=False)
    if len(cause) > _LONGEST_CAUSE:
        said.pop("stackTrace", None)
        while len(cause := json.dumps(said, ensure_ascii=False)) > _LONGEST_CAUSE:
            said["errorMessage"] = said["errorMessage"][: len(said["errorMessage"]) // 2]
    return {"error": name, "cause": cause}


def _mine(task: Task, claim: str) -> list[Operation]:
    return [
        _is(task.metadata.uid),
        {"op": "test", "path": "/status/state", "value": "Taken"},
        {"op": "test", "path": "/status/taken/claim", "value": claim},
    ]


def _is(uid: str) -> Operation:
    return {"op": "test", "path": "/metadata/uid", "value": uid}


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
