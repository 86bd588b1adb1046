"""A world in which only what a test says happens: no faults but its own, no strikes, one definition for all executions.

For what a seed meets too rarely: a schedule that is to be seen, a clock that is set by an hour, an object that somebody
has laid there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeVar

from stepwright.asl.limits import Limits
from stepwright.cluster import stored
from stepwright.controllers.known_machines import Known
from tests.simulation import logs
from tests.simulation import loop as loops
from tests.simulation.api_server import Request
from tests.simulation.client import Fate
from tests.simulation.climate import constants
from tests.simulation.jobs import Habits
from tests.simulation.loop import SimulationLoop
from tests.simulation.network import Network
from tests.simulation.operator import Operator, Setting
from tests.simulation.preparing import prepared
from tests.simulation.world import NAMESPACE, World

S = TypeVar("S", bound="Scene")

TASK: Mapping[str, Any] = {
    "Type": "Task",
    "Resource": "k8s:job",
    "Parameters": {"image": "example", "command": ["true"]},
}
LIMITS = Limits()


class Scene(World):
    """``script`` says what happens; the scene ends when it returns."""

    machine: Mapping[str, Any] = {"StartAt": "Do", "States": {"Do": {**TASK, "End": True}}}
    others: Mapping[str, Mapping[str, Any]] = {}
    """Further ones, by their names; all have the same settings."""
    settings: Mapping[str, Any] = {"taskDefaults": {"ttlSecondsAfterFinished": 3600}}
    limits = LIMITS

    def __init__(self, seed: int, loop: SimulationLoop) -> None:
        super().__init__(seed, loop)
        self.network.calm = True
        self.network.strike_nobody()
        self.jobs.habits = Habits({"output": 1})
        self.watchman.calm = True

    async def script(self) -> None:
        raise NotImplementedError

    # --- What a script does ------------------------------------------------------------------------------------------

    def begin_operator(self, slot: int = 0) -> None:
        self._start_operator(slot)

    def create(self, name: str, given: Any = None, **metadata: Any) -> None:
        self._create_execution(name, {"stateMachineRef": {"name": "m0"}, "input": given or {}}, metadata)

    def execution(self, name: str) -> dict[str, Any]:
        body = self.server.get("executions", NAMESPACE, name)
        assert body is not None
        return body

    def status(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = self.execution(name).get("status") or {}
        return status

    def condition(self, name: str, kind: str) -> dict[str, Any]:
        """Empty where it has none of that type."""
        found = [each for each in self.status(name).get("conditions") or () if each["type"] == kind]
        return found[0] if found else {}

    def patches(self, name: str) -> list[str]:
        """What became of each patch of its status: ``ok``, or how it was refused."""
        end = f"/executions/{name}/status"
        return [what[4] for what in self.result.trace if what[2:3] == ("PATCH",) and what[3].endswith(end)]

    def events(self) -> list[str]:
        """The Kubernetes Events that were posted."""
        return [what[3] for what in self.result.trace if what[2:3] == ("tells",)]

    @property
    def operator(self) -> Operator:
        """The one that has been there longest."""
        return next(iter(self.operators.values()))

    def phase(self, name: str) -> str:
        return stored.of(self.execution(name)).phase

    def change(self, name: str, edit: Callable[[dict[str, Any]], None]) -> None:
        """As by ``kubectl edit`` of the spec and the metadata."""
        key = ("executions", NAMESPACE, name)
        body = self.server.edited(key)
        assert body is not None
        edit(body)
        self.server.change(key, body)

    async def until(self, holds: Callable[[], bool], seconds: float = 300) -> None:
        for _ in range(round(seconds * 10)):
            if holds():
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not within {seconds:.0f} s; {self.newest()}")

    def newest(self) -> str:
        return "\n".join(str(line)[:300] for line in self.result.trace[-25:])

    def fate(self, request: Request, fate: Fate) -> Fate:  # noqa: ARG002 - for those that say otherwise
        """What becomes of a request. ``fate``: what would become of it without the script."""
        return fate

    # --- The world ----------------------------------------------------------------------------------------------------

    def _make_network(self) -> Network:
        return _Network(self)

    def _make_machines(self) -> Setting:
        climate = self.climate
        climate.limits, climate.largest_bytes, climate.batch_events = self.limits, 1_500_000, 2_000
        climate.page_bytes, climate.inline_bytes, climate.annotated_bytes = 48_000, 8_192, 32_768
        climate.transitions = 50
        self.server.largest_bytes = climate.largest_bytes
        known, revisions = {}, {}
        for name, machine in {"m0": self.machine, **self.others}.items():
            revision, uid = self._store_machine(name, machine, self.settings)
            revisions[revision.name] = revision
            known[NAMESPACE, name] = Known(uid, 1, revision.name, "", deleting=False)
        return Setting(known, revisions, self.limits, 7)

    def _wall_clock_off(self) -> int:
        return 0

    async def run(self) -> None:
        await self.script()
        await self._end_operators()


class _Network(Network):
    """As the script has it."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene.climate, scene.server, scene._chance)
        self._scene = scene

    def of(self, request: Request) -> Fate:
        return self._scene.fate(request, super().of(request))


def play(scene: type[S], seed: int = 1) -> S:
    """From beginning to end; what the script raises is raised."""
    scenes: list[S] = []

    async def main(loop: SimulationLoop) -> None:
        played = scene(seed, loop)
        scenes.append(played)
        with constants(played.climate), logs.into(played.log):
            await played.run()

    with prepared():
        loops.run(Random(f"loop {seed}"), main)
    return scenes[0]
