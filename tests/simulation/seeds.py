"""One seed: a world and the trouble it is in, rare kinds included."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec

from stepwright.cluster import stored
from stepwright.cluster.revisions import Revision
from stepwright.controllers import member_lease
from stepwright.controllers.state_machine_watch import NOTHING_SAID, Policy
from tests.engine.virtual_loop import BEGIN
from tests.golden import earlier
from tests.on_cluster.rights import Right
from tests.simulation import access, children, machines, rarities, remote, shards
from tests.simulation import loop as loops
from tests.simulation.api_server import Body, Snapshot
from tests.simulation.authors import Authors
from tests.simulation.climate import Climate
from tests.simulation.loop import SimulationLoop
from tests.simulation.machine_watchman import MachineWatchman
from tests.simulation.operator import LEASE_NAMESPACE, Setting
from tests.simulation.rarities import LARGE_OBJECT_BYTES, Rarities
from tests.simulation.result import Result
from tests.simulation.upgrades import Upgraded
from tests.simulation.watchman import Memory
from tests.simulation.workers import WorkersWorld
from tests.simulation.world import ACCOUNT, NAMESPACE, World, lived

OTHER_INSTALLATION = "a-second-one"
RESTORED_AFTER_SECONDS = 10.5
"""For so long nothing answers at least: etcd is stopped, its data are put back, it is started. Of what was stored beside
an execution shortly before it its next commit may rely on the copy (``cluster.rows.TRUSTED_SECONDS``)."""
_SMALLEST_STATUS_BYTES = 800
"""About: where less room is left nothing can be said in an Execution's status."""


class Seed(World):
    def __init__(self, seed: int, loop: SimulationLoop, rarities: Rarities) -> None:
        self.rarities = rarities
        self._rare = Random(f"rare events {seed}")
        if self.rarities.installations > 1:
            self.lease_namespaces = (LEASE_NAMESPACE, OTHER_INSTALLATION)
        self._unwritable: set[str] = set()
        if rarities.children:
            self.rests_within_seconds = children.REST_WITHIN_SECONDS
        self._machines: MachineWatchman | None = None
        super().__init__(seed, loop)
        self._authors = Authors(
            self.server, NAMESPACE, Random(f"authors {seed}"), self._later, self.trace, ACCOUNT
        )
        self.result.rare.update(self.rarities.kinds())

    def _make_climate(self) -> Climate:
        climate = super()._make_climate()
        rare = self.rarities
        if rare.installations > 1:
            climate.operators = max(2, climate.operators)
        if rare.maps:
            climate.limits = shards.limits(climate.limits, self._rare)
        if rare.large:
            climate.largest_bytes = max(climate.largest_bytes if climate.is_tight else 0, LARGE_OBJECT_BYTES)
        if rare.authors and climate.is_tight:
            climate.largest_bytes = LARGE_OBJECT_BYTES  # a definition has room
        return climate

    def _make_machines(self) -> Setting:
        if not self.rarities.authors:
            setting = super()._make_machines()
            if not self.rarities.children or self._rare.randrange(2):
                return setting
            soon = Policy(ttl_seconds=self._rare.choice((0, 3)))
            return msgspec.structs.replace(
                setting,
                policies=dict.fromkeys(setting.machines, NOTHING_SAID)
                | {(NAMESPACE, name): soon for name in children.MACHINES},
            )
        revisions: dict[str, Revision] = {}
        self._machines = MachineWatchman(self.server, revisions, self.violation)
        self._machines.one_controller = self.rarities.installations == 1
        # Who is refused asks whether the namespace is being deleted, which a ClusterRole need not let it know.
        self.access.foreseen.add(Right("served", "", "namespaces", "get"))
        limits, seed = self.climate.limits, self._rare.getrandbits(32)
        return Setting({}, revisions, limits, seed, looks_after_machines=True)

    def _make_machine(self) -> machines.State:
        made = super()._make_machine()
        if self.rarities.children:
            return children.instead_of_jobs(made, self._rare, children.MACHINES)
        if self.rarities.maps and self._rare.randrange(4):
            return shards.machine(self._rare)
        return remote.instead_of_jobs(made, self._rare) if self.rarities.remote else made

    def _make_input(self) -> Any:
        given = super()._make_input()
        if self.rarities.maps:
            given["a"] = list(range(self._rare.choice((0, 2, 5, 9))))
        return given

    def _has_account(self) -> bool:
        return super()._has_account() or self.rarities.children

    def _machines_to_make(self) -> Iterator[tuple[str, machines.State]]:
        yield from super()._machines_to_make()
        if self.rarities.children:
            yield from children.machines_to_start(self._rare)

    # --- What is rare ------------------------------------------------------------------------------------------------

    def _begin_trouble(self) -> None:
        super()._begin_trouble()
        rare, until = self.rarities, self.climate.trouble_seconds
        if not self.climate.namespace_ends:
            for _ in range(rare.restores):
                self._later(self._rare.uniform(1, until), self._back_up)
        for number in range(rare.large):
            spec = rarities.large_spec(self._rare, "m0", self.climate.largest_bytes)
            self._later(self._rare.uniform(0, 4), self._create_execution, f"large{number}", spec)
        for number in range(rare.foreign_leases):
            self._later(self._rare.uniform(0, until), self._lay_lease, number)
        for _ in range(rare.rights):
            self._later(self._rare.uniform(0, until), self._take_right)
        if rare.authors:
            self._authors.begin(self._machine_names(), until)
            for number in range(self._rare.choice((1, 2, 3))):
                spec = {"stateMachineRef": {"name": "m0"}, "input": machines.make_input(self._rare)}
                self._later(self._rare.uniform(1, until), self._create_execution, f"more{number}", spec)

    def _machine_names(self) -> list[str]:
        return [f"m{number}" for number in range(self.climate.executions)]

    def _end_namespace(self) -> None:
        super()._end_namespace()
        if self.rarities.authors:
            self._later(self._rare.uniform(0, 4), self._empty, "statemachines")

    def _back_up(self) -> None:
        """As soon as there is something worth it, while there is trouble."""
        idle = not any(map(_is_running, self.server.all("executions")))
        if self.server.is_away or (idle and not self.network.calm):
            self._later(0.3, self._back_up)
            return
        self.trace("world", "backup")
        saved = self.server.snapshot(), self.watchman.remember()
        self._later(self._rare.uniform(0.3, 8), self._lose_cluster, *saved)

    def _lose_cluster(self, saved: Snapshot, memory: Memory) -> None:
        if self.server.is_away:
            self._later(0.3, self._lose_cluster, saved, memory)
            return
        self.trace("world", "etcd is lost")
        self.server.go_away()
        self._later(self._rare.uniform(RESTORED_AFTER_SECONDS, 20), self._restore, saved, memory)

    def _restore(self, saved: Snapshot, memory: Memory) -> None:
        self.trace("world", "restored")
        self.server.restore(saved)
        self.watchman.recall(memory, self.living())
        self.remote.restored = True
        self.children.recall()
        self.jobs.begin_again()
        if self._machines is not None:
            self._machines.recall()
            for name in self._machine_names():
                self._authors.put_right(name, 0)

    def _lay_lease(self, number: int) -> None:
        now = BEGIN + round(self._loop.time() * 1000)
        body = rarities.foreign_lease(self._rare, number, now)
        self.trace("user", "lays a Lease", body["metadata"]["name"])
        self.server.create(member_lease.PLURAL, LEASE_NAMESPACE, body)

    def _take_right(self) -> None:
        right = rarities.right_to_take(self._rare, access.of_the_operator(), authors=self.rarities.authors)
        self.trace("user", "takes away", right)
        self.access.taken.append(right)
        # Who is refused asks whether the namespace is being deleted, which a ClusterRole need not let it know.
        self.access.foreseen.add(Right("served", "", "namespaces", "get"))
        self.watchman.rights_taken = True
        self._later(self._rare.uniform(0.5, 10), self._give_back, right)

    def _give_back(self, right: Right) -> None:
        self.trace("user", "gives back", right)
        self.access.taken.remove(right)

    def _wall_clock_off(self) -> int:
        off = super()._wall_clock_off()
        if not self.rarities.hours_off or self.network.calm:
            return off
        return off + self._rare.choice((-7_200_000, -60_000, 10_000, 3_600_000, 0))

    # --- What follows from it ----------------------------------------------------------------------------------------

    def trace(self, *what: object) -> None:
        super().trace(*what)
        if what[1:2] == ("tells",) and str(what[2]).endswith(" is too large"):
            self._unwritable.add(str(what[2]).split()[0].rpartition("/")[2])

    def _unrest(self) -> Iterator[str]:
        yield from super()._unrest()
        if self._machines is None:
            return
        yield from self._machines.unrest()
        for operator in self.operators.values():
            if operator.has_begun and operator.membership.valid and not operator.process.stopped:
                assert operator.state_machines is not None
                unknown = self._machines.unknown(operator.state_machines.known._known)
                for what, how in unknown.items():
                    yield f"{operator.process.name} knows of {what}: {how}"

    def check(self) -> None:
        super().check()
        if self._machines is not None:
            self._machines.final()

    def _has_no_room(self, name: str) -> bool:
        """An Execution into whose status nothing can be written, and that an Event has reported, is left as it is."""
        body = self.server.get("executions", NAMESPACE, name)
        if body is None or name not in self._unwritable:
            return False
        return len(msgspec.json.encode(body)) + _SMALLEST_STATUS_BYTES > self.climate.largest_bytes


def _is_running(body: Body) -> bool:
    return stored.of(body).phase == "Running"


def _world(seed: int, loop: SimulationLoop, rare: Rarities) -> World:
    if rare.workers:
        return WorkersWorld(seed, loop)
    if rare.upgrade is None:
        return Seed(seed, loop, rare)
    before = earlier.loaded(max(earlier.COMMITS))
    if before is not None:
        return Upgraded(seed, loop, before, rare.upgrade)
    world = Seed(seed, loop, Rarities())
    world.result.rare["rolling upgrades left out: the version before is not in this checkout"] += 1
    return world


def play(seed: int) -> Result:
    """One seed, from beginning to end."""
    played: list[World] = []
    rare = Rarities.of(Random(f"rarities {seed}"))

    async def main(loop: SimulationLoop) -> None:
        made = _world(seed, loop, rare)
        played.append(made)
        await lived(made, loop)

    try:
        loops.run(Random(f"loop {seed}"), main)
    except Exception as error:  # a seed that breaks the simulation is reported like any other
        if not played:
            raise
        played[0].violation(f"the simulation broke: {error!r}")
    result = played[0].result
    result.requests = played[0].network.requests
    result.twice, result.late = played[0].watchman.twice, played[0].watchman.late
    result.outcomes, result.events = played[0].watchman.outcomes, played[0].watchman.events
    return result
