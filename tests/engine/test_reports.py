"""Drivers report to the engine that carries an execution, whichever that is, and however often it is carried anew."""

from __future__ import annotations

import pytest

from stepwright.asl.signals import TaskId, TaskStarted
from stepwright.engine.ports import Reported, Uid
from stepwright.engine.reports import Reports

ID = Uid("u")
SIGNAL = TaskStarted(TaskId(1))


class Carried:
    def __init__(self) -> None:
        self.heard: list[Reported] = []

    def post(self, signal: Reported) -> None:
        self.heard.append(signal)


def test_a_report_reaches_whoever_carries_the_execution_now() -> None:
    reports, first, second, other = Reports(), Carried(), Carried(), Carried()
    reports(ID, SIGNAL)  # nobody has carried it yet
    reports.listen(ID, first)
    reports.listen(Uid("v"), other)
    reports(ID, SIGNAL)
    reports.leave(ID)
    reports(ID, SIGNAL)
    reports.listen(ID, second)
    reports(ID, SIGNAL)

    assert (first.heard, second.heard, other.heard) == ([SIGNAL], [SIGNAL], [])


def test_nobody_stops_listening_twice() -> None:
    with pytest.raises(KeyError):
        Reports().leave(ID)
