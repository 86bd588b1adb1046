"""Views that give away some of what this operator holds: released first, published then."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

from stepwright.controllers.lease_policy import RENEWALS
from stepwright.controllers.membership import Membership
from stepwright.controllers.standing import View
from stepwright.engine.ports import ExecutionRef


class Pulse(Protocol):
    """What there is to know about the loop that acts; implemented by ``pulse``."""

    @property
    def hung(self) -> bool:
        """Whether it has not turned for so long that others should take over what it holds."""

    @property
    def suspect(self) -> ExecutionRef | None:
        """The execution whose step holds it for long."""

    @property
    def stuck(self) -> ExecutionRef | None:
        """The execution whose step beside the loop seems never to end."""

    async def turned(self) -> None:
        """Returns once it has turned, and nothing of what is no longer held is under way."""


@dataclass(frozen=True, slots=True)
class _View:
    view: View
    turn: asyncio.Task[None]
    """Done once the loop that acts has turned: what the view gives away is then released."""


class Giving:
    def __init__(self, membership: Membership, pulse: Pulse) -> None:
        self._membership = membership
        self._pulse = pulse
        self._next: _View | None = None

    @property
    def on_its_way(self) -> frozenset[View]:
        """The view that is to be published, if there is one."""
        return frozenset() if self._next is None else frozenset({self._next.view})

    async def is_released(self, view: View) -> bool:
        """Release what ``view`` gives away; returns whether that is certain. Earlier requests may still wait
        in the engine's loop: a loop that is held for long keeps its executions until it turns, or its Lease
        expires."""
        if self._next is None or self._next.view != view:
            self.stop()
            turn = asyncio.create_task(self._pulse.turned(), name="turn")
            self._next = _View(view, turn)
            self._membership.stand(self._membership.standing.with_view(view))
        turn = self._next.turn
        await asyncio.wait((turn,), timeout=self._membership.duration / RENEWALS)
        if not turn.done():
            return False  # the next round waits on: a loop that turns at all gives away what it must
        self.stop()
        return True

    def stop(self) -> None:
        """Nothing is to be published, or it may be now."""
        if self._next is not None:
            self._next.turn.cancel()
            self._next = None
