"""Large definitions are checked beside the loop."""

from __future__ import annotations

import asyncio
import sys
import threading
from functools import partial

import pytest

from stepwright.engine.looking_through import (
    AT_ONCE_CHARACTERS,
    TURN_SECONDS,
    LookingThrough,
    take_short_turns,
)

LARGE = "x" * (AT_ONCE_CHARACTERS + 1)


async def test_while_a_large_definition_is_looked_through_the_loop_turns() -> None:
    goes_on = threading.Event()
    asyncio.get_running_loop().call_soon(goes_on.set)

    # Were it done in the loop, nobody would let it go on.
    assert await LookingThrough()(LARGE, lambda: goes_on.wait(60), "shop")


async def test_a_small_one_is_not_worth_a_thread() -> None:
    here = threading.get_ident()
    assert await LookingThrough()("{}", threading.get_ident, "shop") == here


async def test_large_definitions_are_looked_through_one_at_a_time_in_turns_of_the_namespaces() -> None:
    """Of one tenant's hundred as many were as there are threads, and nobody else's meanwhile."""
    looked_through, looked = LookingThrough(), list[str]()
    began, goes_on = threading.Event(), threading.Event()

    def look(name: str) -> None:
        looked.append(name)
        began.set()
        assert goes_on.wait(60)

    def ask(name: str, whose: str) -> asyncio.Task[None]:
        return asyncio.create_task(looked_through(LARGE, partial(look, name), whose))

    asked = [ask(f"a{number}", "a") for number in range(4)]
    await asyncio.sleep(0)
    asked.append(ask("b0", "b"))
    await asyncio.to_thread(began.wait, 60)
    assert looked == ["a0"]
    goes_on.set()
    await asyncio.gather(*asked)

    assert looked == ["a0", "a1", "b0", "a2", "a3"]


async def test_what_is_found_is_raised_here() -> None:
    def look() -> None:
        raise ValueError("not a definition")

    with pytest.raises(ValueError, match="not a definition"):
        await LookingThrough()(LARGE, look, "shop")


def test_a_thread_gives_way_to_the_loop_sooner_than_python_has_it() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        assert before > TURN_SECONDS
    finally:
        sys.setswitchinterval(before)
