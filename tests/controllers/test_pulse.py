"""A loop that is held is noticed from another thread: for how long, by what, and under which execution."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from stepwright.controllers import pulse
from stepwright.controllers.loop_thread import LoopThread
from stepwright.controllers.pulse import Pulse
from stepwright.engine.ports import ExecutionRef, Uid
from stepwright.engine.stepping import Stepping

ORDER = ExecutionRef(Uid("4711"), "shop", "order-7", "orders")
OTHER = ExecutionRef(Uid("4712"), "shop", "order-8", "orders")


class HeldLoop:
    """Takes callbacks, and turns when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.stepping = Stepping()
        self.news = 0
        self._ready: list[Callable[[], None]] = []
        self.pulse = Pulse(
            self,  # type: ignore[arg-type] # the one method that is called
            threading.get_ident(),
            stepping=self.stepping,
            news=self._hear,
            monotonic=lambda: self.now,
        )

    def call_soon_threadsafe(self, call: Callable[[], None], *_: Any) -> None:
        self._ready.append(call)

    def turn(self) -> None:
        ready, self._ready = self._ready, []
        for call in ready:
            call()

    def look_for(self, seconds: float) -> None:
        until = self.now + seconds
        while self.now < until:
            self.pulse.look()
            self.now += pulse.EVERY_SECONDS

    def _hear(self) -> None:
        self.news += 1


def test_a_loop_that_turns_has_no_lag_and_nobody_is_suspected() -> None:
    loop = HeldLoop()

    for _ in range(200):
        loop.look_for(0.5)
        loop.turn()

    assert loop.pulse.lag_seconds < 1
    assert loop.pulse.suspect is None
    assert loop.news == 0


def test_the_lag_is_the_longest_of_the_last_minute() -> None:
    loop = HeldLoop()
    loop.look_for(3)
    assert loop.pulse.lag_seconds == 3
    loop.turn()

    for _ in range(60):
        loop.look_for(0.5)
        loop.turn()
    assert loop.pulse.lag_seconds == 3
    for _ in range(120):
        loop.look_for(0.5)
        loop.turn()
    assert loop.pulse.lag_seconds < 1


def test_an_execution_is_suspected_once_one_step_of_it_lasts_and_no_longer_than_that() -> None:
    loop = HeldLoop()
    loop.look_for(0.5)
    loop.stepping.begin(ORDER)
    loop.look_for(2)

    assert loop.pulse.suspect == ORDER
    assert loop.news == 1

    loop.stepping.end()
    loop.turn()
    loop.look_for(0.5)
    assert loop.pulse.suspect is None
    assert loop.news == 2


def test_many_short_steps_between_two_turns_are_nobodys_fault() -> None:
    loop = HeldLoop()
    for number in range(20):
        loop.stepping.begin(ORDER if number % 2 else OTHER)
        loop.look_for(0.5)

    assert loop.pulse.suspect is None
    assert loop.pulse.lag_seconds > 5


def test_a_long_step_beside_the_loop_is_suspected_too() -> None:
    loop = HeldLoop()

    def turn_for(seconds: int) -> None:
        for _ in range(seconds * 2):
            loop.look_for(0.5)
            loop.turn()

    loop.stepping.begin_aside(ORDER)
    turn_for(3)
    assert loop.pulse.suspect == ORDER
    assert loop.pulse.lag_seconds < 1
    loop.stepping.end_aside()
    loop.stepping.begin_aside(OTHER)
    turn_for(1)
    assert loop.pulse.suspect is None, "that is another step"
    loop.stepping.end_aside()
    turn_for(3)
    assert loop.pulse.suspect is None


def test_what_holds_the_loop_shows_in_the_log_once_a_minute() -> None:
    loop = HeldLoop()
    loop.stepping.begin(ORDER)
    with capture_logs() as lines:
        loop.look_for(1.5)
        assert not lines
        loop.look_for(30)
        assert len(lines) == 1
        loop.look_for(60)

    assert len(lines) == 2
    assert lines[0]["event"] == "the engine's loop is held"
    assert lines[0]["execution"] == "shop/order-7"
    assert "in test_what_holds_the_loop_shows_in_the_log_once_a_minute" in lines[0]["stack"]


@pytest.mark.parametrize(("seconds", "hung"), [(59, False), (62, True)])
def test_a_loop_that_does_not_turn_for_a_minute_is_hung(seconds: float, hung: bool) -> None:
    loop = HeldLoop()
    loop.look_for(seconds)

    assert loop.pulse.hung is hung
    loop.turn()
    assert not loop.pulse.hung


def in_the_thread(step: Callable[[HeldLoop], None]) -> None:
    """``step`` is called with the loop beside which a step is being taken, in a thread that waits for its end."""
    loop = HeldLoop()
    began, release = threading.Event(), threading.Event()

    def endless() -> None:
        began.set()
        release.wait()

    loop.stepping.begin_aside(ORDER)
    thread = threading.Thread(target=lambda: loop.stepping.in_thread(endless))
    thread.start()
    try:
        began.wait()
        step(loop)
    finally:
        release.set()
        thread.join()


@pytest.mark.parametrize("turns", [True, False], ids=["beside a loop that turns", "beside one that is held"])
def test_a_step_beside_the_loop_that_does_not_end_shows_in_the_log_once(turns: bool) -> None:
    def look(loop: HeldLoop) -> None:
        def look_for(seconds: int) -> list[Any]:
            with capture_logs() as lines:
                for _ in range(seconds * 2):
                    loop.look_for(0.5)
                    if turns:
                        loop.turn()
            return [line for line in lines if "beside" in line["event"]]

        assert look_for(60) == []
        (line,) = look_for(600)
        assert line["execution"] == "shop/order-7"
        assert 60 <= line["seconds"] <= 61
        assert "in endless" in line["stack"]

    in_the_thread(look)


def test_a_step_beside_the_loop_that_lasts_for_five_minutes_is_stuck() -> None:
    loop = HeldLoop()

    def turn_for(seconds: int) -> None:
        for _ in range(seconds * 2):
            loop.look_for(0.5)
            loop.turn()

    turn_for(400)
    assert (loop.pulse.step_seconds, loop.pulse.stuck) == (0, None)
    loop.stepping.begin_aside(ORDER)
    turn_for(299)
    assert 298 <= loop.pulse.step_seconds <= 299
    assert loop.pulse.stuck is None
    turn_for(2)
    assert round(loop.pulse.step_seconds) == 301
    assert loop.pulse.stuck == ORDER
    loop.stepping.end_aside()
    assert (loop.pulse.step_seconds, loop.pulse.stuck) == (0, None)
    loop.stepping.begin_aside(OTHER)
    turn_for(10)
    assert loop.pulse.step_seconds <= 10
    assert loop.pulse.stuck is None


def test_the_loop_has_turned_once_what_others_may_continue_is_handed_over() -> None:
    """In the loop that acts; who asks lives in another thread."""
    where: list[int] = []

    async def hand_over() -> None:
        await asyncio.sleep(0)
        where.append(threading.get_ident())

    acting = LoopThread("acting")
    acting.start()
    pulse = Pulse(acting.loop, 0, stepping=Stepping(), handed_over=hand_over)
    try:
        asyncio.run(pulse.turned())
    finally:
        asyncio.run(acting.stop())

    assert len(where) == 1
    assert where[0] != threading.get_ident()
