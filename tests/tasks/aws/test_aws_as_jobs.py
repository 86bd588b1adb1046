"""Tasks of Batch and ECS that run as Jobs because a Connection says so, with an API server in memory: what the Job is made of, and
what the execution hears of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from dataclasses import replace as with_fields
from typing import Any

import pytest
from msgspec.structs import replace

from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import parse
from stepwright.asl.signals import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import CancelTask, StartTask
from stepwright.catalog.callers import Caller
from stepwright.catalog.ports import (
    Function,
    FunctionJob,
    FunctionName,
    NoFunction,
    NoObject,
)
from stepwright.engine.ports import Report
from stepwright.tasks.aws.integration import AwsServices
from stepwright.tasks.aws.mapped import checking
from stepwright.tasks.aws.mapped.plans import MappedJobs
from stepwright.tasks.calls.as_jobs import JobAnswers, PartlyJobs
from stepwright.tasks.calls.driver import CallDriver
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, settled
from tests.tasks.played_services import Played

PLACE = "kubernetes:shop"
REPORT: dict[str, Any] = {
    "image": "example/report:1",
    "args": ["run", "Ref::day", "Ref::other"],
    "env": [{"name": "MODE", "value": "slow"}, {"name": "KEPT", "value": "1"}],
    "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "1"}},
    "labels": {"team": "sales"},
}
PAIR: dict[str, Any] = {
    "podTemplate": {
        "spec": {
            "containers": [
                {"name": "main", "image": "example/app:1"},
                {"name": "side", "image": "example/side:1"},
            ]
        }
    }
}


@dataclass
class Objects:
    """Implements ``ConnectionObjects`` and ``Functions``."""

    spec: dict[str, Any]
    templates: dict[str, FunctionJob] = field(default_factory=dict)

    identity = "c/1"

    async def find(self, first: Any, second: str, caller: Caller | None = None) -> Any:  # noqa: ARG002
        if isinstance(first, FunctionName):
            if first.name not in self.templates:
                raise NoFunction(f"There is no TaskTemplate {first.name}.")
            return self.templates[first.name]
        if second != "aws":
            raise NoObject("ResourceNotFound", f"There is no Connection {second}.")
        return self

    async def secret(self, name: str, key: str) -> str:
        raise AssertionError((name, key))

    async def token(self, audience: str) -> str:
        raise AssertionError(audience)

    def known(self, name: FunctionName, namespace: str) -> Function | FunctionJob | None:
        raise AssertionError((name, namespace))

    def lacking(self, name: FunctionName, namespace: str) -> str | None:
        raise AssertionError((name, namespace))


class Mapped(Scene):
    def __init__(self) -> None:
        super().__init__(connections=["aws"])
        self.ref = with_fields(self.ref, arn="arn:aws:states:kubernetes:shop:execution:order:order-7")
        jobs = {
            "batch": {"jobs": {"report": "report", "report:9": "newest"}},
            "ecs": {"jobs": {"report": "report", "pair": "pair"}},
        }
        self.objects = Objects(
            {"aws": {"region": "eu-central-1", "services": jobs}},
            {
                "report": FunctionJob(REPORT, "TaskTemplate report"),
                "newest": FunctionJob({**REPORT, "image": "example/report:9"}, "TaskTemplate newest"),
                "pair": FunctionJob(PAIR, "TaskTemplate pair"),
            },
        )
        self.aws = Played(
            SubmitJob=[{"jobId": "j-1", "jobArn": "a", "jobName": "n"}], DescribeJobs=[{"jobs": []}]
        )

    @asynccontextmanager
    async def jobs(self) -> AsyncIterator[PartlyJobs]:
        made: list[JobAnswers] = []

        def through(report: Report) -> Report:
            made.append(JobAnswers(report))
            return made[0]

        async with self.driver(through) as jobs:
            calls = CallDriver(AwsServices(self.aws, self.clock), self.clock, made[0].report)
            yield PartlyJobs(calls, jobs, made[0], MappedJobs(self.objects, self.objects))
            await calls.close()

    async def begun(self, this: StartTask) -> dict[str, Any]:
        """The Job."""
        async with self.jobs() as driver:
            await driver.start(self.ref, this, again=False)
            await settled()
        return self.job(this)

    async def ended(self, this: StartTask, *codes: int, condition: str | None = None, **status: Any) -> Any:
        """What is said of it, by the output or by the cause."""
        names = ["main"] if len(codes) == 1 else ["main", "side"]
        async with self.jobs() as driver:
            await driver.start(self.ref, this, again=False)
            terminated = {
                "reason": "Completed",
                "startedAt": "2026-01-01T00:00:00Z",
                "finishedAt": "2026-01-01T00:00:05Z",
            }
            ends = [
                {"name": name, "state": {"terminated": {**terminated, "exitCode": code}}}
                for name, code in zip(names, codes, strict=True)
            ]
            await self.pod(
                this, {"terminated": {**terminated, "exitCode": max(codes)}}, containerStatuses=ends, **status
            )
            await self.conclude(this, condition or ("Failed" if any(codes) else "Complete"))
        end = self.end()
        if isinstance(end, TaskSucceeded):
            return end.output
        assert end.error == "States.TaskFailed", end
        return json.loads(end.cause or "")


def batch(**given: Any) -> StartTask:
    parameters = {
        "JobName": "daily",
        "JobQueue": "arn:aws:batch:eu-central-1:1:job-queue/q",
        "JobDefinition": "report",
        **given,
    }
    return task(parameters, resource=parse("arn:aws:states:::batch:submitJob.sync"))


def ecs(definition: str = "report", **given: Any) -> StartTask:
    return task(
        {"Cluster": "arn:aws:ecs:eu-central-1:1:cluster/c", "TaskDefinition": definition, **given},
        resource=parse("arn:aws:states:::ecs:runTask.sync"),
    )


def container_of(job: Mapping[str, Any], at: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = job["spec"]["template"]["spec"]["containers"][at]
    return found


def env_of(container: Mapping[str, Any]) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


async def test_a_job_of_batch_runs_its_template_with_what_the_task_overrides() -> None:
    this = batch(
        JobDefinition="arn:aws:batch:eu-central-1:1:job-definition/report:3",
        Parameters={"day": "monday"},
        ContainerOverrides={
            "Environment": [{"Name": "MODE", "Value": "fast"}, {"Name": "DATA", "Value": {"n": 1}}],
            "ResourceRequirements": [
                {"Type": "VCPU", "Value": "2"},
                {"Type": "MEMORY", "Value": "2048"},
                {"Type": "GPU", "Value": "1"},
            ],
        },
        RetryStrategy={"Attempts": 3},
        Timeout={"AttemptDurationSeconds": 600},
    )

    job = await Mapped().begun(this)

    container = container_of(job)
    assert (container["image"], container["args"]) == ("example/report:1", ["run", "monday", "Ref::other"])
    environment = env_of(container)
    assert list(environment) == ["KEPT", "AWS_BATCH_JQ_NAME", "MODE", "DATA", "AWS_BATCH_JOB_ID"]
    assert (environment["MODE"], environment["DATA"], environment["AWS_BATCH_JQ_NAME"]) == (
        "fast",
        '{"n":1}',
        "q",
    )
    assert container["resources"] == {
        "requests": {"cpu": "2", "memory": "2048Mi"},
        "limits": {"memory": "2048Mi", "nvidia.com/gpu": "1"},
    }
    assert (job["spec"]["backoffLimit"], job["spec"]["template"]["spec"]["activeDeadlineSeconds"]) == (2, 600)
    assert job["metadata"]["labels"]["team"] == "sales"
    assert "stepwright.dev/input" not in job["spec"]["template"]["metadata"]["annotations"]


async def test_a_command_stands_in_place_of_the_templates_arguments() -> None:
    job = await Mapped().begun(
        batch(ContainerOverrides={"Command": ["once", "Ref::day"]}, Parameters={"day": "today"})
    )

    assert container_of(job)["args"] == ["once", "today"]


async def test_what_a_task_says_reaches_the_container_as_it_is_said() -> None:
    """Kubernetes would read $(NAME) and $$ in it."""
    said = {"Command": ["echo $$ $(KEPT) Ref::day"], "Environment": [{"Name": "PRICE", "Value": "$$5"}]}
    scene, this = Mapped(), batch(ContainerOverrides=said, Parameters={"day": "$1"})

    told = await scene.ended(this, 0)

    container = container_of(scene.job(this))
    assert container["args"] == ["echo $$$$ $$(KEPT) $$1"]
    assert env_of(container)["PRICE"] == "$$$$5"
    assert told["Container"]["Command"] == ["echo $$ $(KEPT) $1"]
    assert {"Name": "PRICE", "Value": "$$5"} in told["Container"]["Environment"]


async def test_a_revision_may_have_a_template_of_its_own() -> None:
    assert container_of(await Mapped().begun(batch(JobDefinition="report:9")))["image"] == "example/report:9"
    assert container_of(await Mapped().begun(batch(JobDefinition="report:8")))["image"] == "example/report:1"


async def test_an_array_is_an_indexed_job() -> None:
    this = batch(ArrayProperties={"Size": 250}, RetryStrategy={"Attempts": 2})

    job = await Mapped().begun(this)

    spec = job["spec"]
    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 250, 100)
    assert (spec["backoffLimitPerIndex"], "backoffLimit" in spec) == (1, False)
    assert env_of(container_of(job))["AWS_BATCH_JOB_ARRAY_INDEX"] == {
        "fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}
    }


async def test_what_is_submitted_and_what_comes_of_it_is_told_as_batch_tells_it() -> None:
    scene, this = Mapped(), batch(Tags={"a": "b"})

    told = await scene.ended(this, 0)

    uid = scene.job(this)["metadata"]["uid"]
    started, submitted, _ = scene.heard
    assert started == TaskStarted(this.task)
    assert isinstance(submitted, TaskSubmitted)
    begun: Any = submitted.output
    assert list(begun) == ["JobArn", "JobId", "JobName", "SdkHttpMetadata", "SdkResponseMetadata"]
    assert (begun["JobArn"], begun["JobId"]) == (f"arn:aws:batch:{PLACE}:job/{uid}", uid)
    assert told["JobArn"] == begun["JobArn"]
    assert (told["JobName"], told["JobDefinition"], told["Status"]) == ("daily", "report", "SUCCEEDED")
    assert told["StatusReason"] == "Essential container in task exited"
    ((attempt),) = told["Attempts"]
    assert (attempt["Container"]["ExitCode"], attempt["StoppedAt"] - attempt["StartedAt"]) == (0, 5000)
    assert (told["Container"]["ExitCode"], told["Container"]["Image"]) == (0, "example/report:1")
    assert {"Name": "KEPT", "Value": "1"} in told["Container"]["Environment"]
    assert (told["Tags"]["a"], told["DependsOn"]) == ("b", [])
    assert list(told) == sorted(told)


async def test_a_job_of_batch_that_fails_fails_its_task_with_what_is_told_of_it() -> None:
    told = await Mapped().ended(batch(), 3)

    assert (told["Status"], told["Container"]["ExitCode"]) == ("FAILED", 3)
    assert told["Attempts"][0]["Container"]["ExitCode"] == 3


async def test_an_attempt_that_takes_too_long_is_told_so() -> None:
    told = await Mapped().ended(batch(Timeout={"AttemptDurationSeconds": 60}), 137, reason="DeadlineExceeded")

    assert (told["Status"], told["StatusReason"]) == ("FAILED", "Job attempt duration exceeded timeout")
    assert told["Timeout"] == {"AttemptDurationSeconds": 60}


async def test_a_task_of_ecs_runs_its_template_with_what_is_overridden_by_the_names_of_containers() -> None:
    overrides = {
        "Memory": "512",
        "ContainerOverrides": [
            {"Name": "main", "Command": ["serve"], "Environment": [{"Name": "A", "Value": "1"}], "Cpu": 512},
            {"Name": "side", "Memory": 256, "MemoryReservation": 128},
        ],
    }

    job = await Mapped().begun(ecs("pair:4", Overrides=overrides, LaunchType="FARGATE"))

    app, side = container_of(job), container_of(job, 1)
    assert (app["args"], env_of(app)) == (["serve"], {"A": "1"})
    assert app["resources"] == {"requests": {"memory": "512Mi", "cpu": "500m"}, "limits": {"memory": "512Mi"}}
    assert side["resources"] == {"requests": {"memory": "128Mi"}, "limits": {"memory": "256Mi"}}
    assert job["spec"]["backoffLimit"] == 0


async def test_a_template_with_one_container_has_any_name_that_ecs_has_for_it() -> None:
    job = await Mapped().begun(
        ecs(Overrides={"ContainerOverrides": [{"Name": "WorkflowApp", "Command": ["x"]}]})
    )

    assert container_of(job)["args"] == ["x"]


@pytest.mark.parametrize(("codes", "well"), [((0, 0), True), ((0, 2), False)])
async def test_a_task_of_ecs_is_told_with_the_exit_codes_of_its_containers(
    codes: tuple[int, ...], well: bool
) -> None:
    scene, this = Mapped(), ecs("pair:4")

    told = await scene.ended(this, *codes)

    uid = scene.job(this)["metadata"]["uid"]
    assert isinstance(scene.end(), TaskSucceeded if well else TaskFailed)
    submitted: Any = next(signal for signal in scene.heard if isinstance(signal, TaskSubmitted)).output
    assert list(submitted) == ["Failures", "SdkHttpMetadata", "SdkResponseMetadata", "Tasks"]
    assert told["TaskArn"] == submitted["Tasks"][0]["TaskArn"] == f"arn:aws:ecs:{PLACE}:task/c/{uid}"
    assert [(each["Name"], each["ExitCode"], each["LastStatus"]) for each in told["Containers"]] == [
        ("main", codes[0], "STOPPED"),
        ("side", codes[1], "STOPPED"),
    ]
    assert (told["LastStatus"], told["StopCode"]) == ("STOPPED", "EssentialContainerExited")
    assert (told["TaskDefinitionArn"], told["Group"], told["StartedBy"]) == (
        "pair:4",
        "family:pair",
        "AWS Step Functions",
    )
    assert told["StartedAt"] == 1767225600000
    assert told["Tags"] == told["Attachments"] == []


async def test_what_never_starts_is_told_with_the_reason() -> None:
    scene, this = Mapped(), ecs()
    async with scene.jobs() as driver:
        await driver.start(scene.ref, this, again=False)
        driver._answers(scene.ref.uid, TaskFailed(this.task, "Job.ImagePullFailed", "no such image"))
    end = scene.end()

    assert isinstance(end, TaskFailed)
    told = json.loads(end.cause or "")
    assert (end.error, told["StopCode"]) == ("States.TaskFailed", "TaskFailedToStart")
    assert told["StoppedReason"] == "Job.ImagePullFailed: no such image"


@pytest.mark.parametrize(
    ("this", "why"),
    [
        (batch(DependsOn=[{"JobId": "j-0"}]), "The field 'DependsOn' means nothing to a Job of this cluster"),
        (
            batch(RetryStrategy={"Attempts": 2, "EvaluateOnExit": [{"Action": "EXIT"}]}),
            "The field 'EvaluateOnExit' means",
        ),
        (ecs(Count=2), "A Job of this cluster stands for one task, so the field 'Count' must be 1"),
        (
            ecs("pair", Overrides={"ContainerOverrides": [{"Name": "other"}]}),
            "no container with the name 'other'",
        ),
        (batch(JobDefinitions="x"), "The field 'JobDefinitions' is not supported by Step Functions"),
    ],
)
async def test_what_no_job_can_do_is_refused(this: StartTask, why: str) -> None:
    scene = Mapped()
    async with scene.jobs() as driver:
        await driver.start(scene.ref, this, again=False)
    end = scene.end()

    assert isinstance(end, TaskFailed)
    assert end.error == "States.Runtime"
    assert why in (end.cause or "")
    assert scene.server.named("jobs") == []


async def test_other_definitions_are_submitted_to_aws() -> None:
    scene = Mapped()
    async with scene.jobs() as driver:
        await driver.start(scene.ref, batch(JobDefinition="others:1"), again=False)
        await settled()
        await scene.clock.forward(1)

    assert scene.aws.calls["SubmitJob"][0]["jobDefinition"] == "others:1"
    assert scene.server.named("jobs") == []


@pytest.mark.parametrize(
    ("resource", "given", "said"),
    [
        (
            "batch:submitJob.sync",
            {"JobDefinition": "report:3"},
            ["/States/A/Parameters/JobDefinition: no report"],
        ),
        (
            "ecs:runTask.sync",
            {"TaskDefinition": "task-definition/pair"},
            ["/States/A/Parameters/TaskDefinition: no pair"],
        ),
        ("batch:submitJob.sync", {"JobDefinition": "other"}, []),
        ("batch:submitJob.sync", {"JobDefinition": "${Definition}"}, []),
        ("batch:submitJob.sync", {"JobDefinition.$": "$.definition"}, []),
        ("batch:submitJob", {"JobDefinition": "report"}, []),
    ],
)
def test_a_template_that_is_not_there_is_a_warning_when_the_state_machine_is_created(
    resource: str, given: Any, said: list[str]
) -> None:
    class Lacking(Objects):
        def lacking(self, name: FunctionName, namespace: str) -> str | None:  # noqa: ARG002
            return f"no {name.name}"

    spec = Mapped().objects.spec
    found = checking.check(
        Lacking(spec),
        "shop",
        {"aws": spec, "to-come": None, "http": {"http": {}}},
        parse(f"arn:aws:states:::{resource}"),
        {"Parameters": given},
        Pointer("/States/A"),
    )

    assert [f"{problem.pointer}: {problem.message}" for problem in found] == said


async def test_a_template_that_is_not_there_fails_the_task_with_its_name() -> None:
    scene = Mapped()
    del scene.objects.templates["report"]
    async with scene.jobs() as driver:
        await driver.start(scene.ref, batch(), again=False)

    end = scene.end()
    assert isinstance(end, TaskFailed)
    assert "There is no TaskTemplate report." in (end.cause or "")


@pytest.mark.parametrize("this", [batch(), ecs()], ids=["batch", "ecs"])
@pytest.mark.parametrize("maps_still", [True, False])
async def test_after_a_kill_the_same_job_is_waited_for_whatever_the_connection_says_by_then(
    this: StartTask, maps_still: bool
) -> None:
    scene = Mapped()
    await scene.begun(this)
    submitted = next(signal for signal in scene.heard if isinstance(signal, TaskSubmitted)).output
    scene.heard.clear()
    if not maps_still:
        scene.objects.spec = {"aws": {"region": "eu-central-1"}}

    told = await scene.ended(replace(this, submitted=submitted), 0)

    assert told.get("Status", told.get("LastStatus")) in ("SUCCEEDED", "STOPPED")
    assert scene.writes() == ["create"]
    assert scene.aws.calls == {}


async def test_what_was_submitted_to_aws_stays_there_whatever_the_connection_says_by_then() -> None:
    scene = Mapped()
    at_aws = {"JobArn": "arn:aws:batch:eu-central-1:123456789012:job/j-1", "JobId": "j-1", "JobName": "daily"}
    async with scene.jobs() as driver:
        await driver.start(scene.ref, replace(batch(), submitted=at_aws), again=True)
        await settled()
        await scene.clock.forward(1)

    assert scene.aws.calls["DescribeJobs"] == [{"jobs": ["j-1"]}]
    assert scene.server.named("jobs") == []


async def test_a_job_is_deleted_when_its_task_is_stopped_also_by_the_next_process() -> None:
    scene, this = Mapped(), batch()
    await scene.begun(this)
    submitted = next(signal for signal in scene.heard if isinstance(signal, TaskSubmitted)).output
    async with scene.jobs() as driver:
        await driver.stop(scene.ref, CancelTask(this.task, this.resource, submitted))
        await settled()

    assert scene.server.named("jobs") == []
    assert scene.aws.calls == {}
