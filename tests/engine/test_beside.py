"""What takes long is done in one thread, in turns of those for whom it is done."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from stepwright.engine.beside import AT_ONCE_CHARACTERS, Beside, on_behalf_of


async def test_one_thing_is_done_at_a_time_and_the_loop_turns_meanwhile() -> None:
    beside, goes_on = Beside(), threading.Event()
    under_way = most = 0

    def work() -> bool:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        went_on = goes_on.wait(60)
        under_way -= 1
        return went_on

    asyncio.get_running_loop().call_soon(goes_on.set)  # were it done in the loop, nobody would

    assert await asyncio.gather(*(beside.call(work) for _ in range(8))) == [True] * 8
    assert most == 1


async def test_whoever_asks_for_much_has_turns_with_others() -> None:
    beside, done = Beside(), list[str]()

    async def asks(client: str, times: int) -> None:
        on_behalf_of.set(client)
        await asyncio.gather(*(beside.call(noted(client)) for _ in range(times)))

    def noted(client: str) -> Callable[[], None]:
        return lambda: done.append(client)

    many = asyncio.create_task(asks("many", 50))
    await asyncio.sleep(0)
    await asyncio.gather(many, asyncio.create_task(asks("one", 1)))

    assert done.index("one") <= 2


async def test_what_is_short_is_done_at_once() -> None:
    here = threading.get_ident()
    assert await Beside().unless_short(AT_ONCE_CHARACTERS, threading.get_ident) == here
    assert await Beside().unless_short(AT_ONCE_CHARACTERS + 1, threading.get_ident) != here


async def test_what_is_raised_is_raised_here_and_gives_the_turn_back() -> None:
    def work() -> None:
        raise ValueError("not a definition")

    beside = Beside()
    for _ in range(2):
        with pytest.raises(ValueError, match="not a definition"):
            await beside.call(work)


async def test_nothing_else_begins_before_work_that_nobody_waits_for_has_ended() -> None:
    beside, began, release = Beside(), threading.Event(), threading.Event()
    order: list[str] = []

    def first() -> None:
        began.set()
        release.wait(60)
        order.append("first")

    cancelled = asyncio.create_task(beside.call(first))
    await asyncio.to_thread(began.wait, 60)
    cancelled.cancel()
    await asyncio.gather(cancelled, return_exceptions=True)
    second = asyncio.create_task(beside.call(lambda: order.append("second")))
    await asyncio.sleep(0)
    release.set()
    await second

    assert order == ["first", "second"]
