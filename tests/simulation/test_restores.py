"""The cluster is restored to an earlier state, under an operator that runs on or is started anew."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from stepwright.asl.checkpoint import parts
from stepwright.cluster import seal
from stepwright.controllers import execution_watch
from tests.simulation.api_server import Request, Snapshot
from tests.simulation.client import Fate
from tests.simulation.jobs import Habits, is_finished
from tests.simulation.operator import Operator
from tests.simulation.scene import TASK, Scene, play
from tests.simulation.watchman import Memory

STATES = 8
JOBS = "GET", "/apis/batch/v1/jobs"
PODS = "GET", "/api/v1/pods"


def _tasks() -> dict[str, Any]:
    states: dict[str, Any] = {
        f"T{number}": {**TASK, **({"Next": f"T{number + 1}"} if number + 1 < STATES else {"End": True})}
        for number in range(STATES)
    }
    return {"StartAt": "T0", "States": states}


Saved = tuple[Snapshot, Memory]


class _BackedUp(Scene):
    def save(self) -> Saved:
        return self.server.snapshot(), self.watchman.remember()

    def put_back(self, saved: Saved) -> None:
        snapshot, memory = saved
        self.server.restore(snapshot)
        self.watchman.recall(memory, self.living())
        self.jobs.begin_again()


class _Restored(_BackedUp):
    machine = _tasks()
    kills = False

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)
        saved = self.save()
        self.before = self.status("e0")["seq"]
        await self.until(lambda: self.status("e0")["seq"] >= self.before + 4)
        if self.kills:
            self.operator.process.kill()
            self._replace(self.operator)
        self.put_back(saved)
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"), 900)


def test_under_an_operator_that_runs_on_executions_go_on_from_the_restored_state() -> None:
    """They failed: "status.seq is not what Stepwright wrote there"."""
    scene = play(_Restored)

    assert scene.phase("e0") == "Succeeded"
    assert len(scene.events()) == 1
    assert scene.events()[0].startswith("default/e0 was restored, from ")
    condition = scene.condition("e0", "Restored")
    assert (condition["status"], condition["reason"]) == ("True", "RestoredFromBackup")
    assert "tasks begun since may run again" in condition["message"]


def test_an_operator_that_is_started_after_it_goes_on_too() -> None:
    class Started(_Restored):
        kills = True

    assert play(Started).phase("e0") == "Succeeded"


class _Lost(_BackedUp):
    """``etcd`` is lost and restored: for longer than anybody relies on what was there."""

    def cut_off(self) -> None:
        """Nobody lists or watches Executions from now on."""
        self.is_cut_off = True
        for stream in self.server.streams:
            stream.finish("closed")

    is_cut_off = False
    are_lost: tuple[tuple[str, str], ...] = ()
    """Method and end of the path of requests that do not arrive."""

    def of(self, request: Request) -> Fate:
        fate = super().of(request)
        path = request.path
        lost = self.is_cut_off and request.method == "GET" and path.endswith("/executions")
        lost |= any(request.method == method and path.endswith(end) for method, end in self.are_lost)
        return Fate(fate.there, fate.back, "request", 0.1) if lost else fate

    async def restore(self, saved: Saved, seconds: float = 12) -> None:
        self.server.go_away()
        await asyncio.sleep(seconds)
        self.put_back(saved)


class _EndedBefore(_Lost):
    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self._create_execution("e0", {"stateMachineRef": {"name": "m0"}, "ttlSecondsAfterFinished": 20})
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)
        saved = self.save()
        await self.until(lambda: self.phase("e0") == "Succeeded")
        await self.restore(saved)
        await self.until(lambda: self.phase("e0") == "Succeeded")
        self.is_there_no_more = False
        await asyncio.sleep(60)
        self.is_there_no_more = self.server.get("executions", "default", "e0") is None


def test_what_had_ended_after_the_backup_runs_to_its_end_again_before_its_time_is_over() -> None:
    """It was deleted while it ran, since its time had passed as it had ended before."""
    assert play(_EndedBefore).is_there_no_more


class _BackAsItWasSeen(_Lost):
    """The operator's copy of the Execution is as the backup has it, and what happened between it has seen nothing of."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)
        await asyncio.sleep(0.3)
        self.cut_off()
        saved = self.save()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        await self.restore(saved, 1)  # so soon that no Lease lapses
        self.is_cut_off = False
        await self.until(lambda: self.phase("e0") == "Succeeded", 200)


def test_what_looks_as_it_did_when_it_was_seen_last_is_taken_up() -> None:
    """It hung without a word: its resourceVersion was the one that the operator knew."""
    assert play(_BackAsItWasSeen).phase("e0") == "Succeeded"


class _EndedUnseen(_Lost):
    async def script(self) -> None:
        self.begin_operator()
        self._create_execution("e0", {"stateMachineRef": {"name": "m0"}, "ttlSecondsAfterFinished": 5})
        await self.until(lambda: self.phase("e0") == "Running")
        self.cut_off()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        await asyncio.sleep(5)
        self.server.compact()
        self.is_cut_off = False
        await asyncio.sleep(300)
        self.is_there = self.server.get("executions", "default", "e0") is not None


def test_what_ended_while_nothing_was_heard_goes_when_its_time_is_over() -> None:
    """It stayed until the next round, for up to an hour."""
    assert not play(_EndedUnseen).is_there


class _Payload(_Lost):
    """The payload of a commit is stored after the backup, the commit itself not before etcd was restored."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {
            "First": {"Type": "Wait", "Seconds": 5, "Next": "Large"},
            "Large": {"Type": "Pass", "Result": {"t": "x" * 9_000}, "Next": "Second"},
            "Second": {"Type": "Wait", "Seconds": 60, "Next": "Last"},
            "Last": {"Type": "Pass", "End": True},
        },
    }

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("currentState") == "First")
        saved = self.save()
        self.are_lost = (("PATCH", "/status"),)
        await self.until(lambda: bool(self.server.all("executionhistories")))
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: self.status("e0").get("currentState") == "Second")
        self.operator.process.kill()
        self._replace(self.operator)
        await self.until(lambda: self.phase("e0") != "Running")


def test_what_a_commit_refers_to_is_stored_again_where_it_went_with_etcd() -> None:
    """The checkpoint needed a payload that was no longer there, and the execution failed."""
    assert play(_Payload).phase("e0") == "Succeeded"


class _PausedBetween(_Payload):
    """The machine is paused right after a payload was stored, and etcd is restored before the commit is sent."""

    is_paused = False

    def of(self, request: Request) -> Fate:
        fate = super().of(request)
        if request.method != "POST" or not request.path.endswith("/executionhistories") or self.is_paused:
            return fate
        self.is_paused = True
        return replace(fate, strikes=("answered", "paused"))

    def _pause(self, operator: Operator, _: float) -> None:  # type: ignore[override]
        super()._pause(operator, 40)

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("currentState") == "First")
        saved = self.save()
        await self.until(lambda: self.operator.process.stopped)
        await self.restore(saved)
        await self.until(lambda: self.status("e0").get("currentState") == "Second")
        self.operator.process.kill()
        self._replace(self.operator)
        await self.until(lambda: self.phase("e0") != "Running")


def test_what_was_stored_before_a_pause_of_the_machine_is_stored_again() -> None:
    """The execution failed, since what its checkpoint needs was lost: by its monotonic clock no time had passed."""
    scene = play(_PausedBetween)

    assert scene.is_paused
    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")


class _RestoredTwice(_BackedUp):
    """First to an earlier backup, then to a later one, made before the first was put back: the same number of commits, and
    other ones."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 2)
        earlier = self.save()
        await self.until(lambda: self.status("e0")["seq"] >= 5)
        later = self.save()
        self.was = self.status("e0")
        self.put_back(earlier)
        await self.until(lambda: self.status("e0")["seq"] == self.was["seq"], 900)
        self.became = self.status("e0")
        self.put_back(later)
        await self.until(lambda: bool(self.status("e0").get("settled")), 900)
        self.watchman.final(self.setting, may_end_plainly=False)


@pytest.fixture(scope="module")
def twice() -> _RestoredTwice:
    return play(_RestoredTwice)


def test_of_two_rows_of_commits_with_the_same_numbers_an_execution_goes_on_with_the_stored_one(
    twice: _RestoredTwice,
) -> None:
    """What was new in the one was written at the end of the other."""
    assert twice.became["seq"] == twice.was["seq"]
    assert twice.became["commitId"] != twice.was["commitId"]
    assert twice.result.violations == []
    assert twice.phase("e0") == "Succeeded"


def test_it_says_that_it_was_restored_though_the_number_is_the_same(twice: _RestoredTwice) -> None:
    was = twice.was["seq"]
    assert twice.events()[-1] == f"default/e0 was restored, from {was} to {was}"
    assert twice.condition("e0", "Restored")["message"].endswith(
        f"commit {was} was restored, another commit {was} was the newest; tasks begun since may run again"
    )


class _SweptAway(_Lost):
    """A task that the backup does not know was stopped when that was restored, and comes again later."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.server.all("pods")))
        saved = self.save()
        await self.until(lambda: self.status("e0")["seq"] >= 3)
        self.are_lost = (JOBS,)
        await self.restore(saved)
        await asyncio.sleep(10)
        self.are_lost = ()
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"))


def test_a_task_that_was_stopped_after_the_backup_runs_undisturbed_when_it_is_started_again() -> None:
    """Its Job was taken for the stopped one's, created late, and was deleted."""
    scene = play(_SweptAway)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []


class _EndedJob(_Lost):
    """The operator's copy of a Job is of after the backup, when it had finished; its pods were listed anew."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.server.all("pods")))
        job, pod = (
            self.server.all("jobs")[0]["metadata"]["name"],
            self.server.all("pods")[0]["metadata"]["name"],
        )
        saved = self.save()
        await self.until(lambda: self.status("e0")["seq"] >= 2 and self._is_finished(job))
        self.jobs.habits = Habits({"output": 1}, longer_seconds=20)
        self.are_lost = (JOBS, ("PATCH", "/e0/status"))
        await self.restore(saved)
        pods = self.operator.driver.pods
        await self.until(lambda: bool(pods.all()) and pods.get("default", pod) is None)
        self.are_lost = (JOBS,)
        await asyncio.sleep(10)
        self.are_lost = ()
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"))

    def _is_finished(self, job: str) -> bool:
        known = self.operator.driver.jobs.get("default", job)
        return known is not None and known.ended is not None


def test_a_job_that_had_finished_after_the_backup_is_not_judged_by_the_pods_of_now() -> None:
    """The output was said to be lost: the Job had completed, and the pod that ran anew had not."""
    scene = play(_EndedJob)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")


class _CopiesOfBefore(_Lost):
    """Long after the restore the operator's copies of Jobs and pods are still of before it: the task had ended."""

    machine = _tasks()
    runs_again_seconds = 40

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.server.all("pods")))
        saved = self.save()
        await self.ends_its_task()
        self.jobs.habits = Habits({"output": 1}, longer_seconds=self.runs_again_seconds)
        self.are_lost = (JOBS, PODS)
        await self.restore(saved)
        await asyncio.sleep(30)
        self.reached = self.status("e0")["currentState"]
        self.are_lost = ()
        await self.until(lambda: bool(self.status("e0").get("settled")), 900)
        self.watchman.final(self.setting, may_end_plainly=False)

    async def ends_its_task(self) -> None:
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)


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
        for stream in self.server.streams:
            stream.finish("closed")
        await self.until(lambda: bool(self.status("e0").get("settled")))

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


class _BackWhileItIsSwept(_Lost):
    """An execution that has ended is looked through for what it has left when it comes back as it was when it ran."""

    is_seen_to_end = True

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.server.all("pods")))
        await self.until(lambda: any(seen.status.seq == 1 for seen in self.operator.watch.all()))
        saved = self.save()
        if not self.is_seen_to_end:
            self.cut_off()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        [job] = self.server.all("jobs")
        self.operator.driver._releases.forget("default", job["metadata"]["name"])  # as whoever takes it over
        self.are_lost = (JOBS, PODS)
        for stream in self.server.streams:
            stream.finish("closed")
        self.operator.executions.observe("MODIFIED", execution_watch.of(self.execution("e0")))
        await self.until(lambda: self.operator.engine.live == 1)
        await self.restore(saved)
        self.is_cut_off = False
        await asyncio.sleep(20)
        self.is_seen_to_run = any(seen.status.seq == 1 for seen in self.operator.watch.all())
        self.was_swept = self.operator.engine.live == 1
        self.are_lost = ()
        await self.until(lambda: bool(self.status("e0").get("settled")), 200)


@pytest.mark.parametrize("is_seen", [True, False], ids=["whose end was seen", "whose end was not seen"])
def test_what_comes_back_while_its_end_is_looked_after_is_taken_up(is_seen: bool) -> None:
    """It hung without a word."""

    class Back(_BackWhileItIsSwept):
        is_seen_to_end = is_seen

    scene = play(Back)

    assert scene.was_swept
    assert scene.is_seen_to_run
    assert scene.phase("e0") == "Succeeded"


class _StartWithAnotherInput(_Lost):
    """A task is begun whose start the restore has undone; when the execution comes to it again, its input is another."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: bool(self.server.all("pods")))
        saved = self.save()
        self.are_lost = (("POST", "/jobs"),)
        await self.until(lambda: self.status("e0").get("currentState") == "T1")
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: self._has_finished("T1"))
        self.written = self.status("e0")["currentState"]
        await self.until(lambda: bool(self.status("e0").get("settled")), 900)
        self.watchman.final(self.setting, may_end_plainly=False)

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


class _SweptTooLate(_Lost):
    """An execution that was taken up waits to be swept, while etcd is restored to when its first task ran."""

    machine: Mapping[str, Any] = _tasks()

    async def script(self) -> None:
        self.jobs.habits = Habits({"output": 1}, longer_seconds=20)
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) == 2)  # whose Job it is has been written
        saved = self.save()
        await self.goes_on()
        engine = self.operator.engine
        await engine.let_go(self.execution("e0")["metadata"]["uid"])
        for job in self.server.all("jobs"):
            self.operator.driver._releases.forget("default", job["metadata"]["name"])
        self.are_lost = (JOBS, PODS)
        for stream in self.server.streams:
            stream.finish("closed")
        self.operator.executions.observe("MODIFIED", execution_watch.of(self.execution("e0")))
        await self.until(lambda: engine.live == 1)
        self.jobs.habits = Habits({"output": 1}, longer_seconds=60)
        await self.restore(saved)
        await asyncio.sleep(20)
        self.are_lost = ()
        await self.until(lambda: bool(self.status("e0").get("settled")), 2000)
        self.watchman.final(self.setting, may_end_plainly=False)

    async def goes_on(self) -> None:
        await self.until(lambda: self.status("e0").get("currentState") == "T1")


class _SweptAfterItsEnd(_SweptTooLate):
    """It had ended."""

    machine = Scene.machine

    async def goes_on(self) -> None:
        await self.until(lambda: bool(self.status("e0").get("settled")))


@pytest.mark.parametrize("scene", [_SweptTooLate, _SweptAfterItsEnd])
def test_a_job_that_a_restored_execution_wants_again_is_not_stopped_for_what_was_before(
    scene: type[_SweptTooLate],
) -> None:
    """Its task failed with Job.Deleted: it was stopped when the API server answered again."""
    played = play(scene)

    assert played.phase("e0") == "Succeeded", played.status("e0").get("cause")
    assert played.result.violations == []


class _StartUnderWay(_Lost):
    """The start of a task is written after the backup, and its Job is created when that has been restored."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {"First": {"Type": "Wait", "Seconds": 5, "Next": "Do"}, "Do": {**TASK, "End": True}},
    }
    stays = True

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("currentState") == "First")
        saved = self.save()
        self.are_lost = (("POST", "/jobs"),)
        await self.until(lambda: self.status("e0").get("currentState") == "Do")
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: bool(self.server.all("jobs")))
        self.written = self.status("e0")["currentState"]
        if not self.stays:
            self._stop_execution("e0")
        await self.until(lambda: bool(self.status("e0").get("settled")))
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


class _WaitedMeanwhile(_Lost):
    """Restored to a time before it began, an execution waits for its state machine, which is not ready any more; a later
    backup has it running."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self.create("e0")
        earlier = self.save()
        await self.until(lambda: self.phase("e0") == "Running")
        later = self.save()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        machines: Any = self.operator.executions._machines
        machines.known = {}
        await self.restore(earlier, 1)
        await self.until(lambda: bool(self.operator.left_over().get("waiting executions")))
        await self.restore(later, 1)
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"))


def test_an_execution_that_runs_again_waits_for_its_state_machine_no_more() -> None:
    """It hung without a word."""
    scene = play(_WaitedMeanwhile)

    assert scene.phase("e0") == "Succeeded"


class _InDoubt(_Lost):
    """What is known of a state machine is in doubt when an execution asks, what is read says nothing yet, and nothing more is
    heard of it."""

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        machines: Any = self.operator.executions._machines
        unread = [None]

        async def newest(key: tuple[str, str]) -> Any:
            return unread.pop() if unread else machines.known.get(key)

        machines.newest, machines.find = newest, lambda _: None
        self.create("e0")
        await self.until(lambda: self.phase("e0") not in ("Pending", "Running"), 100)


def test_before_an_execution_waits_for_its_state_machine_that_is_read_once_more() -> None:
    """It waited for ever for one that was ready."""
    assert play(_InDoubt).phase("e0") == "Succeeded"


class _NotBegun(_Lost):
    """The backup has the execution as it was before its operator, which runs on, had begun it."""

    machine: Mapping[str, Any] = _tasks()
    commits = 3

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(5)
        self.create("e0")
        saved = self.save()
        await self.until(lambda: self.status("e0").get("seq", 0) >= self.commits)
        await self.restore(saved, 1)
        await self.until(lambda: bool(self.status("e0").get("settled")))
        self.watchman.final(self.setting, may_end_plainly=False)


def test_what_had_not_begun_begins_again() -> None:
    """It failed: "status.seq is not what Stepwright wrote there"."""
    scene = play(_NotBegun)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []
    assert scene.events()[0].startswith("default/e0 was restored, from ")


class _NotBegunAndParked(_NotBegun):
    """It is not in memory, since it only waits."""

    machine: Mapping[str, Any] = {
        "StartAt": "First",
        "States": {"First": {"Type": "Wait", "Seconds": 40, "Next": "Do"}, "Do": {**TASK, "End": True}},
    }
    commits = 1


def test_what_only_waited_and_had_not_begun_begins_again() -> None:
    """It failed when it was due: "was never started"."""
    scene = play(_NotBegunAndParked)

    assert scene.phase("e0") == "Succeeded", scene.status("e0").get("cause")
    assert scene.result.violations == []


class _ChangedAfterItsEnd(_Lost):
    """Nothing comes of a change of what has ended, which is to be written when etcd is gone: restored, it has not ended."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 3)
        saved = self.save()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        self.are_lost = (("PATCH", "/status"),)
        self._stop_execution("e0")
        await asyncio.sleep(1)
        await self.restore(saved)
        self.are_lost = ()
        await self.until(lambda: bool(self.status("e0").get("settled")))
        self.watchman.final(self.setting, may_end_plainly=False)


def test_what_had_ended_is_not_said_to_have_been_looked_at_where_it_runs_again() -> None:
    """It failed for an error of Stepwright: what was read had no generation."""
    scene = play(_ChangedAfterItsEnd)

    assert scene.result.violations == []
    assert scene.phase("e0") == "Succeeded"


class _Newer(Scene):
    """A newer version of Stepwright has written the execution last; this one is started in its place."""

    machine = _tasks()

    async def script(self) -> None:
        self.begin_operator()
        self.create("e0")
        await self.until(lambda: self.status("e0").get("seq", 0) >= 2)
        self.operator.process.kill()
        self._replace(self.operator)
        self._set_version(99)
        await asyncio.sleep(60)
        self.stalled = self.condition("e0", "Stalled")
        self.reconciling = self.condition("e0", "Reconciling")
        self.waiting = len(self.operator.executions.for_newer_version)
        self.writes = len(self.patches("e0"))
        await asyncio.sleep(60)
        self.later_writes = len(self.patches("e0")) - self.writes
        self._set_version(2)
        self.operator.end()
        await self.until(lambda: self.phase("e0") == "Succeeded")

    def _set_version(self, version: int) -> None:
        key = ("executions", "default", "e0")
        body = self.server.edited(key)
        assert body is not None
        status = body["status"]
        head = msgspec.json.decode(status["checkpoint"]["head"])
        status["checkpoint"]["head"] = msgspec.json.encode({**head, "version": version}).decode()
        status["seal"] = str(seal.of(body["metadata"]["uid"], status))
        self.server.change(key, body)


@pytest.fixture(scope="module")
def newer() -> _Newer:
    return play(_Newer)


def test_an_execution_that_a_newer_version_has_written_says_so(newer: _Newer) -> None:
    """It hung without a word."""
    assert (newer.stalled["status"], newer.stalled["reason"]) == ("True", "NewerVersion")
    assert newer.stalled["message"] == (
        "A newer version of Stepwright has to go on with the execution: the checkpoint has version 99, this engine "
        f"knows versions up to {parts.VERSION}"
    )
    assert newer.reconciling["status"] == "False"
    assert newer.waiting == 1
    assert newer.later_writes == 0


def test_it_goes_on_where_an_operator_can_read_it(newer: _Newer) -> None:
    assert newer.phase("e0") == "Succeeded"
    assert newer.condition("e0", "Stalled")["status"] == "False"
    assert Counter(newer.events()) == Counter()


# --- Copies ----------------------------------------------------------------------------------------------------------

STARTED = {"annotations": {"stepwright.dev/started": "uid-of-before"}}
VELERO = {"labels": {"velero.io/restore-name": "nightly-20261128"}}
APPLIED = {
    "annotations": {
        "kubectl.kubernetes.io/last-applied-configuration": '{"spec":{},"status":{"seq":4,"phase":"Succeeded"}}'
    }
}
WRITTEN = {
    "labels": {"app": "shop", "kustomize.toolkit.fluxcd.io/name": "apps"},
    "annotations": {"kubectl.kubernetes.io/last-applied-configuration": '{"spec":{"input":{"status":{}}}}'},
}


class _Copies(Scene):
    restarts = False

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(2)
        self.operator.executions._beginning._restarts_restored = self.restarts
        for name, marks in (("started", STARTED), ("velero", VELERO), ("applied", APPLIED), ("git", WRITTEN)):
            self.create(name, **msgspec.json.decode(msgspec.json.encode(marks)))
        await asyncio.sleep(60)
        self.phases = {name: self.phase(name) for name in ("started", "velero", "applied", "git")}
        self.stalled = self.condition("velero", "Stalled")
        self.restored = self.condition("started", "Restored")
        self.change("velero", lambda body: body["spec"].update(restart=True))
        await asyncio.sleep(60)


@pytest.fixture(scope="module")
def copies() -> _Copies:
    return play(_Copies)


def test_what_was_started_before_as_another_object_waits(copies: _Copies) -> None:
    """Each card of the last month was charged again."""
    waits = "Pending"
    assert copies.phases == {"started": waits, "velero": waits, "applied": waits, "git": "Succeeded"}
    assert (copies.stalled["status"], copies.stalled["reason"]) == ("True", "Restored")
    assert copies.stalled["message"] == (
        "The execution ran before it was restored; it starts again when spec.restart is true: Velero restored it "
        "(nightly-20261128)"
    )
    assert copies.restored["status"] == "True"
    assert copies.restored["message"].endswith("it was started as the Execution with uid uid-of-before")
    assert len(copies.patches("started")) == 1


def test_it_starts_again_when_somebody_wants_it(copies: _Copies) -> None:
    assert copies.phase("velero") == "Succeeded"
    assert copies.condition("velero", "Stalled")["status"] == "False"
    assert copies.phase("started") == "Pending"


def test_the_installation_may_want_all_of_them() -> None:
    class Wanted(_Copies):
        restarts = True

    assert set(play(Wanted).phases.values()) == {"Succeeded"}


class _BegunNoMore(_BackedUp):
    """Whoever is about to take up an execution has heard that it runs, and waits until it may."""

    async def script(self) -> None:
        self.jobs.habits = Habits({"output": 1}, longer_seconds=30)
        self.begin_operator()
        await self.until(lambda: self.operator.has_begun)
        self.create("e0")
        saved = self.save()
        executions, membership = self.operator.executions, self.operator.membership
        await self.until(lambda: any(seen.pinned for seen in self.operator.watch.all()))
        may_act = membership.held
        membership.held = lambda uid: False  # type: ignore[method-assign] # noqa: ARG005
        [seen] = self.operator.watch.all()
        await self.operator.engine.let_go(seen.uid)
        executions.observe("MODIFIED", seen)
        assert executions._taking_up
        self.put_back(saved)
        key = "default", "m0"
        self.setting.machines[key] = replace(self.setting.machines[key], uid="another")  # type: ignore[index]
        membership.held = may_act  # type: ignore[method-assign]
        await self.until(lambda: self.phase("e0") == "Succeeded")


def test_one_that_was_restored_to_before_its_beginning_runs_what_there_is_now() -> None:
    """It began with a revision of a state machine that was gone with what came after the backup."""
    scene = play(_BegunNoMore)

    assert scene.status("e0")["stateMachine"]["uid"] == "another"
