"""Tasks of Batch and ECS that run as Jobs of the cluster, because a Connection says what stands for their definitions."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.on_cluster.kubectl import IMAGE, Kube, Object, execution, machine, one, output
from tests.processes.operators import OperatorProcess

pytestmark = pytest.mark.cluster

BATCH = "arn:aws:states:::batch:submitJob.sync"
ECS = "arn:aws:states:::ecs:runTask.sync"


def connection(**services: Object) -> Object:
    mapped = {name: {"jobs": jobs} for name, jobs in services.items()}
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "Connection",
        "metadata": {"name": "aws"},
        "spec": {"aws": {"region": "eu-central-1", "services": mapped}},
    }


def template(name: str, job: Object) -> Object:
    return {
        "apiVersion": "stepwright.dev/v1",
        "kind": "TaskTemplate",
        "metadata": {"name": name},
        "spec": {"job": job},
    }


def script(text: str) -> Object:
    return {"image": IMAGE, "command": ["sh", "-ec", text]}


def batch(definition: str, **given: Any) -> Object:
    parameters = {"JobName": definition, "JobQueue": "q", "JobDefinition": definition, **given}
    return {"Type": "Task", "Resource": BATCH, "Parameters": parameters, "End": True}


def test_jobs_of_batch_and_tasks_of_ecs_run_here_and_are_told_as_aws_tells_them(stepwright: Kube) -> None:
    two: Object = {
        "spec": {"containers": [{"name": name, **script('exit "$CODE"')} for name in ("main", "side")]}
    }
    stepwright.apply(
        connection(batch={"report": "report", "parts": "parts"}, ecs={"pair": "pair"}),
        template("report", {**script('test "$0" = a; exit "$CODE"'), "args": ["Ref::letter"]}),
        template("parts", script('test "$AWS_BATCH_JOB_ARRAY_INDEX" != 1')),
        template("pair", {"podTemplate": two}),
    )
    good, bad = ({"ContainerOverrides": {"Environment": [{"Name": "CODE", "Value": code}]}} for code in "04")
    codes = {
        "ContainerOverrides": [
            {"Name": name, "Environment": [{"Name": "CODE", "Value": "0"}]} for name in ("main", "side")
        ]
    }
    pair = {
        "Type": "Task",
        "Resource": ECS,
        "Parameters": {"TaskDefinition": "pair:2", "Overrides": codes},
        "End": True,
    }
    tasks = {
        "good": batch("report", Parameters={"letter": "a"}, **good),
        "bad": batch("report", Parameters={"letter": "a"}, RetryStrategy={"Attempts": 2}, **bad),
        "parts": batch("parts", ArrayProperties={"Size": 3}),
        "pair": pair,
    }
    for name, task in tasks.items():
        stepwright.apply(machine(name, one(task), connections=["aws"]), execution(f"{name}-1", name))

    ended = {name: stepwright.ended(f"{name}-1", seconds=180) for name in tasks}

    assert ended["good"]["status"]["phase"] == "Succeeded", ended["good"]["status"].get("cause")
    told = output(ended["good"])
    assert (told["Status"], told["Container"]["ExitCode"], told["JobName"]) == ("SUCCEEDED", 0, "report")
    assert ended["bad"]["status"]["error"] == "States.TaskFailed"
    told = json.loads(ended["bad"]["status"]["cause"])
    assert (told["Status"], [each["Container"]["ExitCode"] for each in told["Attempts"]]) == (
        "FAILED",
        [4, 4],
    )
    told = json.loads(ended["parts"]["status"]["cause"])
    assert told["ArrayProperties"] == {"Size": 3, "StatusSummary": {"FAILED": 1, "SUCCEEDED": 2}}
    told = output(ended["pair"])
    assert {each["Name"]: each["ExitCode"] for each in told["Containers"]} == {"main": 0, "side": 0}
    submitted = [
        event["taskSubmittedEventDetails"]["output"]
        for event in stepwright.history("pair-1")
        if event["type"] == "TaskSubmitted"
    ]
    assert json.loads(submitted[0])["Tasks"][0]["TaskArn"] == told["TaskArn"]


def test_a_job_of_batch_outlives_its_operator_and_is_deleted_with_its_task(
    kube: Kube, own_operator: OperatorProcess
) -> None:
    own_operator.start()
    kube.apply(
        connection(batch={"slow": "slow", "endless": "endless"}),
        template("slow", script("sleep 15")),
        template("endless", script("sleep 3600")),
    )
    for name in ("slow", "endless"):
        kube.apply(machine(name, one(batch(name)), connections=["aws"]), execution(f"{name}-1", name))
    deadline = time.monotonic() + 90
    while len(kube.list("jobs")) < 2 and time.monotonic() < deadline:
        time.sleep(0.2)
    own_operator.kill()
    own_operator.start()
    kube("patch", "execution", "endless-1", "--type=merge", "-p", '{"spec": {"stop": {}}}')

    told = output(kube.ended("slow-1", seconds=180))
    stopped = kube.ended("endless-1", seconds=120)

    assert told["Status"] == "SUCCEEDED"
    assert stopped["status"]["phase"] == "Aborted"
    kube("wait", "--for=delete", "job", "-l", "stepwright.dev/execution=endless-1", "--timeout=90s")
    assert [job["metadata"]["uid"] for job in kube.list("jobs")] == [told["JobId"]]
