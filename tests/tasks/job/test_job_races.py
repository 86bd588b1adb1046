"""Races of the Job driver that the simulation has found, each on its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from stepwright.asl.signals import TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.engine.ports import Unavailable
from tests.tasks.job.api_server import once
from tests.tasks.job.running import cancelled
from tests.tasks.job.test_job_driver import LOST, Scene, done, image, settled


async def test_a_job_that_ended_before_its_creation_was_answered_is_judged() -> None:
    """The informer had reported the Job's failure before the task was watched, and it was never judged
    again."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        answered = asyncio.Event()
        create = scene.server.create

        async def slow(*arguments: Any, **options: Any) -> Any:
            job = await create(*arguments, **options)
            await scene.conclude(this, "Failed")
            await answered.wait()
            return job

        scene.server.create = slow  # type: ignore[method-assign]
        starting = asyncio.create_task(driver.start(scene.ref, this, again=False))
        await settled()
        answered.set()
        await starting
        await settled()

    assert isinstance(scene.heard[-1], TaskFailed)
    assert scene.heard[-1].error == "Job.Failed"


async def test_a_creation_that_lands_after_its_task_has_ended_is_deleted() -> None:
    """The first attempt was not answered, the second one's Job was deleted by hand; then the first one landed."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        scene.server.before = once("create", "jobs", LOST)
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        await driver.start(scene.ref, this, again=True)
        job = scene.job(this)
        scene.server.remove(scene.job_path(this))
        await settled()
        assert scene.error() == "Job.Deleted"
        await driver.release(scene.ref, this.task)

        late = {**job, "metadata": {**job["metadata"], "uid": "late"}}
        scene.server.put(scene.job_path(this), late)
        await settled()

    assert scene.server.named("jobs") == []


@pytest.mark.parametrize("settled_", [True, False], ids=["settled", "not settled"])
async def test_a_job_that_comes_after_its_execution_has_settled_is_stopped(settled_: bool) -> None:
    """Its creation landed when its sender was dead and its execution over; it ran on, and stayed for ever."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        job = scene.job(this)
        scene.server.remove(scene.job_path(this))
        await driver.release(scene.ref, this.task)
    path = f"/apis/stepwright.dev/v1/namespaces/shop/executions/{scene.ref.name}"
    execution = {"metadata": {"uid": scene.ref.uid}, "status": {"settled": settled_}}
    async with scene.driver() as driver:
        scene.server.put(path, execution)
        scene.server.put(scene.job_path(this), {**job, "metadata": {**job["metadata"], "uid": "late"}})
        await scene.clock.forward(35)
        assert len(scene.server.named("jobs")) == 1
        await scene.clock.forward(30)

    assert len(scene.server.named("jobs")) == (0 if settled_ else 1)


async def test_another_job_of_the_same_name_does_not_hide_that_the_own_one_is_gone() -> None:
    """The deletion was not reported, and an old creation landed under the name: the task waited forever."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        scene.server.muted = True
        await driver.start(scene.ref, this, again=False)
        own = scene.server.objects.pop(scene.job_path(this))
        scene.server.muted = False
        scene.server.put(scene.job_path(this), {**own, "metadata": {**own["metadata"], "uid": "late"}})
        await settled()
        await scene.clock.forward(65)

    assert scene.error() == "Job.Deleted"


async def test_a_task_is_not_given_up_for_what_was_not_heard() -> None:
    """A process was stopped for longer than the grace period: its copy showed no pod, and the Job ran."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.muted = True
        await scene.pod(this, {"running": {}})
        await scene.clock.forward(400)
        assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]
        scene.server.muted = False
        await scene.pod(this, done('{"a":1}'))

    assert isinstance(scene.heard[-1], TaskSucceeded)


@pytest.mark.parametrize(
    ("seconds", "held"),
    [(40, False), (300, False), (300, True)],
    ids=["for less than the grace period", "for longer", "for longer, but its Lease is renewed"],
)
async def test_while_nothing_answers_no_pod_is_waited_for(seconds: float, held: bool) -> None:
    """Nobody can make one either. An etcd was restored, and tasks failed before their Jobs' controller had begun again."""
    scene, this = Scene(taskDefaults={"pendingGraceSeconds": 60}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.clock.forward(10)
        scene.server.before, scene.held = lost, held
        await scene.clock.forward(seconds)
        scene.server.before, scene.held = nothing, True
        await scene.clock.forward(50)
        assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]
        await scene.clock.forward(70)

    assert scene.error() == "Job.NoPod"


def lost(_verb: str, _path: str) -> None:
    raise LOST


def nothing(_verb: str, _path: str) -> None:
    """Befalls a request."""


async def test_a_task_stopped_while_its_pods_are_listed_is_forgotten() -> None:
    """It came back among the tasks in trouble, and events were read for it each second from then on."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("get", "/pods", LOST)
        await scene.conclude(this, "Complete")
        await driver.stop(scene.ref, cancelled(this))
        before = len(scene.server.requests)
        await scene.clock.forward(5)
        watching = driver._watching

        assert scene.server.requests[before:] == []
        tasks = watching.tasks
        assert (len(tasks), tasks._by_job_uid, len(watching.judging._troubles)) == (0, {}, 0)


async def test_a_task_that_ends_while_its_input_is_stored_is_told_to_have_begun() -> None:
    """After a restart: the Job was there and ended, and its creation was reported only once the Secret was answered for, after its
    end, so that the history lacked it."""
    scene, this = Scene(), image(input="x" * 40_000)
    async with scene.driver() as driver:
        create = scene.server.create

        async def slow(path: str, *arguments: Any, **options: Any) -> Any:
            if path.endswith("/secrets"):
                await scene.pod(this, done())
            return await create(path, *arguments, **options)

        scene.server.create = slow  # type: ignore[method-assign]
        await driver.start(scene.ref, this, again=False)
        await settled()

    assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted, TaskSucceeded]


async def test_a_job_deleted_while_its_input_cannot_be_stored_is_not_made_again() -> None:
    """The driver had forgotten the task whose Secret it could not make, and with it that its Job had been there."""
    scene, this = Scene(), image(input="x" * 40_000)
    async with scene.driver() as driver:
        scene.server.before = once("create", "secrets", LOST)
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        scene.server.remove(scene.job_path(this))
        await settled()
        await driver.start(scene.ref, this, again=True)
        await settled()

        ends = [signal for signal in scene.heard if isinstance(signal, TaskFailed | TaskSucceeded)]
        assert {end.error if isinstance(end, TaskFailed) else None for end in ends} == {"Job.Deleted"}
        assert scene.server.named("jobs") == []


async def test_a_sweep_that_waited_until_the_execution_was_anothers_stops_nothing() -> None:
    """A paused machine woke in the middle of it: what it did not want another operator had begun since."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        driver.jobs.following.clear()
        sweeping = asyncio.create_task(driver.sweep(scene.ref, frozenset()))
        await settled()
        async with scene.driver() as other:
            await other.start(scene.ref, this, again=False)
        scene.held = False
        driver.jobs.following.set()

        with pytest.raises(Unavailable):
            await sweeping

    assert scene.server.named("jobs") == [scene.job_path(this)]


async def test_a_job_that_lands_late_is_not_deleted_any_more_once_the_execution_is_anothers() -> None:
    """Where the API server was away, deleting it was tried until it was there, whoever wanted the Job by then."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        job = scene.job(this)
        await driver.stop(scene.ref, cancelled(this))
        scene.server.before = lost
        scene.server.put(scene.job_path(this), {**job, "metadata": {**job["metadata"], "uid": "late"}})
        await scene.clock.forward(3)

        scene.server.before, scene.held = nothing, False
        await scene.clock.forward(10)

    assert scene.server.named("jobs") == [scene.job_path(this)]


async def test_a_job_that_has_finished_is_let_go_by_who_has_seen_it_whoever_carries_its_execution() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done())
        await scene.conclude(this, "Complete")
        await driver.release(scene.ref, this.task)
        scene.held = False
        await scene.clock.forward(90)

    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600
