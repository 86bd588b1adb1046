"""Maps that run in shards: machines that have one, and what must hold of shards, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

import msgspec

from stepwright.asl.limits import Limits
from tests.simulation.api_server import Body
from tests.simulation.machines import State

ALL = [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "Told"}]
JOB = {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}, "ResultPath": None}


def limits(limits: Limits, random: Random) -> Limits:
    return replace(
        limits,
        shard_items=random.choice((1, 2, 4)),
        shards=random.choice((1, 2, 3)),
        child_executions=random.choice((1, 2, 4)),
    )


def machine(random: Random) -> State:
    """Each child execution gives the index of its item in the end, unless it may fail."""
    does = random.choice(
        (
            {**JOB, "Catch": ALL, "Next": "Told"},
            {**JOB, "Catch": ALL, "Next": "Told"},
            {**JOB, "Next": "Told"},
            {"Type": "Wait", "Seconds": random.choice((0, 1, 4)), "Next": "Told"},
            {"Type": "Pass", "Next": "Told"},
        )
    )
    told = {"Type": "Pass", "Parameters": {"item.$": "$.n"}, "End": True}
    each: State = {
        "Type": "Map",
        "ItemsPath": "$.a",
        "ItemSelector": {"n.$": "$$.Map.Item.Index"},
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Does",
            "States": {"Does": does, "Told": told},
        },
        "End": True,
    }
    if random.randrange(2):
        each["ToleratedFailurePercentage"] = random.choice((30, 100))
    if random.randrange(3) == 0:
        each["MaxConcurrency"] = random.choice((1, 2, 5))
    of_each: State = {"StartAt": "Each", "States": {"Each": each}}
    if random.randrange(5):
        return of_each
    wait = {"Type": "Wait", "Seconds": random.choice((1, 3, 6)), "Next": "F"}
    fails = {"StartAt": "W", "States": {"W": wait, "F": {"Type": "Fail", "Error": "E"}}}
    both = {"Type": "Parallel", "Branches": [of_each, fails], "Next": "Late"}
    both["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "Late"}]
    late = {"Type": "Wait", "Seconds": 2, "End": True}
    return {"StartAt": "Both", "States": {"Both": both, "Late": late}}


def is_distributed(checkpoint: Mapping[str, str]) -> bool:
    """Whether it has child executions, whose events are in no history, or shards that have them."""
    return any(part.startswith(("child/", "shard/")) for part in checkpoint)


class Shards:
    """That a shard is made once, and stopped with its task, is looked at as of all children (``children``)."""

    def __init__(self, complain: Callable[[str], None]) -> None:
        self._complain = complain

    def final(self, body: Body, texts: Mapping[str, str]) -> None:
        """Of an execution with a distributed Map: if it has succeeded, each item is in its results, once and in its place, and
        it has not failed for a shard that was gone. ``texts``: long outputs, by the names of what holds them."""
        name, spec, status = body["metadata"]["name"], body["spec"], body["status"]
        if "was taken away" in status.get("cause", ""):
            self._complain(f"execution {name} has failed: {status['cause']}")
        for run in status.get("mapRuns", ()):
            counts = dict(run["items"])
            if counts.pop("total") != sum(counts.values()) or counts["running"] or run["phase"] == "Running":
                self._complain(f"execution {name} has ended, and of its Map Run it says {run}")
        if status["phase"] != "Succeeded" or "mapShard" in spec:
            return
        given = msgspec.json.decode(spec["inputJson"]) if "inputJson" in spec else spec["input"]
        text = texts[status["outputRef"]["name"]] if "outputRef" in status else status["output"]
        output = msgspec.json.decode(text)
        if not isinstance(output, list) or not isinstance(given, dict):
            return  # of another test
        if len(output) != len(given["a"]):
            self._complain(f"execution {name} has {len(output)} results of {len(given['a'])} items")
        for index, result in enumerate(output):
            if result != {"item": index} and result.get("Status") != "FAILED":
                self._complain(f"execution {name} has {result} as the result of item {index}")
