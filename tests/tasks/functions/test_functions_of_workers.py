"""Functions that workers do: what is asked of them, and what their callers hear."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.signals import Signal, TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.asl.task_token import begun_uid
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import FunctionJob, FunctionName, FunctionWork, NoFunction, StandsFor
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.tasks.calls.as_jobs import AsWork
from stepwright.tasks.calls.integration import Call, CallFailed
from stepwright.tasks.external import register
from stepwright.tasks.functions.plans import FunctionPlans
from tests.tasks.start_tasks import start_task

REF = ExecutionRef(Uid("u1"), "shop", "order-7", "order")
INVOKE = "arn:aws:states:::lambda:invoke"
RESIZE = FunctionWork("resize", 900, 60, "TaskTemplate resize")


class One:
    """Implements ``catalog.ports.Functions``: every name is the same function, or none."""

    function: StandsFor | None = RESIZE

    def known(self, name: FunctionName, namespace: str) -> StandsFor | None:  # noqa: ARG002
        return self.function

    def lacking(self, name: FunctionName, namespace: str) -> str | None:  # noqa: ARG002
        raise AssertionError("asked when definitions are checked")

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> StandsFor:  # noqa: ARG002
        if self.function is None:
            raise NoFunction("There is no such TaskTemplate.")
        return self.function


def direct(parameters: Json = None) -> StartTask:
    return start_task(parse("k8s:task/resize"), {"n": 1} if parameters is None else parameters)


def invoked(**parameters: Any) -> StartTask:
    return start_task(parse(INVOKE), {"FunctionName": "resize", **parameters})


async def planned(task: StartTask) -> AsWork:
    found = await FunctionPlans(One()).planned(Call(REF, task), began=None)
    assert isinstance(found, AsWork)
    return found


async def test_a_worker_is_asked_with_the_payload_and_the_limits_of_its_template() -> None:
    asked = (await planned(invoked(Payload={"n": 2}, ClientContext="e30="))).task.parameters

    assert asked == {
        "taskTemplate": "resize",
        "input": '{"n":2}',
        "requestId": begun_uid("u1", TaskId(5)),
        "timeoutSeconds": 900,
        "heartbeatSeconds": 60,
        "clientContext": "e30=",
    }
    assert register.made(REF, (await planned(direct())).task)["spec"]["input"] == '{"n":1}'


async def test_what_a_worker_answers_is_the_function_s_answer() -> None:
    whole = (await planned(direct())).expected.said(TaskSucceeded(TaskId(5), [1]))
    wrapped = (await planned(invoked())).expected.said(TaskSucceeded(TaskId(5), [1]))

    assert whole == TaskSucceeded(TaskId(5), [1])
    assert isinstance(wrapped, TaskSucceeded)
    assert isinstance(wrapped.output, dict)
    assert (wrapped.output["Payload"], wrapped.output["StatusCode"]) == ([1], 200)


async def test_its_own_error_is_the_task_s() -> None:
    said = '{"errorMessage": "no", "errorType": "NoName"}'
    failed = TaskFailed(TaskId(5), "NoName", said)

    assert (await planned(direct())).expected.said(failed) == failed
    compact: Signal | None = (await planned(invoked())).expected.said(failed)
    assert compact == TaskFailed(TaskId(5), "NoName", json.dumps(json.loads(said), separators=(",", ":")))


FAILURES = {
    register.TIMED_OUT: "Lambda.SdkClientException",
    register.HEARTBEAT_LOST: "Lambda.SdkClientException",
    register.DELETED: "Lambda.ServiceException",
    register.REFUSED: "Lambda.ServiceException",
    register.OUTPUT_INVALID: "Lambda.Unknown",
    register.OUTPUT_TOO_LARGE: "States.DataLimitExceeded",
    register.QUOTA_EXCEEDED: "Lambda.TooManyRequestsException",
    register.TOO_LARGE: "Lambda.RequestTooLargeException",
}


@pytest.mark.parametrize(("error", "name"), FAILURES.items())
async def test_failures_have_the_names_that_callers_of_lambda_know(error: str, name: str) -> None:
    said = (await planned(direct())).expected.said(TaskFailed(TaskId(5), error, "why"))

    assert said == TaskFailed(TaskId(5), name, f"TaskTemplate resize: {error}: why")


async def test_nobody_is_asked_who_would_not_be_waited_for() -> None:
    with pytest.raises(CallFailed) as refused:
        await planned(invoked(InvocationType="Event"))

    assert refused.value.error == "Lambda.InvalidParameterValueException"
    assert "it has no InvocationType 'Event'" in refused.value.cause


@pytest.mark.parametrize("now", [None, FunctionJob({"image": "x"}, "TaskTemplate resize")])
async def test_a_task_that_waits_for_workers_does_so_whatever_stands_for_its_function_by_now(
    now: StandsFor | None,
) -> None:
    functions = One()
    functions.function = now
    found = await FunctionPlans(functions).planned(Call(REF, direct()), began="Work")

    assert isinstance(found, AsWork)
