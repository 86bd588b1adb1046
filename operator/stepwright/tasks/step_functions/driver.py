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
from collections.abc import Mapping
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
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.task_token import task_name
from stepwright.asl.text import jsontext, timestamps
from stepwright.aws import http_metadata
from stepwright.catalog.ports import CallRefused, Calls
from stepwright.engine.ports import Clock, ExecutionRef, Report, StopRequest, Uid, Unavailable
from stepwright.tasks.by_execution import ByExecution, Key
from stepwright.tasks.calls import OpenCalls
from stepwright.tasks.step_functions import calls_sdk, starts

_PATIENCE_SECONDS: Final = 1.0
"""Before a call that found the store unavailable is made again."""

log = structlog.get_logger(__name__)


class Executions(Protocol):
    """Standard executions of this process."""

    async def until_ended(self, arn: str) -> None: ...

    async def ask_to_stop(self, uid: Uid, request: StopRequest) -> bool: ...


class StepFunctionsDriver:
    """Implements ``engine.ports.TaskDriver``."""

    def __init__(self, calls: Calls, executions: Executions, clock: Clock, report: Report) -> None:
        self._api = calls
        self._executions = executions
        self._clock = clock
        self._report = report
        self._calls = OpenCalls(report)
        self._nested: ByExecution[None] = ByExecution()
        """Tasks that wait for an execution which they start."""
        self._starting: dict[Key, asyncio.Future[dict[str, Json]]] = {}

    async def close(self) -> None:
        await self._calls.close()

    def serves(self, resource: Resource) -> bool:
        return starts(resource) or (calls_sdk(resource) and self._api.serves(resource.name))

    def shown_as(self, ref: ExecutionRef, task: TaskId) -> str | None:  # noqa: ARG002
        return None

    def runs_on(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return False

    def holds(self, uid: Uid) -> bool:
        return self._calls.holds(uid) or self._nested.holds(uid)

    def let_go(self, uid: Uid) -> None:
        self._calls.forget_all(uid)
        for task in self._nested.of(uid):
            del self._nested[uid, task]

    async def start(self, ref: ExecutionRef, task: StartTask, *, again: bool) -> None:  # noqa: ARG002
        if self.keeps_stops(task.resource):
            self._nested[ref.uid, task.task] = None
        waits = task.submitted is not None and task.resource.waits_for_token
        if not self._calls.repeat(ref.uid, task.task) and not waits:
            self._calls.make(ref, task.task, self._run((ref.uid, task.task), task))

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._stop((ref.uid, task.task), nested=self.keeps_stops(task.resource))

    def keeps_stops(self, resource: Resource) -> bool:
        return starts(resource) and resource.waits_for_end

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        self._forget((ref.uid, task))

    async def sweep(self, ref: ExecutionRef, wanted: frozenset[TaskId]) -> None:
        for task in {*self._calls.of(ref.uid), *self._nested.of(ref.uid)} - wanted:
            key = (ref.uid, task)
            await self._stop(key, nested=key in self._nested)

    async def _stop(self, key: Key, *, nested: bool) -> None:
        """``nested``: with the execution that it waits for."""
        starting = self._starting.get(key)
        self._calls.forget(*key)
        if starting is not None:  # what is about to begin has begun before it can be stopped
            await asyncio.gather(starting, return_exceptions=True)
        if nested:
            await self._executions.ask_to_stop(_uid(key), StopRequest())
        self._forget(key)

    def _forget(self, key: Key) -> None:
        self._calls.forget(*key)
        self._nested.pop(key, None)

    # --- What a task does ------------------------------------------------------------------------------------------

    async def _run(self, key: Key, task: StartTask) -> Signal:
        if task.submitted is None:
            self._report(key[0], TaskStarted(task.task))
        return await self._persistently(key, task)

    async def _persistently(self, key: Key, task: StartTask) -> Signal:
        while True:
            try:
                return await self._result(key, task)
            except CallRefused as refused:
                return _failed(task, refused, request_id=_uid(key))
            except Unavailable as error:
                log.warning("a call of Step Functions is made again", task=task.path, error=str(error))
                await self._clock.sleep(_PATIENCE_SECONDS)

    async def _result(self, key: Key, task: StartTask) -> Signal:
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

    async def _begin(self, key: Key, task: StartTask) -> dict[str, Json]:
        parameters = task.parameters
        if task.resource.waits_for_end:
            await self._require_standard(parameters)
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

    async def _nested_execution(self, key: Key, task: StartTask) -> Signal:
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


def _uid(key: Key) -> Uid:
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
