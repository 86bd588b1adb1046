"""Where steps are taken: in the loop, a share at a time, and what takes long in a thread beside it.

All executions, requests and timers live in one loop. A step that is short is taken in it; whenever steps have cost a
share together the loop turns once before the next, which is another namespace's where one waits. A step that takes
longer than there is patience for is given up and taken again in a thread, one at a time: the language is a pure function,
so it comes to the same. What is counted is work, never time, so where a step is taken hangs on nothing but itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeAlias

from stepwright.asl.meter import TakesLong
from stepwright.asl.step import Step
from stepwright.engine.ports import ExecutionRef
from stepwright.engine.stepping import Stepping
from stepwright.engine.turns import Turns

SHARE: Final = 50_000
"""Of the loop's time, in units of ``asl.meter`` (about microseconds), between two of its turns."""

PATIENCE: Final = 100_000
"""What a step may cost in the loop."""

Take: TypeAlias = Callable[[int | None], Step]
"""A step to be taken, with so much patience."""

Aside: TypeAlias = Callable[[Callable[[], Step]], Awaitable[Step]]
"""Calls it where it holds nobody up."""


class Steps:
    """``aside``: where to take what takes long; by default a thread, made when it is first needed."""

    def __init__(self, stepping: Stepping, aside: Aside | None = None) -> None:
        self._stepping = stepping
        self._aside = aside or Thread().call
        self._turns = Turns(1)
        self._beside = Turns(1)
        self._left = SHARE

    async def take(self, ref: ExecutionRef, step: Take, *, long: bool = False) -> Step:
        """``long``: it is known that it takes long."""
        if not long:
            taken = await self._in_the_loop(ref, step)
            if taken is not None:
                return taken
        await self._beside.take(ref.namespace)
        self._stepping.begin_aside(ref)
        taking = asyncio.ensure_future(self._aside(lambda: step(None)))
        taking.add_done_callback(self._taken_aside)
        return await asyncio.shield(taking)

    def _taken_aside(self, taking: asyncio.Future[Step]) -> None:
        """Whoever was cancelled no longer waits for its step, but the thread has gone on with it until now."""
        self._stepping.end_aside()
        self._beside.give_back()
        if not taking.cancelled():
            taking.exception()  # asyncio would complain of one that nobody asks for

    async def _in_the_loop(self, ref: ExecutionRef, step: Take) -> Step | None:
        """None: there was no patience for it."""
        await self._turns.take(ref.namespace)
        spent = PATIENCE
        self._stepping.begin(ref)
        try:
            taken = step(PATIENCE)
            spent = taken.work
        except TakesLong:
            return None
        finally:
            self._stepping.end()
            self._give_back(spent)
        return taken

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


class Thread:
    """Takes one step after the other."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None

    async def call(self, step: Callable[[], Step]) -> Step:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="step")
        return await asyncio.get_running_loop().run_in_executor(self._executor, step)


async def at_once(step: Callable[[], Step]) -> Step:
    """An ``Aside`` for whoever has no thread, and time enough: tests, in which time is virtual."""
    return step()
