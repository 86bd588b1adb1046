"""A seed with a rolling upgrade: operators of the version before, whole and unchanged, and of this one, at one cluster.

What goes wrong in such a seed is what went wrong in the earlier version's own simulation, which it came through: lost and
late requests, cut watches, kills, SIGSTOP, SIGTERM, Jobs in trouble, clocks some seconds off. Nothing that was simulated
only later happens (``_without_later_faults``), because the earlier version need not survive it.

All that is looked at in other seeds must hold in this one, whoever wrote it, but for three things that cannot be mended
any more: what the earlier version's processes log, what they leave behind as they end, and how they word the end of an
execution that they end themselves.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

from stepwright.asl.limits import Limits
from stepwright.tasks.job import template
from tests.golden.earlier import Earlier
from tests.simulation.api_server import OUTSIDE, Request, Stream
from tests.simulation.client import Fate, Strike
from tests.simulation.climate import Climate
from tests.simulation.jobs import USUAL
from tests.simulation.loop import SimulationLoop
from tests.simulation.network import Network
from tests.simulation.operator import Operator
from tests.simulation.rarities import Upgrade
from tests.simulation.world import World

LATER_FATES = ("lost after its end",)
"""Of Jobs, which the earlier version's simulation did not have."""
LONGEST_PAUSE_SECONDS = 3.0


class Upgraded(World):
    redrives = False

    def __init__(self, seed: int, loop: SimulationLoop, earlier: Earlier, upgrade: Upgrade) -> None:
        self._earlier = earlier
        self._back = upgrade == "back"
        self._replaced: set[int] = set()
        """The slots in which the other version runs by now."""
        self._earlier_ones: set[str] = set()
        """Processes of the earlier version."""
        self._upgrades = Random(f"upgrade {seed}")
        super().__init__(seed, loop)
        self.result.rare[f"rolling upgrades {upgrade}"] += 1
        self._without_later_faults()
        self._network_of_earlier = _EarlierNetwork(self.network, earlier.api_errors)
        bodies = self.server.all("controllerrevisions"), self.server.all("statemachines")
        self._earlier_setting = earlier.setting(*bodies, self.setting.step_seed)

    def _make_climate(self) -> Climate:
        climate = super()._make_climate()
        # Bounds that both keep by themselves, and that make two Jobs differ.
        climate.limits, climate.largest_bytes = Limits(), 1_500_000
        climate.annotated_bytes = template.LARGEST_ANNOTATED_INPUT_BYTES
        climate.operators = max(2, climate.operators)
        return climate

    def _without_later_faults(self) -> None:
        weights = {fate: weight for fate, weight in USUAL.weights.items() if fate not in LATER_FATES}
        self.jobs.habits = replace(USUAL, weights=weights)
        self.watchman.counted = False
        self.watchman.is_earlier = self._earlier_ones.__contains__

    def _strike(self, operator: Operator, how: Strike) -> None:
        super()._strike(operator, "stopped" if how == "paused" else how)

    def _wall_clock_off(self) -> int:
        return 0

    def _jump(self) -> None:
        for _, operator in sorted(self.operators.items()):
            operator.clock.offset_ms += self._random.choice((-2_000, -300, 500, 4_000))
            self.trace(operator.process.name, "clock", operator.clock.offset_ms)

    # --- The upgrade -------------------------------------------------------------------------------------------------

    def _begin_trouble(self) -> None:
        super()._begin_trouble()
        at = self._upgrades.uniform(1, self.climate.trouble_seconds)
        for slot in range(self.climate.operators + self.climate.joins):
            self._later(at, self._upgrade, slot)
            at += self._upgrades.uniform(0, LONGEST_PAUSE_SECONDS)

    def _upgrade(self, slot: int) -> None:
        """As a Deployment does: who runs there is told to end, and another version comes in its place."""
        self.trace("user", "takes back" if self._back else "upgrades", slot)
        self._replaced.add(slot)
        operator = self.operators.get(slot)
        if operator is not None and self._is_earlier(operator) != (self._back):
            self._strike(operator, "ended")

    def _start_operator(self, slot: int) -> None:
        super()._start_operator(slot)
        operator = self.operators.get(slot)
        if operator is not None and self._is_earlier(operator):
            # One that is told to end while it gives back its Lease, having been taken for dead, does not say that it has.
            main = operator.process.tasks[0]
            main.add_done_callback(lambda _: self._operator_ended(operator, None), context=OUTSIDE)

    def _is_earlier(self, operator: Operator) -> bool:
        return operator.process.name in self._earlier_ones

    def _make_operator(self, slot: int, name: str) -> Operator:
        if (slot in self._replaced) != self._back:
            return super()._make_operator(slot, name)
        self._earlier_ones.add(name)
        made: Operator = self._earlier.operator.Operator(
            name,
            self.server,
            self._network_of_earlier,
            self._earlier_setting,
            Random(f"operator {self.result.seed} {self._lives}"),
            self.trace,
            **self._hears(),
        )
        return made

    def log(self, process: str, level: str, event: dict[str, Any]) -> None:
        if process in self._earlier_ones:
            self.trace(process, level, event.pop("event"), event)
        else:
            super().log(process, level, event)


class _EarlierNetwork:
    """The network as the earlier version's processes meet it: its exceptions are of that version's own classes."""

    def __init__(self, network: Network, errors: Any) -> None:
        self._network = network
        self._errors = errors

    @property
    def under_way(self) -> int:
        return self._network.under_way

    @under_way.setter
    def under_way(self, count: int) -> None:
        self._network.under_way = count

    def of(self, request: Request) -> Fate:
        return self._network.of(request)

    def of_stream(self) -> Any:
        return self._network.of_stream()

    def cut(self, stream: Stream) -> None:
        self._network.cut_with(stream, self._errors)
