"""What an Indexed Job's task returns: a list with the output of each index."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.failure.errors import StateError
from stepwright.asl.json_types import Json
from stepwright.asl.signals import TaskFailed, TaskSucceeded
from stepwright.asl.step import StartTask
from stepwright.kube.api_errors import ApiError
from stepwright.tasks.job import facts, indexes
from tests.tasks.job.api_server import once
from tests.tasks.job.running import task
from tests.tasks.job.test_job_driver import Scene, done, settled
from tests.tasks.job.test_job_forgery import ends, several
from tests.tasks.job.test_job_verdict import job, pod


def of(messages: dict[int, str], completions: int = 3, completed: str = "", **spec: Any) -> Json:
    pods = {
        index: pod({"exitCode": 0, "message": text}, phase="Succeeded", name=f"order-7-5-x-{index}-aaaaa")
        for index, text in messages.items()
    }
    this = job("Complete", completions=completions, completionMode="Indexed", **spec)
    status = facts.JobStatus(this.status.conditions, completedIndexes=completed)
    return indexes.from_messages(facts.Job(this.metadata, this.spec, status), pods)


def test_each_index_has_its_place_and_null_if_it_wrote_nothing() -> None:
    assert of({2: '{"c":2.0}', 0: " 1\n", 1: ""}) == [1, None, {"c": 2.0}]


def test_of_one_index_there_is_a_list_of_one() -> None:
    assert of({0: '"a"'}, completions=1) == ["a"]


def test_of_no_indexes_there_is_an_empty_list() -> None:
    assert of({}, completions=0) == []


def test_if_no_index_wrote_anything_there_is_the_summary() -> None:
    found = of({0: "", 1: "", 2: " "})

    assert isinstance(found, dict)
    assert (found["jobName"], found["exitCode"]) == ("order-7-5-x", 0)


POLICY: dict[str, Any] = {"successPolicy": {"rules": [{"succeededCount": 1}]}}


def test_indexes_that_a_success_policy_does_without_are_null() -> None:
    assert of({1: "7"}, completed="1", **POLICY) == [None, 7, None]


@pytest.mark.parametrize(
    ("messages", "given", "lost"),
    [
        ({0: "1", 2: "2"}, {}, "those of index 1."),
        ({0: "1"}, {"completions": 14}, "those of indexes 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, …."),
        ({}, {"completions": 2}, "those of indexes 0, 1."),
        ({2: "2"}, {"completed": "0,2", **POLICY}, "those of index 0."),
    ],
)
def test_outputs_that_are_lost_are_named(messages: dict[int, str], given: dict[str, Any], lost: str) -> None:
    with pytest.raises(StateError) as caught:
        of(messages, **given)

    assert caught.value.error == "Job.OutputLost"
    assert (caught.value.cause or "").endswith(lost)


def test_a_lost_pod_does_no_harm_where_no_index_writes() -> None:
    assert isinstance(of({0: "", 2: ""}), dict)


def test_one_output_that_is_not_json_fails_the_task_with_its_pod() -> None:
    with pytest.raises(StateError, match="by container main of pod order-7-5-x-1-aaaaa") as caught:
        of({0: "1", 1: "done", 2: "1"})

    assert caught.value.error == "Job.OutputInvalid"


def test_outputs_that_are_too_large_together_are_not_even_read() -> None:
    with pytest.raises(StateError, match="have returned more than 262,144 bytes together") as caught:
        of(dict.fromkeys(range(66), "x" * 4000), completions=66)

    assert caught.value.error == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    ("text", "expected"),
    [(None, []), ("", []), ("3", [3]), ("0,2-4,9", [0, 2, 3, 4, 9]), ("none", [])],
)
def test_intervals_as_kubernetes_writes_them(text: str | None, expected: list[int]) -> None:
    assert list(indexes.intervals(text)) == expected


# --- By the driver ----------------------------------------------------------------------------------------------------


def indexed(completions: int, **parameters: Any) -> StartTask:
    this = several(completions=completions, parallelism=completions, completionMode="Indexed")
    return task({**this.parameters, **parameters})  # type: ignore[dict-item] # an object


async def test_an_indexed_job_gives_what_each_index_returned() -> None:
    scene, this = Scene(), indexed(2)
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        await scene.pod(this, done("[1]"), suffix="1-abcde")
        await scene.pod(this, done("[0]"), suffix="0-abcde")
        assert ends(scene) == []
        await scene.conclude(this, "Complete", succeeded=2, completedIndexes="0,1")

    assert scene.end() == TaskSucceeded(this.task, [[0], [1]])


async def test_last_lines_of_all_indexes_are_read_patiently() -> None:
    scene, this = Scene(), indexed(3, output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        for index, text in enumerate((b"log\n1\n", b"", b'"two"')):
            name = await scene.pod(this, done(""), suffix=f"{index}-abcde")
            scene.server.logs[name] = text
        scene.server.before = once("log", "", ApiError(500, "InternalError", "no kubelet"))
        await scene.conclude(this, "Complete", succeeded=3, completedIndexes="0-2")
        await scene.clock.forward(2)

    assert scene.end() == TaskSucceeded(this.task, [1, None, "two"])


async def test_a_log_that_is_gone_is_a_lost_output() -> None:
    scene, this = Scene(), indexed(2, output="stdout")
    async with scene.driver() as driver:
        await driver.start(scene.ref, this, again=False)
        for index in range(2):
            name = await scene.pod(this, done(""), suffix=f"{index}-abcde")
        scene.server.logs[name] = b"1"
        await scene.conclude(this, "Complete", succeeded=2, completedIndexes="0,1")
        await settled()

    [end] = ends(scene)
    assert isinstance(end, TaskFailed)
    assert end.error == "Job.OutputLost"
