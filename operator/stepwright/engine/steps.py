"""Where steps are taken: in the loop, a share at a time, and what takes long in a thread beside it.

All executions, requests and timers live in one loop. A step that is short is taken in it; whenever steps have cost a
share together the loop turns once before the next, which is another namespace's where one waits. A step that takes
longer than there is patience for is given up and taken again in a thread, one at a time: the language is a pure function,
so it comes to the same. What is counted is work, never time, so where a step is taken hangs on nothing but itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from stepwright.asl.meter import TakesLong
from stepwright.asl.step import Step
from stepwright.engine.beside import Beside
from stepwright.engine.ports import ExecutionRef
from stepwright.engine.stepping import Stepping
from stepwright.engine.turns import Turns

SHARE: Final = 15_000
"""Of the loop's time, in units of ``asl.meter`` (about microseconds), between two of its turns."""

PATIENCE: Final = 20_000
"""What a step may cost in the loop. Where others compute all the time, each turn of the loop may take this and a share, and a
request needs half a dozen turns."""

LITTLE: Final = 1_000
"""Patience with a short step whose turn it is not."""

Take: TypeAlias = Callable[[int | None], Step]
"""A step to be taken, with so much patience."""

Aside: TypeAlias = Callable[[Callable[[], Step]], Awaitable[Step]]
"""Calls it where it holds nobody up."""

Whose: TypeAlias = Callable[[ExecutionRef], str]
"""By whatever name: executions of the same have one turn together."""


class Steps:
    """``aside``: where to take what takes long; by default a thread, made when it is first needed. ``whose``: who has
    turns; by default namespaces."""

    def __init__(self, stepping: Stepping, aside: Aside | None = None, whose: Whose | None = None) -> None:
        self._stepping = stepping
        self._aside = aside or Beside().call
        self._whose = whose or _namespace
        self._turns = Turns(1)
        self._beside = Turns(1)
        self._left = SHARE

    async def take(self, ref: ExecutionRef, step: Take, *, long: bool = False) -> Step:
        """``long``: it is known that it takes long."""
        if not long:
            taken = await self._in_the_loop(ref, step)
            if taken is not None:
                return taken
        await self._beside.take(self._whose(ref))
        self._stepping.begin_aside(ref)
        taking = asyncio.ensure_future(self._aside(lambda: self._stepping.in_thread(lambda: step(None))))
        taking.add_done_callback(self._taken_aside)
        return await asyncio.shield(taking)

    def _taken_aside(self, taking: asyncio.Future[Step]) -> None:
        """Whoever was cancelled no longer waits for its step, but the thread has gone on with it until now."""
        self._stepping.end_aside()
        self._beside.give_back()
        if not taking.cancelled():
            taking.exception()  # asyncio would complain of one that nobody asks for

    def at_once(self, ref: ExecutionRef, step: Take) -> Step | None:
        """A step in the loop, before anything else happens. None if there is no patience for it, which is
        little where others have had the loop's share since it turned last: it is to be taken as all others
        then."""
        if self._turns.take_now():
            return self._in_its_turn(ref, step)
        return self._tried(ref, step, LITTLE)

    async def _in_the_loop(self, ref: ExecutionRef, step: Take) -> Step | None:
        """None: there was no patience for it."""
        await self._turns.take(self._whose(ref))
        return self._in_its_turn(ref, step)

    def _in_its_turn(self, ref: ExecutionRef, step: Take) -> Step | None:
        spent = PATIENCE
        try:
            taken = self._tried(ref, step, PATIENCE)
            if taken is not None:
                spent = taken.work
        finally:
            self._give_back(spent)
        return taken

    def _tried(self, ref: ExecutionRef, step: Take, patience: int) -> Step | None:
        self._stepping.begin(ref)
        try:
            return step(patience)
        except TakesLong:
            return None
        finally:
            self._stepping.end()

    def _give_back(self, spent: int) -> None:
        self._left -= spent
        if self._left > 0:
            self._turns.give_back()
        else:
            asyncio.get_running_loop().call_soon(self._turned)

    def _turned(self) -> None:
        """All that was ready has had its turn."""
        self._left = SHARE
        self._turns.give_back()


def _namespace(ref: ExecutionRef) -> str:
    return ref.namespace


async def at_once(step: Callable[[], Step]) -> Step:
    """An ``Aside`` for whoever has no thread, and time enough: tests, in which time is virtual."""
    return step()
