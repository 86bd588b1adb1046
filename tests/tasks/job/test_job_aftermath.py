"""What becomes of a Job once its task has its end: nothing of it runs again, and it stays as the mark that it has run."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.engine.ports import Unavailable
from stepwright.kube import timestamps
from tests.tasks.job.api_server import once
from tests.tasks.job.test_job_driver import LOST, Scene, done, image, settled

DISRUPTED = [{"type": "DisruptionTarget", "status": "True"}]


async def succeeds_early(scene: Scene, driver: Any, this: StartTask) -> str:
    """The container has ended well, and neither its pod nor its Job has: the result is recorded."""
    await driver.start(scene.ref, this, again=False)
    pod = await scene.pod(this, done(), phase="Running")
    assert scene.end() == TaskSucceeded(this.task, 1)
    await driver.release(scene.ref, this.task)
    return pod


def is_ended(scene: Scene, this: StartTask) -> bool:
    """Whether its controller has to delete what runs of it."""
    return "activeDeadlineSeconds" in scene.job(this)["spec"]


async def test_a_job_whose_node_is_lost_after_the_recorded_success_is_ended() -> None:
    """Kubernetes made the pod again, and the task ran a second time beside the next state."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        await scene.pod(this, done(), phase="Failed", conditions=DISRUPTED)

        assert is_ended(scene, this)
        assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600
        assert len(driver._releases) == 0


async def test_a_pod_that_appears_after_the_recorded_success_is_ended() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        pod = await succeeds_early(scene, driver, this)
        assert not is_ended(scene, this)
        scene.server.muted = True
        scene.server.remove(f"/api/v1/namespaces/shop/pods/{pod}")
        scene.server.muted = False
        await scene.pod(this, {"waiting": {"reason": "ContainerCreating"}})

        assert is_ended(scene, this)


async def test_a_job_that_runs_again_is_ended_when_the_api_server_is_back() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        scene.server.before = once("patch", "jobs", LOST)
        await scene.pod(this, {"running": {}})
        assert not is_ended(scene, this)
        await scene.clock.forward(2)

        assert is_ended(scene, this)


async def test_a_job_that_runs_again_is_ended_by_who_takes_over() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
    async with scene.driver() as driver:
        assert driver.holds(scene.ref.uid)
        await driver.sweep(scene.ref, frozenset())
        await scene.pod(this, {"running": {}})

        assert is_ended(scene, this)


async def test_a_job_that_has_changed_since_it_was_seen_is_looked_at_again_before_it_is_ended() -> None:
    """A restore of etcd had undone the task's result, and the Job that ran for it was ended all the same."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        scene.server.before = once("patch", "jobs", LOST)
        await scene.pod(this, {"running": {}})
        scene.server.muted = True
        scene.server.put(scene.job_path(this), scene.job(this))
        await scene.clock.forward(5)
        assert not is_ended(scene, this)

        scene.server.muted = False
        scene.server.put(scene.job_path(this), scene.job(this))
        await scene.clock.forward(2)
        assert is_ended(scene, this)


async def test_a_job_that_runs_again_is_not_ended_where_its_execution_is_not_carried() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        scene.held = False
        await scene.pod(this, {"running": {}})
        await scene.clock.forward(120)
        assert not is_ended(scene, this)

        scene.held = True
        await scene.clock.forward(120)
        assert is_ended(scene, this)


async def test_a_task_whose_job_was_ended_for_a_result_that_a_restore_has_undone_gets_another_job() -> None:
    """It failed with Job.Failed: that Job had passed the deadline with which Stepwright itself had ended it."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        await scene.pod(this, {"running": {}})
        await scene.conclude(this, "Failed")
        assert is_ended(scene, this)
        first = scene.job(this)["metadata"]["uid"]
    scene.heard.clear()
    async with scene.driver() as driver:
        with pytest.raises(Unavailable, match="of a start that was undone"):
            await driver.start(scene.ref, this, again=True)
        await settled()
        await driver.start(scene.ref, this, again=True)

        assert scene.job(this)["metadata"]["uid"] != first
        assert not any(isinstance(signal, TaskFailed | TaskSucceeded) for signal in scene.heard)


async def test_a_job_is_not_let_go_before_it_has_finished() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        await scene.clock.forward(300)
        assert scene.writes() == ["create"]
        await scene.conclude(this, "Complete")
        await scene.clock.forward(6)

        assert scene.writes() == ["create", "patch"]
        assert not is_ended(scene, this)


@pytest.mark.parametrize(("asked", "given"), [(0, 120), (119, 120), (121, 121)])
async def test_a_job_stays_longer_than_any_request_for_its_creation_whatever_its_ttl(
    asked: int, given: int
) -> None:
    """A creation that was under way for a minute found no Job any more, and ran the task once more."""
    scene, this = Scene(taskDefaults={"ttlSecondsAfterFinished": asked}), image()
    async with scene.driver() as driver:
        await succeeds_early(scene, driver, this)
        await scene.conclude(this, "Complete")
        await scene.clock.forward(6)

    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == given


async def test_a_job_that_finished_hours_ago_stays_as_long_from_now_on() -> None:
    """While no operator was there; its TTL counts from its end, and it was gone at once."""
    scene, this = Scene(taskDefaults={"ttlSecondsAfterFinished": 60}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        ended = timestamps.seconds(scene.clock.now())
        job = scene.job(this)
        condition = {"type": "Complete", "status": "True", "lastTransitionTime": ended}
        scene.server.muted = True
        scene.server.put(scene.job_path(this), {**job, "status": {"conditions": [condition]}})
    scene.server.muted = False
    await scene.clock.forward(7200)
    async with scene.driver() as driver:
        await driver.sweep(scene.ref, frozenset())
        await settled()
        await scene.clock.forward(6)

    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] in range(7200 + 120, 7200 + 130)
