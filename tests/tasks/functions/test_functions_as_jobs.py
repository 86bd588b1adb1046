"""Functions that run as a Job for each call, with an API server in memory: what the Job gets, and what its caller hears."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskId, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.asl.task_token import begun_uid
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import Function, FunctionJob, FunctionName, NoFunction
from stepwright.engine.ports import ExecutionRef, Report
from stepwright.tasks.calls.as_jobs import JobAnswers, PartlyJobs
from stepwright.tasks.calls.driver import CallDriver
from stepwright.tasks.functions.integration import FunctionCalls
from stepwright.tasks.functions.plans import FunctionPlans
from stepwright.tasks.job import errors
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, done, settled

ARN = "arn:aws:lambda:us-east-1:123456789012:function:Charge"
INVOKE = "arn:aws:states:::lambda:invoke"
CHARGE = FunctionJob({"image": "example/charge:1", "output": "file"}, "TaskTemplate charge")


class One:
    """Implements ``catalog.ports.Functions``: every name is the same function, or none."""

    def __init__(self) -> None:
        self.function: FunctionJob | None = CHARGE

    def known(self, name: FunctionName, namespace: str) -> Function | FunctionJob | None:  # noqa: ARG002
        return self.function

    def lacking(self, name: FunctionName, namespace: str) -> str | None:  # noqa: ARG002
        raise AssertionError("asked when definitions are checked")

    async def find(self, name: FunctionName, namespace: str, caller: Caller) -> Function | FunctionJob:  # noqa: ARG002
        if self.function is None:
            raise NoFunction("There is no such TaskTemplate.")
        return self.function


class Functions(Scene):
    def __init__(self) -> None:
        super().__init__()
        self.known = One()

    @asynccontextmanager
    async def functions(self) -> AsyncIterator[PartlyJobs]:
        made: list[JobAnswers] = []

        def through(report: Report) -> Report:
            made.append(JobAnswers(report))
            return made[0]

        async with self.driver(through) as jobs:
            calls = CallDriver(FunctionCalls(self.known, self.clock), self.clock, made[0].report)
            yield PartlyJobs(calls, jobs, made[0], FunctionPlans(self.known))
            await calls.close()

    async def ended(self, this: StartTask, terminated: dict[str, Any]) -> TaskSucceeded | TaskFailed:
        """Begun, and ended like this."""
        async with self.functions() as driver:
            await driver.start(self.ref, this, again=False)
            await self.pod(this, {"running": {}})
            await self.pod(this, {"terminated": {"reason": "Completed", **terminated}})
            if terminated["exitCode"]:
                await self.conclude(this, "Failed")
        return self.end()

    def input_of(self, this: StartTask) -> Json:
        annotations = self.job(this)["spec"]["template"]["metadata"]["annotations"]
        found: Json = json.loads(annotations["stepwright.dev/input"])
        return found


def direct(parameters: Json = None, resource: str = "k8s:task/charge") -> StartTask:
    return task({"n": 1} if parameters is None else parameters, resource=parse(resource))


def invoked(**parameters: Any) -> StartTask:
    return task({"FunctionName": "Charge", **parameters}, resource=parse(INVOKE))


PAYLOADS: dict[str, tuple[StartTask, Json]] = {
    "by template": (direct({"n": 1}), {"n": 1}),
    "by ARN": (direct([1], ARN), [1]),
    "invoked": (invoked(Payload={"n": 2}), {"n": 2}),
    "a text that holds JSON": (invoked(Payload="[1]"), [1]),
    "nothing": (invoked(), {}),
}


@pytest.mark.parametrize(("this", "payload"), PAYLOADS.values(), ids=PAYLOADS.keys())
async def test_a_job_of_the_template_gets_the_payload_as_its_input(this: StartTask, payload: Json) -> None:
    scene = Functions()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        [container] = scene.job(this)["spec"]["template"]["spec"]["containers"]

        assert (container["image"], scene.input_of(this)) == ("example/charge:1", payload)
        metadata = scene.job(this)["metadata"]
        assert driver.shown_as(scene.ref, this.task) == metadata["name"]
    submitted = TaskSubmitted(this.task, {"jobName": metadata["name"], "jobUid": metadata["uid"]})
    assert scene.heard == [TaskStarted(this.task), submitted]


@pytest.mark.parametrize("resource", ["k8s:task/charge", ARN])
async def test_what_the_job_writes_is_the_function_s_answer(resource: str) -> None:
    assert (
        await Functions().ended(direct(resource=resource), {"exitCode": 0, "message": "[1.0]"})
    ).output == [1.0]  # type: ignore[union-attr]


async def test_invoke_has_the_answer_in_its_payload() -> None:
    scene, this = Functions(), invoked(Payload={})
    end = await scene.ended(this, {"exitCode": 0, "message": '{"charged": true}'})

    assert isinstance(end, TaskSucceeded)
    assert isinstance(end.output, dict)
    request = {"RequestId": begun_uid(scene.ref.uid, this.task)}
    assert list(end.output) == [
        "ExecutedVersion",
        "Payload",
        "SdkHttpMetadata",
        "SdkResponseMetadata",
        "StatusCode",
    ]
    assert (end.output["Payload"], end.output["SdkResponseMetadata"]) == ({"charged": True}, request)


OWN = '{"errorType": "CardDeclined", "errorMessage": "no"}'
FAILURES: dict[str, tuple[StartTask, dict[str, Any], str, str]] = {
    "its own error": (direct(), {"exitCode": 1, "message": OWN}, "CardDeclined", OWN),
    "its own error, invoked": (
        invoked(),
        {"exitCode": 1, "message": OWN},
        "CardDeclined",
        '{"errorType":"CardDeclined","errorMessage":"no"}',
    ),
    "an exit code": (
        direct(),
        {"exitCode": 3},
        "Lambda.Unknown",
        "TaskTemplate charge: Job.Failed: Container main of pod",
    ),
    "too much memory": (
        direct(),
        {"exitCode": 137, "reason": "OOMKilled"},
        "Lambda.Unknown",
        "Job.OOMKilled",
    ),
    "no JSON": (direct(), {"exitCode": 0, "message": "{"}, "Lambda.Unknown", "Job.OutputInvalid"),
    "too long": (
        direct(),
        {"exitCode": 0, "message": "1" * 4096},
        "States.DataLimitExceeded",
        "Job.OutputTooLarge",
    ),
}


@pytest.mark.parametrize(("this", "terminated", "error", "cause"), FAILURES.values(), ids=FAILURES.keys())
async def test_failures_have_the_names_that_callers_of_lambda_know(
    this: StartTask, terminated: dict[str, Any], error: str, cause: str
) -> None:
    end = await Functions().ended(this, terminated)

    assert isinstance(end, TaskFailed)
    assert end.error == error
    assert cause in (end.cause or "")


async def test_no_failure_of_a_job_has_a_name_that_no_retrier_of_aws_knows() -> None:
    scene, this = Functions(), direct()
    names = [value for value in vars(errors).values() if isinstance(value, str) and value.startswith("Job.")]
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        for name in names:
            driver._answers(scene.ref.uid, TaskFailed(this.task, name, "why"))
    said = [signal.error or "" for signal in scene.heard if isinstance(signal, TaskFailed)]

    assert len(said) == len(names) > 10
    assert all(name.startswith(("Lambda.", "States.")) for name in said)


REFUSED: dict[str, tuple[StartTask, str, str]] = {
    "a call that nobody waits for": (
        invoked(InvocationType="Event"),
        "Lambda.InvalidParameterValueException",
        "A function that runs as a Job or by workers is waited for: it has no InvocationType 'Event'.",
    ),
    "no JSON": (
        invoked(Payload="{"),
        "Lambda.InvalidRequestContentException",
        "Could not parse request body into json: ",
    ),
    "half of a character": (direct({"n": "\ud800"}), "Lambda.SdkClientException", "cannot be sent"),
}


@pytest.mark.parametrize(("this", "error", "cause"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_no_job_can_be_given_is_refused(this: StartTask, error: str, cause: str) -> None:
    scene = Functions()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
    end = scene.end()

    assert isinstance(end, TaskFailed)
    assert (end.error, cause in (end.cause or "")) == (error, True)
    assert scene.server.named("jobs") == []


async def test_a_job_that_has_begun_answers_though_its_template_has_gone() -> None:
    scene, this = Functions(), direct()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
    [submitted] = [signal.output for signal in scene.heard if isinstance(signal, TaskSubmitted)]
    scene.heard.clear()
    scene.known.function = None

    again = direct(this.parameters)
    again = task(again.parameters, resource=again.resource, task=this.task, submitted=submitted)
    async with scene.functions() as driver:
        await driver.start(scene.ref, again, again=True)
        await scene.pod(this, {"running": {}})
        await scene.pod(this, done('"charged"'))

    assert scene.heard == [TaskSucceeded(this.task, "charged")]
    assert scene.writes() == ["create"]


async def test_a_job_of_which_nothing_is_recorded_counts_only_if_the_template_still_says_it() -> None:
    scene, this = Functions(), direct()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
    scene.heard.clear()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=True)
    assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]

    scene.heard.clear()
    scene.known.function = FunctionJob({"image": "example/charge:2"}, "TaskTemplate charge")
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=True)
    assert scene.error() == "Lambda.ServiceException"


@pytest.mark.parametrize("known", [True, False])
async def test_a_task_that_is_stopped_or_released_leaves_its_job_as_others_do(known: bool) -> None:
    scene, this = Functions(), direct()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, {"running": {}})
        await scene.pod(this, done())
        if known:
            await driver.release(scene.ref, this.task)
            await scene.clock.forward(10)
    if not known:
        async with scene.functions() as driver:
            await driver.release(scene.ref, this.task)
            await scene.clock.forward(10)

    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600


async def test_a_stopped_task_s_job_is_deleted() -> None:
    scene, this = Functions(), direct()
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        await driver.stop(scene.ref, CancelTask(this.task, this.resource))
        await settled()
        scene.heard.clear()
        await driver.start(ExecutionRef(scene.ref.uid, "shop", "order-7", "order"), direct(), again=False)

    assert len(scene.server.named("jobs")) == 1
    assert [signal.task for signal in scene.heard if isinstance(signal, TaskStarted)] != [TaskId(this.task)]


async def test_without_a_template_the_task_fails_as_any_call_does() -> None:
    scene, this = Functions(), direct()
    scene.known.function = None
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        await settled()

        assert scene.end() == TaskFailed(
            this.task, "Lambda.ResourceNotFoundException", "There is no such TaskTemplate."
        )


async def test_a_token_s_task_goes_on_when_its_job_has_answered() -> None:
    scene = Functions()
    this = task({"FunctionName": "Charge"}, resource=parse(f"{INVOKE}.waitForTaskToken"))
    async with scene.functions() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, {"running": {}})
        await scene.pod(this, done('"asked"'))

        assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]
        submitted = scene.heard[1]
        assert isinstance(submitted, TaskSubmitted)
        assert isinstance(submitted.output, dict)
        assert (submitted.output["Payload"], submitted.at_once) == ("asked", True)
        await driver.release(scene.ref, this.task)
        await scene.clock.forward(10)
    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600
