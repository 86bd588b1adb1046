"""The operator's time advances steadily, even if somebody sets the wall clock, and is the API server's."""

from __future__ import annotations

import pytest

from stepwright.engine.clock import SteadyClock

HOUR = 3600.0


class Machine:
    """``true``: the API server's time, against which everything else is measured."""

    def __init__(self, wall_off: float = 0.0) -> None:
        self.true = 1_767_225_600.0
        self.boot = 50.0
        self.wall_off = wall_off
        self.clock = SteadyClock(boot=lambda: self.boot, wall=lambda: self.true + self.wall_off)

    def pass_(self, seconds: float, *, paused: bool = False) -> None:
        self.true += seconds
        self.boot += 0 if paused else seconds

    def hear(self, latency: float = 0.02) -> None:
        second = float(int(self.true - latency))
        self.clock.hear(second, second + 1 + latency)

    @property
    def off(self) -> float:
        """How far the clock is ahead of the truth."""
        return self.clock.now() / 1000 - self.true


@pytest.mark.parametrize("jump", [HOUR, -HOUR, 3.0, -3.0])
def test_setting_the_wall_clock_moves_nothing(jump: float) -> None:
    machine = Machine()
    for second in range(100):
        machine.pass_(1)
        machine.hear()
        if second == 20:
            machine.wall_off = jump

    assert abs(machine.off) < 0.01
    assert machine.clock.skew_seconds == 0


def test_small_corrections_are_followed() -> None:
    machine = Machine()
    machine.wall_off = -0.4
    machine.hear()

    assert machine.off == pytest.approx(-0.4, abs=0.01)


def test_after_a_pause_of_the_machine_the_wall_clock_is_believed_once_it_is_put_right() -> None:
    machine = Machine()
    machine.pass_(40, paused=True)
    assert machine.off == pytest.approx(-40, abs=0.01)
    machine.hear()
    assert abs(machine.off) < 0.01
    assert machine.clock.skew_seconds == 0


def test_a_machine_whose_clock_is_wrong_from_the_beginning_knows_by_how_much() -> None:
    machine = Machine(wall_off=HOUR)
    machine.hear()
    assert machine.clock.skew_seconds == pytest.approx(HOUR, abs=1.1)

    machine.wall_off = 0
    machine.pass_(1)
    machine.hear()
    assert machine.clock.skew_seconds == 0
    assert abs(machine.off) < 0.01


def test_a_slow_answer_accuses_nobody() -> None:
    machine = Machine(wall_off=-4.0)
    machine.hear(latency=6.0)

    assert abs(machine.clock.skew_seconds) < 5
