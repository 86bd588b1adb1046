"""The simulation sees what it is there to see: the code is broken in known ways, and each is caught soon."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from stepwright.asl import checkpoint as checkpoints
from stepwright.asl import interpreter
from stepwright.asl.parts import Branch
from stepwright.cluster import record
from stepwright.cluster.journal import ClusterJournal
from stepwright.controllers.executions import Executions
from stepwright.controllers.membership import Membership
from stepwright.engine import run as runs
from stepwright.engine.batch import Batch
from stepwright.engine.effects import Effects, End
from stepwright.engine.run import Run
from stepwright.tasks.job import verdict
from stepwright.tasks.job.driver import JobDriver
from tests.simulation import running, scene, seeds
from tests.simulation.jobs import Habits
from tests.simulation.scene import TASK, Scene

pytestmark = pytest.mark.slow

Break = Callable[[pytest.MonkeyPatch], None]


def drop_the_condition_on_seq(patch: pytest.MonkeyPatch) -> None:
    guard = record._guard
    patch.setattr(record, "_guard", lambda known: guard(known)[:1])


def act_before_commit(patch: pytest.MonkeyPatch) -> None:
    write = Run._write

    async def early(self: Run, batch: Batch) -> Any:
        self._act(batch)
        return await write(self, batch)

    patch.setattr(Run, "_write", early)


def forget_to_cancel(patch: pytest.MonkeyPatch) -> None:
    want = Effects.want

    def only_others(self: Effects, goals: Any) -> None:
        want(self, [goal for goal in goals if not isinstance(goal, End) or goal.finished])

    patch.setattr(Effects, "want", only_others)


def ignore_the_lease(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Membership, "held", lambda _self, _uid: True)


def take_up_nothing_of_who_is_gone(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_: Executions) -> None:
        return

    patch.setattr(Executions, "_take_up_own", nothing)


def let_go_of_nothing(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_: Executions) -> None:
        return

    patch.setattr(Executions, "_let_go_of_others", nothing)


def take_up_new_executions_without_their_input(patch: pytest.MonkeyPatch) -> None:
    """The watch has not got it."""

    async def lean(self: Executions, ref: Any) -> Any:
        return await self._lean(ref)

    patch.setattr(Executions, "_whole", lean)


def drop_dispatches_while_the_lease_has_lapsed(patch: pytest.MonkeyPatch) -> None:
    reach = Effects._reach

    async def once_more(self: Effects, task: Any, goal: Any) -> None:
        await reach(self, task, goal)

    async def work(self: Effects, task: Any) -> None:
        try:
            if self._may_act():
                await once_more(self, task, self._goals[task])
        finally:
            del self._workers[task], self._woken[task]
            self._goals.pop(task, None)

    patch.setattr(Effects, "_work", work)


def retry_an_unknown_outcome_under_a_new_commit_id(patch: pytest.MonkeyPatch) -> None:
    append = ClusterJournal.append
    count = 0

    async def renamed(self: ClusterJournal, ref: Any, commit: Any) -> None:
        nonlocal count
        count += 1
        await append(self, ref, dataclasses.replace(commit, commit_id=f"{commit.commit_id}-{count}"))

    patch.setattr(ClusterJournal, "append", renamed)


def take_the_job_of_another_token(patch: pytest.MonkeyPatch) -> None:
    async def attach(self: JobDriver, watched: Any, _task: Any, made: Any, _alike: Any) -> Any:
        job = await self._create(watched.ref, made)
        return job if job is not None else await self._calls.find(watched.ref, made.name)

    patch.setattr(JobDriver, "_attach", attach)


def arm_no_timers_after_a_restart(patch: pytest.MonkeyPatch) -> None:
    class Checkpoints:
        def __getattr__(self, name: str) -> Any:
            return (lambda _: []) if name == "open_timers" else getattr(checkpoints, name)

    patch.setattr(runs, "checkpoints", Checkpoints())


def sweep_nothing_on_reload(patch: pytest.MonkeyPatch) -> None:
    async def nothing(_self: Run, _wanted: Any) -> None:
        return

    patch.setattr(Run, "_sweep", nothing)
    patch.setattr(JobDriver, "_tidy", nothing)


def accept_a_late_result(patch: pytest.MonkeyPatch) -> None:
    """The result of a task that was given up counts for the one that runs in its place."""

    def anyone(checkpoint: Any, task: int) -> Branch | None:
        waiting = [branch for branch in checkpoint.branches() if branch.task is not None]
        exact = [branch for branch in waiting if branch.task.id == task]
        return next(iter(exact or [branch for branch in waiting if branch.task.id > task]), None)

    patch.setattr(interpreter, "_branch_of_task", anyone)


def accept_a_second_result(patch: pytest.MonkeyPatch) -> None:
    """Written once more: the same events, with the next ids."""
    add = Batch.add

    def doubled(self: Batch, step: Any, signal: Any) -> None:
        add(self, step, signal)
        if [event["type"] for event in step.events][:1] == ["TaskSucceeded"]:
            self.events.append(dict(step.events[0]))

    patch.setattr(Batch, "add", doubled)


def act_on_an_event_of_the_past(patch: pytest.MonkeyPatch) -> None:
    """An execution that has begun is taken up as its event tells, not as it is stored."""
    begin = Executions._start_or_wait

    async def with_its_event(self: Executions, seen: Any) -> None:
        own = self._journal.read

        async def as_told(ref: Any) -> Any:
            return await own(ref) if seen.pinned is None else msgspec.to_builtins(seen)

        self._journal.read = as_told  # type: ignore[method-assign]
        try:
            await begin(self, seen)
        finally:
            self._journal.read = own  # type: ignore[method-assign]

    patch.setattr(Executions, "_start_or_wait", with_its_event)


def create_the_job_again_where_it_is_gone(patch: pytest.MonkeyPatch) -> None:
    """That its uid was seen is not asked."""
    attach = JobDriver._attach

    async def forgetful(self: JobDriver, watched: Any, task: Any, *made: Any) -> Any:
        return await attach(self, watched, msgspec.structs.replace(task, submitted=None), *made)

    patch.setattr(JobDriver, "_attach", forgetful)


def let_jobs_run_again(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks at a Job whose task has its end."""
    patch.setattr(verdict, "aftermath", lambda _job, _pods: verdict.Aftermath.FINISHED)


def park_while_a_task_runs(patch: pytest.MonkeyPatch) -> None:
    class Checkpoints:
        def __getattr__(self, name: str) -> Any:
            return self.waiting_until if name == "waiting_until" else getattr(checkpoints, name)

        def waiting_until(self, checkpoint: Any) -> Any:
            return min((timer.due for timer in checkpoints.open_timers(checkpoint)), default=None)

    patch.setattr(runs, "checkpoints", Checkpoints())


@pytest.mark.timeout(1200)  # of two bugs a thousand seeds and more know nothing
@pytest.mark.parametrize(
    ("bug", "within", "told"),
    [
        (drop_the_condition_on_seq, 300, "from seq"),
        (act_before_commit, 100, "before its task was written"),
        (forget_to_cancel, 100, "active"),
        (ignore_the_lease, 1_000, "not its own"),
        (take_up_nothing_of_who_is_gone, 500, "not at rest"),
        (let_go_of_nothing, 500, "not at rest"),
        (take_up_new_executions_without_their_input, 2_000, ""),
        (drop_dispatches_while_the_lease_has_lapsed, 500, "not at rest"),
        (retry_an_unknown_outcome_under_a_new_commit_id, 100, "fenced by a write of its own"),
        (take_the_job_of_another_token, 500, "which its Job did not give"),
        (arm_no_timers_after_a_restart, 500, "not at rest"),
        (sweep_nothing_on_reload, 300, "not at rest"),
        (accept_a_late_result, 2_000, "which its Job"),
        (accept_a_second_result, 100, "event"),
        (act_on_an_event_of_the_past, 100, "the phase is Failed, not Running"),
        (create_the_job_again_where_it_is_gone, 2_000, "created again"),
        (let_jobs_run_again, 400, "runs again"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_known_bug_is_caught(
    bug: Break, within: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bug(monkeypatch)
    with running.prepared():
        for seed in range(within):
            found = [sentence for sentence in seeds.play(seed).violations if told in sentence]
            if found:
                with capsys.disabled():
                    print(f"\n{bug.__name__}: caught after {seed + 1} seeds: {found[0][:150]}")
                return
    pytest.fail(f"{within} seeds did not show it")


class _WaitsBesideATask(Scene):
    """Tasks whose pods start late, beside a Wait that is still long when they end."""

    machine: Mapping[str, Any] = {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "End": True,
                "Branches": [
                    {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 300, "End": True}}},
                    {"StartAt": "Do", "States": {"Do": {**TASK, "End": True}}},
                ],
            }
        },
    }
    executions = tuple(f"e{number}" for number in range(6))

    async def script(self) -> None:
        self.jobs.habits = Habits({"pending": 1})
        self.begin_operator()
        for name in self.executions:
            self.create(name)
        await asyncio.sleep(120)
        self.states = {self.status(name)["currentState"] for name in self.executions}


def test_an_execution_parked_while_a_task_runs_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """In seeds it shows once in 500, since a task has to be under way for long beside a Wait that is longer still."""
    assert scene.play(_WaitsBesideATask).states == {"Both[0]/Wait"}

    park_while_a_task_runs(monkeypatch)
    assert len(scene.play(_WaitsBesideATask).states) > 1
