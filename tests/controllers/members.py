"""Operators that share executions, in virtual time: the real ``Membership`` over the simulated API server, with
requests that are late, lost or answered by errors, and processes that come, leave, are killed and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from stepwright.controllers.membership import Membership
from stepwright.controllers.own_lease import Removed
from stepwright.controllers.quarantine import Quarantine
from stepwright.controllers.taking_part import TakingPart
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.engine.readings import Readings
from tests.engine.virtual_loop import VirtualClock
from tests.simulation.access import Access
from tests.simulation.api_server import ApiServer, Request, Stream
from tests.simulation.client import Fate, SimulatedApi, Strike
from tests.simulation.loop import Process, SimulationLoop

DURATION_SECONDS = 15
UIDS = tuple(Uid(f"5c2f6a1e-{number:04}") for number in range(12))
TROUBLE_SECONDS = 90.0
LOOKS_EVERY_SECONDS = 0.2
LATEST_SECONDS = 20.0
"""After which a request may still land that its sender has given up."""
_ERROR = msgspec.json.encode({"status": "Failure", "message": "etcdserver: leader changed"})


class Violation(AssertionError):  # noqa: N818 - it names a condition
    """Two held the same execution, or nobody did for too long."""


class Loop:
    """The pulse of the loop that acts: it turns at once unless a test says otherwise."""

    hung = False
    suspect: ExecutionRef | None = None
    stuck: ExecutionRef | None = None
    turns_seconds = 0.0

    def __init__(self) -> None:
        self.turns = asyncio.Event()
        self.turns.set()

    async def turned(self) -> None:
        await self.turns.wait()
        if self.turns_seconds:
            await asyncio.sleep(self.turns_seconds)


class Member:
    def __init__(self, world: World, name: str, rate: float) -> None:
        self.process = Process(name)
        self.rate = rate
        self._world = world
        loop = asyncio.get_running_loop()
        api = SimulatedApi(world.server, self, world, world.trace)
        self.membership = Membership(
            api,
            "default",
            duration=DURATION_SECONDS,
            clock=VirtualClock(),
            changed=world.check,
            identity=f"host_{name}",
            read_clocks=lambda: Readings(*[loop.time() * rate] * 3),
        )
        self.loop = Loop()
        self.taking_part = TakingPart(self.membership, Quarantine(api, "default"), self.loop)
        self.taking_part.watch._random = Random(f"watch of {name}")
        self.removed = False

    def begin(self) -> None:
        self.process.start(self._live(), self.process.name)

    async def _live(self) -> None:
        try:
            await self.taking_part.run()
        except Removed:
            self.removed = True
        except asyncio.CancelledError:
            pass
        if self.process.alive:
            await self.taking_part.leave()
        self._world.ended(self)

    def end(self) -> None:
        """As by SIGTERM."""
        self.process.go_on()
        self.process.tasks[0].cancel()

    def holds(self, uid: Uid) -> bool:
        return self.process.alive and self.membership.held(uid)

    # --- What the simulated client asks of its process ----------------------------------------------------------------

    def strike(self, how: Strike) -> None:
        """None is asked for here."""

    def sends(self, request: Request) -> None:
        """All requests are welcome."""


class World:
    under_way = 0
    away = False
    """Whether no request arrives."""

    def __init__(self, seed: int, *, calm_from: float = TROUBLE_SECONDS) -> None:
        self._random = Random(f"members {seed}")
        self.faults = self._random.choice((0.0, 0.05, 0.2, 0.4))
        self.calm_from = calm_from
        self.server = ApiServer(Random(f"server {seed}"), Access("default"))
        self.members: list[Member] = []
        self.removals = 0
        self.log: list[tuple[Any, ...]] = []
        self._count = 0

    def start(self) -> Member:
        self._count += 1
        # Clocks of good machines differ by less than a thousandth; these differ by up to four in a hundred.
        member = Member(self, f"m{self._count:02}", self._random.uniform(0.98, 1.02))
        self.members.append(member)
        self.trace(member.process.name, "starts")
        member.begin()
        return member

    def ended(self, member: Member) -> None:
        self.trace(member.process.name, "ends", "removed" if member.removed else "")
        self.removals += member.removed
        if member in self.members:
            self.members.remove(member)

    def kill(self, member: Member) -> None:
        self.trace(member.process.name, "is killed")
        self.members.remove(member)
        member.process.kill()

    def check(self) -> None:
        """Nothing is held by two. Looked at whenever somebody's standing changes, and all the time."""
        for uid in UIDS:
            holders = [member.process.name for member in self.members if member.holds(uid)]
            if len(holders) > 1:
                standings = [member.membership.standing for member in self.members if member.holds(uid)]
                raise Violation(f"{uid} is held by {holders}: {standings}; " + self.newest())

    def all_held(self) -> bool:
        return all(any(member.holds(uid) for member in self.members) for uid in UIDS)

    def trace(self, *what: Any) -> None:
        self.log.append((round(asyncio.get_running_loop().time(), 3), *what))

    def newest(self) -> str:
        return "\n".join(str(line) for line in self.log[-40:])

    async def live(self, chance: Callable[[World, Random], None]) -> None:
        """Trouble, then quiet: everything must be held by one within bounded time."""
        loop = asyncio.get_running_loop()
        next_chance = 0.0
        while loop.time() < self.calm_from:
            self._listen()
            if loop.time() >= next_chance:
                chance(self, self._random)
                next_chance = loop.time() + self._random.choice((0.5, 2, 5, 12))
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
        for member in self.members:
            member.process.go_on()
        if not self.members:
            self.start()
        # A dead member's Lease runs out, in the worst case counted anew from a renewal that lands when it is dead.
        quiet_by = loop.time() + LATEST_SECONDS + DURATION_SECONDS * 1.1 + 5
        while loop.time() < quiet_by:
            self._listen()
            await asyncio.sleep(LOOKS_EVERY_SECONDS)
        if not self.all_held():
            views = {member.process.name: member.membership.standing for member in self.members}
            raise Violation(f"not everything is held: {views}; " + self.newest())

    async def end(self) -> None:
        for member in list(self.members):
            self.kill(member)
        await asyncio.sleep(1)

    def _listen(self) -> None:
        self.check()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SimulationLoop)
        if loop.errors:
            raise Violation(loop.errors[0])
        for member in self.members:
            for task in member.process.tasks:
                if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                    raise error

    # --- The network ------------------------------------------------------------------------------------------------

    def of(self, _: Request) -> Fate:
        random = self._random
        if self.away:
            return Fate(0.01, 0.01, "request", 2.0)
        there, back = random.choice((0.005, 0.03, 0.2)), random.choice((0.005, 0.03, 0.2))
        calm = asyncio.get_running_loop().time() >= self.calm_from
        if calm or random.random() >= self.faults:
            return Fate(there, back)
        gives_up = random.choice((0.1, 2.0, 5.0))
        match random.randrange(6):
            case 0:
                return Fate(there, back, "request", gives_up)
            case 1:
                return Fate(there, back, "answer", gives_up)
            case 2:  # it lands when its sender has long given up
                return Fate(random.choice((0.5, 5.0, LATEST_SECONDS)), back, "answer", gives_up)
            case 3:
                return Fate(random.choice((1.0, 3.0, 8.0)), random.choice((1.0, 3.0, 8.0)))
            case 4:
                return Fate(there, back, answer=(500, "", _ERROR), lands=False)
            case _:
                return Fate(there, back, answer=(500, "", _ERROR), lands=True)

    def of_stream(self) -> tuple[float, Callable[[], float]]:
        lag = self._random.choice((0.01, 0.5, 3.0))
        return self._random.uniform(5, 300), lambda: lag

    def cut(self, stream: Stream) -> None:
        stream.finish("closed")
