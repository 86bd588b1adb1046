"""The files in which a distributed Map leaves its results."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.asl.failure.errors import StateError
from stepwright.asl.map_data import requests, result_files

ARN = "arn:aws:states:us-east-1:123456789012:mapRun:orders/Each:5f1c"
SUCCEEDED = {
    "RedriveStatus": "NOT_REDRIVABLE",
    "RedriveStatusReason": "Execution is SUCCEEDED and cannot be redriven",
}
AGAIN = {"RedriveStatus": "REDRIVABLE_BY_MAP_RUN"}
DONE: list[Any] = [
    {"Name": "a", "Status": "SUCCEEDED", "Output": "[1,2]"},
    {"Name": "b", "Status": "FAILED", "Error": "E"},
    {"Name": "c", "Status": "SUCCEEDED", "Output": '"x"'},
]


def written(config: dict[str, Any], results: list[Any] = DONE, **parameters: Any) -> dict[str, bytes]:
    wanted: Any = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "results", "Prefix": "day", **parameters},
        "WriterConfig": config,
        "MapRunArn": ARN,
        "Results": results,
    }
    return dict(result_files.of(requests.writing(wanted)).files)


def test_the_manifest_is_the_last_and_names_the_files_with_their_sizes() -> None:
    files = written({})

    assert list(files) == ["day/5f1c/FAILED_0.json", "day/5f1c/SUCCEEDED_0.json", "day/5f1c/manifest.json"]
    assert json.loads(files["day/5f1c/manifest.json"]) == {
        "DestinationBucket": "results",
        "MapRunArn": ARN,
        "ResultFiles": {
            status: [{"Key": f"day/5f1c/{status}_0.json", "Size": len(files[f"day/5f1c/{status}_0.json"])}]
            for status in ("FAILED", "SUCCEEDED")
        }
        | {"PENDING": []},
    }


@pytest.mark.parametrize(
    ("transformation", "expected"),
    [
        (None, [DONE[0] | SUCCEEDED, DONE[2] | SUCCEEDED]),
        ("NONE", [DONE[0] | SUCCEEDED, DONE[2] | SUCCEEDED]),
        ("COMPACT", [[1, 2], "x"]),
        ("FLATTEN", [1, 2, "x"]),
    ],
)
def test_results_are_transformed_and_failures_are_not(transformation: str | None, expected: Any) -> None:
    files = written({} if transformation is None else {"Transformation": transformation})

    assert json.loads(files["day/5f1c/SUCCEEDED_0.json"]) == expected
    assert json.loads(files["day/5f1c/FAILED_0.json"]) == [DONE[1] | AGAIN]


def test_a_file_may_have_no_results() -> None:
    none: list[Any] = [{"Name": "a", "Status": "SUCCEEDED", "Output": "[]"}]

    assert written({"Transformation": "FLATTEN"}, none)["day/5f1c/SUCCEEDED_0.json"] == b"[]"
    assert (
        written({"Transformation": "FLATTEN", "OutputType": "JSONL"}, none)["day/5f1c/SUCCEEDED_0.jsonl"]
        == b""
    )


def test_one_file_has_all_that_ended_without_success_and_one_what_had_not_begun() -> None:
    waiting = {"Input": "7", "InputDetails": {"Included": True}, "Status": "PENDING"}
    ended: list[Any] = [{"Name": status, "Status": status} for status in ("FAILED", "TIMED_OUT", "ABORTED")]
    files = written({"Transformation": "COMPACT"}, [*ended, waiting])

    assert list(files) == ["day/5f1c/FAILED_0.json", "day/5f1c/PENDING_0.json", "day/5f1c/manifest.json"]
    assert json.loads(files["day/5f1c/FAILED_0.json"]) == [each | AGAIN for each in ended]
    assert json.loads(files["day/5f1c/PENDING_0.json"]) == [waiting]


def test_results_may_be_lines() -> None:
    files = written({"OutputType": "JSONL", "Transformation": "COMPACT"})

    assert files["day/5f1c/SUCCEEDED_0.jsonl"] == b'[1,2]\n"x"\n'


@pytest.mark.parametrize("prefix", ["", None, "/"])
def test_without_a_prefix_the_run_is_the_folder(prefix: Any) -> None:
    assert list(written({}, [], Prefix=prefix)) == ["5f1c/manifest.json"]


def test_without_a_bucket_nothing_is_written() -> None:
    with pytest.raises(StateError) as failed:
        written({}, Bucket=None)
    assert (failed.value.error, failed.value.cause) == (
        "States.ResultWriterFailed",
        "A ResultWriter must name a Bucket.",
    )
