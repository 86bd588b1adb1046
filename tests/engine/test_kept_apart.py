"""Everything that stays in the store as long as the execution counts in the size of its history."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from stepwright.asl.checkpoint.checkpoint import PartId
from stepwright.asl.limits import Limits
from stepwright.engine import payloads
from stepwright.engine.kept_apart import LONG_BYTES, KeptApart
from tests.engine.memory import Stored, World, loaded, stop
from tests.engine.virtual_loop import run

MOST = 4 * 1024 * 1024
LIMITS = Limits(history_bytes=MOST, history_events=25_000)
KINDS = ["inline", "STANDARD", "EXPRESS"]


def looping(kind: str, state: dict[str, Any]) -> dict[str, Any]:
    """A loop without end in a Map, with a new long text each time."""
    config = {"Mode": "INLINE"} if kind == "inline" else {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    processor = {
        "ProcessorConfig": config,
        "StartAt": "A",
        "States": {
            "A": {"Type": "Pass", **state, "Next": "C"},
            "C": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "E"}], "Default": "A"},
            "E": {"Type": "Succeed"},
        },
    }
    items = "{% [{'n': 1}, {'n': 2}] %}"
    each = {"Type": "Map", "Items": items, "ItemProcessor": processor, "End": True}
    return {"QueryLanguage": "JSONata", "StartAt": "M", "States": {"M": each}}


def kept(stored: Stored) -> int:
    """Bytes of the objects that a cluster's journal makes of the commits for long texts."""
    texts: payloads.Payloads = {}
    for commit in stored.commits:
        payloads.take_out([commit.parts, commit.events], texts)
    return sum(len(text.encode()) for text in texts.values())


def written(world: World, enough: Callable[[], bool]) -> asyncio.Event:
    """Set by the write after which there is enough."""
    event = asyncio.Event()
    world.journal.after = lambda _: event.set() if enough() else None
    return event


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "state",
    [
        {"Output": "{% {'n': $states.input.n + 1, 's': $pad($string($states.input.n), 100000, 'x')} %}"},
        {
            "Output": "{% {'n': $states.input.n + 1} %}",
            "Assign": {"s": "{% $pad($string($states.input.n), 100000, 'x') %}"},
        },
    ],
    ids=["outputs", "variables"],
)
def test_a_loop_that_makes_long_texts_fails_when_it_has_stored_too_much(
    kind: str, state: dict[str, Any]
) -> None:
    async def main() -> None:
        world = World(limits=LIMITS)
        execution = world.journal.add(loaded(looping(kind, state)))
        stored = world.journal.stored[execution.ref.uid]
        ended = written(world, lambda: stored.outcome is not None or len(stored.commits) >= 4_000)
        world.engine.adopt(execution)
        await ended.wait()
        if stored.outcome is None:
            stop(world)
        await world.idle()

        assert stored.outcome is not None
        assert (
            stored.outcome.cause == f"The execution reached the maximum size of its history ({MOST} bytes)."
        )
        assert kept(stored) <= MOST + 1024 * 1024  # and what one write more leaves

    run(main)


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_what_child_executions_leave_behind_counts_as_it_is_stored_before_and_after_a_restart(
    kind: str,
) -> None:
    output = "{% {'n': $states.input.n + 1, 's': $pad($string($states.input.n), 50000, 'x')} %}"
    definition = looping(kind, {"Output": output})

    async def main() -> None:
        world = World(limits=LIMITS)
        execution = world.journal.add(loaded(definition))
        stored = world.journal.stored[execution.ref.uid]
        world.engine.adopt(execution)
        for commits in (5, 10):
            await written(world, lambda: len(stored.commits) >= commits).wait()  # noqa: B023 - waited for here
            own = 200 * len(stored.events)
            counted = stored.loaded.parts[PartId("head")]["historyBytes"]
            assert kept(stored) > 100_000
            assert kept(stored) <= counted <= kept(stored) + own + 1_000
            await world.crash()
            world.begin()
            world.adopt_all()
        stop(world)
        await world.idle()

    run(main)


def test_short_texts_of_child_executions_do_not_count() -> None:
    """The next write takes them away."""
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "P",
        "States": {"P": {"Type": "Pass", "End": True}},
    }
    definition = {
        "StartAt": "Each",
        "States": {"Each": {"Type": "Map", "ItemProcessor": processor, "ResultPath": None, "End": True}},
    }

    async def main() -> None:
        stored = await World(limits=LIMITS).complete(loaded(definition, ["x" * 100] * 70))

        assert stored.outcome is not None
        assert stored.outcome.status == "SUCCEEDED"
        assert stored.loaded.parts[PartId("head")]["historyBytes"] < 7 * 200 + 4 * 8_000

    run(main)


LONG, OTHER = "ä" * (LONG_BYTES // 2 + 1), "x" * (LONG_BYTES + 1)


def test_a_long_text_counts_once_where_it_comes_up() -> None:
    apart, one, two = KeptApart(), PartId("branch/1"), PartId("results/0/0")

    assert apart.count({one: {"input": LONG, "prefix": "x" * LONG_BYTES}}, []) == LONG_BYTES + 2
    assert apart.count({one: {"input": LONG, "variables": {"v": OTHER}}}, []) == LONG_BYTES + 1
    assert apart.count({one: None, two: {"outputs": [[0, LONG]]}}, []) == 0
    assert apart.count({one: {"input": OTHER}}, [{"stateEnteredEventDetails": {"input": OTHER}}]) == 0


def test_a_write_that_is_made_again_counts_nothing_more() -> None:
    apart, part = KeptApart(), PartId("branch/1")

    assert apart.count({part: {"input": LONG}}, []) > 0
    assert apart.count({part: {"input": LONG}}, []) == 0


def test_what_is_taken_up_has_been_counted() -> None:
    apart, part = KeptApart(), PartId("branch/1")
    apart.take_up({part: {"input": LONG}})

    assert apart.count({part: {"input": LONG, "events": 3}}, []) == 0
