"""Histories without a ceiling: page after page, through crashes, read back whole and in order; objects stay small."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stepwright.asl.limits import CLUSTER
from tests.simulation import machines, preparing, running, seeds, world
from tests.simulation.climate import Climate

pytestmark = pytest.mark.slow

ROUNDS = 25_000
EVENTS_PER_ROUND = 4
LARGEST_BYTES = 700_000
"""Less than half of what etcd takes. A write of 2,000 events is on top of a page that was nearly full."""

COUNTING: dict[str, Any] = {
    "StartAt": "Count",
    "States": {
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Enough"},
        "Enough": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericLessThan": ROUNDS, "Next": "Count"}],
            "Default": "Done",
        },
        "Done": {"Type": "Succeed"},
    },
}
WIDE: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.a",
            "MaxConcurrency": 40,
            "ItemProcessor": {
                "StartAt": "Pause",
                "States": {"Pause": {"Type": "Wait", "Seconds": 1, "End": True}},
            },
            "ResultPath": None,
            "End": True,
        }
    },
}
# Its 10,000 child executions come and go in the checkpoint alone.
DISTRIBUTED: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "Say",
                "States": {"Say": {"Type": "Pass", "Result": "x" * 20, "End": True}},
            },
            "End": True,
        }
    },
}
# Its results come to 4 MB, more than one object holds.
HEAVY: dict[str, Any] = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "MaxConcurrency": 40,
            "ItemProcessor": {
                "StartAt": "Say",
                "States": {"Say": {"Type": "Pass", "Result": "漢" * 150, "End": True}},
            },
            "ResultPath": None,
            "End": True,
        }
    },
}


def climate(**changes: Any) -> Climate:
    usual: dict[str, Any] = {
        "trouble_seconds": 60,
        "faults": 0.05,
        "kills": 4,
        "stops": 1,
        "strikes": 0.1,
        "operators": 2,
        "joins": 1,
        "leaves": 1,
        "jumps": 1,
        "lag": (0.0, 0.1),
        "streams": (5, 60),
        "page_bytes": 16 * 1024,
        "inline_bytes": 8 * 1024,
        "annotated_bytes": 32 * 1024,
        "transitions": 50,
        "largest_bytes": LARGEST_BYTES,
        "limits": replace(CLUSTER, history_events=None, events_per_second=None),
        "batch_events": 2_000,
        "executions": 1,
        "namespace_ends": False,
    }
    return Climate(**usual | changes)


@pytest.mark.parametrize(
    ("definition", "given", "events"),
    [
        (COUNTING, {"n": 0}, EVENTS_PER_ROUND * ROUNDS + 4),
        (WIDE, {"a": list(range(10_000))}, 4 * 10_000 + 6),
        (HEAVY, list(range(10_000)), 4 * 10_000 + 6),
        (DISTRIBUTED, list(range(10_000)), 8),
    ],
    ids=[
        "a loop",
        "a Map of 10,000 items at 40 at a time",
        "a Map with results of 4 MB",
        "a distributed Map of 10,000 items",
    ],
)
@pytest.mark.parametrize("seed", [1])
def test_a_long_history_is_whole(
    definition: Any, given: Any, events: int, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Climate, "of", lambda _: climate())
    monkeypatch.setattr(machines, "make", lambda _: definition)
    monkeypatch.setattr(machines, "make_input", lambda _: given)
    monkeypatch.setattr(world.World, "_create_executions", only_created(given))
    with preparing.prepared():
        result = seeds.play(seed)

    assert not result.violations, running.failure(result)
    assert result.outcomes == ["Succeeded"]
    assert result.kills
    assert result.events == events


def only_created(given: Any) -> Any:
    def create(self: world.World) -> None:
        spec = {"stateMachineRef": {"name": "m0"}, "input": given}
        self._later(1, self._create_execution, "e0", spec)

    return create
