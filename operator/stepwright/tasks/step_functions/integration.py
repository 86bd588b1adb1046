"""Tasks that call Step Functions itself: ``states:startExecution`` in its four patterns, and all of ``aws-sdk:sfn``.

The execution that a task starts is determined beforehand: its uid is derived from the task's token. So it is
started once, whenever this process is killed, and one that the task waits for (``.sync``) is found again and
stopped with the task. All other operations are called again if the answer was lost, as AWS calls them at
least once.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html
"""

from __future__ import annotations

import email.utils
from collections.abc import Callable, Mapping

from stepwright.asl.json_types import Json
from stepwright.asl.resource import Resource
from stepwright.asl.signals import Millis, TaskId
from stepwright.asl.step import CancelTask
from stepwright.asl.task_token import begun_uid
from stepwright.asl.text import jsontext, timestamps
from stepwright.aws import http_metadata
from stepwright.catalog.ports import CallingTask, CallRefused, Calls
from stepwright.engine.ports import Clock, ExecutionRef, Uid
from stepwright.tasks.calls.integration import Again, Answered, Call, CallFailed
from stepwright.tasks.step_functions.resources import calls_sdk, starts


def _number(moment: Millis) -> Json:
    return moment


class StepFunctions:
    """Implements ``tasks.calls.integration.Integration``."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._api = calls
        self._clock = clock

    async def close(self) -> None:
        pass

    def serves(self, resource: Resource) -> bool:
        known = starts(resource) or (calls_sdk(resource) and not resource.pattern)
        return known and self._api.serves(resource.name)

    def host(self, call: Call) -> None:
        """This process can serve all of them; and since calls may wait for executions that make calls, a
        limit could make them wait for each other."""

    def again(self, call: Call) -> Again:
        return Again.HARMLESS if starts(call.task.resource) else Again.REPEAT

    def lost(self, call: Call) -> CallFailed:  # noqa: ARG002
        return CallFailed("StepFunctions.SdkClientException", "Nobody knows whether the call was made.")

    async def find(self, call: Call) -> Answered | None:  # noqa: ARG002
        return None

    async def begin(self, call: Call) -> Answered:
        try:
            if starts(call.task.resource):
                return Answered(await self._start(call))
            return Answered(
                await self._call(call, call.task.resource.name, call.task.parameters, moment=timestamps.text)
            )
        except CallRefused as refused:
            raise _failed(call, refused) from refused

    async def follow(self, call: Call, begun: Json) -> Answered:
        try:
            return await self._end(call, begun)
        except CallRefused as refused:
            raise _failed(call, refused) from refused

    def shown_as(self, call: Call) -> str | None:
        begun = call.task.submitted
        if not starts(call.task.resource) or not isinstance(begun, Mapping):
            return None
        arn = begun.get("ExecutionArn")
        return arn if isinstance(arn, str) else None

    async def release(self, ref: ExecutionRef, task: TaskId) -> None:
        """Nothing is kept for it."""

    async def stop(self, ref: ExecutionRef, task: CancelTask) -> None:
        await self._api.stop(CallingTask(ref, task.task, task.scheduled, waits=True))

    async def _start(self, call: Call) -> dict[str, Json]:
        if call.task.resource.waits_for_end:
            await self._require_standard(call)
        answer = await self._call(call, "startExecution", call.task.parameters)
        return dict(sorted((answer | _metadata(_uid(call), answer, self._clock.now())).items()))

    async def _require_standard(self, call: Call) -> None:
        """Express executions are not stored, so cannot be waited for. Raises CallRefused."""
        parameters = call.task.parameters
        arn = parameters.get("StateMachineArn") if isinstance(parameters, Mapping) else None
        if isinstance(arn, str) and await self._api.is_express(arn, _by(call)):
            raise CallRefused(
                "StateMachineTypeNotSupported",
                "An Express execution cannot be waited for; call aws-sdk:sfn:startSyncExecution",
                400,
            )

    async def _call(
        self, call: Call, operation: str, parameters: Json, moment: Callable[[Millis], Json] = _number
    ) -> dict[str, Json]:
        """Raises CallRefused, CallFailed, Unavailable."""
        return await self._api.call(operation, parameters, by=_by(call), caller=call.caller, moment=moment)

    async def _end(self, call: Call, begun: Json) -> Answered:
        assert isinstance(begun, Mapping)
        arn = str(begun["ExecutionArn"])
        await self._api.until_ended(arn, _by(call))
        answer = await self._call(call, "describeExecution", {"ExecutionArn": arn})
        if call.task.resource.pattern == ".sync:2":
            answer |= {
                name: jsontext.parse(text)
                for name in ("Input", "Output")
                if isinstance(text := answer.get(name), str)
            }
        if answer["Status"] == "SUCCEEDED":
            return Answered(answer)
        raise CallFailed("States.TaskFailed", jsontext.dump(answer))


def _by(call: Call) -> CallingTask:
    task = call.task
    return CallingTask(call.ref, task.task, task.scheduled, waits=task.resource.waits_for_end)


def _uid(call: Call) -> Uid:
    return Uid(begun_uid(call.ref.uid, call.task.task))


def _metadata(request_id: str, answer: Json, now: Millis) -> dict[str, Json]:
    """The metadata of the HTTP response that AWS would send."""
    headers: dict[str, Json] = {
        "connection": "keep-alive",
        "Content-Length": str(len(jsontext.dump(answer))),
        "Content-Type": "application/x-amz-json-1.0",
        "Date": email.utils.formatdate(now / 1000, usegmt=True),
        "x-amzn-RequestId": request_id,
    }
    return http_metadata.of(headers, 200, request_id)


def _failed(call: Call, refused: CallRefused) -> CallFailed:
    """In the words of AWS's SDK for Java, whose first version serves the optimized integrations."""
    name = f"{refused.code.removesuffix('Exception')}Exception" if refused.known else None
    if starts(call.task.resource):
        cause = (
            f"{refused.message} (Service: AWSStepFunctions; Status Code: {refused.status}; "
            f"Error Code: {refused.code}; Request ID: {_uid(call)}; Proxy: null)"
        )
        return CallFailed(f"StepFunctions.{name or 'AWSStepFunctionsException'}", cause)
    cause = (
        f"{refused.message} (Service: Sfn, Status Code: {refused.status}, Request ID: {_uid(call)}) "
        "(SDK Attempt Count: 1)"
    )
    return CallFailed(f"Sfn.{name or 'SfnException'}", cause)
