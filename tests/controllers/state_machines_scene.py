"""One operator's controller of StateMachines on the simulated API server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from stepwright.controllers.state_machine_watch import Key
from stepwright.controllers.state_machines import StateMachines
from stepwright.engine.looking_through import at_once
from stepwright.engine.readings import Readings
from tests.controllers.machine_controllers import controller
from tests.controllers.test_shared_state_machines import Quiet
from tests.engine.virtual_loop import run
from tests.on_cluster.kubectl import machine, one
from tests.simulation.api_server import ApiServer, Refusal, Request
from tests.simulation.client import SimulatedApi

GREET: Key = ("shop", "greet")
PASS = one({"Type": "Succeed"})
OTHER = one({"Type": "Pass", "End": True})


class Play:
    """One operator's controller, and a server that reports every change to it."""

    def __init__(self) -> None:
        self.server = ApiServer(Random(0))
        self.under_way = False
        self.retention: list[Key | None] = []
        self.changes: list[Key] = []
        self.refused: dict[str, Refusal] = {}
        self.owned = True
        self.stood_still_seconds = 0.0
        """For how long its machine did, as the wall clock shows afterwards."""
        self.stands_still = False
        """It does whenever executions are looked for."""
        self.unheard: set[str] = set()
        """Types of events that kopf does not report."""
        self.before_status: list[Callable[[], None]] = []
        """What happens when a status is about to be written, each once."""
        self.machines = self._controller()
        self.server.observers.append(self._tell)
        handle = self.server.handle

        def refusing(request: Request) -> bytes:
            if request.path.endswith("/status") and self.before_status:
                self.before_status.pop(0)()
            if self.stands_still and request.path.endswith("/executions"):
                self.stood_still_seconds += 15
            for part, refusal in self.refused.items():
                if request.writes and part in request.path:
                    raise refusal
            return handle(request)

        self.server.handle = refusing  # type: ignore[method-assign]

    def _controller(self) -> StateMachines:
        quiet = Quiet("operator")
        api = self.api = SimulatedApi(self.server, quiet, quiet, lambda *_: None)
        return controller(
            api,
            lambda _: self.owned,
            read_clocks=self._read_clocks,
            on_change=self.changes.append,
            on_retention=self.retention.append,
            under_way=lambda _: self.under_way,
            looked_through=at_once,
        )

    def _read_clocks(self) -> Readings:
        seconds = asyncio.get_running_loop().time()
        return Readings(seconds, seconds, seconds + self.stood_still_seconds)

    async def start_again(self) -> None:
        """Another operator takes its place, and knows nothing yet."""
        await self.machines.close()
        self.machines = self._controller()
        self.machines.observe(None, self.stored())

    def _tell(self, kind: str, key: tuple[str, str, str], _old: Any, new: Any) -> None:
        if key[0] == "statemachines" and kind not in self.unheard:
            asyncio.get_running_loop().call_soon(self.machines.observe, kind, new)

    def make(self, definition: Any = PASS, **spec: Any) -> None:
        body = machine("greet", definition)
        body["spec"] |= spec
        self.server.create("statemachines", "shop", body)

    async def make_and_change(self) -> None:
        """It has two revisions by the end, of which the newer one is current."""
        self.make()
        await asyncio.sleep(5)
        self.change(lambda body: body["spec"].update(definition=OTHER))
        await asyncio.sleep(5)

    def change(self, edit: Callable[[dict[str, Any]], None]) -> None:
        body = self.stored()
        edit(body)
        self.server.change(("statemachines", *GREET), body)

    def stored(self) -> dict[str, Any]:
        body = self.server.edited(("statemachines", *GREET))
        assert body is not None
        return body

    @property
    def is_gone(self) -> bool:
        return self.server.get("statemachines", *GREET) is None

    def ready(self) -> tuple[str, str, str]:
        found = next(each for each in self.stored()["status"]["conditions"] if each["type"] == "Ready")
        return found["status"], found["reason"], found["message"]

    def revisions(self) -> list[str]:
        return [body["metadata"]["name"] for body in self.server.all("controllerrevisions")]


def played(script: Callable[[Play], Awaitable[None]]) -> Play:
    async def main() -> Play:
        play = Play()
        await script(play)
        await play.machines.close()
        return play

    return run(main)
