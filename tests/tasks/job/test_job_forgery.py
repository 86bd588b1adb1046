"""Results that are not the task's: pods given to its Job, Jobs laid in its place, Jobs that only look like its own."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.signals import TaskFailed, TaskId, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef, Unavailable
from stepwright.kube.api_errors import Forbidden
from stepwright.tasks.job import adoption, facts, names
from stepwright.tasks.job.driver import JobDriver
from tests.tasks.job.api_server import once
from tests.tasks.job.running import cancelled, task
from tests.tasks.job.test_job_driver import CONTROLLER_UID, LOST, Scene, done, image, settled

FORGED = {
    "phase": "Succeeded",
    "containerStatuses": [{"name": "c", "state": done('{"approved":true}')}],
}
NEWBORN = {"phase": "Pending"}
RUNNING = {"phase": "Running", "containerStatuses": [{"name": "c", "state": {"running": {}}}]}


def give(
    scene: Scene, this: StartTask, name: str, status: dict[str, Any], *, marked: bool = True, **spec: Any
) -> dict[str, Any]:
    """A pod that the Job's controller has taken over: it carries the Job's label and had no controller. ``marked``: and
    the label by which tasks' pods are watched."""
    job = scene.job(this)["metadata"]
    owner = {"kind": "Job", "name": job["name"], "uid": job["uid"], "controller": True}
    labels = {CONTROLLER_UID: job["uid"], **({names.EXECUTION_UID: scene.ref.uid} if marked else {})}
    metadata = {"name": name, "namespace": "shop", "uid": f"uid of {name}", "labels": labels}
    pod = {
        "metadata": {**metadata, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "c"}], **spec},
        "status": status,
    }
    scene.server.put(f"/api/v1/namespaces/shop/pods/{name}", pod)
    return pod


def ends(scene: Scene) -> list[Any]:
    return [signal for signal in scene.heard if isinstance(signal, TaskSucceeded | TaskFailed)]


async def test_a_pod_that_an_orphaned_job_left_behind_says_nothing() -> None:
    """Its name is that of the Job that made it, which cannot be the name of the task's."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, "mine-abcde", NEWBORN)
        give(scene, this, "mine-abcde", FORGED)
        await settled()
        assert ends(scene) == []
        await scene.pod(this, done('"its own"'))

    assert scene.end() == TaskSucceeded(this.task, "its own")


async def test_a_pod_that_shows_when_it_has_ended_already_says_nothing() -> None:
    """Relabelled: a watch would have reported its Job's own pod at its creation."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, f"{scene.job(this)['metadata']['name']}-abcde", FORGED)
        await settled()

    assert ends(scene) == []


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "without our label"])
async def test_a_task_whose_job_gets_no_pod_because_of_one_given_to_it_fails_by_its_name(
    marked: bool,
) -> None:
    """The cause said no more than that there was none."""
    scene, this = Scene(taskDefaults={"pendingGraceSeconds": 10}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, "theirs-abcde", RUNNING, marked=marked)
        await scene.clock.forward(12)

    (end,) = ends(scene)
    assert end.error == "Job.NoPod"
    assert "while there is pod theirs-abcde, which it counts for the Job" in end.cause


async def test_a_pod_that_comes_from_another_controller_says_nothing() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        name = f"{scene.job(this)['metadata']['name']}-abcde"
        pod = give(scene, this, name, NEWBORN)
        owned = pod["metadata"].pop("ownerReferences")
        scene.server.remove(f"/api/v1/namespaces/shop/pods/{name}")
        scene.server.put(f"/api/v1/namespaces/shop/pods/{name}", {**pod, "metadata": dict(pod["metadata"])})
        adopted = {**pod["metadata"], "ownerReferences": owned}
        scene.server.put(f"/api/v1/namespaces/shop/pods/{name}", {**pod, "metadata": adopted})
        give(scene, this, name, FORGED)
        await settled()

    assert ends(scene) == []


def several(**spec: Any) -> StartTask:
    containers = [{"name": "main", "image": "x"}]
    template = {"spec": {"containers": containers, "restartPolicy": "Never"}}
    return task({"job": {"spec": {**spec, "template": template}}})


JOBS = {
    "one pod": image(),
    "completions": several(completions=3, parallelism=3),
    "a work queue": several(parallelism=3),
    "indexed": several(completions=2, completionMode="Indexed"),
    "a success policy": several(
        completions=3, completionMode="Indexed", successPolicy={"rules": [{"succeededCount": 1}]}
    ),
}


def given(scene: Scene, this: StartTask, pod: str) -> TaskFailed:
    job = scene.job(this)["metadata"]["name"]
    return TaskFailed(
        this.task,
        "Job.Refused",
        f"Kubernetes has counted pod {pod} for Job {job}, which did not make it: somebody has given it to the "
        "Job, so what it came to is not the task's. Find out who made it.",
    )


@pytest.mark.parametrize("marked", [True, False], ids=["marked", "without our label"])
@pytest.mark.parametrize("this", JOBS.values(), ids=JOBS)
async def test_a_task_whose_job_was_completed_by_a_pod_given_to_it_fails_plainly(
    this: StartTask, marked: bool
) -> None:
    """A Job adopts any pod with its uid in a label; no watch reports those without our label."""
    scene = Scene()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, "mine-abcde", FORGED, marked=marked)
        await scene.conclude(this, "Complete", succeeded=1)

    assert ends(scene) == [given(scene, this, "mine-abcde")]


async def test_a_pod_without_our_label_is_not_the_jobs_whatever_its_name() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        name = f"{scene.job(this)['metadata']['name']}-abcde"
        give(scene, this, name, FORGED, marked=False)
        await scene.conclude(this, "Complete", succeeded=1)

    assert ends(scene) == [given(scene, this, name)]


@pytest.mark.parametrize(
    "this", [JOBS["completions"], JOBS["a work queue"]], ids=["completions", "a work queue"]
)
async def test_one_pod_given_to_a_job_of_several_is_one_too_many(this: StartTask) -> None:
    scene = Scene()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done(), suffix="aaaaa")
        await scene.pod(this, done(), suffix="bbbbb")
        give(scene, this, "mine-abcde", FORGED, marked=False)
        await scene.conclude(this, "Complete", succeeded=3)

    assert ends(scene) == [given(scene, this, "mine-abcde")]


async def test_what_a_job_counts_and_has_not_made_is_no_success_though_it_is_gone() -> None:
    """Whoever gave it the pod has deleted that one again."""
    scene, this = Scene(), JOBS["completions"]
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done(), suffix="aaaaa")
        await scene.conclude(this, "Complete", succeeded=3)

    [end] = ends(scene)
    job = scene.job(this)["metadata"]["name"]
    assert end.error == "Job.Refused"
    assert end.cause == (
        f"Job {job} has completed with 3 pods that succeeded, of which 1 is known to be its own: somebody may have "
        "given it the others, so what it came to is not the task's. Find out who made them."
    )


@pytest.mark.parametrize(
    "this", [JOBS["completions"], JOBS["a work queue"]], ids=["completions", "a work queue"]
)
async def test_pods_that_a_job_of_several_has_made_are_believed_though_they_are_gone(this: StartTask) -> None:
    scene = Scene()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        for suffix in ("aaaaa", "bbbbb", "ccccc"):
            name = await scene.pod(this, done(), suffix=suffix)
            scene.server.remove(f"/api/v1/namespaces/shop/pods/{name}")
        await settled()
        before = len(scene.server.requests)
        await scene.conclude(this, "Complete", succeeded=3)

    assert isinstance(scene.end(), TaskSucceeded)
    assert len(scene.server.requests) == before


async def test_whoever_takes_a_job_of_several_over_believes_it_about_pods_that_went_before() -> None:
    scene, this = Scene(), JOBS["completions"]
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        name = await scene.pod(this, done(), suffix="aaaaa")
    scene.server.remove(f"/api/v1/namespaces/shop/pods/{name}")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=True)
        for suffix in ("bbbbb", "ccccc"):
            await scene.pod(this, done(), suffix=suffix)
        await scene.conclude(this, "Complete", succeeded=3)

    assert isinstance(scene.end(), TaskSucceeded)


async def test_a_job_that_a_pod_given_to_it_has_failed_says_so() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, "mine-abcde", {"phase": "Failed"}, marked=False)
        await scene.conclude(this, "Failed", failed=1)

    assert ends(scene) == [given(scene, this, "mine-abcde")]


@pytest.mark.parametrize("pods", [2, 1])
async def test_a_job_that_is_made_to_end_early_is_no_success(pods: int) -> None:
    """The completions of an Indexed Job can be changed while it runs."""
    scene, this = Scene(), several(completions=3, parallelism=3, completionMode="Indexed")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        job = scene.job(this)
        changed = {**job["spec"], "completions": pods, "parallelism": pods}
        scene.server.put(scene.job_path(this), {**job, "spec": changed})
        for index in range(pods):
            await scene.pod(this, done(), suffix=f"{index}-abcde")
        await scene.conclude(this, "Complete", succeeded=pods)

    [end] = ends(scene)
    name = job["metadata"]["name"]
    assert end.error == "Job.Refused"
    assert end.cause == (
        f"Job {name} has {pods} completions and was made with 3: somebody has changed spec.completions, so what it came "
        "to is not the task's. Find out who did."
    )


async def test_a_job_of_several_whose_parallelism_is_changed_has_several_results_still() -> None:
    """A queue such as Kueue admits a Job with fewer pods at once than it asked for."""
    scene, this = Scene(), JOBS["a work queue"]
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        job = scene.job(this)
        scene.server.put(scene.job_path(this), {**job, "spec": {**job["spec"], "parallelism": 1}})
        await scene.pod(this, done('"of one"'))
        assert ends(scene) == []
        await scene.conclude(this, "Complete", succeeded=1)

    output: Any = getattr(scene.end(), "output", None)
    assert output["jobName"] == job["metadata"]["name"]


@pytest.mark.parametrize(
    ("name", "mode", "spec", "created", "made"),
    [
        ("charge-abcde", "NonIndexed", {}, "2026-11-28T10:00:00Z", True),
        ("charge-0-abcde", "Indexed", {}, "2026-11-28T10:00:01Z", True),
        ("charge-0-abcde", "NonIndexed", {}, "2026-11-28T10:00:01Z", False),
        ("charge-2-abcde", "NonIndexed", {}, "2026-11-28T10:00:01Z", False),
        ("recharge-abcde", "NonIndexed", {}, "2026-11-28T10:00:01Z", False),
        ("charge", "NonIndexed", {}, "2026-11-28T10:00:01Z", False),
        ("charge-abcde", "NonIndexed", {"restartPolicy": "Always"}, "2026-11-28T10:00:01Z", False),
        ("charge-abcde", "NonIndexed", {}, "2026-11-28T09:59:59Z", False),
    ],
)
def test_which_pods_a_job_can_have_made(
    name: str, mode: Any, spec: dict[str, Any], created: str, made: bool
) -> None:
    job = facts.Job(
        facts.JobMetadata("charge", "shop", "u", creationTimestamp="2026-11-28T10:00:00Z"),
        facts.JobSpec(completionMode=mode),
    )
    pod = facts.Pod(facts.PodMetadata(name, "shop", "p", creationTimestamp=created), facts.PodSpec(**spec))

    assert adoption.is_made_by(job, pod) is made


@pytest.mark.parametrize(("pod", "made"), [("a" * 51, True), ("a" * 52, False)])
def test_a_long_name_is_shortened_for_the_index_of_a_pod(pod: str, made: bool) -> None:
    job = facts.Job(facts.JobMetadata("a" * 52, "shop", "u"), facts.JobSpec(completionMode="Indexed"))

    assert adoption.is_made_by(job, facts.Pod(facts.PodMetadata(f"{pod}-12345-abcde", "shop", "p"))) is made


async def test_adopted_pods_that_were_gone_before_their_task_ended_are_forgotten_with_it() -> None:
    """They stayed in memory for as long as the operator lived."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        give(scene, this, "mine-abcde", FORGED)
        await settled()
        scene.server.remove("/api/v1/namespaces/shop/pods/mine-abcde")
        await scene.pod(this, done())
        await driver.release(scene.ref, this.task)

        assert len(driver._watching.copies._adopted) == 0


async def test_adopted_pods_are_forgotten_with_their_task() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        for name in ("mine-abcde", "mine-bcdef"):
            give(scene, this, name, FORGED)
        await settled()
        scene.server.remove("/api/v1/namespaces/shop/pods/mine-abcde")
        await settled()
        await driver.stop(scene.ref, cancelled(this))
        scene.server.remove("/api/v1/namespaces/shop/pods/mine-bcdef")
        await settled()

        assert len(driver._watching.copies._adopted) == 0


# --- Jobs -------------------------------------------------------------------------------------------------------------


async def start_without_an_answer(scene: Scene, driver: JobDriver, this: StartTask) -> None:
    """The task's Job exists, but its creator does not know."""
    scene.server.after = once("create", "jobs", LOST)
    with pytest.raises(Unavailable):
        await driver.start(scene.ref, this, again=False)
    await settled()


def lay(scene: Scene, this: StartTask, **changes: Any) -> dict[str, Any]:
    """A Job in the task's place, by somebody who knows its name, label and token."""
    name = names.job_name(scene.ref, this.task)
    job = {
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": "laid",
            "labels": {names.EXECUTION_UID: str(scene.ref.uid)},
            "annotations": {names.TASK_NAME: names.task_name(scene.ref.uid, this.task)},
            **changes,
        },
        "spec": {"template": {"spec": {"containers": [{"name": "main", "image": "evil"}]}}},
    }
    scene.server.put(scene.job_path(this), job)
    return job


async def test_a_job_laid_in_the_tasks_place_is_refused() -> None:
    """An account that Stepwright acts as may write the label, and name and token follow from the execution's uid."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        lay(scene, this)
        await settled()
        await driver.start(scene.ref, this, again=False)

    [end] = ends(scene)
    assert (end.error, end.cause) == (
        "Job.Refused",
        (
            f"Job {names.job_name(scene.ref, this.task)} exists in namespace shop and is not this task's: it would run "
            "something else than the task says. Delete it or find out who made it."
        ),
    )


async def test_the_own_job_is_found_again_after_a_lost_answer() -> None:
    """For one more request, and only then."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await start_without_an_answer(scene, driver, this)
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done())

        assert scene.end() == TaskSucceeded(this.task, 1)
        assert [verb for verb, _, _ in scene.server.requests] == ["create", "dry run"]


async def test_a_job_that_could_not_be_compared_is_compared_later() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await start_without_an_answer(scene, driver, this)
        scene.server.before = once("dry run", "jobs", LOST)
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        assert scene.heard == []
        await driver.start(scene.ref, this, again=True)
        await scene.pod(this, done())

    assert scene.end() == TaskSucceeded(this.task, 1)


async def test_a_job_that_may_not_be_compared_is_stopped_with_its_task() -> None:
    """It was the task's own and ran when the execution had settled: seed 32396 of the simulation."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await start_without_an_answer(scene, driver, this)
        scene.server.before = once("dry run", "jobs", Forbidden(403, "Forbidden", "jobs may not be patched"))
        await driver.start(scene.ref, this, again=False)

        [end] = ends(scene)
        assert end.error == "Job.Refused"
        assert driver.runs_on(scene.ref, this.task)
        await driver.release(scene.ref, this.task)

        assert scene.job_path(this) not in scene.server.objects


async def test_jobs_with_a_tasks_labels_under_another_name_are_nobodys() -> None:
    """A CronJob makes them through Kubernetes' own account: an execution about to begin was failed as edited."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        lay(scene, this, name="cron-29384756")
        await settled()

        assert not driver.holds(scene.ref.uid)
        await driver.sweep(scene.ref, frozenset())
        await scene.clock.forward(70)
        assert scene.writes() == []


# --- Orphans ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("execution", "label", "gone"),
    [
        ("order-7", "order-7", True),
        (None, "order-7", True),
        (None, "order-abcdefghij", False),
        ("o" * 70, "o-abcdefghij", True),
    ],
    ids=["told", "by an older version", "perhaps shortened", "told though shortened"],
)
async def test_a_job_whose_execution_was_deleted_without_it_does_not_stay_for_ever(
    execution: str | None, label: str, gone: bool
) -> None:
    """By --cascade=orphan while no operator was there: it had no TTL, and nobody to give it one."""
    scene, this = Scene(), image()
    annotations = {names.TASK_NAME: names.task_name(scene.ref.uid, this.task)}
    if execution is not None:
        annotations[names.EXECUTION] = execution
    async with scene.driver():
        labels = {names.EXECUTION_UID: str(scene.ref.uid), names.EXECUTION: label}
        lay(scene, this, labels=labels, annotations=annotations)
        await scene.clock.forward(70)

    assert (scene.server.named("jobs") == []) is gone


def test_the_name_of_a_job_tells_its_task() -> None:
    ref = ExecutionRef("7f3c2d1e-0000-4000-8000-000000000001", "shop", "x", "m")  # type: ignore[arg-type]
    token = names.task_name(ref.uid, TaskId(5))

    assert names.is_named_by(names.job_name(ref, TaskId(5)), token)
    assert not names.is_named_by(names.job_name(ref, TaskId(6)), token)
    assert not names.is_named_by("", "")
