"""Waits that outlive processes: restarts arm their timers again, and leap days count as days."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any

import pytest

from stepwright.asl.signals import Millis
from stepwright.engine.clock import SystemClock
from tests.engine import memory
from tests.engine.memory import Stored, World, loaded
from tests.engine.virtual_loop import VirtualClock, run

DAY = 24 * 3600


def exited(stored: Stored) -> datetime:
    event = next(event for event in stored.events if event["type"] == "WaitStateExited")
    return datetime.fromisoformat(event["timestamp"])


async def waited(state: dict[str, Any], crashes_at_days: list[float]) -> Stored:
    """An execution that waits, in a process that dies again and again and is away for a day each time."""
    world = World()
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", **state, "End": True}}}
    execution = world.journal.add(loaded(machine))
    world.engine.adopt(execution)
    begun = asyncio.get_running_loop().time()
    for days in crashes_at_days:
        await asyncio.sleep(begun + days * DAY - asyncio.get_running_loop().time())
        assert len(world.engine.timers) == 1
        await world.crash()
        await asyncio.sleep(DAY)
        world.begin()
        world.adopt_all()
    await world.idle()
    stored = world.journal.stored[execution.ref.uid]
    assert len(stored.commits) == 2
    return stored


@pytest.mark.parametrize(
    ("state", "end"),
    [
        ({"Timestamp": "2028-02-29T12:00:00Z"}, "2028-02-29T12:00:00"),
        ({"Timestamp": "2028-03-01T00:00:00+01:00"}, "2028-02-29T23:00:00"),
        (
            {"Seconds": 791 * DAY},
            "2028-03-02T00:00:00",
        ),  # 2026 and 2027, January, February with its 29th, a day
        ({"Seconds": 99_999_999}, "2029-03-03T09:46:39"),
        ({"Timestamp": "2028-02-29T13:59:59.000000001+14:00"}, "2028-02-28T23:59:59"),
    ],
    ids=[
        "until the leap day",
        "until the day after it, in another zone",
        "791 days, the leap day among them",
        "the most seconds that a definition may say",
        "the second before the leap day, as a fraction and far from UTC",
    ],
)
def test_a_wait_through_restarts_ends_on_the_second(state: dict[str, Any], end: str) -> None:
    async def main() -> None:
        stored = await waited(state, [100, 364, 400, 787])
        late = exited(stored) - datetime.fromisoformat(f"{end}+00:00")

        assert 0 <= late.total_seconds() < 1

    run(main)


def test_a_wait_that_ended_while_nobody_was_there_ends_at_the_restart() -> None:
    async def main() -> None:
        begun = VirtualClock().now()
        stored = await waited({"Seconds": int(10.5 * DAY)}, [10])

        assert stored.commits[-1].now - begun < (11 * DAY + 1) * 1000

    run(main)


class SetClock(VirtualClock):
    """A clock that somebody sets while the engine runs."""

    longest_sleep_seconds = SystemClock.longest_sleep_seconds

    def __init__(self) -> None:
        self.ahead_seconds = 0

    def now(self) -> Millis:
        return Millis(super().now() + self.ahead_seconds * 1000)


async def waiting_a_day(clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> tuple[World, Stored]:
    """An execution that has begun to wait, in an engine with this clock."""
    monkeypatch.setattr(memory, "VirtualClock", lambda: clock)
    world = World()
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": DAY, "End": True}}}
    execution = world.journal.add(loaded(machine))
    world.engine.adopt(execution)
    await asyncio.sleep(5)
    return world, world.journal.stored[execution.ref.uid]


@pytest.mark.parametrize("seconds", [7 * 3600, 30 * 3600], ids=["within the wait", "past its end"])
def test_a_clock_that_is_set_forward_is_followed_within_a_minute(
    seconds: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of a wait is a moment, not a span: what remains shrinks by as much."""

    async def main() -> None:
        clock = SetClock()
        world, stored = await waiting_a_day(clock, monkeypatch)
        clock.ahead_seconds = seconds
        await world.idle()
        late = clock.now() - stored.commits[0].now - max(DAY, seconds) * 1000

        assert 0 <= late < 70_000

    run(main)


def test_a_clock_that_is_set_back_ends_no_wait_early(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        clock = SetClock()
        world, stored = await waiting_a_day(clock, monkeypatch)
        await asyncio.sleep(DAY - 60)
        clock.ahead_seconds = -DAY
        await asyncio.sleep(DAY - 60)
        assert stored.outcome is None
        await world.idle()

        assert 0 <= clock.now() - stored.commits[0].now - DAY * 1000 < 1000

    run(main)
