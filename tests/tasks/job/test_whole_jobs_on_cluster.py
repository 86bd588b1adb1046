"""Jobs of several pods and containers on a real cluster: indexes, sidecars, volumes, queues."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.kube.paths import path_of
from tests.tasks.job import running
from tests.tasks.job.running import BUSYBOX, Running, execution, task
from tests.testcluster.interface import Cluster

pytestmark = pytest.mark.cluster

IMPATIENT: dict[str, Any] = {"taskDefaults": {"pendingGraceSeconds": 2}}


@pytest_asyncio.fixture
async def jobs(cluster: Cluster, namespace: str) -> AsyncIterator[Running]:
    async with running.driver(cluster.kubeconfig, namespace) as found:
        yield found


def container(name: str, script: str, **fields: Json) -> dict[str, Json]:
    return {"name": name, "image": BUSYBOX, "command": ["sh", "-ec", script], **fields}


def indexed(script: str, input: Json = None, /, **spec: Json) -> StartTask:
    pods: Json = {"spec": {"containers": [container("main", script)]}}
    whole: Json = {"spec": {"completionMode": "Indexed", "parallelism": 3, "template": pods, **spec}}
    return task({"job": whole}, input)


def of_pod(**spec: Json) -> StartTask:
    return task({"podTemplate": {"spec": spec}}, {"n": 7})


# --- Indexes ----------------------------------------------------------------------------------------------------------


async def test_each_index_works_on_its_item(jobs: Running, namespace: str) -> None:
    script = """
        item=$(tr -d '[]" ' < "$STEPWRIGHT_INPUT_FILE" | cut -d, -f$((JOB_COMPLETION_INDEX + 1)))
        echo "\\"$item!\\"" > "$STEPWRIGHT_OUTPUT_FILE"
    """
    found = await jobs.result(execution(namespace), indexed(script, ["tea", "milk", "figs"], completions=3))

    assert isinstance(found, TaskSucceeded), found
    assert found.output == ["tea!", "milk!", "figs!"]


async def test_last_lines_of_all_indexes(jobs: Running, namespace: str) -> None:
    this = indexed("echo working; echo $JOB_COMPLETION_INDEX", completions=2)
    assert isinstance(this.parameters, dict)
    found = await jobs.result(execution(namespace), task({**this.parameters, "output": "stdout"}))

    assert isinstance(found, TaskSucceeded), found
    assert found.output == [0, 1]


async def test_an_index_that_fails_does_not_end_the_others(jobs: Running, namespace: str) -> None:
    script = 'test "$JOB_COMPLETION_INDEX" != 1; sleep 1; echo 1 > "$STEPWRIGHT_OUTPUT_FILE"'
    ref, this = execution(namespace), indexed(script, completions=3, backoffLimitPerIndex=0)
    found = await jobs.result(ref, this)

    assert isinstance(found, TaskFailed), found
    assert found.error == "Job.Failed"
    assert "Of the 3 indexes of Job" in (found.cause or "")
    assert "these have failed: 1. Container main of pod" in (found.cause or "")
    assert (await jobs.job(ref, this))["status"]["succeeded"] == 2


async def test_a_success_policy_does_without_some(jobs: Running, namespace: str) -> None:
    script = 'test "$JOB_COMPLETION_INDEX" != 1; echo $JOB_COMPLETION_INDEX > "$STEPWRIGHT_OUTPUT_FILE"'
    policy: Json = {"rules": [{"succeededIndexes": "0,2"}]}
    spec: dict[str, Json] = {"completions": 3, "backoffLimitPerIndex": 5, "successPolicy": policy}
    found = await jobs.result(execution(namespace), indexed(script, **spec))

    assert isinstance(found, TaskSucceeded), found
    assert found.output == [0, None, 2]


# --- Several containers -----------------------------------------------------------------------------------------------


async def test_a_sidecar_serves_a_task_and_goes_with_it(jobs: Running, namespace: str) -> None:
    shared: Json = [{"name": "work", "mountPath": "/scratch"}]
    serve = "trap 'exit 9' TERM; echo 21 > /scratch/half; while :; do sleep 0.2; done"
    use = 'while [ ! -s /scratch/half ]; do sleep 0.1; done; echo $((2 * $(cat /scratch/half))) > "$STEPWRIGHT_OUTPUT_FILE"'
    this = of_pod(
        initContainers=[container("half", serve, restartPolicy="Always", volumeMounts=shared)],
        containers=[container("main", use, volumeMounts=shared)],
        volumes=[{"name": "work", "emptyDir": {}}],
    )
    found = await jobs.result(execution(namespace), this)

    assert isinstance(found, TaskSucceeded), found
    assert found.output == 42


async def test_init_containers_have_the_input_and_hand_on_files(jobs: Running, namespace: str) -> None:
    work: Json = {"name": "work", "mountPath": "/scratch"}
    given: Json = {"name": "stepwright-input", "mountPath": "/input", "readOnly": True}
    this = of_pod(
        initContainers=[
            container("fetch", "cp /input/input.json /scratch/fetched", volumeMounts=[given, work]),
            container("turn", "tr 7 8 < /scratch/fetched > /scratch/turned", volumeMounts=[work]),
        ],
        containers=[container("main", 'cp /scratch/turned "$STEPWRIGHT_OUTPUT_FILE"', volumeMounts=[work])],
        volumes=[{"name": "work", "emptyDir": {}}],
    )
    found = await jobs.result(execution(namespace), this)

    assert isinstance(found, TaskSucceeded), found
    assert found.output == {"n": 8}


# --- Queues -----------------------------------------------------------------------------------------------------------


async def test_a_queued_job_waits_until_it_is_admitted(jobs: Running, namespace: str) -> None:
    """The test does what Kueue does when it admits a Job: it says where its pods run, and lets them."""
    ref = execution(namespace, **IMPATIENT)
    labels: Json = {"kueue.x-k8s.io/queue-name": "small"}
    this = running.shell('echo 1 > "$STEPWRIGHT_OUTPUT_FILE"', labels=labels)
    await jobs.driver.start(ref, this, again=False)
    await asyncio.sleep(6)  # three times as long as a pod may be missing
    assert not any(isinstance(said, TaskFailed) for said in jobs.heard[ref.uid, this.task])
    made = await jobs.job(ref, this)
    assert made["spec"]["suspend"] is True

    path = path_of("batch/v1", "jobs", namespace, made["metadata"]["name"])
    flavor: Json = {"kubernetes.io/os": "linux"}
    node = {"op": "add", "path": "/spec/template/spec/nodeSelector", "value": flavor}
    await jobs.api.patch(path, [node])
    await jobs.api.patch(path, [{"op": "replace", "path": "/spec/suspend", "value": False}])

    found = await jobs.end_of(ref, this.task)
    assert isinstance(found, TaskSucceeded), found
    assert found.output == 1
    [pod] = await jobs.pods(ref, this)
    assert pod["spec"]["nodeSelector"] == flavor
