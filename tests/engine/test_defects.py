"""Exceptions that nobody foresaw: tried again once, then the execution fails and says where to look."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stepwright.asl import interpreter
from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.signals import Signal, Stop, TaskSucceeded
from stepwright.asl.step import Outcome, Step
from stepwright.engine.ports import Commit, Heartbeat, StopRequest
from tests.engine.memory import World, loaded, output, stop, types
from tests.engine.virtual_loop import run

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job"}
ONE_TASK = {"StartAt": "A", "States": {"A": {**TASK, "End": True}}}
TWO_TASKS = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Branches": [ONE_TASK, {"StartAt": "B", "States": {"B": {**TASK, "End": True}}}],
            "End": True,
        }
    },
}
SECRET = "a secret of the execution"
CAUSE = (
    "An internal error of Stepwright (KeyError) kept the execution from going on. "
    "Its log says more at error_id commit-{}."
)

Resume = Callable[..., Step]


def break_steps(
    monkeypatch: pytest.MonkeyPatch, times: int, concerned: type[Signal] = TaskSucceeded
) -> list[int]:
    """Let so many steps fail that answer a signal of this kind. Gives how many did."""
    resume: Resume = interpreter.resume
    failed: list[int] = []

    def broken(machine: Any, checkpoint: Any, signal: Signal, *rest: Any, **more: Any) -> Step:
        if isinstance(signal, concerned) and len(failed) < times:
            failed.append(len(failed))
            raise KeyError(SECRET)
        return resume(machine, checkpoint, signal, *rest, **more)

    monkeypatch.setattr(interpreter, "resume", broken)
    return failed


def test_a_step_that_fails_once_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        world = World(lambda _: (5.0, {"done": True}))
        failed = break_steps(monkeypatch, 1)
        stored = await world.complete(loaded(ONE_TASK))

        assert len(failed) == 1
        assert output(stored) == '{"done":true}'
        assert len(world.driver.created) == 1
        assert [len(world.observer.broke_at), world.observer.stalls] == [1, []]

    run(main)


def test_a_step_that_fails_again_fails_the_execution_and_stops_its_tasks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It hung for ever, without a word to anybody but the log."""

    async def main() -> None:
        world = World(lambda task: (5.0 if task.state == "A" else 600.0, {"done": True}))
        break_steps(monkeypatch, 99)
        stored = await world.complete(loaded(TWO_TASKS))

        assert stored.outcome == Outcome("FAILED", error="States.Runtime", cause=CAUSE.format(3))
        assert SECRET not in str(stored.outcome)
        assert (types(stored)[-1], world.driver.running, stored.loaded.settled) == (
            "ExecutionFailed",
            {},
            True,
        )
        assert len(world.observer.broke_at) == 2

    run(main)


def test_an_execution_whose_very_start_fails_ends_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        def broken(*_: Any, **__: Any) -> Step:
            raise KeyError(SECRET)

        monkeypatch.setattr(interpreter, "start", broken)
        world = World()
        stored = await world.complete(loaded(ONE_TASK))

        assert stored.outcome == Outcome("FAILED", error="States.Runtime", cause=CAUSE.format(2))
        assert types(stored) == ["ExecutionStarted", "ExecutionFailed"]

    run(main)


def test_a_write_that_cannot_even_be_made_fails_the_execution() -> None:
    async def main() -> None:
        world = World()

        def cannot(commit: Commit) -> None:
            if commit.outcome is None or commit.outcome.status == "SUCCEEDED":
                raise KeyError(SECRET)

        world.journal.before = cannot
        stored = await world.complete(loaded(ONE_TASK))

        assert stored.outcome is not None
        assert (stored.outcome.status, stored.outcome.error) == ("FAILED", "States.Runtime")

    run(main)


def test_an_execution_that_cannot_even_be_failed_is_told() -> None:
    async def main() -> None:
        world = World()

        def cannot(_: Commit) -> None:
            raise KeyError(SECRET)

        world.journal.before = cannot
        world.engine.adopt(world.journal.add(loaded(ONE_TASK)))
        await world.idle()

        assert world.observer.stalls == [CAUSE.format(6)]

    run(main)


def test_steps_that_fail_and_go_on_in_turns_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    many: dict[str, Any] = {
        "StartAt": "T0",
        "States": {f"T{n}": {**TASK, "Next": f"T{n + 1}"} for n in range(20)},
    }
    many["States"]["T20"] = {"Type": "Succeed"}

    async def main() -> None:
        resume: Resume = interpreter.resume
        seen: set[int] = set()

        def broken(machine: Any, checkpoint: Any, signal: Signal, *rest: Any, **more: Any) -> Step:
            if isinstance(signal, TaskSucceeded) and signal.task not in seen:
                seen.add(signal.task)
                raise KeyError(SECRET)
            return resume(machine, checkpoint, signal, *rest, **more)

        monkeypatch.setattr(interpreter, "resume", broken)
        world = World()
        stored = await world.complete(loaded(many))

        assert stored.outcome is not None
        assert (stored.outcome.error, len(world.observer.broke_at)) == ("States.Runtime", 8)

    run(main)


def test_a_checkpoint_of_a_newer_version_is_left_as_it_is() -> None:
    async def main() -> None:
        world = World(lambda _: (600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        await world.crash()
        stored = world.journal.stored[execution.ref.uid]
        head = dict(stored.loaded.parts[checkpoints.PartId("head")], version=99)
        stored.loaded = replace(
            stored.loaded, parts={**stored.loaded.parts, checkpoints.PartId("head"): head}
        )
        writes = len(stored.commits)
        world.begin()
        world.adopt_all()
        await world.idle()

        assert (len(stored.commits), len(world.observer.stalls), len(world.driver.running)) == (writes, 1, 1)

    run(main)


def test_a_task_that_beats_has_a_whole_interval_after_a_restart() -> None:
    """Its heartbeats are written nowhere, so the interval was counted from its start, and it failed at once."""

    async def main() -> None:
        beating = {"StartAt": "A", "States": {"A": {**TASK, "HeartbeatSeconds": 4, "End": True}}}
        world = World(lambda _: (60.0, {"done": True}))
        execution = world.journal.add(loaded(beating))
        uid = execution.ref.uid
        world.engine.adopt(execution)
        for _ in range(8):
            await asyncio.sleep(1)
            world.driver.report(uid, Heartbeat(world.driver.created[0][1]))
        await world.crash()
        await asyncio.sleep(2)
        world.begin()
        world.adopt_all()
        await asyncio.sleep(3.5)
        assert world.engine.carries(uid)

        world.driver.report(uid, Heartbeat(world.driver.created[0][1]))
        await asyncio.sleep(3.5)
        assert world.engine.carries(uid)

        await asyncio.sleep(1)
        stored = world.journal.stored[uid]
        assert stored.outcome is not None
        assert (stored.outcome.status, types(stored)[-2]) == ("FAILED", "TaskTimedOut")

    run(main)


def test_a_stop_is_not_forgotten_where_a_step_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        world = World(lambda _: (600.0, {}))
        execution = world.journal.add(loaded(ONE_TASK))
        world.engine.adopt(execution)
        await asyncio.sleep(1)
        break_steps(monkeypatch, 1, Stop)
        stored = world.journal.stored[execution.ref.uid]
        stored.loaded = replace(stored.loaded, stop=StopRequest("Stopped", "by hand"))
        stop(world)
        await world.idle()

        assert stored.outcome is not None
        assert stored.outcome.status == "ABORTED"

    run(main)
