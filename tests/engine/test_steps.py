"""Steps of one execution hold up nobody else for long: counted in work, never in seconds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from stepwright.asl.limits import Limits
from stepwright.asl.meter import TakesLong
from stepwright.asl.step import Step
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.engine.stepping import Stepping
from stepwright.engine.steps import PATIENCE, SHARE, Steps, at_once
from tests.asl.hostile_states import FAMILIES
from tests.engine.memory import World, loaded, types
from tests.engine.virtual_loop import run

HEAVY = "{% $count($map([1..1500], function($v){ $string($v) & 'x' })) %}"
"""Takes more than a share and less than there is patience for: about 17,500 units."""
LONG = HEAVY.replace("1500", "17000")
"""Takes about two hundred thousand units."""
LOOP: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Output": HEAVY, "Next": "C"},
        "C": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "E"}], "Default": "A"},
        "E": {"Type": "Succeed"},
    },
}
PASS = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


class Noted(Stepping):
    """Whose steps were taken, and at which turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.turn = 0
        self.steps: list[tuple[str, int]] = []
        self._more = asyncio.Event()

    def begin(self, ref: ExecutionRef) -> None:
        super().begin(ref)
        self.steps.append((ref.name, self.turn))
        self._more.set()

    async def stepped(self, name: str, times: int) -> None:
        """Wait until so many steps of an execution were taken."""
        while [other for other, _ in self.steps].count(name) < times:
            self._more.clear()
            await self._more.wait()

    async def count(self) -> None:
        """Another client: in each turn of the loop it is there once."""
        while True:
            self.turn += 1
            await asyncio.sleep(0)


def ref(name: str, namespace: str = "default") -> ExecutionRef:
    return ExecutionRef(Uid(name), namespace, name, "machine")


def step_of(work: int) -> Callable[[int | None], Step]:
    def take(patience: int | None) -> Step:
        if patience is not None and work > patience:
            raise TakesLong
        return Step(None, work=work)  # type: ignore[arg-type]  # nobody looks

    return take


def test_others_have_a_turn_between_the_steps_of_an_execution_that_never_waits() -> None:
    async def main() -> None:
        world, noted = World(limits=Limits(work_per_step=SHARE)), Noted()
        world.stepping = noted
        world.begin()
        other = asyncio.create_task(noted.count())
        world.engine.adopt(world.journal.add(loaded(LOOP, uid="loop", name="loop")))
        await noted.stepped("loop", 10)
        world.engine.adopt(world.journal.add(loaded(PASS, uid="short", name="short")))
        await noted.stepped("short", 1)
        other.cancel()
        await world.crash()

        turns = [turn for name, turn in noted.steps if name == "loop"]
        assert all(later > earlier for earlier, later in pairwise(turns))
        assert [name for name, _ in noted.steps].index("short") <= 13

    asyncio.run(main())  # in real time: where somebody is always there, virtual time stands still


@pytest.mark.parametrize("name", ["states", "iterations", "selectors of iterations", "fields of one state"])
def test_hostile_definitions_end_as_in_the_language_alone(name: str) -> None:
    async def main() -> None:
        world = World()
        definition, given = FAMILIES[name]()
        stored = await world.complete(loaded(definition, given))

        assert types(stored)[-1] == "ExecutionSucceeded"

    run(main)


def test_short_steps_are_taken_at_once() -> None:
    async def main() -> None:
        noted = Noted()
        steps = Steps(noted, at_once)
        counting = asyncio.create_task(noted.count())
        for _ in range(100):
            await steps.take(ref("a"), step_of(SHARE // 200))
        counting.cancel()

        assert {turn for _, turn in noted.steps} == {0}

    run(main)


def test_the_loop_turns_whenever_a_share_is_spent() -> None:
    async def main() -> None:
        noted = Noted()
        steps = Steps(noted, at_once)
        counting = asyncio.create_task(noted.count())
        await asyncio.gather(
            *(steps.take(ref(f"{index}", f"namespace-{index}"), step_of(SHARE)) for index in range(50))
        )
        counting.cancel()

        turns = [turn for _, turn in noted.steps]
        assert len(set(turns)) == 50  # not all fifty before anybody else

    run(main)


def test_namespaces_take_turns_at_stepping() -> None:
    async def main() -> None:
        noted = Noted()
        steps = Steps(noted, at_once)
        many = [steps.take(ref(f"many-{index}", "many"), step_of(SHARE)) for index in range(50)]
        await asyncio.gather(*many, steps.take(ref("one", "few"), step_of(SHARE)))

        assert [name for name, _ in noted.steps].index("one") <= 2

    run(main)


def test_a_step_that_takes_long_is_taken_in_a_thread() -> None:
    async def main() -> tuple[int, int]:
        threads: list[int] = []

        def take(patience: int | None) -> Step:
            threads.append(threading.get_ident())
            return step_of(PATIENCE + 1)(patience)

        step = await Steps(Stepping()).take(ref("a"), take)

        assert threads[0] == threading.get_ident() != threads[1]
        return step.work, len(threads)

    assert asyncio.run(main()) == (PATIENCE + 1, 2)


def test_a_step_at_once_has_its_part_of_the_share() -> None:
    """Of whatever comes in one turn of the loop, no more than a share is computed before the loop turns again, and what is
    short."""

    async def main() -> None:
        steps = Steps(Stepping(), at_once)
        taken = [steps.at_once(ref(f"{index}"), step_of(SHARE // 4)) for index in range(20)]
        assert len([step for step in taken if step is not None]) == 4
        assert steps.at_once(ref("short"), step_of(1)) is not None
        await asyncio.sleep(0)
        assert steps.at_once(ref("next"), step_of(SHARE // 4)) is not None

    run(main)


def test_a_step_that_takes_long_is_not_taken_at_once() -> None:
    async def main() -> None:
        assert Steps(Stepping(), at_once).at_once(ref("a"), step_of(PATIENCE + 1)) is None

    run(main)


def test_turns_are_those_of_whoever_is_named() -> None:
    async def main() -> None:
        noted = Noted()
        steps = Steps(noted, at_once, whose=lambda ref: ref.name.partition("-")[0])
        many = [steps.take(ref(f"many-{index}"), step_of(SHARE)) for index in range(50)]
        await asyncio.gather(*many, steps.take(ref("one"), step_of(SHARE)))

        assert [name for name, _ in noted.steps].index("one") <= 2

    run(main)


def test_what_is_known_to_take_long_is_not_tried_in_the_loop() -> None:
    async def main() -> None:
        noted = Noted()
        await Steps(noted, at_once).take(ref("a"), step_of(PATIENCE + 1), long=True)

        assert noted.steps == []

    run(main)


def test_what_takes_long_ends_though_others_never_stop() -> None:
    """Each of its steps waits for one of every other execution of its namespace and, for each of those and for itself,
    for one of every other namespace."""
    others, namespaces, own_steps = 3, 4, 5

    async def main() -> None:
        taken = 0

        async def aside(step: Callable[[], Step]) -> Step:
            nonlocal taken
            taken += 1
            await asyncio.sleep(0)
            return step()

        steps = Steps(Stepping(), aside)

        async def compute(whose: ExecutionRef) -> None:
            while True:
                await steps.take(whose, step_of(PATIENCE + 1), long=True)

        endless = [
            asyncio.create_task(compute(ref(f"{namespace}-{index}", namespace)))
            for namespace in ("own", *map(str, range(1, namespaces)))
            for index in range(others)
        ]
        await asyncio.sleep(0)
        began = taken
        for _ in range(own_steps):
            await steps.take(ref("one", "own"), step_of(PATIENCE + 1), long=True)
        for task in endless:
            task.cancel()
        await asyncio.gather(*endless, return_exceptions=True)

        assert taken - began <= own_steps * (others + 1) * namespaces

    run(main)


def test_what_an_execution_computes_for_long_is_written_as_it_goes() -> None:
    """It shows as running, and whoever takes it over does not compute all of it again."""
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "S0",
        "States": {
            **{f"S{n}": {"Type": "Pass", "Output": LONG, "Next": f"S{n + 1}"} for n in range(8)},
            "S8": {"Type": "Succeed"},
        },
    }

    async def main() -> None:
        stored = await World().complete(loaded(definition))

        assert types(stored)[-1] == "ExecutionSucceeded"
        writes = [
            sum(event["type"] == "PassStateExited" for event in commit.events) for commit in stored.commits
        ]
        assert sum(writes) == 8
        assert max(writes) <= 3

    run(main)


def test_what_is_computed_quickly_is_written_together() -> None:
    definition = {
        "StartAt": "S0",
        "States": {
            **{f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(200)},
            "S200": {"Type": "Succeed"},
        },
    }

    async def main() -> None:
        stored = await World().complete(loaded(definition))

        assert len([commit for commit in stored.commits if commit.events]) == 1

    run(main)


def test_a_step_in_the_thread_whose_execution_is_deleted_is_told_of_until_it_ends() -> None:
    """A thread cannot be told to stop. Were the next one named meanwhile, it would be suspected of what this one does."""

    async def main() -> None:
        stepping = Stepping()
        steps = Steps(stepping)
        began, release = threading.Event(), threading.Event()

        def take(_patience: int | None) -> Step:
            began.set()
            release.wait()
            return Step(None)  # type: ignore[arg-type]  # nobody looks

        try:
            deleted = asyncio.create_task(steps.take(ref("deleted"), take, long=True))
            await asyncio.to_thread(began.wait)
            deleted.cancel()
            await asyncio.gather(deleted, return_exceptions=True)
            another = asyncio.create_task(steps.take(ref("another"), step_of(1), long=True))
            await asyncio.sleep(0)

            assert stepping.aside is not None
            assert stepping.aside[1].name == "deleted"
        finally:
            release.set()
        await another

        assert stepping.aside is None

    asyncio.run(main())


def test_a_defect_in_a_step_gives_the_turn_back() -> None:
    def broken(_patience: int | None) -> Step:
        raise RuntimeError("a defect")

    async def main() -> None:
        steps = Steps(Stepping(), at_once)
        for _ in range(3):
            with pytest.raises(RuntimeError, match="a defect"):
                await steps.take(ref("a"), broken)
        await steps.take(ref("b"), step_of(1))

    run(main)


def test_whoever_is_cancelled_while_it_waits_leaves_its_turn_to_others() -> None:
    async def main() -> None:
        steps = Steps(Stepping(), at_once)
        first = asyncio.create_task(steps.take(ref("a"), step_of(SHARE)))
        second = asyncio.create_task(steps.take(ref("b"), step_of(SHARE)))
        third = asyncio.create_task(steps.take(ref("c"), step_of(SHARE)))
        await first
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)

        assert (await third).work == SHARE

    run(main)
