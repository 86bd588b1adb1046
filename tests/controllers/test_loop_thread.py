"""What must not wait for the engine runs in a loop of its own, and is waited for from another."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from stepwright.controllers.loop_thread import LoopThread


@asynccontextmanager
async def thread() -> AsyncIterator[LoopThread]:
    thread = LoopThread("test")
    thread.start()
    try:
        yield thread
    finally:
        await thread.stop()


def run(main: object) -> None:
    asyncio.run(main())  # type: ignore[operator] # the test's own coroutine function


def test_work_runs_there_and_its_result_comes_here() -> None:
    async def main() -> None:
        async with thread() as other:

            async def work() -> str:
                return threading.current_thread().name

            assert await other.call(work()) == "test"

    run(main)


def test_what_work_raises_is_raised_here() -> None:
    async def main() -> None:
        async with thread() as other:

            async def work() -> None:
                raise KeyError("gone")

            with pytest.raises(KeyError, match="gone"):
                await other.call(work())

    run(main)


def test_who_is_cancelled_returns_when_the_work_has_ended() -> None:
    async def main() -> None:
        log: list[str] = []
        begun = threading.Event()

        async def work() -> None:
            try:
                begun.set()
                await asyncio.Event().wait()
            finally:
                await asyncio.sleep(0)
                log.append("cleared away")

        async with thread() as other:
            calling = asyncio.create_task(other.call(work()))
            await asyncio.to_thread(begun.wait)
            calling.cancel()
            await asyncio.gather(calling, return_exceptions=True)
            assert calling.cancelled()
            assert log == ["cleared away"]

    run(main)


def test_it_turns_while_this_loop_is_held() -> None:
    async def main() -> None:
        turns = threading.Semaphore(0)

        async def turning() -> None:
            while True:
                turns.release()
                await asyncio.sleep(0.001)

        async with thread() as other:
            turner = asyncio.create_task(other.call(turning()))
            await asyncio.sleep(0)
            for _ in range(20):
                assert turns.acquire(timeout=60)  # holds this loop
            turner.cancel()
            await asyncio.gather(turner, return_exceptions=True)

    run(main)
