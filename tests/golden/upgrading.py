"""A rolling upgrade: executions begin under an earlier version's operator, this version's joins, the earlier one ends."""
# ruff: noqa: ASYNC110 - time is virtual

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

from stepwright.cluster import stored
from stepwright.tasks.job import template
from tests.golden import write
from tests.golden.earlier import Earlier
from tests.simulation import climate, logs
from tests.simulation import loop as loops
from tests.simulation.operator import Setting
from tests.simulation.preparing import prepared

EXECUTIONS = 4
ENDS_WITHIN_SECONDS = 300


class Upgrade(write.Writer):
    """``joins``: when this version's operator does, in seconds; the other ends ``beside`` later. ``back``: it is the
    other way round, an upgrade that is taken back."""

    def __init__(
        self, seed: int, loop: loops.SimulationLoop, earlier: Earlier, joins: float, beside: float, back: bool
    ) -> None:
        super().__init__(seed, loop, stopped=False)
        self._earlier, self._joins, self._beside, self._back = earlier, joins, beside, back
        self.watchman.counted = False

    def _make_machines(self) -> Setting:
        setting = super()._make_machines()
        self.climate.annotated_bytes = template.LARGEST_ANNOTATED_INPUT_BYTES  # the other's are as they are
        return setting

    def _observe(self, *_: Any) -> None:
        """Nothing is written down."""

    def _start_earlier(self, slot: int) -> None:
        revisions, machines = self.server.all("controllerrevisions"), self.server.all("statemachines")
        self._lives += 1
        operator = self.operators[slot] = self._earlier.operator.Operator(
            f"{'abcd'[slot]}{self._lives}",
            self.server,
            self.network,
            self._earlier.setting(revisions, machines, write.SEED),
            Random(f"operator {self.result.seed} {self._lives}"),
            self.trace,
            **self._hears(),
        )
        operator.begin()

    def _replace(self, operator: Any) -> None:
        """Who has ended does not come back."""
        slot = next(slot for slot, other in self.operators.items() if other is operator)
        del self.operators[slot]
        self.ended.append(operator)

    async def run(self) -> None:
        first, second = self._start_earlier, self._start_operator
        if self._back:
            first, second = second, first
        self._later(0, first, 0)
        for number in range(EXECUTIONS):
            self._later(1, self._create_execution, f"e{number}", write.spec(stopped=False))
        self._later(self._joins, second, 1)
        self._later(self._joins + self._beside, self._end_first)
        while not self._is_over() and self._loop.time() < ENDS_WITHIN_SECONDS:
            await asyncio.sleep(1)
        await asyncio.sleep(10)
        await self._end_operators()

    def _end_first(self) -> None:
        if 0 in self.operators:
            self.operators[0].end()

    def _is_over(self) -> bool:
        bodies = self.server.all("executions")
        return (
            not self._actions
            and len(bodies) == EXECUTIONS
            and all(stored.of(body).has_ended and stored.of(body).settled for body in bodies)
        )


def upgrade(earlier: Earlier, joins: float, beside: float, *, back: bool) -> Upgrade:
    found: list[Upgrade] = []

    async def main(loop: loops.SimulationLoop) -> None:
        made = Upgrade(write.SEED, loop, earlier, joins, beside, back)
        found.append(made)
        with climate.constants(made.climate), logs.into(made.log):
            await made.run()
            made.watchman.final(made.setting, may_end_plainly=False)

    with prepared():
        loops.run(Random(f"upgrade {joins} {beside} {back}"), main)
    return found[0]
