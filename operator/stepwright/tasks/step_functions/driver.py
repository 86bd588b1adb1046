"""Tasks that call Step Functions itself: ``states:startExecution`` in its four patterns, and all of ``aws-sdk:sfn``.

Which execution a task starts is settled before: its uid is made of the task's token. So it is started once, whenever
this process is killed, and one that the task waits for (``.sync``) is found again and stopped with the task. All other
operations are called again where the answer was lost, as AWS calls them at least once.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from __future__ import annotations

import asyncio
import email.utils
import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Final, Protocol

import structlog

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import (
    Millis,
    Signal,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSubmitted,
    TaskSucceeded,
)
from stepwright.asl.step import StartTask
from stepwright.asl.task_token import task_name
from stepwright.asl.text import jsontext, timestamps
from stepwright.aws import http_metadata
from stepwright.catalog.ports import CallRefused, Calls
from stepwright.engine.ports import Clock, ExecutionRef, Report, StopRequest, Uid, Unavailable
from stepwright.tasks.calls import OpenCalls
from stepwright.tasks.step_functions import calls_sdk, starts

_PATIENCE_SECONDS: Final = 1.0
"""Before a call that found the store unavailable is made again."""

log = structlog.get_logger(__name__)

_Key = tuple[Uid, TaskId]


class Executions(Protocol):
    """Standard executions of this process."""

    async def until_ended(self, arn: str) -> None: ...

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool: ...


class Awaited(Protocol):
    """Which tasks wait for an execution that they have started. What is written is durable when the call returns."""

    async def all(self) -> Collection[tuple[Uid, TaskId]]: ...

    async def add(self, uid: Uid, task: TaskId) -> None: ...

    async def remove(self, uid: Uid, task: TaskId) -> None: ...


class StepFunctionsDriver:
    """Implements ``engine.ports.TaskDriver``."""

    def __init__(
        self, awaited: Awaited, calls: Calls, executions: Executions, clock: Clock, report: Report
    ) -> None:
        self._awaited = awaited
        self._api = calls
        self._executions = executions
        self._clock = clock
        self._report = report
        self._calls = OpenCalls(report)
        self._nested: defaultdict[Uid, set[TaskId]] = defaultdict(set)
        self._starting: dict[_Key, asyncio.Future[dict[str, Json]]] = {}

    async def recall(self) -> None:
        """Read which tasks waited for executions of theirs when the last process ended."""
        for uid, task in await self._awaited.all():
            self._nested[uid].add(task)

    async def close(self) -> None:
        await self._calls.close()

    def serves(self, resource: Resource) -> bool:
        return starts(resource) or (calls_sdk(resource) and self._api.serves(resource.name))

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return None

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def holds(self, uid: Uid) -> bool:
        return self._calls.holds(uid) or uid in self._nested

    def let_go(self, uid: Uid) -> None:
        self._calls.forget_all(uid)
        self._nested.pop(uid, None)

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:  # noqa: ARG002
        waits = task.submitted is not None and task.resource.waits_for_token
        if not self._calls.repeat(ref.uid, task.task) and not waits:
            self._calls.make(ref, task.task, self._run((ref.uid, task.task), task))

    async def stop(self, ref: ExecutionRef, task: TaskId) -> None:
        key = (ref.uid, task)
        starting = self._starting.get(key)
        self._calls.forget(ref.uid, task)
        if starting is not None:  # what is about to begin has begun before it can be stopped
            await asyncio.gather(starting, return_exceptions=True)
        if self._has_nested(key):
            await self._executions.ask_to_stop(_uid(key), StopRequest())
            await self._remove(key)

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        key = (ref.uid, task)
        self._calls.forget(ref.uid, task)
        if self._has_nested(key):
            await self._remove(key)

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for task in {*self._calls.of(ref.uid), *self._nested.get(ref.uid, ())} - wanted:
            await self.stop(ref, task)

    def _has_nested(self, key: _Key) -> bool:
        return key[1] in self._nested.get(key[0], ())

    async def _remove(self, key: _Key) -> None:
        await self._awaited.remove(*key)
        of = self._nested.get(key[0], set())
        of.discard(key[1])
        if not of:
            self._nested.pop(key[0], None)

    # --- What a task does ------------------------------------------------------------------------------------------

    async def _run(self, key: _Key, task: StartTask) -> Signal:
        if task.submitted is None:
            self._report(key[0], TaskStarted(task.task))
        return await self._persistently(key, task)

    async def _persistently(self, key: _Key, task: StartTask) -> Signal:
        while True:
            try:
                return await self._result(key, task)
            except CallRefused as refused:
                return _failed(task, refused, request_id=_uid(key))
            except Unavailable as error:
                log.warning("a call of Step Functions is made again", task=task.path, error=str(error))
                await self._clock.sleep(_PATIENCE_SECONDS)

    async def _result(self, key: _Key, task: StartTask) -> Signal:
        if task.resource.waits_for_end:
            return await self._nested_execution(key, task)
        if starts(task.resource):
            answer = await self._begin(key, task)
            waits = task.resource.waits_for_token
            return TaskSubmitted(task.task, answer) if waits else TaskSucceeded(task.task, answer)
        operation = task.resource.name
        return TaskSucceeded(
            task.task,
            await self._api.call(operation, task.parameters, once=_uid(key), moment=timestamps.text),
        )

    async def _begin(self, key: _Key, task: StartTask) -> dict[str, Json]:
        parameters = task.parameters
        if task.resource.waits_for_end:
            await self._require_standard(parameters)
            await self._awaited.add(*key)
            self._nested[key[0]].add(key[1])
        uid = _uid(key)
        answer = await self._api.call("startExecution", parameters, once=uid, moment=_number)
        return dict(sorted((answer | _metadata(uid, answer, self._clock.now())).items()))

    async def _require_standard(self, parameters: Json) -> None:
        """Of an Express execution nothing is kept that could be waited for. Raises CallRefused."""
        arn = parameters.get("StateMachineArn") if isinstance(parameters, Mapping) else None
        if isinstance(arn, str):
            asked: Json = {"StateMachineArn": arn}
            machine = await self._api.call("describeStateMachine", asked, once=arn, moment=_number)
            if machine["Type"] == "EXPRESS":
                raise CallRefused(
                    "StateMachineTypeNotSupported",
                    "An Express execution cannot be waited for; call aws-sdk:sfn:startSyncExecution",
                    400,
                )

    async def _nested_execution(self, key: _Key, task: StartTask) -> Signal:
        submitted = task.submitted
        if submitted is None:
            # Whoever stops the task has to know whether the execution has begun.
            starting = self._starting[key] = asyncio.ensure_future(self._begin(key, task))
            try:
                submitted = await asyncio.shield(starting)
            finally:
                self._starting.pop(key, None)
            self._report(key[0], TaskSubmitted(task.task, submitted))
        assert isinstance(submitted, Mapping)
        arn = str(submitted["ExecutionArn"])
        await self._executions.until_ended(arn)
        asked: Json = {"ExecutionArn": arn}
        answer = await self._api.call("describeExecution", asked, once=arn, moment=_number)
        if task.resource.pattern == ".sync:2":
            answer |= {
                name: jsontext.parse(text)
                for name in ("Input", "Output")
                if isinstance(text := answer.get(name), str)
            }
        if answer["Status"] == "SUCCEEDED":
            return TaskSucceeded(task.task, answer)
        return TaskFailed(task.task, "States.TaskFailed", jsontext.dump(answer))


def _uid(key: _Key) -> Uid:
    """Of the execution that the task of this key starts."""
    return Uid(str(uuid.uuid5(uuid.NAMESPACE_OID, task_name(*key))))


def _number(moment: Millis) -> Json:
    return moment


def _metadata(request_id: str, answer: Json, now: Millis) -> dict[str, Json]:
    """Of the HTTP response that there would be on AWS."""
    headers: dict[str, Json] = {
        "connection": "keep-alive",
        "Content-Length": str(len(jsontext.dump(answer))),
        "Content-Type": "application/x-amz-json-1.0",
        "Date": email.utils.formatdate(now / 1000, usegmt=True),
        "x-amzn-RequestId": request_id,
    }
    return http_metadata.of(headers, 200, request_id)


def _failed(task: StartTask, refused: CallRefused, request_id: str) -> TaskFailed:
    """In the words of AWS's SDK for Java, whose first version serves the optimized integrations."""
    name = f"{refused.code.removesuffix('Exception')}Exception"
    if starts(task.resource):
        cause = (
            f"{refused.message} (Service: AWSStepFunctions; Status Code: {refused.status}; "
            f"Error Code: {refused.code}; Request ID: {request_id}; Proxy: null)"
        )
        return TaskFailed(task.task, f"StepFunctions.{name}", cause)
    cause = (
        f"{refused.message} (Service: Sfn, Status Code: {refused.status}, Request ID: {request_id}) "
        "(SDK Attempt Count: 1)"
    )
    return TaskFailed(task.task, f"Sfn.{name}", cause)
