"""The Job driver under lost answers, missed events and restarts, with an API server in memory and a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from stepwright.asl.signals import Millis, TaskFailed, TaskStarted, TaskSubmitted, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.engine.ports import ExecutionRef, Report, Reported, Uid, Unavailable
from stepwright.kube.api_errors import ApiError, Forbidden, Invalid, TooManyRequests, Unreachable
from stepwright.tasks.job import names
from stepwright.tasks.job.driver import JobDriver
from stepwright.tasks.job.pace import MOST
from tests.tasks.job.api_server import ApiServer, once
from tests.tasks.job.running import cancelled, execution, task

CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
LOST = Unreachable("the answer was lost", outcome_unknown=True)


class HandClock:
    """Time that passes when a test says so."""

    longest_sleep_seconds = 60.0

    def __init__(self) -> None:
        self._now = 1_000_000.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> Millis:
        return Millis(int(self._now))

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self._now + seconds * 1000, woken))
        await woken.wait()

    def set_back(self, seconds: float) -> None:
        """Who sleeps is woken when they would have been."""
        self._now -= seconds * 1000
        self._sleepers = [(due - seconds * 1000, woken) for due, woken in self._sleepers]

    async def forward(self, seconds: float) -> None:
        """Second by second, so that whoever sleeps again is woken again."""
        for _ in range(round(seconds)):
            self._now += 1000
            for due, woken in list(self._sleepers):
                if due <= self._now:
                    self._sleepers.remove((due, woken))
                    woken.set()
            await settled()


async def settled() -> None:
    for _ in range(30):
        await asyncio.sleep(0)


class Scene:
    """One API server, the drivers that come and go beside it, one execution."""

    def __init__(self, **settings: Any) -> None:
        self.server = ApiServer()
        self.clock = HandClock()
        self.ref: ExecutionRef = execution("shop", **settings)
        self.heard: list[Reported] = []
        self.held = True
        """Whether the operator may act upon the execution: its Lease could be renewed."""

    @asynccontextmanager
    async def driver(self, through: Callable[[Report], Report] = lambda it: it) -> AsyncIterator[JobDriver]:
        """``through``: what stands between the driver and who hears of it."""

        def report(uid: Uid, signal: Reported) -> None:
            assert uid == self.ref.uid
            self.heard.append(signal)

        api: Any = self.server
        made = JobDriver(api, through(report), clock=self.clock, held=lambda _: self.held)
        running = asyncio.create_task(made.run())
        await settled()
        try:
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def job_path(self, this: StartTask) -> str:
        return f"/apis/batch/v1/namespaces/shop/jobs/{names.job_name(self.ref, this.task)}"

    def job(self, this: StartTask) -> dict[str, Any]:
        return self.server.objects[self.job_path(this)]

    async def pod(
        self,
        this: StartTask,
        state: dict[str, Any],
        *,
        namespace: str = "shop",
        suffix: str = "abcde",
        **status: Any,
    ) -> str:
        """The Job's pod, made and then with its container in that state; an ended one is over for its kubelet, too."""
        job = self.job(this)["metadata"]
        if (ended := state.get("terminated")) is not None:
            status.setdefault("phase", "Failed" if ended["exitCode"] else "Succeeded")
        name = f"{job['name']}-{suffix}"
        owner = {"kind": "Job", "name": job["name"], "uid": job["uid"], "controller": True}
        labels = {**job["labels"], CONTROLLER_UID: job["uid"]}
        metadata = {"name": name, "namespace": namespace, "uid": f"uid of {name}", "labels": labels}
        pod: dict[str, Any] = {
            "metadata": {**metadata, "ownerReferences": [owner]},
            "spec": {"containers": [{"name": "main"}]},
            "status": {"containerStatuses": [{"name": "main", "state": state}], **status},
        }
        path = f"/api/v1/namespaces/{namespace}/pods/{name}"
        if path not in self.server.objects:
            self.server.put(path, {**pod, "metadata": dict(pod["metadata"]), "status": {"phase": "Pending"}})
        self.server.put(path, pod)
        await settled()
        return name

    async def conclude(self, this: StartTask, condition: str, **status: Any) -> None:
        job = self.job(this)
        conditions = [{"type": condition, "status": "True", "reason": "r", "message": "m"}]
        self.server.put(self.job_path(this), {**job, "status": {"conditions": conditions, **status}})
        await settled()

    def writes(self) -> list[str]:
        return [verb for verb, _, _ in self.server.requests if verb in ("create", "patch", "delete")]

    def end(self) -> TaskSucceeded | TaskFailed:
        [last] = [signal for signal in self.heard if isinstance(signal, TaskSucceeded | TaskFailed)]
        return last

    def error(self) -> str | None:
        end = self.end()
        assert isinstance(end, TaskFailed), end
        return end.error


def done(message: str = "1") -> dict[str, Any]:
    return {"terminated": {"exitCode": 0, "reason": "Completed", "message": message}}


def image(**parameters: Any) -> StartTask:
    return task({"image": "x", **parameters})


async def test_a_task_costs_one_create_and_one_patch() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, {"running": {}})
        await scene.pod(this, done('{"a": 1.0}'))
        await driver.release(scene.ref, this.task)
        await scene.clock.forward(10)

    metadata = scene.job(this)["metadata"]
    submitted = TaskSubmitted(this.task, {"jobName": metadata["name"], "jobUid": metadata["uid"]})
    assert scene.heard == [TaskStarted(this.task), submitted, TaskSucceeded(this.task, {"a": 1.0})]
    assert [verb for verb, _, _ in scene.server.requests] == ["create", "patch"]
    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600


async def test_a_create_whose_answer_was_lost_is_found_again() -> None:
    scene, this = Scene(), image()
    scene.server.after = once("create", "jobs", LOST)
    scene.server.muted = True
    async with scene.driver() as driver:
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        assert scene.heard == []

        await driver.start(scene.ref, this, again=True)

    assert len(scene.server.named("jobs")) == 1
    assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]


@pytest.mark.parametrize("error", [LOST, TooManyRequests(429, "TooManyRequests", "slow down")])
async def test_a_create_that_did_not_land_is_done_again(error: Any) -> None:
    scene, this = Scene(), image()
    scene.server.before = once("create", "jobs", error)
    async with scene.driver() as driver:
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)

        await driver.start(scene.ref, this, again=True)

    assert len(scene.server.named("jobs")) == 1


async def test_after_a_restart_a_task_that_ended_meanwhile_is_reported() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    await scene.pod(this, done())
    scene.heard.clear()
    submitted = task(
        this.parameters, task=this.task, submitted={"jobUid": scene.job(this)["metadata"]["uid"]}
    )

    async with scene.driver() as driver:
        await driver.start(scene.ref, submitted, again=True)

    assert scene.heard == [TaskSucceeded(this.task, 1)]
    assert scene.writes() == ["create"]


async def test_an_execution_loaded_again_hears_the_result_again() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done())
        first = list(scene.heard)

        await driver.start(scene.ref, this, again=True)

    assert scene.heard == first * 2
    assert scene.writes() == ["create"]


async def test_a_job_that_vanished_across_a_restart_is_not_made_again() -> None:
    scene, this = Scene(), image(output="file")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    uid = scene.job(this)["metadata"]["uid"]
    scene.server.remove(scene.job_path(this))

    async with scene.driver() as driver:
        scene.heard.clear()
        await driver.start(
            scene.ref, task(this.parameters, task=this.task, submitted={"jobUid": uid}), again=True
        )

    assert scene.error() == "Job.Deleted"
    assert scene.server.named("jobs") == []


async def test_a_job_made_anew_by_somebody_is_not_the_one_submitted() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.heard.clear()
    async with scene.driver() as driver:
        await driver.start(
            scene.ref, task(this.parameters, task=this.task, submitted={"jobUid": "another"}), again=True
        )

    assert scene.error() == "Job.Deleted"


async def test_a_deletion_that_no_event_told_is_noticed_within_a_minute() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        scene.server.muted = True
        await driver.start(scene.ref, this, again=False)
        scene.server.remove(scene.job_path(this))

        await scene.clock.forward(65)

    assert scene.error() == "Job.Deleted"


async def test_a_job_created_late_for_a_stopped_task_is_deleted() -> None:
    """The create's time-out was over, the stop found nothing, and only then the create lands."""
    scene, this = Scene(), image()
    held: list[tuple[str, dict[str, Any]]] = []
    async with scene.driver() as driver:
        scene.server.muted = True
        scene.server.after = once("create", "jobs", LOST)
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        held.append((scene.job_path(this), scene.server.objects.pop(scene.job_path(this))))
        await driver.stop(scene.ref, cancelled(this))
        scene.server.muted = False

        scene.server.put(*held[0])
        await settled()

    assert scene.server.named("jobs") == []


async def test_a_stop_while_the_log_is_read_reports_nothing_more() -> None:
    scene, this = Scene(), image(output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("log", "", LOST)
        await scene.pod(this, done(""))
        await driver.stop(scene.ref, cancelled(this))
        await scene.clock.forward(5)

    assert [type(signal) for signal in scene.heard] == [TaskStarted, TaskSubmitted]
    assert scene.server.named("jobs") == []


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(LOST, id="no answer"),
        pytest.param(Forbidden(403, "Forbidden", "pods/log may not be read"), id="no right"),
        pytest.param(ApiError(500, "InternalError", "dial tcp: connection refused"), id="no kubelet"),
    ],
)
async def test_stdout_that_cannot_be_read_for_a_moment_is_read_again(error: ApiError) -> None:
    """An output was lost for good while the operator lacked a right for a second: seed 36312 of the simulation."""
    scene, this = Scene(), image(output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("log", "", error)
        scene.server.logs[f"{names.job_name(scene.ref, this.task)}-abcde"] = b"first\n[2.0]\n"
        await scene.pod(this, done(""))
        await scene.clock.forward(2)

    assert scene.end() == TaskSucceeded(this.task, [2.0])


async def test_stdout_of_a_pod_that_is_gone_is_lost() -> None:
    scene, this = Scene(), image(output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done(""))
        assert scene.heard[2:] == []
        await scene.conclude(this, "Complete")

    assert scene.error() == "Job.OutputLost"


async def test_a_pod_whose_log_is_lost_with_its_node_runs_again() -> None:
    """It failed with Job.OutputLost, while Kubernetes made the pod again."""
    scene, this = Scene(), image(output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        first = await scene.pod(this, done(""), phase="Running")
        scene.server.remove(f"/api/v1/namespaces/shop/pods/{first}")
        await settled()
        scene.server.logs[f"{names.job_name(scene.ref, this.task)}-again"] = b"[2.0]\n"
        await scene.pod(this, done(""), suffix="again")

    assert scene.end() == TaskSucceeded(this.task, [2.0])


async def test_a_pod_that_is_gone_before_its_jobs_verdict_still_tells() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        name = await scene.pod(this, {"terminated": {"exitCode": 3}}, phase="Failed")
        scene.server.remove(f"/api/v1/namespaces/shop/pods/{name}")
        await settled()
        await scene.conclude(this, "Failed")

    end = scene.end()
    assert isinstance(end, TaskFailed)
    assert "ended with exit code 3. Its log cannot be read:" in (end.cause or "")


async def test_a_complete_job_whose_pod_was_missed_is_looked_at_closer() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.muted = True
        await scene.pod(this, done(), phase="Succeeded")
        scene.server.muted = False
        await scene.conclude(this, "Complete")

    assert scene.end() == TaskSucceeded(this.task, 1)


async def test_a_complete_job_without_any_pod_has_lost_its_output() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.conclude(this, "Complete")

    assert scene.error() == "Job.OutputLost"


async def test_a_job_deleted_by_hand_is_reported() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.remove(scene.job_path(this))
        await settled()

    assert scene.error() == "Job.Deleted"


async def test_a_complete_job_that_is_gone_with_its_output_was_deleted() -> None:
    """etcd was restored to a time before it was there, and its pod had not been heard of: seed 62006 of the simulation."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("get", "jobs", LOST)
        await scene.conclude(this, "Complete")
        scene.server.muted = True
        scene.server.remove(scene.job_path(this))
        await scene.clock.forward(2)

    assert scene.error() == "Job.Deleted"


async def test_stdout_of_a_job_that_is_gone_with_its_pods_was_deleted() -> None:
    scene, this = Scene(), image(output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("log", "", ApiError(500, "InternalError", "no kubelet"))
        await scene.pod(this, done(""))
        scene.server.remove(scene.job_path(this))
        await scene.clock.forward(2)

    assert scene.error() == "Job.Deleted"


async def test_jobs_are_looked_through_though_the_clock_was_put_back_by_an_hour() -> None:
    """An operator's machine was an hour ahead when it started, and for an hour nothing was looked through: seed 80181
    of the simulation."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await scene.clock.forward(2)
        scene.clock.set_back(3_600)
        scene.server.muted = True
        await driver.start(scene.ref, this, again=False)
        scene.server.remove(scene.job_path(this))
        await scene.clock.forward(65)

    assert scene.error() == "Job.Deleted"


PULL = {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}


async def test_a_problem_becomes_a_failure_after_the_grace_period() -> None:
    scene, this = Scene(taskDefaults={"pendingGraceSeconds": 10}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.clock.forward(5)
        await scene.pod(this, PULL, phase="Pending")
        await scene.clock.forward(9)
        assert len(scene.heard) == 2

        await scene.clock.forward(2)
        assert scene.error() == "Job.ImagePullFailed"
        await driver.release(scene.ref, this.task)

    # Its Job has not ended, so it is deleted rather than kept.
    assert scene.server.named("jobs") == []


async def test_a_problem_that_passes_is_forgotten() -> None:
    scene, this = Scene(taskDefaults={"pendingGraceSeconds": 10}), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, PULL, phase="Pending")
        await scene.clock.forward(9)
        await scene.pod(this, {"running": {}}, phase="Running")
        await scene.clock.forward(60)

        assert len(scene.heard) == 2


async def test_no_pod_tells_what_the_job_controller_says() -> None:
    scene, this = Scene(taskDefaults={"pendingGraceSeconds": 3}), image()
    scene.server.events = [{"message": 'Error creating: pods "x" is forbidden: exceeded quota: q'}]
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.clock.forward(5)

    end = scene.end()
    assert isinstance(end, TaskFailed)
    assert end.error == "Job.QuotaExceeded"
    assert 'Error creating: pods "x" is forbidden: exceeded quota: q (waited 3 s;' in (end.cause or "")


async def test_a_refused_job_is_reported_and_leaves_nothing_to_do() -> None:
    scene, this = Scene(), image()
    scene.server.before = once("create", "jobs", Invalid(422, "Invalid", "spec is wrong"))
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await driver.release(scene.ref, this.task)

    assert scene.heard == [
        TaskFailed(
            this.task, "Job.Refused", "Kubernetes has refused to create jobs in namespace shop: spec is wrong"
        )
    ]
    assert scene.writes() == ["create"]


async def test_an_input_that_cannot_be_stored_ends_the_job() -> None:
    scene, this = Scene(), image(input="x" * 40_000)
    scene.server.before = once("create", "secrets", Forbidden(403, "Forbidden", "exceeded quota: q"))
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        assert scene.error() == "Job.QuotaExceeded"
        await driver.release(scene.ref, this.task)

    assert scene.server.named("jobs") == []


async def test_an_input_whose_storing_was_interrupted_is_stored_by_the_next_start() -> None:
    scene, this = Scene(), image(input="x" * 40_000)
    scene.server.before = once("create", "secrets", LOST)
    async with scene.driver() as driver:
        with pytest.raises(Unavailable):
            await driver.start(scene.ref, this, again=False)
        await driver.start(scene.ref, this, again=True)

    assert len(scene.server.named("jobs")) == 1
    assert len(scene.server.named("secrets")) == 1


async def test_writes_are_made_as_the_state_machines_account() -> None:
    scene, this, other = Scene(serviceAccountName="clerk"), image(input="x" * 40_000), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await driver.start(scene.ref, other, again=False)
        await driver.release(scene.ref, this.task)
        await driver.stop(scene.ref, cancelled(other))
        await scene.clock.forward(10)

    accounts = {(verb, who) for verb, _, who in scene.server.requests if verb != "get"}
    assert accounts == {("create", "shop/clerk"), ("patch", "shop/clerk"), ("delete", "shop/clerk")}


async def test_an_account_that_lost_its_rights_does_not_keep_a_job_running() -> None:
    scene, this = Scene(serviceAccountName="clerk"), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        scene.server.before = once("delete", "jobs", Forbidden(403, "Forbidden", "no"))
        await driver.stop(scene.ref, cancelled(this))

    assert scene.server.named("jobs") == []
    assert [who for verb, _, who in scene.server.requests if verb == "delete"] == ["shop/clerk", None]


async def test_sweep_knows_its_own_jobs_before_the_informer_does() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        scene.server.muted = True
        await driver.start(scene.ref, this, again=False)
        await driver.sweep(scene.ref, frozenset())

    assert scene.server.named("jobs") == []


async def test_sweep_keeps_the_log_of_what_has_ended() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
    await scene.pod(this, done())
    async with scene.driver() as driver:
        await driver.sweep(scene.ref, frozenset())
        await driver.sweep(scene.ref, frozenset())
        await scene.clock.forward(10)

    assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600
    assert scene.writes() == ["create", "patch"]


async def test_a_finished_job_is_let_go_once_no_task_starts() -> None:
    scene = Scene()
    async with scene.driver() as driver:
        first, second = image(), image()
        await driver.start(scene.ref, first, again=False)
        await scene.pod(first, done())
        await driver.release(scene.ref, first.task)
        await scene.clock.forward(4)
        await driver.start(scene.ref, second, again=False)
        await scene.clock.forward(1)
        assert scene.writes() == ["create", "create"]

        await scene.clock.forward(2)
        assert scene.writes() == ["create", "create", "patch"]
        assert "ttlSecondsAfterFinished" in scene.job(first)["spec"]


async def test_a_finished_job_is_let_go_within_a_minute_however_many_tasks_start() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done())
        await driver.release(scene.ref, this.task)
        for second in range(60):
            assert "patch" not in scene.writes(), second
            another = image()
            await driver.start(scene.ref, another, again=False)
            await scene.pod(
                another, {"running": {}}
            )  # without it, the next would wait for a turn by the real clock
            await scene.clock.forward(1)

        assert "patch" in scene.writes()


async def test_a_job_that_could_not_be_let_go_is_let_go_later() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done())
        await driver.release(scene.ref, this.task)
        scene.server.before = once("patch", "jobs", LOST)
        await scene.clock.forward(7)
        assert "ttlSecondsAfterFinished" not in scene.job(this)["spec"]

        await scene.clock.forward(7)
        assert scene.job(this)["spec"]["ttlSecondsAfterFinished"] == 3600


async def test_a_job_about_to_be_let_go_is_no_stray() -> None:
    scene, this = Scene(), image()

    def refuse(verb: str, _path: str) -> None:
        if verb == "patch":
            raise LOST

    scene.server.before = refuse
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await driver.release(scene.ref, this.task)
        await scene.clock.forward(100)

        assert "get" not in {verb for verb, _, _ in scene.server.requests}
        assert not driver.holds(scene.ref.uid)


async def test_nothing_stays_in_memory() -> None:
    scene = Scene()
    async with scene.driver() as driver:
        for _ in range(3):
            released, stopped = image(), image()
            await driver.start(scene.ref, released, again=False)
            await driver.start(scene.ref, stopped, again=False)
            await scene.pod(released, done())
            await driver.release(scene.ref, released.task)
            await driver.stop(scene.ref, cancelled(stopped))
        await scene.clock.forward(700)

        kept = driver._watching
        assert (len(kept.tasks), kept.tasks._by_job_uid, kept.leftovers._stopped) == (0, {}, {})
        assert len(kept.judging._troubles) == 0
        assert len(kept._errands) == 0
        assert not len(driver._releases)


async def test_holds_tells_whether_an_execution_has_jobs_to_stop_or_release() -> None:
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        assert not driver.holds(scene.ref.uid)
        await driver.start(scene.ref, this, again=False)
        await settled()
        assert driver.holds(scene.ref.uid)
        await driver.release(scene.ref, this.task)
        await settled()
        assert not driver.holds(scene.ref.uid)


async def test_a_job_with_the_tasks_token_but_not_its_label_is_somebody_elses() -> None:
    """Labels of Stepwright's are for Stepwright (an admission policy); annotations anybody may write."""
    scene, this = Scene(), image()
    name, token = names.job_name(scene.ref, this.task), names.task_name(scene.ref.uid, this.task)
    metadata = {"name": name, "namespace": "shop", "uid": "forged", "annotations": {names.TASK_NAME: token}}
    async with scene.driver() as driver:
        scene.server.muted = True
        scene.server.put(scene.job_path(this), {"metadata": metadata, "spec": {}})
        await driver.start(scene.ref, this, again=False)

    assert scene.error() == "Job.Refused"
    assert scene.writes() == ["create"]


async def test_a_pod_of_another_namespace_says_nothing_about_a_task() -> None:
    """Owner references hold within a namespace, but nobody stops a pod elsewhere from naming a Job's uid."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done('"forged"'), namespace="elsewhere")
        assert not any(isinstance(signal, TaskSucceeded) for signal in scene.heard)
        await scene.pod(this, done('"true"'))

    assert scene.end() == TaskSucceeded(this.task, "true")


async def test_all_pods_that_a_job_may_have_counted_are_listed_for_it() -> None:
    """The label of its controller is all that Kubernetes asks for; anybody may write it."""
    scene, this = Scene(), image()
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.conclude(this, "Complete")

    assert scene.server.selectors == [f"{CONTROLLER_UID}={scene.job(this)['metadata']['uid']}"]


async def test_a_job_is_created_when_another_has_its_pod_or_needs_none() -> None:
    scene, tasks = Scene(), [image() for _ in range(MOST + 2)]
    async with scene.driver() as driver:
        starting = [asyncio.create_task(driver.start(scene.ref, this, again=False)) for this in tasks]
        await settled()
        assert len(scene.server.named("jobs")) == MOST

        await scene.pod(tasks[0], {"running": {}})
        assert len(scene.server.named("jobs")) == MOST + 1
        await driver.stop(scene.ref, cancelled(tasks[1]))
        await settled()

        assert scene.job_path(tasks[-1]) in scene.server.objects
        await asyncio.gather(*starting)
