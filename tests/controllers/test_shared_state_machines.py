"""A state machine as the replicas see it that do not look after it, with the rights that an installation gives them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from stepwright.controllers.known_machines import Known
from stepwright.controllers.state_machines import StateMachines
from tests.controllers.machine_controllers import controller
from tests.engine.virtual_loop import run
from tests.on_cluster.kubectl import machine, one
from tests.simulation.access import Access
from tests.simulation.api_server import ApiServer, Request, Stream
from tests.simulation.client import Fate, SimulatedApi, Strike
from tests.simulation.loop import Process


class Quiet:
    """A network and a process to which nothing happens."""

    under_way = 0

    def __init__(self, name: str) -> None:
        self.process = Process(name)

    def of(self, _: Request) -> Fate:
        return Fate(0.01, 0.01)

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        return 3600, lambda: 0.01

    def cut(self, stream: Stream) -> None:
        """No watch lasts that long."""

    def strike(self, how: Strike) -> None:
        """Nor does anything strike."""

    def sends(self, request: Request) -> None:
        """All requests are welcome."""


def replica(server: ApiServer, name: str, *, owns: bool) -> StateMachines:
    quiet = Quiet(name)
    return controller(SimulatedApi(server, quiet, quiet, lambda *_: None), lambda _: owns)


def test_a_replica_starts_executions_of_a_state_machine_that_another_one_looks_after() -> None:
    """It asks for the newest form of it, so that an execution never runs an older definition than the one that was
    Ready when it was created."""

    async def main() -> Known | None:
        access = Access("stepwright-system")
        server = ApiServer(Random(0), access)
        owner, other = replica(server, "owner", owns=True), replica(server, "other", owns=False)
        server.create("statemachines", "shop", machine("greet", one({"Type": "Succeed"})))
        owner.observe("ADDED", server.all("statemachines")[0])
        other.observe("ADDED", server.all("statemachines")[0])
        await asyncio.sleep(5)
        newest = await other.newest(("shop", "greet"))
        await owner.close()
        await other.close()
        assert access.missing == set()
        return newest

    found = run(main)

    assert found is not None
    assert found.revision is not None
