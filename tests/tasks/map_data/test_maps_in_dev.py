"""Distributed Maps of ``stepwright dev`` and ``run`` over objects of S3, with moto's server as AWS."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.processes.dev import DevProcess, ended
from tests.tasks.processes.test_processes import run, start


@pytest.fixture(scope="module")
def dev(moto: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    data = tmp_path_factory.mktemp("maps") / "data"
    with DevProcess(data, environment={"AWS_ENDPOINT_URL": moto}) as process:
        yield process


@pytest.fixture(scope="module")
def s3(moto: str) -> Any:
    return boto3.client(
        "s3", endpoint_url=moto, region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"maps-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    return name


def mapped(
    bucket: str, key: str, config: dict[str, Any], state: dict[str, Any], **fields: Any
) -> dict[str, Any]:
    each = {
        "Type": "Map",
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "Parameters": {"Bucket": bucket, "Key": key},
            "ReaderConfig": config,
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "S",
            "States": {"S": {**state, "End": True}},
        },
        "End": True,
        **fields,
    }
    return {"StartAt": "Each", "States": {"Each": each}}


def writer(bucket: str, **config: str) -> dict[str, Any]:
    return {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": bucket, "Prefix": "out"},
        "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSON", **config},
    }


def written(s3: Any, details: dict[str, Any], status: str) -> list[Any]:
    """All that the manifest names."""

    def read(key: str) -> str:
        text: str = s3.get_object(Bucket=details["Bucket"], Key=key)["Body"].read().decode()
        return text

    files = json.loads(read(details["Key"]))["ResultFiles"][status]
    for file in files:
        assert len(read(file["Key"]).encode()) == file["Size"]
    return [item for file in files for item in json.loads(read(file["Key"]))]


def test_items_of_a_table_are_read_and_results_written(dev: DevProcess, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="in.csv", Body=b"n\n1\n2\nx\n")
    state = {"Type": "Pass", "Parameters": {"n.$": "States.StringToJson($.n)"}}
    definition = mapped(
        bucket,
        "in.csv",
        {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
        state,
        ResultWriter=writer(bucket),
        ToleratedFailureCount=1,
    )

    answer = run(dev, definition, "{}")

    details = json.loads(answer["output"])["ResultWriterDetails"]
    assert details["Bucket"] == bucket
    assert written(s3, details, "SUCCEEDED") == [{"n": 1}, {"n": 2}]
    [failed] = written(s3, details, "FAILED")
    assert failed["Status"] == "FAILED"


def test_a_reader_that_finds_nothing_fails_the_map_with_the_reason_of_s3(
    dev: DevProcess, bucket: str
) -> None:
    catch = [{"ErrorEquals": ["States.ItemReaderFailed"], "Next": "Caught"}]
    definition = mapped(bucket, "missing.json", {"InputType": "JSON"}, {"Type": "Pass"}, Catch=catch)
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}

    answer = run(dev, definition, "{}")

    assert "Error Code: NoSuchKey" in json.loads(answer["output"])["Cause"]


def test_stepwright_run_reads_and_writes_as_well(moto: str, s3: Any, bucket: str, tmp_path: Path) -> None:
    s3.put_object(Bucket=bucket, Key="in.jsonl", Body=b"1\n2\n")
    file = tmp_path / "each.asl.json"
    definition = mapped(
        bucket, "in.jsonl", {"InputType": "JSONL"}, {"Type": "Pass"}, ResultWriter=writer(bucket)
    )
    file.write_text(json.dumps(definition))

    done = subprocess.run(
        [sys.executable, "-m", "stepwright.cli", "run", str(file)],
        env={**os.environ, "AWS_ENDPOINT_URL": moto, "AWS_EC2_METADATA_DISABLED": "true"},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )

    assert written(s3, json.loads(done.stdout)["ResultWriterDetails"], "SUCCEEDED") == [1, 2]


def until_items(process: DevProcess, execution: str, seen: str) -> None:
    """The Map Run counts items as seen, or has ended."""
    client, until = process.client(), time.monotonic() + 240
    while time.monotonic() < until and seen != "nothing":
        for found in client.list_map_runs(executionArn=execution)["mapRuns"]:
            if client.describe_map_run(mapRunArn=found["mapRunArn"])["itemCounts"][seen]:
                return
        time.sleep(0.02)


def test_no_item_is_lost_or_done_twice_however_often_the_process_is_killed(
    moto: str, s3: Any, bucket: str, tmp_path: Path
) -> None:
    count = 3_200
    rows = "n,text\n" + "".join(f'{n},"of ""{n}"",\nand more"\n' for n in range(count))
    s3.put_object(Bucket=bucket, Key="in.csv", Body=rows.encode())
    config = {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}
    each = writer(bucket, Transformation="NONE")
    definition = mapped(bucket, "in.csv", config, {"Type": "Pass"}, ResultWriter=each)
    with DevProcess(tmp_path / "data", environment={"AWS_ENDPOINT_URL": moto}) as process:
        execution = start(process, definition)
        for seen in ("nothing", "total", "succeeded"):
            until_items(process, execution, seen)
            process.kill()
            process.start()
        answer = ended(process.client(), execution, within_seconds=240)
        assert answer["status"] == "SUCCEEDED", answer
        [found] = process.client().list_map_runs(executionArn=execution)["mapRuns"]
        described = process.client().describe_map_run(mapRunArn=found["mapRunArn"])
    assert (described["itemCounts"]["total"], described["itemCounts"]["succeeded"]) == (count, count)
    assert described["executionCounts"]["succeeded"] == count
    done = written(s3, json.loads(answer["output"])["ResultWriterDetails"], "SUCCEEDED")
    assert [int(json.loads(child["Output"])["n"]) for child in done] == list(range(count))
    assert len({child["Name"] for child in done}) == count


def test_a_map_that_fails_leaves_each_item_in_one_file_though_the_process_is_killed(
    moto: str, s3: Any, bucket: str, tmp_path: Path
) -> None:
    count = 2_600
    s3.put_object(Bucket=bucket, Key="in.jsonl", Body="".join(f"{n}\n" for n in range(count)).encode())
    fails = {
        "Type": "Pass",
        "Parameters": {"n.$": "$", "one.$": "States.ArrayGetItem(States.ArrayRange(1, 1300, 1), $)"},
    }
    catch = [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}]
    definition = mapped(
        bucket, "in.jsonl", {"InputType": "JSONL"}, fails, ResultWriter=writer(bucket), Catch=catch
    )
    definition["States"]["Caught"] = {"Type": "Pass", "End": True}
    with DevProcess(tmp_path / "data", environment={"AWS_ENDPOINT_URL": moto}) as process:
        execution = start(process, definition)
        for seen in ("total", "failed"):
            until_items(process, execution, seen)
            process.kill()
            process.start()
        answer = ended(process.client(), execution, within_seconds=240)
        [found] = process.client().list_map_runs(executionArn=execution)["mapRuns"]
        described = process.client().describe_map_run(mapRunArn=found["mapRunArn"])
    assert (answer["status"], described["status"]) == ("SUCCEEDED", "FAILED")
    counts = described["itemCounts"]
    assert (counts["total"], counts["running"]) == (count, 0)
    assert counts["failed"] >= 1
    folder = f"out/{found['mapRunArn'].rpartition(':')[2]}"
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    done = [result["n"] for result in written(s3, details, "SUCCEEDED")]
    others = [
        int(child["Input"]) for child in written(s3, details, "FAILED") + written(s3, details, "PENDING")
    ]
    assert sorted(done + others) == list(range(count))
    assert len(done) == counts["succeeded"]


def test_a_redrive_of_a_map_in_shards_does_what_had_not_succeeded_and_nothing_else(
    dev: DevProcess, s3: Any, bucket: str
) -> None:
    count, odd = 2_300, 1_200
    needs = {"Variable": "$", "NumericEquals": odd, "Next": "Needs"}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": {"Type": "Choice", "Choices": [needs], "Default": "Pass"},
            "Pass": {"Type": "Pass", "End": True},
            "Needs": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:s3:headObject",
                "Parameters": {"Bucket": bucket, "Key": "needed"},
                "ResultPath": None,
                "End": True,
            },
        },
    }
    each = {"Type": "Map", "ItemProcessor": processor, "ResultWriter": writer(bucket), "End": True}
    definition = {"StartAt": "Each", "States": {"Each": each}}
    client = dev.client()
    execution = start(dev, definition, json.dumps(list(range(count))))
    assert ended(client, execution, within_seconds=120)["status"] == "FAILED"
    [found] = client.list_map_runs(executionArn=execution)["mapRuns"]
    run_arn = found["mapRunArn"]
    before = client.describe_map_run(mapRunArn=run_arn)
    assert (before["status"], before["itemCounts"]["failed"]) == ("FAILED", 1)

    s3.put_object(Bucket=bucket, Key="needed", Body=b"")
    client.redrive_execution(executionArn=execution)
    answer = ended(client, execution, within_seconds=120)

    assert answer["status"] == "SUCCEEDED", answer
    after = client.describe_map_run(mapRunArn=run_arn)
    assert (after["status"], after["redriveCount"], "redriveDate" in after) == ("SUCCEEDED", 1, True)
    assert (after["itemCounts"]["total"], after["itemCounts"]["succeeded"]) == (count, count)
    details = json.loads(answer["output"])["ResultWriterDetails"]
    assert details["Key"].endswith("/Redrive-1/manifest.json")
    assert sorted(written(s3, details, "SUCCEEDED")) == list(range(count))
    kinds = [event["type"] for event in client.get_execution_history(executionArn=execution)["events"]]
    assert kinds[4:10] == [
        "MapRunFailed",
        "MapStateFailed",
        "ExecutionFailed",
        "ExecutionRedriven",
        "MapRunRedriven",
        "MapRunSucceeded",
    ]
    redriven = client.list_executions(mapRunArn=run_arn, redriveFilter="REDRIVEN", maxResults=1000)[
        "executions"
    ]
    assert {client.describe_execution(executionArn=one["executionArn"])["status"] for one in redriven} == {
        "SUCCEEDED"
    }
