"""``.sync`` tasks of AWS's services: begun once, followed to their end, stopped; against services that are played here."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskSubmitted, TaskSucceeded
from stepwright.aws import models, optimized
from stepwright.aws.calling import NoAnswer
from stepwright.tasks.aws import jobs
from stepwright.tasks.aws.looking import LONGEST_SECONDS
from tests.engine.virtual_loop import run as run_virtually
from tests.tasks.aws_calls import REF, task
from tests.tasks.played_services import ONCE, Played, Scene, refused

QUERY: tuple[str, Any] = ("athena:startQueryExecution.sync", {"QueryString": "SELECT 1"})


def query(state: str) -> Any:
    return {"QueryExecution": {"QueryExecutionId": "q-1", "Status": {"State": state}}}


def test_a_query_is_followed_to_its_end() -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}],
            GetQueryExecution=[query("QUEUED"), query("RUNNING"), query("SUCCEEDED")],
        )

        submitted, ended = await Scene(services).start(*QUERY)

        assert isinstance(submitted, TaskSubmitted)
        assert submitted.at_once
        assert list(submitted.output) == ["QueryExecutionId", "SdkHttpMetadata", "SdkResponseMetadata"]  # type: ignore[arg-type]
        assert isinstance(ended, TaskSucceeded)
        assert ended.output == query("SUCCEEDED")
        assert services.calls["StartQueryExecution"][0]["ClientRequestToken"] == ONCE
        assert services.calls["GetQueryExecution"] == [{"QueryExecutionId": "q-1"}] * 3

    run_virtually(scene)


def test_a_query_that_fails_fails_its_task_with_what_is_told_of_it() -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}], GetQueryExecution=[query("CANCELLED")]
        )

        _, ended = await Scene(services).start(*QUERY)

        assert isinstance(ended, TaskFailed)
        assert (ended.error, json.loads(ended.cause or "")) == ("States.TaskFailed", query("CANCELLED"))

    run_virtually(scene)


def test_a_long_job_is_looked_at_less_and_less_often() -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}], GetQueryExecution=[query("RUNNING")]
        )

        await Scene(services).start(*QUERY, seconds=3600)

        assert (
            3600 / LONGEST_SECONDS <= len(services.calls["GetQueryExecution"]) < 3600 / LONGEST_SECONDS + 10
        )

    run_virtually(scene)


@pytest.mark.parametrize(
    "trouble", [NoAnswer("away"), refused("ThrottlingException"), refused("InternalFailure", 500)], ids=str
)
def test_a_job_is_followed_though_its_service_is_away_for_a_while(trouble: Exception) -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}],
            GetQueryExecution=[query("RUNNING"), trouble, trouble, query("SUCCEEDED")],
        )

        _, ended = await Scene(services).start(*QUERY)

        assert isinstance(ended, TaskSucceeded)

    run_virtually(scene)


def test_a_job_that_may_not_be_looked_at_fails_its_task() -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}],
            GetQueryExecution=[refused("AccessDeniedException", 403)],
        )

        _, ended = await Scene(services).start(*QUERY)

        assert isinstance(ended, TaskFailed)
        assert ended.error == "Athena.AmazonAthenaException"

    run_virtually(scene)


def ecs(status: str, *codes: int) -> Any:
    containers = [{"name": str(number), "exitCode": code} for number, code in enumerate(codes)]
    return {
        "tasks": [{"taskArn": "t-1", "clusterArn": "c-1", "lastStatus": status, "containers": containers}],
        "failures": [],
    }


RUN: tuple[str, Any] = ("ecs:runTask.sync", {"Cluster": "c", "TaskDefinition": "d"})


@pytest.mark.parametrize(("codes", "well"), [((0, 0), True), ((0, 1), False)])
def test_a_task_of_ecs_has_succeeded_if_all_its_containers_have(codes: tuple[int, ...], well: bool) -> None:
    async def scene() -> None:
        services = Played(
            RunTask=[ecs("PROVISIONING")], DescribeTasks=[ecs("RUNNING"), ecs("STOPPED", *codes)]
        )

        _, ended = await Scene(services).start(*RUN)

        assert isinstance(ended, TaskSucceeded if well else TaskFailed)
        told: Any = ended.output if isinstance(ended, TaskSucceeded) else json.loads(str(ended.cause))
        assert told["TaskArn"] == "t-1"
        assert told["Tags"] == []
        assert services.calls["RunTask"][0]["startedBy"] == "AWS Step Functions"
        assert services.calls["RunTask"][0]["clientToken"] == ONCE

    run_virtually(scene)


def test_a_task_of_ecs_that_is_not_started_fails() -> None:
    async def scene() -> None:
        services = Played(RunTask=[{"tasks": [], "failures": [{"reason": "RESOURCE:MEMORY"}]}])

        (ended,) = await Scene(services).start(*RUN)

        assert isinstance(ended, TaskFailed)
        assert (ended.error, ended.cause) == ("AmazonECS.Unknown", '[{"Reason":"RESOURCE:MEMORY"}]')

    run_virtually(scene)


def test_a_task_of_ecs_may_be_unknown_for_a_moment_but_not_for_long() -> None:
    async def scene() -> None:
        gone: Any = {"tasks": [], "failures": [{"reason": "MISSING"}]}
        for_a_moment = Played(RunTask=[ecs("PENDING")], DescribeTasks=[gone, gone, ecs("STOPPED", 0)])
        for_ever = Played(RunTask=[ecs("PENDING")], DescribeTasks=[gone])

        _, found = await Scene(for_a_moment).start(*RUN)
        _, lost = await Scene(for_ever).start(*RUN)

        assert isinstance(found, TaskSucceeded)
        assert isinstance(lost, TaskFailed)

    run_virtually(scene)


def test_what_was_begun_is_stopped_with_its_task() -> None:
    async def scene() -> None:
        services = Played(RunTask=[ecs("PENDING")], DescribeTasks=[ecs("RUNNING")], StopTask=[{}])
        playing = Scene(services)
        (submitted,) = await playing.start(*RUN)
        assert isinstance(submitted, TaskSubmitted)

        await playing.stop(RUN[0], submitted.output)
        looks = len(services.calls["DescribeTasks"])
        await asyncio.sleep(600)

        assert services.calls["StopTask"] == [{"cluster": "c-1", "task": "t-1", "reason": jobs.REASON}]
        assert len(services.calls["DescribeTasks"]) == looks

    run_virtually(scene)


@pytest.mark.parametrize(
    "said", [refused("InvalidParameterException"), refused("AccessDeniedException", 403)]
)
def test_what_cannot_be_stopped_is_not_tried_for_ever(said: Exception) -> None:
    async def scene() -> None:
        services = Played(StopTask=[said])

        await Scene(services).stop(RUN[0], {"Tasks": [{"TaskArn": "t-1", "ClusterArn": "c-1"}]})

        assert len(services.calls["StopTask"]) == 1

    run_virtually(scene)


def test_after_a_kill_what_was_submitted_is_followed_and_not_begun_again() -> None:
    async def scene() -> None:
        services = Played(
            StartQueryExecution=[{"QueryExecutionId": "q-1"}],
            GetQueryExecution=[query("RUNNING")] * 3 + [query("SUCCEEDED")],
        )
        playing = Scene(services)
        (submitted,) = await playing.start(*QUERY, seconds=1)
        assert isinstance(submitted, TaskSubmitted)
        playing.another()
        await playing.driver.start(REF, replace(task(*QUERY), submitted=submitted.output), again=True)
        await asyncio.sleep(600)

        assert isinstance(playing.signals[-1], TaskSucceeded)
        assert len(services.calls["StartQueryExecution"]) == 1

    run_virtually(scene)


JOB: tuple[str, Any] = ("batch:submitJob.sync", {"JobName": "n", "JobQueue": "q", "JobDefinition": "d"})


@pytest.mark.parametrize("was_begun", [True, False])
def test_after_a_kill_a_job_of_batch_is_found_by_its_tag(was_begun: bool) -> None:
    async def scene() -> None:
        other = {
            "jobId": "j-0",
            "jobArn": "a-0",
            "jobName": "n",
            "status": "RUNNING",
            "tags": {"stepwright-task": "x"},
        }
        own = {
            **other,
            "jobId": "j-1",
            "jobArn": "a-1",
            "status": "SUCCEEDED",
            "tags": {"stepwright-task": ONCE},
        }
        services = Played(
            ListJobs=[{"jobSummaryList": [{"jobId": "j-0"}, {"jobId": "j-1"}]}],
            DescribeJobs=[{"jobs": [other, own] if was_begun else [other]}, {"jobs": [own]}],
            SubmitJob=[{"jobId": "j-1", "jobArn": "a-1", "jobName": "n"}],
        )

        _, ended = await Scene(services).start(*JOB, again=True)

        assert isinstance(ended, TaskSucceeded)
        assert ended.output["JobId"] == "j-1"  # type: ignore[index, call-overload]
        assert len(services.calls["SubmitJob"]) == (0 if was_begun else 1)
        assert services.calls["ListJobs"] == [
            {"jobQueue": "q", "filters": [{"name": "JOB_NAME", "values": ["n"]}]}
        ]
        if not was_begun:
            assert services.calls["SubmitJob"][0]["tags"] == {"stepwright-task": ONCE}

    run_virtually(scene)


@pytest.mark.parametrize("was_begun", [True, False])
def test_after_a_kill_a_job_of_sagemaker_is_found_by_its_name(was_begun: bool) -> None:
    async def scene() -> None:
        arn = "arn:aws:sagemaker:us-east-1:123456789012:transform-job/t-1"
        job = {"TransformJobArn": arn, "CreationTime": datetime(2026, 1, 1, tzinfo=UTC)}
        services = Played(
            DescribeTransformJob=[
                job if was_begun else refused("ValidationException"),
                job | {"TransformJobStatus": "Completed"},
            ],
            CreateTransformJob=[{"TransformJobArn": arn}],
        )
        given: Json = {
            "TransformJobName": "t-1",
            "ModelName": "m",
            "TransformInput": {"DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b"}}},
            "TransformOutput": {"S3OutputPath": "s3://b"},
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        }

        _, ended = await Scene(services).start("sagemaker:createTransformJob.sync", given, again=True)

        assert isinstance(ended, TaskSucceeded)
        assert len(services.calls["CreateTransformJob"]) == (0 if was_begun else 1)
        assert services.calls["DescribeTransformJob"][-1] == {"TransformJobName": "t-1"}

    run_virtually(scene)


def test_after_a_kill_a_run_of_glue_that_may_have_been_started_fails_its_task() -> None:
    async def scene() -> None:
        services = Played(StartJobRun=[{"JobRunId": "jr-1"}])

        (ended,) = await Scene(services).start("glue:startJobRun.sync", {"JobName": "n"}, again=True)

        assert isinstance(ended, TaskFailed)
        assert ended.error == "Glue.SdkClientException"
        assert "Whether it took effect is not known" in str(ended.cause)
        assert services.calls == {}

    run_virtually(scene)


def test_a_run_of_glue_is_told_with_its_job() -> None:
    async def scene() -> None:
        services = Played(
            StartJobRun=[{"JobRunId": "jr-1"}],
            GetJobRun=[{"JobRun": {"Id": "jr-1", "JobRunState": "SUCCEEDED"}}],
        )

        submitted, ended = await Scene(services).start("glue:startJobRun.sync", {"JobName": "n"})

        assert isinstance(submitted, TaskSubmitted)
        assert isinstance(ended, TaskSucceeded)
        assert submitted.output["JobName"] == "n"  # type: ignore[index, call-overload]
        assert ended.output == {"Id": "jr-1", "JobRunState": "SUCCEEDED"}
        assert services.calls["GetJobRun"] == [{"JobName": "n", "RunId": "jr-1"}]

    run_virtually(scene)


class Anything(dict[str, Any]):
    """An answer with whatever members are asked for."""

    def __missing__(self, name: str) -> Any:
        return [Anything()] if name == "Tasks" else Anything()

    def rpartition(self, _: str) -> tuple[str, str, str]:
        return "", "", "name"


@pytest.mark.parametrize("action", jobs.JOBS)
def test_jobs_are_looked_at_and_stopped_by_operations_that_their_services_have(action: str) -> None:
    job, (service, _, name) = jobs.JOBS[action], action.partition(":")
    own = optimized.SERVICES[service]
    model = models.service(own.of(name))

    assert ".sync" in own.actions[name]
    for operation, given in (job.look(Anything()), *job.stops(Anything())):
        shape = model.operation_model(operation).input_shape
        assert set(shape.required_members) <= set(given) <= set(shape.members)
