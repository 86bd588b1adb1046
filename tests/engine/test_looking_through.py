"""Large definitions are checked beside the loop."""

from __future__ import annotations

import asyncio
import sys
import threading

import pytest

from stepwright.engine.looking_through import (
    AT_ONCE_CHARACTERS,
    TURN_SECONDS,
    looked_through,
    take_short_turns,
)


async def test_while_a_large_definition_is_looked_through_the_loop_turns() -> None:
    goes_on = threading.Event()
    asyncio.get_running_loop().call_soon(goes_on.set)

    # Were it done in the loop, nobody would let it go on.
    assert await looked_through("x" * (AT_ONCE_CHARACTERS + 1), lambda: goes_on.wait(60))


async def test_a_small_one_is_not_worth_a_thread() -> None:
    here = threading.get_ident()
    assert await looked_through("{}", threading.get_ident) == here


async def test_what_is_found_is_raised_here() -> None:
    def look() -> None:
        raise ValueError("not a definition")

    with pytest.raises(ValueError, match="not a definition"):
        await looked_through("x" * (AT_ONCE_CHARACTERS + 1), look)


def test_a_thread_gives_way_to_the_loop_sooner_than_python_has_it() -> None:
    before = sys.getswitchinterval()
    try:
        take_short_turns()
        assert sys.getswitchinterval() == pytest.approx(TURN_SECONDS)
        assert before > TURN_SECONDS
    finally:
        sys.setswitchinterval(before)
