"""The copies of Jobs and pods that watches keep: what is current, and whose a pod is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stepwright.asl.step import StartTask
from stepwright.engine.ports import Unavailable
from stepwright.tasks.job import copies, facts
from stepwright.tasks.job.copies import Copies
from tests.tasks.job.test_job_driver import Scene, done, image, settled
from tests.tasks.job.test_job_forgery import FORGED, NEWBORN, give


class Told:
    """The copies of a scene's objects, and what they say has changed."""

    def __init__(self, scene: Scene) -> None:
        self.jobs: list[tuple[facts.Job | None, facts.Job | None]] = []
        self.pods: list[tuple[facts.Pod | None, facts.Pod | None]] = []
        api: Any = scene.server
        self.copies = Copies(
            api, (), lambda *told: self.jobs.append(told), lambda *told: self.pods.append(told)
        )

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Copies]:
        running = asyncio.create_task(self.copies.run())
        await settled()
        try:
            yield self.copies
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def begun(scene: Scene) -> StartTask:
    """The task whose Job is there; no driver is any more."""
    this = image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    return this


async def test_changes_are_reported_with_what_was_and_what_is() -> None:
    scene = Scene()
    told = Told(scene)
    async with told.kept():
        this = await begun(scene)
        await scene.conclude(this, "Complete")
        scene.server.remove(scene.job_path(this))
        await settled()

    assert [(old is not None, new is not None) for old, new in told.jobs] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert told.pods == []


async def test_only_the_very_job_counts_as_its_newest_copy() -> None:
    scene = Scene()
    told = Told(scene)
    async with told.kept() as kept:
        this = await begun(scene)
        await settled()
        ((_, first),) = told.jobs
        assert first is not None
        await scene.conclude(this, "Complete")
        newest = kept.newest(first)
        scene.server.remove(scene.job_path(this))
        another = {**scene.server.objects.get(scene.job_path(this), {}), "metadata": None}
        another["metadata"] = {"name": first.metadata.name, "namespace": "shop", "uid": "another"}
        another["metadata"]["labels"] = {"stepwright.dev/execution-uid": scene.ref.uid}
        scene.server.put(scene.job_path(this), {**another, "spec": {}})
        await settled()

        assert newest is not None
        assert newest.condition("Complete") is not None
        assert kept.jobs.get("shop", first.metadata.name) is not None
        assert kept.newest(first) is None


async def test_pods_of_a_job_are_its_own_or_were_given_to_it() -> None:
    scene = Scene()
    told = Told(scene)
    async with told.kept() as kept:
        this = await begun(scene)
        own = await scene.pod(this, done())
        give(scene, this, "theirs-abcde", NEWBORN)
        given = give(scene, this, f"{scene.job(this)['metadata']['name']}-zzzzz", FORGED)
        elsewhere = await scene.pod(this, done(), namespace="other")
        job = told.jobs[-1][1]
        assert job is not None
        ours, foreign = kept.told_apart(job, kept.pods_of(job))

        assert [pod.metadata.name for pod in ours] == [own]
        assert {pod.metadata.name for pod in foreign} == {"theirs-abcde", given["metadata"]["name"]}
        assert kept.own_pods_of(job) == ours
        assert len(kept.pods_of(job)) == 3, f"{elsewhere} of another namespace does not count"


async def test_what_the_server_has_listed_counts_instead_of_what_the_watch_has_reported() -> None:
    scene = Scene()
    told = Told(scene)
    async with told.kept() as kept:
        this = await begun(scene)
        await scene.pod(this, {"running": {}})
        job, pod = told.jobs[-1][1], told.pods[-1][1]
        assert job is not None
        assert pod is not None
        another = facts.Pod(facts.PodMetadata("p", "shop", "u"))

        assert kept.pods_of(job, [pod, another]) == [pod]
        assert kept.pods_of(job, []) == []


async def test_a_pod_that_is_gone_may_be_forgotten_to_have_been_given() -> None:
    scene = Scene()
    told = Told(scene)
    async with told.kept() as kept:
        this = await begun(scene)
        give(scene, this, f"{scene.job(this)['metadata']['name']}-zzzzz", FORGED)
        await settled()
        pod = told.pods[-1][1]
        assert pod is not None
        assert len(kept._adopted) == 1
        kept.forget([pod])
        assert len(kept._adopted) == 0


async def test_nothing_is_judged_before_jobs_and_pods_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "SYNC_SECONDS", 0.01)
    told = Told(Scene())
    with pytest.raises(Unavailable, match="could not be listed yet"):
        await told.copies.wait_until_synced()
    with pytest.raises(Unavailable, match="a watch of them is cut off"):
        await told.copies.wait_until_current()

    async with told.kept() as kept:
        await kept.wait_until_synced()
        await kept.wait_until_current()


async def test_whoever_waits_for_the_lists_goes_on_when_both_are_there() -> None:
    told = Told(Scene())
    waiting = asyncio.create_task(told.copies.wait_until_synced())
    await settled()
    told.copies.jobs.synced.set()
    await settled()
    assert not waiting.done()
    told.copies.pods.synced.set()
    await waiting
