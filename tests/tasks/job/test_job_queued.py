"""A Job that waits in a queue such as Kueue's: suspended until it is admitted, and again when others go first.

Kueue itself does not run here: the tests do to the Job what it does, as its documentation says.
https://kueue.sigs.k8s.io/docs/concepts/admission/
"""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import StartTask
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, done, settled
from tests.tasks.job.test_job_forgery import ends
from tests.tasks.job.test_job_manifest import build

QUEUE = {"kueue.x-k8s.io/queue-name": "small"}
IMPATIENT = {"taskDefaults": {"pendingGraceSeconds": 10}}


def queued() -> StartTask:
    return task({"image": "x", "labels": {**QUEUE}})


def whole(**spec: Json) -> Json:
    pods: Json = {"spec": {"containers": [{"name": "main", "image": "x"}]}}
    return {"job": {"metadata": {"labels": {**QUEUE}}, "spec": {"template": pods, **spec}}}


@pytest.mark.parametrize(
    ("parameters", "defaults"),
    [({"image": "x", "labels": QUEUE}, {}), (whole(), {}), ({"image": "x"}, {"labels": QUEUE})],
    ids=["of the task", "of its whole Job", "of all tasks"],
)
def test_a_job_for_a_queue_begins_suspended(parameters: Json, defaults: dict[str, Any]) -> None:
    assert build(task(parameters), taskDefaults=defaults).job["spec"]["suspend"] is True


def test_a_job_for_a_queue_that_is_not_to_wait_is_left_as_it_is() -> None:
    assert build(task(whole(suspend=False))).job["spec"]["suspend"] is False


async def admit(scene: Scene, this: StartTask, *, suspend: bool = False) -> None:
    job = scene.job(this)
    pods = job["spec"]["template"]
    flavored = {**pods, "spec": {**pods["spec"], "nodeSelector": {"pool": "spot"}}}
    scene.server.put(
        scene.job_path(this), {**job, "spec": {**job["spec"], "suspend": suspend, "template": flavored}}
    )
    await settled()


async def test_a_queued_job_may_wait_for_hours() -> None:
    scene, this = Scene(**IMPATIENT), queued()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        assert scene.job(this)["spec"]["suspend"] is True
        await scene.clock.forward(3 * 3600 // 60)
        assert ends(scene) == []
        await admit(scene, this)
        await scene.pod(this, done())

    assert scene.end() == TaskSucceeded(this.task, 1)


async def test_the_grace_period_of_a_queued_job_begins_when_it_is_admitted() -> None:
    scene, this = Scene(**IMPATIENT), queued()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.clock.forward(60)
        await admit(scene, this)
        await scene.clock.forward(8)
        assert ends(scene) == []
        await scene.clock.forward(4)

    assert scene.error() == "Job.NoPod"


async def test_a_job_that_others_are_preferred_to_goes_back_into_its_queue() -> None:
    """Its pods are deleted, and made again when its turn comes."""
    scene, this = Scene(**IMPATIENT), queued()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await admit(scene, this)
        running = await scene.pod(this, {"running": {}}, phase="Running")
        await admit(scene, this, suspend=True)
        killed: dict[str, Any] = {"terminated": {"exitCode": 143, "reason": "Error"}}
        await scene.pod(this, killed, phase="Failed")
        scene.server.remove(f"/api/v1/namespaces/shop/pods/{running}")
        await scene.clock.forward(60)
        assert ends(scene) == []
        await admit(scene, this)
        await scene.pod(this, done('"at last"'), suffix="again")

    assert scene.end() == TaskSucceeded(this.task, "at last")


async def test_after_a_restart_an_admitted_job_is_still_its_task_s() -> None:
    """Its pod template has changed since: it is known by its uid, which is recorded at once."""
    scene, this = Scene(), queued()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    [submitted] = [signal for signal in scene.heard if isinstance(signal, TaskSubmitted)]
    assert submitted.at_once
    await admit(scene, this)

    resumed = task(this.parameters, task=this.task, submitted=submitted.output)
    async with scene.driver() as driver:
        await driver.start(scene.ref, resumed, again=True)
        await scene.pod(this, done())

    assert not any(isinstance(signal, TaskFailed) for signal in scene.heard)
    assert scene.end() == TaskSucceeded(this.task, 1)
