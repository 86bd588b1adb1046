"""``eks:runJob.sync``: the Job as its result, with the logs that the state machine's account may read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.kube.api_errors import Forbidden, TooManyRequests
from stepwright.tasks.job import EKS_RUN_JOB, described
from tests.tasks.job.api_server import once
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, done, settled

MAY_NOT = Forbidden(403, "Forbidden", 'pods "x" is forbidden: User "a" cannot get resource "pods/log"')


def run_job(**options: Json) -> StartTask:
    pod: Json = {"spec": {"containers": [{"name": "main", "image": "x"}], "restartPolicy": "Never"}}
    given: Json = {"Job": {"spec": {"template": pod}}, "LogOptions": {"RetrieveLogs": True, **options}}
    return task(given, resource=EKS_RUN_JOB)


async def played(
    scene: Scene, this: StartTask, log: bytes, condition: str = "Complete", *, pods: int = 1
) -> Any:
    """What the task gives, as a result or as the cause of its failure."""
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        state = done() if condition == "Complete" else {"terminated": {"exitCode": 3, "reason": "Error"}}
        for number in range(pods):
            scene.server.logs[await scene.pod(this, state, suffix=f"{number:05}")] = log
        await scene.conclude(this, condition, succeeded=1)
        await scene.clock.forward(2)
        await settled()
    end = scene.end()
    return end.output if isinstance(end, TaskSucceeded) else (end.error, end.cause)


def logs(found: Any) -> list[Json]:
    return [pod["containers"]["main"] for pod in found["logs"]["pods"].values()]


@pytest.mark.parametrize(
    ("settings", "reader"), [({"serviceAccountName": "orders"}, "shop/orders"), ({}, None)]
)
async def test_logs_are_read_as_the_account_of_the_state_machine(
    settings: dict[str, Any], reader: str | None
) -> None:
    """They were read with the operator's own rights."""
    scene = Scene(**settings)

    assert logs(await played(scene, run_job(), b'{"pi":3}')) == [{"log": {"pi": 3}}]
    assert [account for verb, _, account in scene.server.requests if verb == "log"] == [reader]


async def test_a_log_that_the_account_may_not_read_stands_as_an_error_in_its_place() -> None:
    scene = Scene(serviceAccountName="orders")
    scene.server.before = once("log", "", MAY_NOT)

    assert logs(await played(scene, run_job(), b"1")) == [{"error": "Forbidden", "cause": MAY_NOT.message}]


async def test_a_log_is_read_again_when_the_api_server_has_too_much_to_do() -> None:
    scene = Scene()
    scene.server.before = once("log", "", TooManyRequests(429, "TooManyRequests", "later"))

    assert logs(await played(scene, run_job(), b"1")) == [{"log": 1}]


async def test_logs_that_are_too_long_together_fail_the_task_with_what_to_do() -> None:
    """Each was read to 256 KiB, however many there were."""
    error, cause = await played(Scene(), run_job(), b"x" * (described.LARGEST_LOG_BYTES // 2 + 1), pods=2)

    assert error == "States.DataLimitExceeded"
    assert "limit each by tailLines or limitBytes" in cause


async def test_of_a_job_that_failed_the_logs_that_are_too_long_are_left_out() -> None:
    this = run_job(RawLogs=True)
    error, cause = await played(Scene(), this, b"x" * (described.LARGEST_LOG_BYTES + 1), "Failed")

    assert error == "States.TaskFailed"
    [log] = logs(json.loads(cause))
    assert isinstance(log, dict)
    assert log["error"] == "States.DataLimitExceeded"


async def test_a_cause_that_cannot_hold_the_logs_is_the_job_alone() -> None:
    """It was cut in the middle, and could not be read as JSON any more."""
    error, cause = await played(Scene(), run_job(), b"x" * 40_000, "Failed")

    said = json.loads(cause)
    assert error == "States.TaskFailed"
    assert (said["kind"], "logs" in said) == ("Job", False)


async def test_each_log_is_limited_as_the_task_says() -> None:
    this = run_job(LogParameters={"limitBytes": ["3"]}, RawLogs=True)

    assert logs(await played(Scene(), this, b"12345")) == [{"log": "123"}]


async def test_a_failure_is_no_success_with_logs() -> None:
    scene = Scene()
    await played(scene, run_job(), b"1", "Failed")

    assert isinstance(scene.end(), TaskFailed)
