"""A distributed Map whose items are read elsewhere, and whose results are left elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepwright.asl.checkpoint import checkpoint as checkpoints
from stepwright.asl.checkpoint import versions
from stepwright.asl.definition import compile_definition
from stepwright.asl.diagnostics import InvalidDefinition
from stepwright.asl.interpreter.map_runs import execution_arn, machine_arn
from stepwright.asl.limits import Limits
from stepwright.asl.map_data import requests, result_files
from stepwright.asl.resource import ITEM_READER, RESULT_WRITER
from stepwright.asl.signals import (
    ShardCounts,
    ShardProgress,
    Signal,
    Stop,
    TaskFailed,
    TaskId,
    TaskStarted,
    TaskSucceeded,
)
from stepwright.asl.step import CancelTask, Counts, StartTask
from tests.asl.test_distributed_map import PASS, TASK, each, map_run, output_of
from tests.asl.test_map_shards import Sharded
from tests.asl.virtual_time import Play, begin, machine, run, states

READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket.$": "$.bucket", "Key": "k"},
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
}
WRITER = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Parameters": {"Bucket": "results", "Prefix.$": "$.prefix"},
}
GIVEN: Any = {"bucket": "b", "prefix": "p", "most": 2}
DETAILS: Any = {"Bucket": "results", "Key": "p/x/manifest.json"}


def reads(*items: Any) -> Any:
    """Answers readers with these items, writers with where they wrote, and all other tasks with their input."""

    def answer(task: StartTask) -> Signal:
        if task.resource is ITEM_READER:
            return TaskSucceeded(task.task, {"items": list(items)})
        if task.resource is RESULT_WRITER:
            return TaskSucceeded(task.task, DETAILS)
        return TaskSucceeded(task.task, task.input)

    return answer


def open_task(play: Play) -> StartTask:
    [task] = play.open_tasks()
    return task


def test_a_map_run_begins_before_its_items_are_read() -> None:
    play = begin(each(PASS, ItemReader=READER), GIVEN)

    assert play.chain == [
        (1, 0, "ExecutionStarted"),
        (2, 0, "MapStateEntered"),
        (3, 2, "MapStateStarted"),
        (4, 3, "MapRunStarted"),
    ]
    assert play.events[2]["mapStateStartedEventDetails"] == {"length": 0}
    assert map_run(play).status == "RUNNING"
    assert map_run(play).items == Counts(total=0, running=0, succeeded=0, failed=0)
    task = open_task(play)
    assert task.resource is ITEM_READER
    assert task.parameters == {
        "Resource": "arn:aws:states:::s3:getObject",
        "Parameters": {"Bucket": "b", "Key": "k"},
        "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
    }
    assert checkpoints.resources(play.machine, play.checkpoint) == {task.task: ITEM_READER}


def test_the_items_that_were_read_are_those_of_the_map() -> None:
    play = run(each(PASS, ItemReader=READER), GIVEN, reads({"a": "1"}, {"a": "2"}))

    assert output_of(play) == [{"a": "1"}, {"a": "2"}]
    assert play.chain[4:] == [
        (5, 4, "MapRunSucceeded"),
        (6, 5, "MapStateSucceeded"),
        (7, 4, "MapStateExited"),
        (8, 7, "ExecutionSucceeded"),
    ]
    assert map_run(play).items == Counts(total=2, running=0, succeeded=2, failed=0)


def test_no_items_are_read_and_the_map_ends() -> None:
    assert output_of(run(each(PASS, ItemReader=READER), GIVEN, reads())) == []


def test_items_that_were_read_are_selected_and_put_into_batches() -> None:
    definition = each(
        PASS,
        ItemReader=READER,
        ItemSelector={"n.$": "$$.Map.Item.Value", "of.$": "$.bucket"},
        ItemBatcher={"MaxItemsPerBatch": 2},
    )
    play = run(definition, GIVEN, reads(1, 2, 3))

    assert output_of(play) == [
        {"Items": [{"n": 1, "of": "b"}, {"n": 2, "of": "b"}]},
        {"Items": [{"n": 3, "of": "b"}]},
    ]


def test_beginning_to_read_is_told_by_no_event() -> None:
    play = begin(each(PASS, ItemReader=READER), GIVEN)
    step = play.send(TaskStarted(open_task(play).task))

    assert step.events == []
    assert open_task(play).resource is ITEM_READER


@pytest.mark.parametrize("most", [2, "2"])
def test_how_many_items_are_read_may_be_a_path(most: Any) -> None:
    reader = READER | {"ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.most"}}
    play = begin(each(PASS, ItemReader=reader), GIVEN | {"most": most})

    parameters: Any = open_task(play).parameters
    assert parameters["ReaderConfig"] == {"InputType": "JSON", "MaxItems": 2}


def test_how_many_items_are_read_may_be_an_expression() -> None:
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "Arguments": {"Bucket": "{% $states.input.bucket %}"},
        "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"},
    }
    play = begin(each(PASS, ItemReader=reader) | {"QueryLanguage": "JSONata"}, GIVEN)

    parameters: Any = open_task(play).parameters
    assert parameters["Parameters"] == {"Bucket": "b"}
    assert parameters["ReaderConfig"] == {"InputType": "JSON", "MaxItems": 2}


def failure_of(play: Play) -> tuple[str | None, str | None]:
    assert play.outcome is not None
    assert play.outcome.status == "FAILED"
    return play.outcome.error, play.outcome.cause


@pytest.mark.parametrize(
    ("config", "cause"),
    [
        ({"InputType": "JSON", "MaxItemsPath": "$.most"}, "field MaxItems must be positive"),
    ],
)
def test_what_cannot_be_read_fails_the_map_run(config: Any, cause: str) -> None:
    play = run(each(PASS, ItemReader=READER | {"ReaderConfig": config}), GIVEN | {"most": -1})

    assert failure_of(play) == ("States.ItemReaderFailed", cause)
    assert play.chain[3:] == [
        (4, 3, "MapRunStarted"),
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert map_run(play).status == "FAILED"


def test_a_bound_that_is_no_number_fails_the_state_before_its_run() -> None:
    reader = READER | {"ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.most"}}
    play = run(each(PASS, ItemReader=reader), GIVEN | {"most": 1.5})

    error, cause = failure_of(play)
    assert error == "States.Runtime"
    assert cause is not None
    assert 'The MaxItemsPath field refers to value "1.5" which is not a valid integer: $.most' in cause
    assert not play.map_runs


def refuses(error: str, cause: str, resource: Any) -> Any:
    def answer(task: StartTask) -> Signal:
        if task.resource is resource:
            return TaskFailed(task.task, error, cause)
        signal: Signal = reads(1, 2)(task)
        return signal

    return answer


def test_a_reader_that_fails_fails_the_map_run_and_may_be_caught() -> None:
    failing = refuses("States.ItemReaderFailed", "no such key", ITEM_READER)
    play = run(each(PASS, ItemReader=READER), GIVEN, failing)

    assert failure_of(play) == ("States.ItemReaderFailed", "no such key")
    assert play.chain[4:] == [
        (5, 4, "MapRunFailed"),
        (6, 5, "MapStateFailed"),
        (7, 6, "ExecutionFailed"),
    ]
    assert play.events[4]["mapRunFailedEventDetails"] == {
        "error": "States.ItemReaderFailed",
        "cause": "no such key",
    }

    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}]
    caught = run(each(PASS, ItemReader=READER, Catch=catch), GIVEN, failing)
    assert output_of(caught) == {"Error": "States.ItemReaderFailed", "Cause": "no such key"}


def test_a_retried_reader_begins_a_new_map_run() -> None:
    retry = [{"ErrorEquals": ["States.ItemReaderFailed"], "IntervalSeconds": 1}]
    failed: set[TaskId] = set()

    def answer(task: StartTask) -> Signal:
        if task.resource is ITEM_READER and not failed:
            failed.add(task.task)
            return TaskFailed(task.task, "States.ItemReaderFailed", "not yet")
        signal: Signal = reads(1)(task)
        return signal

    play = run(each(PASS, ItemReader=READER, Retry=retry), GIVEN, answer)

    assert output_of(play) == [1]
    assert [status.status for status in play.map_runs.values()] == ["FAILED", "SUCCEEDED"]


def test_items_beyond_the_limit_are_refused_with_the_limit() -> None:
    play = run(each(PASS, ItemReader=READER), GIVEN, reads("x" * 100), limits=Limits(read_bytes=100))

    assert failure_of(play) == (
        "States.ItemReaderFailed",
        "The items that were read take 104 bytes as JSON, and a Map reads at most 100 here. MaxItems reads fewer of them.",
    )


def test_an_answer_without_items_fails_the_reader() -> None:
    play = run(each(PASS, ItemReader=READER), GIVEN, lambda task: TaskSucceeded(task.task, [1]))

    assert failure_of(play)[0] == "States.ItemReaderFailed"


@pytest.mark.parametrize("resource", [ITEM_READER, RESULT_WRITER])
def test_a_stop_stops_reading_and_writing(resource: Any) -> None:
    def until_then(task: StartTask) -> Signal | None:
        signal: Signal = reads(1)(task)
        return None if task.resource is resource else signal

    play = begin(each(PASS, ItemReader=READER, ResultWriter=WRITER), GIVEN)
    play.to_end(until_then)
    task = open_task(play)
    play.send(Stop())

    assert task.resource is resource
    assert [c for c in play.commands if isinstance(c, CancelTask)] == [
        CancelTask(task.task, resource, None, task.scheduled)
    ]
    if resource is RESULT_WRITER:  # all of it is written, whatever had been written before
        play.send(TaskSucceeded(open_task(play).task, DETAILS))
    assert map_run(play).status == "ABORTED"
    assert play.open_tasks() == []


def test_a_redrive_reads_again_what_was_not_read() -> None:
    play = run(each(PASS, ItemReader=READER), GIVEN, refuses("E", "c", ITEM_READER))
    play.redrive()
    play.to_end(reads(1, 2))

    assert output_of(play) == [1, 2]
    assert [status.status for status in play.map_runs.values()] == ["FAILED", "SUCCEEDED"]


def test_a_redrive_reads_nothing_again_that_was_read() -> None:
    def children_fail(task: StartTask) -> Signal:
        if task.resource is ITEM_READER:
            return TaskSucceeded(task.task, {"items": [1]})
        return TaskFailed(task.task, "E", "c")

    play = run(each(TASK, ItemReader=READER), GIVEN, children_fail)
    play.redrive()

    assert [task.resource.text for task in play.open_tasks()] == ["k8s:job"]
    play.to_end()
    assert output_of(play) == [1]


def test_results_are_written_at_the_end_of_the_run() -> None:
    play = run(each(PASS, ItemReader=READER, ResultWriter=WRITER), GIVEN, reads(1, 2))

    assert output_of(play) == {"MapRunArn": map_run(play).arn, "ResultWriterDetails": DETAILS}
    assert [event["type"] for event in play.events][3:] == [
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_a_writer_is_given_what_became_of_each_child_execution() -> None:
    def answer(task: StartTask) -> Signal | None:
        if task.resource is RESULT_WRITER:
            return None
        if task.input == 2:
            return TaskFailed(task.task, "E", "c")
        signal: Signal = reads(1, 2)(task)
        return signal

    writer = WRITER | {"WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"}}
    play = begin(each(TASK, ItemReader=READER, ResultWriter=writer, ToleratedFailureCount=1), GIVEN)
    play.to_end(answer)
    given: Any = open_task(play).parameters
    succeeded, failed = given.pop("Results")

    assert given == {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results", "Prefix": "p"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"},
        "MapRunArn": map_run(play).arn,
    }
    first, second = play.children.values()
    assert succeeded == {
        "ExecutionArn": execution_arn(map_run(play).arn, first.name),
        "Input": "1",
        "InputDetails": {"Included": True},
        "Name": first.name,
        "Output": "1",
        "OutputDetails": {"Included": True},
        "RedriveCount": 0,
        "StartDate": succeeded["StartDate"],
        "StateMachineArn": machine_arn(map_run(play).arn),
        "Status": "SUCCEEDED",
        "StopDate": succeeded["StopDate"],
    }
    assert (failed["Name"], failed["Status"], failed["Error"]) == (second.name, "FAILED", "E")


def test_a_writer_that_fails_fails_the_map_run_and_is_redriven_alone() -> None:
    refused = refuses("States.ResultWriterFailed", "no bucket", RESULT_WRITER)
    play = run(each(PASS, ItemReader=READER, ResultWriter=WRITER), GIVEN, refused)

    assert failure_of(play) == ("States.ResultWriterFailed", "no bucket")
    assert [event["type"] for event in play.events][4:] == [
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
    ]

    children = len(play.children)
    play.redrive()
    assert open_task(play).resource is RESULT_WRITER
    play.to_end(reads())
    assert output_of(play) == {"MapRunArn": map_run(play).arn, "ResultWriterDetails": DETAILS}
    assert len(play.children) == children
    assert map_run(play).redrives == 1


@pytest.mark.parametrize(
    ("transformation", "expected"),
    [("COMPACT", [[1, 2], 3]), ("FLATTEN", [1, 2, 3])],
)
def test_results_that_stay_are_shaped(transformation: str, expected: Any) -> None:
    writer = {"WriterConfig": {"Transformation": transformation, "OutputType": "JSON"}}

    assert output_of(run(each(PASS, ResultWriter=writer), [[1, 2], 3])) == expected


def test_results_that_stay_may_tell_of_their_executions() -> None:
    writer = {"WriterConfig": {"Transformation": "NONE"}}
    play = run(each(PASS, ResultWriter=writer), [7])

    assert [(found["Input"], found["Output"], found["Status"]) for found in output_of(play)] == [
        ("7", "7", "SUCCEEDED")
    ]


def test_readers_and_writers_have_ids_that_no_other_task_has() -> None:
    both = {
        "Type": "Parallel",
        "Branches": [
            each(TASK, ItemReader=READER, ResultWriter=WRITER),
            each(states("U", U=TASK["States"]["T"]), "Other", ItemReader=READER),
        ],
    }
    seen: list[TaskId] = []

    def answer(task: StartTask) -> Signal:
        seen.append(task.task)
        signal: Signal = reads(1, 2)(task)
        return signal

    play = run(states("Both", Both=both), GIVEN, answer)

    assert play.outcome is not None
    assert play.outcome.status == "SUCCEEDED"
    assert len(seen) == len(set(seen)) == 2 + 4 + 1


def test_no_definition_can_name_a_reader_or_a_writer() -> None:
    for resource in (ITEM_READER, RESULT_WRITER):
        with pytest.raises(InvalidDefinition):
            compile_definition(states("T", T={"Type": "Task", "Resource": resource.text}))
        reader = READER | {"Resource": resource.text}
        with pytest.raises(InvalidDefinition):
            compile_definition(each(PASS, ItemReader=reader))


def test_what_only_shards_report_is_nothing_to_a_reader() -> None:
    play = begin(each(PASS, ItemReader=READER), GIVEN)
    step = play.send(ShardProgress(open_task(play).task, ShardCounts(1, 1, 0, 1, 1, 0)))

    assert step.events == []
    assert open_task(play).resource is ITEM_READER


def test_a_map_that_has_read_its_items_runs_in_shards_each_of_which_writes_what_they_gave() -> None:
    limits = Limits(shard_items=2, child_executions=2)
    play = begin(each(PASS, ItemReader=READER, ResultWriter=WRITER), GIVEN, limits)
    written: dict[str, bytes] = {}

    def answer(task: StartTask) -> Signal:
        if task.resource is not RESULT_WRITER:
            signal: Signal = reads(1, 2, 3)(task)
            return signal
        found = result_files.of(requests.writing(task.parameters))
        written.update(found.files)
        return TaskSucceeded(task.task, dict(found.details))

    sharded = Sharded(play).to_end(answer)

    assert len(sharded.shards) == 2
    folder = output_of(play)["ResultWriterDetails"]["Key"].removesuffix("/manifest.json")
    assert list(written) == [f"{folder}/SUCCEEDED_{n}.json" for n in (0, 1)] + [f"{folder}/manifest.json"]
    outputs = [
        [found["Output"] for found in json.loads(written[f"{folder}/SUCCEEDED_{n}.json"])] for n in (0, 1)
    ]
    assert outputs == [["1", "2"], ["3"]]
    named = json.loads(written[f"{folder}/manifest.json"])["ResultFiles"]["SUCCEEDED"]
    assert named == [{"Key": key, "Size": len(text)} for key, text in written.items() if "SUCCEEDED" in key]


def test_a_map_reads_and_works_piece_by_piece() -> None:
    limits = Limits(shard_items=2, child_executions=2, shards=2)
    play = begin(each(PASS, ItemReader=READER), GIVEN, limits)
    seen: list[Any] = []

    def answer(task: StartTask) -> Signal:
        wanted = requests.reading(task.parameters)
        if wanted.piece is not None:
            return TaskSucceeded(task.task, {"items": wanted.piece["numbers"]})
        assert wanted.window is not None
        seen.append(wanted.window.after)
        first = wanted.window.after or 0
        pieces: list[Any] = [{"count": 2, "piece": {"numbers": [first + n, first + n + 1]}} for n in (0, 2)]
        return TaskSucceeded(task.task, {"pieces": pieces, "after": first + 4 if first < 12 else None})

    sharded = Sharded(play).to_end(answer)

    assert output_of(play) == list(range(16))
    assert list(dict.fromkeys(seen)) == [None, 4, 8, 12]
    assert len(sharded.shards) == 8
    assert sharded.most_open == 2


def test_a_share_of_failures_is_judged_once_all_items_are_known() -> None:
    limits = Limits(shard_items=2, child_executions=2, shards=1)
    fails = states("F", F={"Type": "Fail", "Error": "E"})
    play = begin(each(fails, ItemReader=READER, ToleratedFailurePercentage=50), GIVEN, limits)
    failed: list[int] = []

    def answer(task: StartTask) -> Signal:
        wanted = requests.reading(task.parameters)
        if wanted.piece is not None:
            return TaskSucceeded(task.task, {"items": [1, 2]})
        assert wanted.window is not None
        failed.append(map_run(play).items.failed)
        number = wanted.window.after or 0
        pieces: list[Any] = [{"count": 2, "piece": {"n": number}}]
        return TaskSucceeded(task.task, {"pieces": pieces, "after": number + 1 if number < 2 else None})

    Sharded(play).to_end(answer)

    assert max(failed) > 1
    assert play.outcome is not None
    assert play.outcome.error == "States.ExceedToleratedFailureThreshold"


def test_a_piece_that_has_other_items_when_it_is_read_again_fails_the_map() -> None:
    play = begin(each(PASS, ItemReader=READER), GIVEN, Limits(shard_items=2))

    def answer(task: StartTask) -> Signal:
        if requests.reading(task.parameters).piece is not None:
            return TaskSucceeded(task.task, {"items": [1]})
        pieces: list[Any] = [{"count": 2, "piece": {"n": n}} for n in range(2)]
        return TaskSucceeded(task.task, {"pieces": pieces, "after": None})

    Sharded(play).to_end(answer)

    assert play.outcome is not None
    assert play.outcome.error == "States.ItemReaderFailed"
    assert play.outcome.cause == "A piece of the items had 2 items at first and 1 when it was read again."


def test_results_of_shards_that_no_state_may_give_are_not_kept() -> None:
    play = begin(each(PASS, ItemReader=READER), GIVEN, Limits(shard_items=2, read_bytes=20))

    def answer(task: StartTask) -> Signal:
        wanted = requests.reading(task.parameters)
        if wanted.piece is not None:
            return TaskSucceeded(task.task, {"items": ["longer"]})
        pieces: list[Any] = [{"count": 1, "piece": {"n": n}} for n in range(5)]
        return TaskSucceeded(task.task, {"pieces": pieces, "after": None})

    Sharded(play).to_end(answer)

    assert play.outcome is not None
    assert play.outcome.error == "States.DataLimitExceeded"


GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints" / "5.json"


def test_what_this_form_of_checkpoint_was_at_first_goes_on() -> None:
    """A Map that reads, and one that writes, as they were written when there were readers and writers for the first time."""
    golden = json.loads(GOLDEN.read_text())

    for name, resource in (("reads", ITEM_READER), ("writes", RESULT_WRITER)):
        play = Play(machine(golden["definition"]))
        play.journal = golden[name]
        play.checkpoint = checkpoints.decode(play.journal)
        assert play.checkpoint.version == versions.READ_OR_WRITTEN
        assert open_task(play).resource is resource
        play.to_end(reads(*golden["items"]))
        assert output_of(play)["ResultWriterDetails"] == DETAILS
