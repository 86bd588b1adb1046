"""A Map's reader and writer under test: mocked by the names of the Map and of the field."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.testing import TaskError, Workflow, in_turn
from stepwright.testing.cases import Unusable, parse
from stepwright.testing.expectations import differences
from stepwright.testing.workflow import UnmockedTask

READER: dict[str, Any] = {
    "Resource": "arn:aws:states:::s3:getObject",
    "Parameters": {"Bucket": "b", "Key.$": "$.key"},
    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 2},
}
WRITER: dict[str, Any] = {
    "Resource": "arn:aws:states:::s3:putObject",
    "Parameters": {"Bucket": "results", "Prefix": "day/"},
}
GIVEN: Any = {"key": "k.csv"}


def machine(**fields: Any) -> dict[str, Any]:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Work",
        "States": {"Work": {"Type": "Task", "Resource": "k8s:job", "End": True}},
    }
    each = {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}
    return {"StartAt": "Each", "States": {"Each": each}}


def workflow(**fields: Any) -> Workflow:
    return Workflow(machine(**fields)).mock("Work", lambda given: given)


def test_what_can_be_mocked_has_its_resource() -> None:
    assert workflow(ItemReader=READER, ResultWriter=WRITER).tasks == {
        "Each/ItemReader": "arn:aws:states:::s3:getObject",
        "Each/ResultWriter": "arn:aws:states:::s3:putObject",
        "Work": "k8s:job",
    }


@pytest.mark.parametrize(
    ("mock", "expected"),
    [
        ([{"n": 1}], [{"n": 1}]),
        ([1, 2, 3], [1, 2]),
        ("n,m\n1\n2,3\n4,5", [{"m": "", "n": "1"}, {"m": "3", "n": "2"}]),
        (lambda given: [given["Key"]], ["k.csv"]),
    ],
)
def test_a_reader_gives_items_or_the_text_of_a_file(mock: Any, expected: Any) -> None:
    result = workflow(ItemReader=READER).mock("Each/ItemReader", mock).run(GIVEN)

    assert result.output == expected
    assert result.inputs_of("Each/ItemReader") == [{"Bucket": "b", "Key": "k.csv"}]
    [call] = result.calls_of("Each/ItemReader")
    assert (call.path, call.resource) == ("Each", "arn:aws:states:::s3:getObject")


def test_a_file_that_cannot_be_read_fails_the_map_run() -> None:
    result = workflow(ItemReader=READER).mock("Each/ItemReader", "a,a\n1,2").run(GIVEN)

    assert (result.error, result.cause) == (
        "States.ItemReaderFailed",
        "CSV headers cannot contain duplicates.",
    )


def test_a_reader_fails_and_is_tried_again() -> None:
    retry = [{"ErrorEquals": ["States.ItemReaderFailed"], "IntervalSeconds": 3}]
    missing = TaskError("States.ItemReaderFailed", "no such key")
    tried = workflow(ItemReader=READER, Retry=retry).mock("Each/ItemReader", in_turn(missing, [1]))
    result = tried.run(GIVEN)

    assert (result.output, result.seconds) == ([1], 3)


def test_a_reader_that_gives_neither_fails_the_test() -> None:
    with pytest.raises(UnmockedTask, match="gives a list of items, or the text of a file"):
        workflow(ItemReader=READER).mock("Each/ItemReader", {"n": 1}).run(GIVEN)


def test_a_reader_without_a_mock_fails_the_test() -> None:
    with pytest.raises(
        UnmockedTask, match=r"state Each came to its ItemReader \(Resource arn:aws:states:::s3"
    ):
        workflow(ItemReader=READER).run(GIVEN)


def test_a_writer_is_given_the_results_and_says_where_they_are() -> None:
    taken: list[Any] = []
    written = workflow(ItemReader=READER, ResultWriter=WRITER)
    written.mock("Each/ItemReader", [1, 2]).mock("Each/ResultWriter", taken.append)
    result = written.run(GIVEN)
    run = result.output["MapRunArn"]

    assert result.output == {
        "MapRunArn": run,
        "ResultWriterDetails": {"Bucket": "results", "Key": f"day/{run.rpartition(':')[2]}/manifest.json"},
    }
    [given] = taken
    assert given["Parameters"] == {"Bucket": "results", "Prefix": "day/"}
    assert [(found["Output"], found["Status"]) for found in given["Results"]] == [
        ("1", "SUCCEEDED"),
        ("2", "SUCCEEDED"),
    ]


def test_a_writer_may_say_itself_where_the_results_are_or_fail() -> None:
    items: Any = [1]
    written = workflow(ResultWriter=WRITER)
    details = {"Bucket": "x", "Key": "y"}

    assert written.mock("Each/ResultWriter", details).run(items).output["ResultWriterDetails"] == details
    failed = written.mock("Each/ResultWriter", TaskError("States.ResultWriterFailed", "full")).run(items)
    assert (failed.error, failed.cause) == ("States.ResultWriterFailed", "full")


def test_a_writer_is_given_what_became_of_each_item_when_a_map_fails_and_is_to_be_mocked_then_too() -> None:
    items: Any = [1, 2, 3]
    taken: list[Any] = []
    failing = workflow(ResultWriter=WRITER, MaxConcurrency=1).mock("Work", TaskError("Odd", "no"))
    result = failing.mock("Each/ResultWriter", taken.append).run(items)

    assert result.error == "States.ExceedToleratedFailureThreshold"
    [given] = taken
    assert [(found["Input"], found["Status"]) for found in given["Results"]] == [
        ("1", "FAILED"),
        ("2", "PENDING"),
        ("3", "PENDING"),
    ]
    with pytest.raises(UnmockedTask, match="state Each came to its ResultWriter"):
        workflow(ResultWriter=WRITER).mock("Work", TaskError("Odd", "no")).run(items)


def test_a_file_of_tests_mocks_them_too(tmp_path: Any) -> None:
    text = json.dumps(
        {
            "definition": machine(ItemReader=READER, ResultWriter=WRITER),
            "mocks": {
                "Each/ItemReader": {"return": "n\n1\n2"},
                "Each/ResultWriter": {"return": None},
                "Work": {"return": 7},
            },
            "tests": [
                {
                    "input": GIVEN,
                    "expect": {
                        "outputContains": {"ResultWriterDetails": {"Bucket": "results"}},
                        "tasks": {"Each/ItemReader": {"calls": 1, "input": {"Bucket": "b", "Key": "k.csv"}}},
                    },
                }
            ],
        }
    )
    [case] = parse("a.test.json", text, tmp_path)

    assert not list(differences(case.expectation, case.workflow.run(case.input)))


def test_a_name_that_is_none_is_told_with_those_there_are(tmp_path: Any) -> None:
    text = json.dumps(
        {"definition": machine(ItemReader=READER), "mocks": {"Each/Reader": {"return": []}}, "tests": []}
    )
    with pytest.raises(Unusable, match="Each/ItemReader"):
        parse("a.test.json", text, tmp_path)
