"""What garbage collection costs those who wait meanwhile: full collections happen when nobody does."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from stepwright.asl import definition
from stepwright.asl.json_types import Json, JsonText
from stepwright.asl.machine import Machine
from stepwright.assembly import single
from stepwright.engine import garbage
from stepwright.engine.garbage import Garbage
from tests.asl.hostile_texts import FAMILIES

PASS: Json = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}

LITTLE = 300
"""Objects, whatever they come from."""


@contextmanager
def taken_over() -> Iterator[None]:
    before = gc.get_threshold()
    garbage.take_over()
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def test_what_becomes_much_is_not_looked_through_while_somebody_computes() -> None:
    looked: list[int] = []

    def note(phase: str, told: dict[str, Any]) -> None:
        if phase == "start":
            looked.append(told["generation"])

    with taken_over():
        gc.callbacks.append(note)
        try:
            many: list[list[int]] = [[] for _ in range(3_000_000)]
        finally:
            gc.callbacks.remove(note)
        assert gc.get_count()[2] >= 10
    del many

    assert 1 in looked
    assert 2 not in looked


class Process:
    """As the system reports it."""

    def __init__(self) -> None:
        self.spent = 0.0
        self.resident = 100
        self.since = 0
        self.looks = 0
        self.freed = 0
        self.garbage = Garbage(self.collect, lambda: self.since, lambda: self.spent, lambda: self.resident)

    def collect(self) -> None:
        self.looks += 1
        self.since = 0
        self.resident -= self.freed

    def second(self, spent: float, since: int, resident: int = 100) -> int:
        """How often all was looked through at its end."""
        self.spent += spent
        self.since += since
        self.resident = resident
        self.looks = 0
        self.garbage.look()
        return self.looks


def test_it_waits_for_a_second_in_which_little_is_computed() -> None:
    process = Process()

    assert [process.second(spent=0.9, since=20) for _ in range(50)] == [0] * 50
    assert process.second(spent=0.05, since=0) == 1
    assert process.second(spent=0.0, since=0) == 0, "there is nothing new"


def test_it_waits_no_longer_than_until_memory_has_doubled() -> None:
    process = Process()

    looks = [process.second(spent=0.9, since=20, resident=now) for now in (150, 199, 200, 399, 400, 799)]

    assert looks == [0, 0, 1, 0, 1, 0]


def test_what_was_freed_may_not_come_to_more_the_next_time() -> None:
    """A process that has nothing but such garbage would else take twice as much each time, up to its limit."""
    process = Process()
    process.freed = 100

    looks = [process.second(spent=0.9, since=20, resident=now) for now in (200, 199, 200, 199, 200)]

    assert looks == [1, 0, 1, 0, 1]


@pytest.mark.parametrize("family", FAMILIES)
def test_a_definition_that_was_looked_through_leaves_nothing_to_look_for(family: str) -> None:
    text = FAMILIES[family](20_000)
    gc.collect()
    gc.disable()
    try:
        definition.check(text)
        assert gc.collect() < LITTLE
    finally:
        gc.enable()


async def test_a_machine_is_freed_with_the_end_of_its_execution() -> None:
    gc.collect()
    gc.disable()
    try:
        before = machines()
        machine, _ = definition.compile_definition(PASS)
        outcome = await single.run(machine, "m", JsonText("{}"), lambda _: None, asyncio.Event())
        del machine
        await asyncio.sleep(0)
        assert outcome.status == "SUCCEEDED"
        assert machines() == before
    finally:
        gc.enable()


def machines() -> int:
    return sum(isinstance(each, Machine) for each in gc.get_objects())
