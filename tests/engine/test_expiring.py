"""Tasks whose answers other processes accept: whether their time is over is asked before it is said."""

from __future__ import annotations

import asyncio
from typing import Any

from stepwright.asl.signals import TaskId, TaskSucceeded, TimerId
from stepwright.engine.ports import ExecutionRef, Heartbeat, Unavailable
from tests.engine.memory import MemoryDriver, World, loaded, stop
from tests.engine.virtual_loop import run

TASK: dict[str, Any] = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}, "End": True}


def machine(**fields: Any) -> dict[str, Any]:
    return {"StartAt": "T", "States": {"T": {**TASK, **fields}}}


class Register(MemoryDriver):
    """``accepted``: an answer that is there and that the engine has not heard of yet."""

    def __init__(self) -> None:
        super().__init__(lambda _: (3600.0, {}))
        self.accepted: Any = None
        self.is_alive = False
        self.asked: list[TimerId] = []
        self.away = 0

    answered_elsewhere = True

    def is_answered_elsewhere(self, ref: ExecutionRef, task: TaskId) -> bool:  # noqa: ARG002
        return self.answered_elsewhere

    async def expire(self, ref: ExecutionRef, task: TaskId, timer: TimerId) -> bool:
        self.asked.append(timer)
        await asyncio.sleep(0.002)
        if self.away:
            self.away -= 1
            raise Unavailable("it is away")
        if self.accepted is not None:
            self.report(ref.uid, TaskSucceeded(task, self.accepted))
            return False
        if self.is_alive and timer.startswith("heartbeat"):
            self.report(ref.uid, Heartbeat(task))
            return False
        return True


def world() -> tuple[World, Register]:
    made = World(driver=Register)
    assert isinstance(made.driver, Register)
    return made, made.driver


def test_a_task_of_which_no_answer_is_accepted_any_more_times_out() -> None:
    async def main() -> None:
        made, register = world()
        register.away = 2
        stored = await made.complete(loaded(machine(TimeoutSeconds=5)))

        assert stored.outcome is not None
        assert stored.outcome.error == "States.Timeout"
        assert len(register.asked) == 3

    run(main)


def test_an_answer_that_was_accepted_counts_though_the_timer_has_fired() -> None:
    async def main() -> None:
        made, register = world()
        register.accepted = {"n": 1}
        stored = await made.complete(loaded(machine(TimeoutSeconds=5)))

        assert stored.outcome is not None
        assert (stored.outcome.status, stored.outcome.output) == ("SUCCEEDED", '{"n":1}')

    run(main)


def test_a_sign_of_life_that_was_accepted_gives_the_task_another_interval() -> None:
    async def main() -> None:
        made, register = world()
        register.is_alive = True
        execution = made.journal.add(loaded(machine(TimeoutSeconds=60, HeartbeatSeconds=5)))
        made.engine.adopt(execution)
        await asyncio.sleep(31)
        assert len(register.asked) == 6
        register.is_alive = False
        await made.idle()

        outcome = made.journal.stored[execution.ref.uid].outcome
        assert outcome is not None
        assert outcome.error == "States.Timeout"

    run(main)


def test_it_is_asked_once_the_task_has_been_started() -> None:
    async def main() -> None:
        made, register = world()
        register.unavailable = 8  # for longer than its time
        stored = await made.complete(loaded(machine(TimeoutSeconds=2)))

        assert stored.outcome is not None
        assert stored.outcome.error == "States.Timeout"
        assert register.created
        assert len(register.asked) == 1

    run(main)


def test_of_a_task_that_nobody_answers_elsewhere_the_time_is_over_however_long_its_start_takes() -> None:
    """A Job that waits for its turn to be created."""

    async def main() -> None:
        made, register = world()
        register.answered_elsewhere, register.unavailable = False, 10_000
        stored = await made.complete(loaded(machine(TimeoutSeconds=2)))

        assert stored.outcome is not None
        assert stored.outcome.error == "States.Timeout"
        assert register.created == []
        assert register.asked == []

    run(main)


def test_a_task_that_is_stopped_meanwhile_is_not_asked_after() -> None:
    async def main() -> None:
        made, register = world()
        register.away = 10_000
        execution = made.journal.add(loaded(machine(TimeoutSeconds=2)))
        made.engine.adopt(execution)
        await asyncio.sleep(20)
        stop(made)
        await made.idle()

        outcome = made.journal.stored[execution.ref.uid].outcome
        assert outcome is not None
        assert outcome.status == "ABORTED"
        assert register.stopped

    run(main)
