"""What is known of Jobs, and what is done about them, when the cluster is restored to an earlier state."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tests.simulation.backups import JOBS, PODS, Lost, tasks
from tests.simulation.jobs import Habits, is_finished
from tests.simulation.scene import TASK, Scene, play
from tests.simulation.world import NAMESPACE


class _SweptAway(Lost):
    """A task that the backup does not know was stopped when that was restored, and comes again later."""

    machine = tasks()

    async def script(self) -> None:
        saved = await self.begin(self.has_pods)
        await self.until(lambda: self.has_written(3))
        self.are_lost = (JOBS,)
        await self.restore(saved)
        await asyncio.sleep(10)
        self.are_lost = ()
        await self.until(self.has_ended)


def test_a_task_that_was_stopped_after_the_backup_runs_undisturbed_when_it_is_started_again() -> None:
    """Its Job was taken for the stopped one's, created late, and was deleted."""
    scene = play(_SweptAway)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []


class _EndedJob(Lost):
    """The operator's copy of a Job is of after the backup, when it had finished; its pods were listed anew."""

    machine = tasks()

    async def script(self) -> None:
        saved = await self.begin(self.has_pods)
        job, pod = (
            self.server.all("jobs")[0]["metadata"]["name"],
            self.server.all("pods")[0]["metadata"]["name"],
        )
        await self.until(lambda: self.status("e0")["seq"] >= 2 and self._is_finished(job))
        self.jobs.habits = Habits({"output": 1}, longer_seconds=20)
        self.are_lost = (JOBS, ("PATCH", "/e0/status"))
        await self.restore(saved)
        pods = self.operator.driver.pods
        await self.until(lambda: bool(pods.all()) and pods.get("default", pod) is None)
        self.are_lost = (JOBS,)
        await asyncio.sleep(10)
        self.are_lost = ()
        await self.until(self.has_ended)

    def _is_finished(self, job: str) -> bool:
        known = self.operator.driver.jobs.get("default", job)
        return known is not None and known.ended is not None


def test_a_job_that_had_finished_after_the_backup_is_not_judged_by_the_pods_of_now() -> None:
    """The output was said to be lost: the Job had completed, and the pod that ran anew had not."""
    scene = play(_EndedJob)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")


class _CopiesOfBefore(Lost):
    """Long after the restore the operator's copies of Jobs and pods are still of before it: the task had ended."""

    machine = tasks()
    runs_again_seconds = 40

    async def script(self) -> None:
        saved = await self.begin(self.has_pods)
        await self.ends_its_task()
        self.jobs.habits = Habits({"output": 1}, longer_seconds=self.runs_again_seconds)
        self.are_lost = (JOBS, PODS)
        await self.restore(saved)
        await asyncio.sleep(30)
        self.reached = self.status("e0")["currentState"]
        self.are_lost = ()
        await self.settles(900)

    async def ends_its_task(self) -> None:
        await self.until(lambda: self.has_written(3))


class _CopiesOfItsEnd(_CopiesOfBefore):
    """The execution had been stopped, and its pod had ended since. By the time the execution is taken up, its Job has
    finished again."""

    runs_again_seconds = 0

    async def ends_its_task(self) -> None:
        self._stop_execution("e0")
        await self.until(lambda: not self.server.all("jobs"))
        [pod] = self.server.all("pods")
        key = "pods", "default", pod["metadata"]["name"]
        self.jobs._edit_pod(
            key, phase="Succeeded", exit_code=0, reason="Completed", message='"late"', deleted=True
        )
        await self.until(lambda: self._is_seen_to_have_ended(key[2]))
        self.are_lost = (JOBS, PODS)
        self.close_watches()
        await self.until(self.has_settled)

    def _is_seen_to_have_ended(self, pod: str) -> bool:
        seen = self.operator.driver.pods.get("default", pod)
        return seen is not None and seen.status.phase == "Succeeded"


@pytest.mark.parametrize("scene", [_CopiesOfBefore, _CopiesOfItsEnd])
def test_a_restored_execution_waits_for_what_is_known_of_its_jobs_after_the_restore(
    scene: type[_CopiesOfBefore],
) -> None:
    """Its task had succeeded at once, with what a pod had given that was no more, while its Job ran again."""
    played = play(scene)

    assert played.reached == "T0"
    assert played.phase("e0") == "Succeeded", played.status("e0").get("cause")
    assert played.result.violations == []


class _BackWhileItIsSwept(Lost):
    """An execution that has ended is looked through for what it has left when it comes back as it was when it ran."""

    is_seen_to_end = True

    async def script(self) -> None:
        saved = await self.begin(lambda: self.has_pods() and self.is_seen())
        if not self.is_seen_to_end:
            self.cut_off()
        await self.until(self.has_settled)
        self.is_taken_over()
        await self.until(lambda: self.operator.engine.live == 1)
        await self.restore(saved)
        self.is_cut_off = False
        await asyncio.sleep(20)
        self.is_seen_to_run = self.is_seen()
        self.was_swept = self.operator.engine.live == 1
        self.are_lost = ()
        await self.until(self.has_settled, 200)

    def is_seen(self) -> bool:
        """As the backup has it."""
        return any(seen.status.seq == 1 for seen in self.operator.watch.all())


@pytest.mark.parametrize("is_seen", [True, False], ids=["whose end was seen", "whose end was not seen"])
def test_what_comes_back_while_its_end_is_looked_after_is_taken_up(is_seen: bool) -> None:
    """It hung without a word."""

    class Back(_BackWhileItIsSwept):
        is_seen_to_end = is_seen

    scene = play(Back)

    assert scene.was_swept
    assert scene.is_seen_to_run
    assert scene.phase("e0") == "Succeeded"


class _StartWithAnotherInput(Lost):
    """A task is begun whose start the restore has undone; when the execution comes to it again, its input is another."""

    machine = tasks()

    async def script(self) -> None:
        saved = await self.begin(self.has_pods)
        self.are_lost = (("POST", "/jobs"),)
        await self.until(lambda: self.is_at("T1"))
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: self._has_finished("T1"))
        self.written = self.status("e0")["currentState"]
        await self.settles(900)

    def _has_finished(self, state: str) -> bool:
        jobs = self.server.all("jobs")
        return any(
            job["metadata"]["labels"]["stepwright.dev/state"] == state and is_finished(job) for job in jobs
        )


def test_a_job_of_a_start_that_a_restore_has_undone_makes_room_for_the_next() -> None:
    """The task failed with Job.Refused: the Job was there, and ran something else."""
    scene = play(_StartWithAnotherInput)

    assert scene.written == "T0"
    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []


class _SweptTooLate(Lost):
    """An execution that was taken up waits to be swept, while etcd is restored to when its first task ran."""

    machine: Mapping[str, Any] = tasks()

    async def script(self) -> None:
        self.jobs.habits = Habits({"output": 1}, longer_seconds=20)
        saved = await self.begin(lambda: self.has_written(2))  # whose Job it is
        await self.goes_on()
        engine = self.operator.engine
        await engine.let_go(self.execution("e0")["metadata"]["uid"])
        self.is_taken_over()
        await self.until(lambda: engine.live == 1)
        self.jobs.habits = Habits({"output": 1}, longer_seconds=60)
        await self.restore(saved)
        await asyncio.sleep(20)
        self.are_lost = ()
        await self.settles(2000)

    async def goes_on(self) -> None:
        await self.until(lambda: self.is_at("T1"))


class _SweptAfterItsEnd(_SweptTooLate):
    """It had ended."""

    machine = Scene.machine

    async def goes_on(self) -> None:
        await self.until(self.has_settled)


@pytest.mark.parametrize("scene", [_SweptTooLate, _SweptAfterItsEnd])
def test_a_job_that_a_restored_execution_wants_again_is_not_stopped_for_what_was_before(
    scene: type[_SweptTooLate],
) -> None:
    """Its task failed with Job.Deleted: it was stopped when the API server answered again."""
    played = play(scene)

    assert played.phase("e0") == "Succeeded", played.status("e0").get("cause")
    assert played.result.violations == []


class _StartUnderWay(Lost):
    """The start of a task is written after the backup, and its Job is created when that has been restored."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {"First": {"Type": "Wait", "Seconds": 5, "Next": "Do"}, "Do": {**TASK, "End": True}},
    }
    stays = True

    async def script(self) -> None:
        saved = await self.begin(lambda: self.is_at("First"))
        self.are_lost = (("POST", "/jobs"),)
        await self.until(lambda: self.is_at("Do"))
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: bool(self.server.all("jobs")))
        self.written = self.status("e0")["currentState"]
        if not self.stays:
            self._stop_execution("e0")
        await self.until(self.has_settled)
        self.left = [job for job in self.server.all("jobs") if not is_finished(job)]
        self.watchman.final(self.setting, may_end_plainly=False)


def test_a_task_that_is_begun_though_a_restore_has_undone_its_start_runs_once() -> None:
    scene = play(_StartUnderWay)

    assert scene.written == "First"
    assert scene.phase("e0") == "Succeeded"
    assert scene.result.violations == []
    assert len(scene.jobs.notes) == 1


def test_it_is_stopped_where_the_execution_does_not_come_to_it_again() -> None:
    class Stopped(_StartUnderWay):
        stays = False

    scene = play(Stopped)

    assert scene.phase("e0") == "Aborted"
    assert scene.left == []
    assert scene.result.violations == []


class _DeletedAndBack(Lost):
    """An execution is deleted while its Jobs cannot be looked at, and comes back with them by a restore."""

    machine: Mapping[str, Any] = {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 15, "End": True}}},
                    {"StartAt": "Do", "States": {"Do": {**TASK, "End": True}}},
                ],
                "End": True,
            }
        },
    }
    is_heard_of = True

    async def script(self) -> None:
        self.jobs.habits = Habits({"output": 1}, longer_seconds=40)
        saved = await self.begin(self.has_pods)
        await asyncio.sleep(1)
        self.are_lost = (JOBS, PODS)
        if not self.is_heard_of:
            self.cut_off()
        self.close_watches()
        self.server.delete(("executions", NAMESPACE, "e0"))
        await asyncio.sleep(20)  # the Wait is over, and what comes of that has nowhere to be written
        self.jobs.habits = Habits({"output": 1}, longer_seconds=60)
        await self.restore(saved)
        self.is_cut_off = False
        await asyncio.sleep(20)
        self.are_lost = ()
        await self.settles(400)


@pytest.mark.parametrize("is_heard_of", [True, False], ids=["heard of", "met by a write"])
def test_the_jobs_of_a_deleted_execution_that_a_restore_brings_back_run_on(is_heard_of: bool) -> None:
    """They were stopped as soon as they could be looked at: the execution had been deleted before."""

    class Deleted(_DeletedAndBack):
        pass

    Deleted.is_heard_of = is_heard_of
    scene = play(Deleted)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []
