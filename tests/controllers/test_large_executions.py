"""Executions too large to be run, or even to be failed, end or are given up: nothing is tried for ever."""

from __future__ import annotations

import asyncio

import msgspec

from tests.simulation.scene import Scene, play

KIB = 1000


class _Large(Scene):
    machine = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}  # noqa: RUF012 - nobody changes it
    kib = 400

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(1)
        self.create("e0", ["x" * (KIB - 3)] * self.kib)
        self.fill_up()
        self.create("small")
        await asyncio.sleep(200)

    def fill_up(self) -> None:
        """Nothing more comes."""


def test_an_execution_whose_input_is_too_large_fails() -> None:
    scene = play(_Large)

    assert (scene.phase("e0"), scene.status("e0")["error"]) == ("Failed", "InvalidExecutionInput")
    assert scene.phase("small") == "Succeeded"


class _NearlyFull(_Large):
    kib = 1499


def test_an_execution_without_room_for_a_whole_status_gets_the_smallest_one() -> None:
    """It was refused and tried again for ever, Pending."""
    scene = play(_NearlyFull)

    status = scene.status("e0")
    assert (status["phase"], status["error"], status["settled"]) == ("Failed", "InvalidExecutionInput", True)
    assert [(each["type"], each["status"], each["reason"]) for each in status["conditions"]] == [
        ("Complete", "True", "Failed")
    ]
    assert scene.patches("e0") == ["500 ", "ok"]


class _NoRoomToWait(_Large):
    """Its state machine is missing, and there is room for the smallest end, but not to say so."""

    async def script(self) -> None:
        self.begin_operator()
        await asyncio.sleep(1)
        given = ["x" * (KIB - 3)] * 250
        self._create_execution("e0", {"stateMachineRef": {"name": "nobody"}, "input": given}, {})
        self.server.largest_bytes = len(msgspec.json.encode(self.execution("e0"))) + 600
        await asyncio.sleep(200)


def test_an_execution_without_room_to_say_why_it_waits_gets_the_smallest_end() -> None:
    """It stayed Pending without a word in its status."""
    scene = play(_NoRoomToWait)

    status = scene.status("e0")
    assert (status["phase"], status["error"], status["settled"]) == ("Failed", "InvalidExecutionInput", True)


class _Full(_NearlyFull):
    def fill_up(self) -> None:
        self.server.largest_bytes = 1_499_600


def test_an_execution_without_room_for_any_status_is_told_by_an_event_and_left_alone() -> None:
    scene = play(_Full)

    assert scene.phase("e0") == "Pending"
    assert scene.patches("e0") == ["500 "] * 2
    assert scene.events() == ["default/e0 is too large"]
    assert scene.phase("small") == "Succeeded"
