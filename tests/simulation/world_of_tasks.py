"""A world about what tasks do, whose executions call the same few things in all seeds."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Self

from tests.simulation import loop as loops
from tests.simulation.climate import Climate
from tests.simulation.loop import SimulationLoop
from tests.simulation.preparing import prepared
from tests.simulation.world import World, lived


class WorldOfTasks(World):
    """Nothing in it is too large, and its namespace stays: both would end the tasks that it is about."""

    def _make_climate(self) -> Climate:
        climate = super()._make_climate()
        climate.limits = replace(climate.limits, payload_bytes=262_144)
        climate.largest_bytes = 1_500_000
        climate.namespace_ends = False
        return climate

    @classmethod
    def played(cls, seed: int) -> Self:
        """One seed, from beginning to end."""
        made: list[Self] = []

        async def main(loop: SimulationLoop) -> None:
            world = cls(seed, loop)
            made.append(world)
            await lived(world, loop)

        with prepared():
            loops.run(Random(f"loop {seed}"), main)
        return made[0]
