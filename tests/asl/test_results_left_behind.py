"""What a distributed Map with a ResultWriter leaves when it does not succeed: each of its items in exactly one file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import chain
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import versions
from stepwright.asl.interpreter.map_runs import execution_arn, machine_arn
from stepwright.asl.limits import Limits
from stepwright.asl.map_data import requests, result_files
from stepwright.asl.resource import RESULT_WRITER
from stepwright.asl.signals import Continue, Signal, Stop, TaskFailed, TaskId, TaskSucceeded, UpdateMapRun
from stepwright.asl.step import Counts, Outcome, StartTask
from tests.asl.test_distributed_map import PASS, TASK, each, map_run, output_of
from tests.asl.test_map_shards import Sharded
from tests.asl.virtual_time import Play, begin, run, states

WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "results", "Prefix": "p"}}
WRITER_IN_JSONATA = {"Resource": WRITER["Resource"], "Arguments": WRITER["Parameters"]}
TWO_AT_ONCE = Limits(child_executions=2)


class Bucket:
    """Answers writers as S3 would, and all other tasks with their input unless their item is to fail."""

    def __init__(self, *failing: Any, refused: bool = False) -> None:
        self.failing = failing
        self.refused = refused
        self.files: dict[str, bytes] = {}

    def __call__(self, task: StartTask) -> Signal:
        if task.resource is not RESULT_WRITER:
            if task.input in self.failing:
                return TaskFailed(task.task, "E", "c")
            return TaskSucceeded(task.task, task.input)
        if self.refused:
            return TaskFailed(task.task, "States.ResultWriterFailed", "no such bucket")
        found = result_files.of(requests.writing(task.parameters))
        self.files.update(found.files)
        return TaskSucceeded(task.task, dict(found.details))

    def named(self, redrive: int = 0) -> dict[str, list[dict[str, Any]]]:
        """What is in the files that the manifest of one attempt names, whose sizes are as it says."""
        inside = "/Redrive-" if redrive else "/"
        [manifest] = [
            json.loads(text)
            for key, text in self.files.items()
            if key.endswith("/manifest.json") and ("/Redrive-" in key) == bool(redrive) and inside in key
        ]
        found: dict[str, list[dict[str, Any]]] = {}
        for status, files in manifest["ResultFiles"].items():
            assert [len(self.files[file["Key"]]) for file in files] == [file["Size"] for file in files]
            found[status] = [result for file in files for result in json.loads(self.files[file["Key"]])]
        return found


def inputs(named: dict[str, list[dict[str, Any]]]) -> dict[str, list[Any]]:
    return {status: [json.loads(result["Input"]) for result in results] for status, results in named.items()}


def left(definition: dict[str, Any], items: Any, bucket: Bucket, limits: Limits = TWO_AT_ONCE) -> Play:
    return run(definition, items, bucket, limits)


def test_a_map_run_that_fails_leaves_what_became_of_each_item() -> None:
    bucket = Bucket(1)
    waiting = states("W", W={"Type": "Choice", "Choices": [AT_WORK], "Default": "T"}, **WORK)
    play = left(each(waiting, ResultWriter=WRITER), [0, 1, 2, 3, 4], bucket)

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
    named = bucket.named()
    assert inputs(named) == {"SUCCEEDED": [0], "FAILED": [1, 2], "PENDING": [3, 4]}
    failed, aborted = named["FAILED"]
    children = {str(child.input): child for child in play.children.values()}
    assert failed == {
        "Cause": "c",
        "Error": "E",
        "ExecutionArn": execution_arn(map_run(play).arn, children["1"].name),
        "Input": "1",
        "InputDetails": {"Included": True},
        "Name": children["1"].name,
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "RedriveStatus": "REDRIVABLE_BY_MAP_RUN",
        "StartDate": failed["StartDate"],
        "StateMachineArn": machine_arn(map_run(play).arn),
        "Status": "FAILED",
        "StopDate": failed["StopDate"],
    }
    assert (aborted["Status"], aborted["Name"], "Error" in aborted) == ("ABORTED", children["2"].name, False)
    assert named["PENDING"][0] == {"Input": "3", "InputDetails": {"Included": True}, "Status": "PENDING"}


AT_WORK = {"Variable": "$", "NumericEquals": 2, "Next": "L"}
WORK: dict[str, Any] = {
    "T": {"Type": "Task", "Resource": "k8s:job", "End": True},
    "L": {"Type": "Wait", "Seconds": 100, "Next": "T"},
}


def test_it_fails_when_the_files_are_there_and_events_are_as_ever() -> None:
    bucket = Bucket(0)
    play = begin(each(TASK, ResultWriter=WRITER), [0, 1, 2], TWO_AT_ONCE)
    first, second = play.open_tasks()
    play.send(bucket(first))

    [task] = play.open_tasks()
    assert task.resource is RESULT_WRITER
    assert play.cancelled == [second.task]
    assert play.types[-1] == "MapRunStarted"
    assert map_run(play).status == "RUNNING"
    counts = Counts(total=3, running=0, succeeded=0, failed=1, aborted=1)
    assert map_run(play).items == map_run(play).executions == counts
    assert [child.status for child in play.children.values()] == ["FAILED", "ABORTED"]
    assert checkpoints.current_states(play.checkpoint) == ["Each"]
    assert play.checkpoint.version == versions.LEAVES_RESULTS

    play.send(bucket(task))
    assert play.chain[4:] == [
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert (map_run(play).status, map_run(play).items) == ("FAILED", counts)
    assert [history[-1]["type"] for history in play.child_events.values()] == [
        "ExecutionFailed",
        "ExecutionAborted",
    ]
    assert all(
        len(history) == len({event["id"] for event in history}) for history in play.child_events.values()
    )


def test_what_was_running_does_not_answer_any_more() -> None:
    bucket = Bucket(0)
    play = begin(each(TASK, ResultWriter=WRITER), [0, 1, 2], TWO_AT_ONCE)
    first, second = play.open_tasks()
    play.send(bucket(first))
    [writing] = play.open_tasks()

    for signal in (bucket(second), Continue(), UpdateMapRun(map_run(play).arn, max_concurrency=3)):
        play.send(signal)
    assert [task.task for task in play.open_tasks()] == [writing.task]
    assert len(play.children) == 2


def test_a_failure_that_is_caught_finds_the_files() -> None:
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]
    bucket = Bucket(1)
    play = left(each(TASK, ResultWriter=WRITER, Catch=catch), [0, 1, 2], bucket)

    assert output_of(play)["Error"] == "States.ExceedToleratedFailureThreshold"
    assert play.types[4:7] == ["MapRunFailed", "MapStateFailed", "MapStateExited"]
    assert sorted(chain.from_iterable(inputs(bucket.named()).values())) == [0, 1, 2]


def test_a_map_that_is_tried_again_leaves_files_of_each_run() -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    bucket = Bucket(0)
    play = left(each(TASK, ResultWriter=WRITER, Retry=retry), [0, 1, 2], bucket)

    assert [run.status for run in play.map_runs.values()] == ["FAILED", "FAILED"]
    assert len([key for key in bucket.files if key.endswith("manifest.json")]) == 2


def test_what_was_to_begin_is_as_it_would_have_begun() -> None:
    selector: dict[str, Any] = {
        "ItemSelector": {"n.$": "$$.Map.Item.Value"},
        "ItemBatcher": {"MaxItemsPerBatch": 2},
    }
    bucket = Bucket({"Items": [{"n": 0}, {"n": 1}]})
    left(each(TASK, ResultWriter=WRITER, MaxConcurrency=1, **selector), [0, 1, 2, 3, 4], bucket)

    assert inputs(bucket.named())["PENDING"] == [{"Items": [{"n": 2}, {"n": 3}]}, {"Items": [{"n": 4}]}]


def test_an_item_that_no_input_can_be_made_of_is_left_as_it_is() -> None:
    selector: dict[str, Any] = {
        "ItemsPath": "$.items",
        "ItemSelector": {"n.$": "States.ArrayGetItem($.list, $$.Map.Item.Index)"},
    }
    bucket = Bucket()
    definition = each(PASS, ResultWriter=WRITER, MaxConcurrency=1, **selector)
    play = left(definition, {"items": ["a", "b", "c"], "list": [5]}, bucket)

    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    assert inputs(bucket.named()) == {"SUCCEEDED": [{"n": 5}], "FAILED": [], "PENDING": ["b", "c"]}


@pytest.mark.parametrize("writer", [{}, {"ResultWriter": WRITER_IN_JSONATA}])
@pytest.mark.parametrize("shard_items", [None, 2])
def test_an_expression_that_fails_while_others_run_is_named_in_the_history(
    writer: dict[str, Any], shard_items: int | None
) -> None:
    selector = {
        "n": "{% $states.context.Map.Item.Value = 2 ? $error('no') : $states.context.Map.Item.Value %}"
    }
    fields: dict[str, Any] = {"Items": "{% $states.input %}", "ItemSelector": selector, "MaxConcurrency": 1}
    definition = {"QueryLanguage": "JSONata", **each(PASS, **fields, **writer)}
    limits = replace(TWO_AT_ONCE, shard_items=shard_items)
    play = begin(definition, [0, 1, 2, 3], limits)
    sharded = Sharded(play).to_end(Bucket()) if shard_items else None
    play = play.to_end(Bucket()) if sharded is None else sharded.parent

    assert play.types[3:] == [
        "MapRunStarted",
        "MapRunFailed",
        "EvaluationFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    [details] = [
        event["evaluationFailedEventDetails"] for event in play.events if event["type"] == "EvaluationFailed"
    ]
    assert details["error"] == "States.QueryEvaluationError"
    assert details["state"] == "Each"
    if writer or not shard_items:
        assert details["location"] == "ItemSelector/n"


def test_a_writer_that_fails_then_leaves_the_failure_as_it_is() -> None:
    play = left(each(TASK, ResultWriter=WRITER), [0, 1], Bucket(0, refused=True))

    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
    assert play.outcome.cause is not None
    assert play.outcome.cause.endswith(" What it had done could not be written: no such bucket")


def test_without_a_place_to_leave_them_a_map_fails_at_once() -> None:
    nowhere = WRITER | {"Parameters": {"Bucket.$": "$.bucket"}}
    for definition in (each(TASK, ResultWriter=nowhere), each(TASK)):
        play = left(definition, [0, 1], Bucket(0))
        assert play.outcome is not None
        assert play.outcome.error == "States.ExceedToleratedFailureThreshold"
        assert not any(task.resource is RESULT_WRITER for task in play.started)


@pytest.mark.parametrize("stops", [False, True])
def test_a_redrive_goes_on_where_it_failed_and_leaves_files_of_its_own(stops: bool) -> None:
    bucket = Bucket(1)
    two = states("A", A={"Type": "Task", "Resource": "k8s:job", "Next": "B"}, B=TASK["States"]["T"])
    play = begin(each(two, ResultWriter=WRITER, ToleratedFailureCount=0), [0, 1, 2, 3], TWO_AT_ONCE)
    while not any(task.resource is RESULT_WRITER for task in play.open_tasks()):
        play.send(bucket(play.open_tasks()[0]))
    if stops:
        play.send(Stop("S", "c"))
    play.to_end(bucket)
    assert play.outcome is not None
    assert play.types[-1] == ("ExecutionAborted" if stops else "ExecutionFailed")
    done = [name for name, child in play.children.items() if child.status == "SUCCEEDED"]
    ended = {name: len(history) for name, history in play.child_events.items()}
    before = dict(bucket.files)
    bucket.failing = ()

    play.redrive()
    play.to_end(bucket)

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    assert (map_run(play).redrives, map_run(play).items.succeeded, map_run(play).items.failed) == (1, 4, 0)
    assert map_run(play).executions == Counts(total=4, running=0, succeeded=4, failed=0)
    assert all(len(play.child_events[name]) == ended[name] for name in done)
    assert {key: bucket.files[key] for key in before} == before
    assert sorted(inputs(bucket.named(redrive=1))["SUCCEEDED"]) == [0, 1, 2, 3]
    assert output_of(play)["ResultWriterDetails"]["Key"].endswith("/Redrive-1/manifest.json")


@pytest.mark.parametrize("at_once", [False, True])
def test_a_stop_ends_what_is_leaving_its_results(at_once: bool) -> None:
    bucket = Bucket(0)
    play = begin(each(TASK, ResultWriter=WRITER), [0, 1, 2], TWO_AT_ONCE)
    play.send(bucket(play.open_tasks()[0]))
    [writing] = play.open_tasks()
    play.send(Stop("S", "c", at_once=at_once))
    if not at_once:
        play.send(Stop("S", "again"))
        assert play.outcome is None
        assert [task.task for task in play.open_tasks()] == [writing.task]
        play.send(bucket(writing))

    assert play.outcome == Outcome("ABORTED", error="S", cause="c")
    assert play.open_tasks() == []
    assert map_run(play).status == "ABORTED"
    assert map_run(play).items == Counts(total=3, running=0, succeeded=0, failed=1, aborted=1)
    assert [history[-1]["type"] for history in play.child_events.values()] == [
        "ExecutionFailed",
        "ExecutionAborted",
    ]
    assert all(
        len(history) == len({event["id"] for event in history}) for history in play.child_events.values()
    )


def test_a_map_within_a_child_execution_leaves_its_own() -> None:
    inner = each(TASK, name="Inner", ResultWriter=WRITER)
    bucket = Bucket(5)
    play = left(each(inner, ResultWriter=WRITER), [[4, 5, 6, 7], [8]], bucket)

    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    manifests = [json.loads(text) for key, text in bucket.files.items() if key.endswith("manifest.json")]
    named = {manifest["MapRunArn"] for manifest in manifests}
    assert named == {run.arn for run in play.map_runs.values() if run.status == "FAILED"}


def test_other_branches_go_on_while_a_map_leaves_its_results() -> None:
    both = {
        "Type": "Parallel",
        "Branches": [
            each(
                TASK,
                ResultWriter=WRITER,
                Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
            ),
            states("A", A={"Type": "Task", "Resource": "k8s:job", "Next": "B"}, B=TASK["States"]["T"]),
        ],
    }
    bucket = Bucket(0)
    play = begin(states("Both", Both={**both, "Branches": both["Branches"]}), [0, 1, 2], TWO_AT_ONCE)
    play.to_end(bucket)

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    assert inputs(bucket.named())["PENDING"] == [2]


@given(
    st.integers(1, 9),
    st.integers(0, 4),
    st.sets(st.integers(0, 8), max_size=4),
    st.integers(0, 3),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
@settings(max_examples=80, deadline=None)
def test_whatever_fails_each_item_is_in_one_file(
    items: int, concurrency: int, failing: set[int], tolerated: int, batch: int, random: Any
) -> None:
    fields: dict[str, Any] = {"ItemBatcher": {"MaxItemsPerBatch": batch}} if batch > 1 else {}
    definition = each(
        TASK, ResultWriter=WRITER, MaxConcurrency=concurrency, ToleratedFailureCount=tolerated, **fields
    )
    bucket = Bucket()
    play = begin(definition, list(range(items)), Limits(child_executions=4))

    def answer(task: StartTask) -> Signal:
        given: Any = task.input
        numbers = given["Items"] if isinstance(given, dict) else [given]
        if task.resource is not RESULT_WRITER and failing & set(numbers):
            return TaskFailed(task.task, "E", "c")
        return bucket(task)

    play_at_random(play, answer, random)
    found = inputs(bucket.named())
    assert flat(chain.from_iterable(found.values())) == list(range(items))
    if play.outcome is not None and play.outcome.status == "SUCCEEDED":
        assert found["PENDING"] == []
        return
    assert map_run(play).items.failed > tolerated
    failing.clear()
    play.redrive()
    play_at_random(play, answer, random)
    again = inputs(bucket.named(redrive=1))
    assert flat(chain.from_iterable(again.values())) == list(range(items))
    assert again["PENDING"] == []
    assert map_run(play).items.succeeded + map_run(play).items.failed == items


def play_at_random(play: Play, answer: Callable[[StartTask], Signal], random: Any) -> None:
    play.go_on()
    while play.outcome is None:
        tasks = play.open_tasks()
        play.send(answer(tasks[random.randrange(len(tasks))]))
        play.go_on()


def flat(found: Iterable[Any]) -> list[int]:
    numbers = [each["Items"] if isinstance(each, dict) else [each] for each in found]
    return sorted(number for some in numbers for number in some)


def test_ids_of_tasks_are_never_used_twice() -> None:
    seen: list[TaskId] = []
    bucket = Bucket(1)

    def answer(task: StartTask) -> Signal:
        seen.append(task.task)
        return bucket(task)

    play = left(each(TASK, ResultWriter=WRITER), [0, 1, 2], Bucket(1))
    bucket.failing = ()
    play.redrive()
    play.to_end(answer)
    assert len(seen) == len(set(seen))


def test_what_is_stopped_ends_when_the_files_are_there() -> None:
    bucket = Bucket()
    play = begin(each(TASK, ResultWriter=WRITER), [0, 1, 2, 3], TWO_AT_ONCE)
    play.send(bucket(play.open_tasks()[0]))
    play.send(Stop("S", "c"))

    assert play.outcome is None
    play.to_end(bucket)
    assert play.outcome == Outcome("ABORTED", error="S", cause="c")
    assert play.types[-2:] == ["MapRunStarted", "ExecutionAborted"]
    assert inputs(bucket.named()) == {"SUCCEEDED": [0], "FAILED": [1, 2], "PENDING": [3]}
    assert map_run(play).status == "ABORTED"
    assert map_run(play).items == Counts(total=4, running=0, succeeded=1, failed=0, aborted=2)

    play.redrive()
    play.to_end(bucket)
    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    assert inputs(bucket.named(redrive=1))["SUCCEEDED"] == [0, 1, 2, 3]


def test_what_has_no_more_time_ends_when_the_files_are_there() -> None:
    bucket = Bucket()
    play = begin(each(TASK, ResultWriter=WRITER) | {"TimeoutSeconds": 60}, [0, 1, 2], TWO_AT_ONCE)
    assert play.only_fire_next()
    play.send(Stop("S", "c"))
    play.to_end(bucket)

    assert play.outcome == Outcome("TIMED_OUT")
    assert play.types[-1] == "ExecutionTimedOut"
    assert inputs(bucket.named()) == {"SUCCEEDED": [], "FAILED": [0, 1], "PENDING": [2]}


def test_nothing_but_the_writers_goes_on_in_what_is_stopped() -> None:
    waiting = states("W", W={"Type": "Wait", "Seconds": 50, "Next": "X"}, X=TASK["States"]["T"])
    other = each(states("U", U=TASK["States"]["T"]), "Other")
    both = {"Type": "Parallel", "Branches": [each(TASK, ResultWriter=WRITER), waiting, other]}
    bucket = Bucket()
    play = begin(states("Both", Both=both), [0, 1, 2], TWO_AT_ONCE)
    tasks = play.open_tasks()
    play.send(Stop())

    [writing] = play.open_tasks()
    assert writing.resource is RESULT_WRITER
    assert sorted(play.cancelled) == sorted(task.task for task in tasks)
    assert not play.only_fire_next()
    for task in tasks:
        play.send(bucket(task))
    assert play.outcome is None
    play.to_end(bucket)
    assert play.outcome == Outcome("ABORTED")
    assert all(
        len(history) == len({event["id"] for event in history}) for history in play.child_events.values()
    )
    assert {child.status for child in play.children.values()} == {"ABORTED"}
    assert [run.status for run in play.map_runs.values()] == ["ABORTED", "ABORTED"]

    play.redrive()
    assert play.only_fire_next()
    play.to_end(bucket)
    assert output_of(play)[1:] == [[0, 1, 2], [0, 1, 2]]
