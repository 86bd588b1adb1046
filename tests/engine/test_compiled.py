"""Definitions that executions run are compiled once, and large ones beside the loop."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, TypeVar

import pytest

from stepwright.engine import compiled
from stepwright.engine.beside import AT_ONCE_CHARACTERS, Beside
from stepwright.engine.compiled import CompiledMachines
from stepwright.engine.ports import Refused

T = TypeVar("T")


class Noted(Beside):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    async def call(self, work: Callable[[], T], whose: str | None = None) -> T:
        self.calls += 1
        return await super().call(work, whose)


def text(comment: str = "", **state: Any) -> str:
    return json.dumps(
        {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Pass", "End": True, **state}}}
    )


LARGE = text("x" * AT_ONCE_CHARACTERS)


async def test_a_large_definition_is_compiled_in_the_thread_once_for_many_starts() -> None:
    beside = Noted()
    machines = CompiledMachines(beside)

    found = await asyncio.gather(*(machines.get("r", LARGE) for _ in range(100)))

    assert beside.calls == 1
    assert {id(machine) for machine in found} == {id(await machines.get("r", LARGE))}


async def test_whoever_goes_leaves_the_compiled_one_to_others() -> None:
    machines = CompiledMachines(Beside())
    first, second = (asyncio.create_task(machines.get("r", LARGE)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()

    assert await second is await machines.get("r", LARGE)


async def test_a_small_one_is_not_worth_a_thread() -> None:
    beside = Noted()
    await CompiledMachines(beside).get("r", text())

    assert beside.calls == 0


async def test_a_definition_that_is_no_longer_valid_is_refused_each_time() -> None:
    machines = CompiledMachines(Beside())
    for _ in range(2):
        with pytest.raises(Refused, match="not valid in this version"):
            await machines.get("r", text(Next="nowhere"))


async def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "MOST_CHARACTERS", 3 * len(LARGE))
    beside = Noted()
    machines = CompiledMachines(beside)
    for revision in ("1", "2", "3", "4", "2", "1"):
        await machines.get(revision, LARGE)

    assert beside.calls == 5  # all but the second "2"
