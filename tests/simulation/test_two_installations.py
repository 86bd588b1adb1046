"""Two installations that do not know of each other's Leases serve one namespace: each execution is carried by one of them,
and one of them gives way."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from tests.simulation import scene
from tests.simulation.operator import LEASE_NAMESPACE
from tests.simulation.scene import TASK, Scene

pytestmark = pytest.mark.slow

TASKS = 10
OTHER = "a-second-one"
"""It sorts before the first one's name."""


class TwoInstallations(Scene):
    machine: Mapping[str, Any] = {
        "StartAt": "T0",
        "States": {
            f"T{number}": {**TASK, **({"Next": f"T{number + 1}"} if number < TASKS - 1 else {"End": True})}
            for number in range(TASKS)
        },
    }
    lease_namespaces = (LEASE_NAMESPACE, OTHER)
    executions = 6

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        # Trouble as in any seed, but for what ends processes.
        self.climate.faults, self.climate.lag, self.climate.streams = 0.05, (0.01, 1.0, 2.0), (200, 400)

    def names(self) -> list[str]:
        return [f"e{number}" for number in range(self.executions)]

    def carriers(self) -> Counter[str]:
        return Counter(self.execution(name)["status"].get("operator") for name in self.names())

    def all_succeeded(self) -> bool:
        return all(self.phase(name) == "Succeeded" for name in self.names())

    async def script(self) -> None:
        self.begin_operator(0)
        self.begin_operator(1)
        await asyncio.sleep(5)
        self.network.calm = False
        for name in self.names():
            self.create(name)
            await asyncio.sleep(0.2)
        await self.until(self.all_succeeded)
        self.network.calm = True
        await self.then()

    async def then(self) -> None:
        """More, once everything has ended."""


@pytest.mark.parametrize("seed", range(12))
def test_no_execution_is_touched_by_two(seed: int) -> None:
    world = scene.play(TwoInstallations, seed)
    made = Counter(note.token for note in world.jobs.notes.values())

    assert len(made) == TASKS * world.executions
    assert set(made.values()) == {1}, "a Job was made again, since the other installation had deleted it"
    assert world.result.violations == []


def test_one_gives_way_and_says_so_until_the_other_is_gone() -> None:
    class World(TwoInstallations):
        async def then(self) -> None:
            first, second = self.operators[0], self.operators[1]
            assert len(self.carriers()) == 2, "both have begun some: it is chance"
            assert second.neighbours.obstacle is None
            assert first.neighbours.obstacle == (
                f"installation {OTHER} serves namespace default, too: this one, {LEASE_NAMESPACE}, begins nothing "
                "there. Let each namespace be served by one installation"
            )
            for number in range(10):
                self.create(f"later{number}")
            await self.until(lambda: all(self.phase(f"later{number}") == "Succeeded" for number in range(10)))
            assert {self.execution(f"later{number}")["status"]["operator"] for number in range(10)} == {OTHER}

            self._over = True  # nobody comes back
            second.end()
            await asyncio.sleep(700)
            assert first.neighbours.obstacle is None
            self.create("last")
            await self.until(lambda: self.phase("last") == "Succeeded")

    scene.play(World)
