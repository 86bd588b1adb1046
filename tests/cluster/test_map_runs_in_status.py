"""What people read of the Map Runs of an execution in its status, as it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.cluster.map_runs import MOST_MAP_RUNS
from stepwright.cluster.record import Record
from stepwright.cluster.stored import of
from tests.cluster.test_patches import NEW, PINNED, apply, commits_of


def each(processor: dict[str, Any], **fields: Any) -> dict[str, Any]:
    distributed = {**processor, "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    return {"Type": "Map", "ItemProcessor": distributed, "End": True, **fields}


JOB = {
    "StartAt": "J",
    "States": {"J": {"Type": "Task", "Resource": "k8s:job", "Parameters": {"image": "x"}, "End": True}},
}


def statuses(machine: dict[str, Any], given: Any, answer: Any) -> list[dict[str, Any]]:
    """After each commit."""
    stored: dict[str, Any] = {**NEW, "status": dict(NEW["status"])}
    known = Record.of(of(stored), PINNED)
    found = []
    for commit in commits_of(machine, given, answer):
        known = apply(stored, known, commit)
        assert Record.of(of(stored), PINNED).map_runs == known.map_runs
        found.append(stored["status"])
    return found


@pytest.mark.parametrize("fails", [False, True])
def test_items_are_counted_while_a_map_runs_and_when_it_has_ended(fails: bool) -> None:
    def answer(task: Any) -> Any:
        return (task.input, ("E", "c") if fails and task.input == 4 else task.input)

    machine = {"StartAt": "Each", "States": {"Each": each(JOB, MaxConcurrency=2)}}
    found = [status["mapRuns"] for status in statuses(machine, [1, 2, 3, 4, 5], answer)]

    assert all(len(runs) == 1 and runs[0]["state"] == "Each" for runs in found)
    assert all(runs[0]["items"]["total"] == 5 == sum(runs[0]["items"].values()) - 5 for runs in found)
    assert found[0][0]["phase"] == "Running"
    assert found[0][0]["items"] == {
        "total": 5,
        "pending": 3,
        "running": 2,
        "succeeded": 0,
        "failed": 0,
        "aborted": 0,
    }
    end = found[-1][0]
    assert (end["phase"], end["items"]["running"]) == ("Failed" if fails else "Succeeded", 0)
    assert end["items"]["succeeded"] == (3 if fails else 5)


def test_the_bounds_of_a_map_run_and_its_child_executions_are_said_and_when_it_began_and_ended() -> None:
    bounds = {"MaxConcurrency": 2, "ToleratedFailurePercentage": 12.5}
    machine = {
        "StartAt": "Each",
        "States": {"Each": each(JOB, ItemBatcher={"MaxItemsPerBatch": 2}, **bounds)},
    }
    found = [status["mapRuns"][0] for status in statuses(machine, [1, 2, 3, 4, 5], lambda _: (1, {}))]

    begun, ended = found[0], found[-1]
    assert (begun["maxConcurrency"], begun["toleratedFailurePercentage"]) == (2, 12.5)
    assert not begun.keys() & {"toleratedFailureCount", "endTime"}
    assert (begun["executions"]["running"], begun["items"]["running"]) == (2, 4)
    assert ended["startTime"] == begun["startTime"] < ended["endTime"]
    assert (ended["executions"]["succeeded"], ended["executions"]["total"]) == (3, 3)


def test_the_newest_map_runs_are_listed_and_none_of_child_executions() -> None:
    inner = {"StartAt": "Inner", "States": {"Inner": each(JOB)}}
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 7, "BackoffRate": 1}]
    machine = {"StartAt": "Each", "States": {"Each": each(inner, Retry=retry)}}
    found = statuses(machine, [[1]], lambda _: (1, ("E", "c")))

    assert [len(status["mapRuns"]) for status in found][-1] == MOST_MAP_RUNS
    assert {run["state"] for status in found for run in status["mapRuns"]} == {"Each"}
    assert len({run["mapRunArn"] for status in found for run in status["mapRuns"]}) == 8


def test_an_execution_without_a_distributed_map_says_nothing_of_them() -> None:
    machine = {"StartAt": "J", "States": JOB["States"]}
    assert all("mapRuns" not in status for status in statuses(machine, 1, lambda task: (1, task.input)))
