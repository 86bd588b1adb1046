"""A loop that is held for longer than a Lease lasts costs the operator neither its Lease nor its probes. In real threads."""

from __future__ import annotations

import asyncio
import threading
import urllib.request
from collections.abc import Callable
from random import Random

from stepwright.controllers.loop_thread import LoopThread
from stepwright.controllers.membership import Membership
from stepwright.controllers.metrics import Metrics
from stepwright.controllers.notice import Notice
from stepwright.controllers.pulse import Pulse
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.server import Server
from stepwright.controllers.taking_part import TakingPart
from stepwright.engine import readings
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.engine.stepping import Stepping
from tests.engine.virtual_loop import VirtualClock
from tests.simulation.api_server import ApiServer, Request, Stream
from tests.simulation.client import Fate, SimulatedApi, Strike
from tests.simulation.loop import Process
from tests.testcluster.ports import free_port

LEASE_SECONDS = 1
RENEWALS = 20
"""More than there are in a Lease's time."""
ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")


class Network:
    """Everything arrives at once. Counts renewals, and notes what a Lease says is being stepped."""

    under_way = 0

    def __init__(self) -> None:
        self.process = Process("operator")
        self.renewals = threading.Semaphore(0)
        self.noted = threading.Event()

    def of(self, request: Request) -> Fate:
        if request.method == "PUT":
            self.renewals.release()
            if b"shop/order-7/orders/4711" in (request.body or b""):
                self.noted.set()
        return Fate(0.0, 0.0)

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        return 3_600.0, lambda: 0.0

    def cut(self, stream: Stream) -> None:
        stream.finish("closed")

    def strike(self, how: Strike) -> None:
        """None is asked for."""

    def sends(self, request: Request) -> None:
        """All are welcome."""


def asked(port: int) -> int:
    """Blocks, as whatever holds the loop does."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60) as answer:
        return int(answer.status)


def test_a_held_loop_keeps_its_lease_and_its_probes_and_what_holds_it_is_noted() -> None:
    async def main() -> None:
        network, stepping = Network(), Stepping()
        loop = asyncio.get_running_loop()
        lifeline = LoopThread("lifeline")
        lifeline.start()
        api = SimulatedApi(ApiServer(Random(1)), network, network, lambda *_: None)
        news: Notice[[]] = Notice()
        pulse = Pulse(loop, threading.get_ident(), stepping=stepping, news=news)
        membership = Membership(
            api,
            "default",
            duration=LEASE_SECONDS,
            clock=VirtualClock(),
            changed=lambda: None,
        )
        taking_part = TakingPart(membership, Quarantine(api, "default"), pulse)
        news.listen(taking_part.hear)
        port = free_port()
        server = Server(Metrics(), {"/healthz": lambda: "hung" if pulse.hung else None})

        async def live() -> None:
            await server.start("127.0.0.1", 0, port)
            beating = asyncio.create_task(pulse.run())
            try:
                await taking_part.run()
            finally:
                beating.cancel()
                await server.stop()

        living = asyncio.create_task(lifeline.call(live()))
        await lifeline.call(membership.joined.wait())

        # From here on this loop does not turn.
        stepping.begin(ORDER)
        began = readings.read()
        held = []
        for _ in range(RENEWALS):
            assert network.renewals.acquire(timeout=60), "the Lease is not renewed while the loop is held"
            held.append(membership.held(ORDER.uid))
        assert network.noted.wait(60), "the Lease does not say what holds the loop"
        assert asked(port) == 200
        assert readings.passed(began, readings.read()) > LEASE_SECONDS
        assert any(held[RENEWALS // 2 :]), "long after the Lease of the beginning has run out"
        assert pulse.held_seconds > LEASE_SECONDS
        stepping.end()

        living.cancel()
        await asyncio.gather(living, return_exceptions=True)
        await lifeline.stop()

    asyncio.run(main())
