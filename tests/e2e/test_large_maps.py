"""Maps of more items than one object holds: the operator runs them in shards, which are Executions of its own."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from tests.e2e.test_aws_in_a_cluster import at_work, aws, connection, each, key
from tests.on_cluster.kubectl import Kube, Objects, one, output, phase
from tests.processes.operators import OperatorProcess

__all__ = ["at_work", "aws"]

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

ITEMS = 5_500


def shards(kube: Kube, parent: str) -> Objects:
    uid = kube.get("execution", parent)["metadata"]["uid"]
    return kube.list("executions", "-l", f"stepwright.dev/map-shard,stepwright.dev/parent-uid={uid}")


@pytest.fixture
def s3(aws: str) -> Any:
    client = boto3.client(
        "s3", endpoint_url=aws, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return client


def results(s3: Any, manifest: str) -> list[Any]:
    files = json.loads(s3.get_object(Bucket="data", Key=manifest)["Body"].read())["ResultFiles"]
    assert files["FAILED"] == []
    found = []
    for file in files["SUCCEEDED"]:
        found += json.loads(s3.get_object(Bucket="data", Key=file["Key"])["Body"].read())
    return found


def test_an_operator_that_is_killed_loses_no_item_of_a_large_map(
    aws: str, s3: Any, at_work: Kube, own_operator: OperatorProcess
) -> None:
    s3.put_object(Bucket="data", Key="many.csv", Body=b"n\n" + b"".join(b"%d\n" % n for n in range(ITEMS)))
    at_work.apply(connection("aws", endpointUrl=aws, credentials=key()))
    at_work.machine("many", one(each("data", {"Key": "many.csv"})), connections=["aws"])
    at_work.start("many", "many")
    for _ in range(2):
        at_work.until(
            "execution", "many", lambda found: phase(found) != "Pending" and shards(at_work, "many")
        )
        time.sleep(0.5)
        own_operator.kill()
        own_operator.start()
    ended = at_work.ended("many", seconds=240)

    assert phase(ended) == "Succeeded", ended["status"].get("cause")
    found = results(s3, output(ended)["ResultWriterDetails"]["Key"])
    assert sorted(found, key=lambda result: int(result["twice"])) == sorted(
        ({"twice": f"{n}{n}"} for n in range(ITEMS)), key=lambda result: int(result["twice"])
    )
    # A shard whose end was recorded when the operator died stays two minutes.
    assert all(shard["status"]["phase"] == "Succeeded" for shard in shards(at_work, "many"))


def test_a_large_map_shows_how_far_it_is_and_stops_with_its_execution(at_work: Kube) -> None:
    wait = {"Type": "Wait", "Seconds": 3600, "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "W",
        "States": {"W": wait},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "End": True}
    at_work.machine("waits", one(state))
    at_work.start("waits", "waits", input=list(range(2_500)))
    at_work.until("execution", "waits", lambda _: _begun(shards(at_work, "waits")))
    found = shards(at_work, "waits")

    assert sorted(
        (shard["spec"]["mapShard"]["first"], shard["spec"]["mapShard"]["count"]) for shard in found
    ) == [
        (0, 1_000),
        (1_000, 1_000),
        (2_000, 500),
    ]
    assert {shard["metadata"]["ownerReferences"][0]["name"] for shard in found} == {"waits"}
    # They share other bounds, the oldest first.
    [run] = at_work.get("execution", "waits")["status"]["mapRuns"]
    asked = {"mapRuns": [{"mapRunArn": run["mapRunArn"], "maxConcurrency": 50}]}
    at_work("patch", "execution", "waits", "--type=merge", "-p", json.dumps({"spec": asked}))
    at_work.until("execution", "waits", lambda _: _limits(shards(at_work, "waits")) == [40, 10, 0])
    at_work("patch", "execution", "waits", "--type=merge", "-p", '{"spec":{"stop":{}}}')
    ended = at_work.ended("waits")
    assert phase(ended) == "Aborted"
    [run] = ended["status"]["mapRuns"]
    assert (run["state"], run["phase"], run["items"]["total"]) == ("Only", "Aborted", 2_500)
    assert run["items"]["aborted"] + run["items"]["pending"] == 2_500
    assert run["maxConcurrency"] == 50
    at_work.until(
        "execution", "waits", lambda _: all(phase(shard) == "Aborted" for shard in shards(at_work, "waits"))
    )


def test_a_large_map_that_fails_leaves_each_item_in_one_file(aws: str, s3: Any, at_work: Kube) -> None:
    wrong = {"Variable": "$", "NumericEquals": 1_700, "Next": "F"}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Which",
        "States": {
            "Which": {"Type": "Choice", "Choices": [wrong], "Default": "P"},
            "P": {"Type": "Pass", "End": True},
            "F": {"Type": "Fail", "Error": "Odd"},
        },
    }
    writer = {
        "Resource": "arn:aws:states:::s3:putObject",
        "Parameters": {"Bucket": "data", "Prefix": "failed"},
    }
    state = {"Type": "Map", "ItemProcessor": processor, "ResultWriter": writer, "End": True}
    at_work.apply(connection("aws", endpointUrl=aws, credentials=key()))
    at_work.machine("fails", one(state), connections=["aws"])
    at_work.start("fails", "fails", input=list(range(6_200)))
    ended = at_work.ended("fails", seconds=240)

    assert (phase(ended), ended["status"]["error"]) == ("Failed", "States.ExceedToleratedFailureThreshold")
    [run] = ended["status"]["mapRuns"]
    folder = f"failed/{run['mapRunArn'].rpartition(':')[2]}"
    named = json.loads(s3.get_object(Bucket="data", Key=f"{folder}/manifest.json")["Body"].read())
    found: dict[str, list[int]] = {status: [] for status in named["ResultFiles"]}
    for status, files in named["ResultFiles"].items():
        for file in files:
            children = json.loads(s3.get_object(Bucket="data", Key=file["Key"])["Body"].read())
            found[status] += [int(child["Input"]) for child in children]
    assert sorted(found["SUCCEEDED"] + found["FAILED"] + found["PENDING"]) == list(range(6_200))
    assert 1_700 in found["FAILED"]
    assert found["PENDING"]
    assert run["items"]["succeeded"] == len(found["SUCCEEDED"])


def _limits(found: Objects) -> list[int]:
    parts = sorted((shard["spec"]["mapShard"] for shard in found), key=lambda part: int(part["first"]))
    return [part["bounds"]["maxConcurrency"] for part in parts]


def _begun(found: Objects) -> bool:
    counts = [(shard.get("status") or {}).get("mapShard") or {} for shard in found]
    return len(found) == 3 and all(each.get("started") for each in counts)
