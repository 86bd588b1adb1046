"""Regions, partitions and accounts: each client finds itself where it says that it is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from stepwright.asl.resource import parse as parse_resource
from stepwright.catalog.arns import Place
from tests.api.conftest import PASS, WAIT
from tests.api.test_admission import sent
from tests.api.test_rubbish import answers
from tests.processes.dev import ROLE, DevProcess


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevProcess]:
    with DevProcess(tmp_path_factory.mktemp("regions") / "data", "--account", "210987654321") as process:
        yield process


def client(dev: DevProcess, region: str, service: str = "stepfunctions", key: str = "any") -> Any:
    return boto3.client(
        service,
        endpoint_url=dev.url,
        region_name=region,
        aws_access_key_id=key,
        aws_secret_access_key="secret",
        config=Config(inject_host_prefix=False, retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_arns_are_of_the_region_that_a_request_is_signed_for(
    dev: DevProcess, region: str, partition: str
) -> None:
    sfn = client(dev, region)
    prefix = f"arn:{partition}:states:{region}:210987654321:"

    machine = sfn.create_state_machine(name="one", roleArn=ROLE, definition=json.dumps(PASS))
    activity = sfn.create_activity(name="one")
    execution = sfn.start_execution(stateMachineArn=machine["stateMachineArn"], name="x")

    assert machine["stateMachineArn"] == f"{prefix}stateMachine:one"
    assert activity["activityArn"] == f"{prefix}activity:one"
    assert execution["executionArn"] == f"{prefix}execution:one:x"
    assert [found["name"] for found in sfn.list_state_machines()["stateMachines"]] == ["one"]
    assert [found["name"] for found in sfn.list_activities()["activities"]] == ["one"]
    assert sfn.describe_state_machine(stateMachineArn=machine["stateMachineArn"])["name"] == "one"


def test_things_of_one_name_in_two_regions_are_two(dev: DevProcess) -> None:
    west, east = client(dev, "ap-southeast-1"), client(dev, "ap-southeast-2")
    for sfn, definition in ((west, PASS), (east, WAIT)):
        for name in ("b", "a", "c"):
            sfn.create_state_machine(name=name, roleArn=ROLE, definition=json.dumps(definition))

    first = west.list_state_machines(maxResults=2)
    rest = west.list_state_machines(nextToken=first["nextToken"])
    arns = [found["stateMachineArn"] for found in first["stateMachines"] + rest["stateMachines"]]

    assert [arn.split(":")[3:] for arn in arns] == [
        ["ap-southeast-1", "210987654321", "stateMachine", name] for name in "abc"
    ]
    with pytest.raises(ClientError, match="InvalidToken"):
        east.list_state_machines(nextToken=first["nextToken"])


def test_an_execution_is_where_its_state_machine_is(dev: DevProcess) -> None:
    arn = client(dev, "eu-north-1").create_state_machine(name="m", roleArn=ROLE, definition=json.dumps(PASS))[
        "stateMachineArn"
    ]

    execution = client(dev, "us-east-1").start_execution(stateMachineArn=arn)["executionArn"]

    assert execution.startswith("arn:aws:states:eu-north-1:210987654321:execution:m:")


@pytest.mark.parametrize("authorization", [None, "Bearer x", "AWS4-HMAC-SHA256 Credential=a/b"])
def test_a_request_that_is_signed_for_no_region_is_in_the_default_one(
    dev: DevProcess, authorization: str | None
) -> None:
    client(dev, "us-east-1").create_state_machine(name="default", roleArn=ROLE, definition=json.dumps(PASS))

    assert b":us-east-1:210987654321:stateMachine:default" in answers(
        dev, sent({"Authorization": authorization})
    )


def test_a_region_may_be_given_for_all(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data", "--region", "eu-west-3") as dev:
        sfn = client(dev, "us-west-2")
        arn = sfn.create_state_machine(name="m", roleArn=ROLE, definition=json.dumps(PASS))["stateMachineArn"]

        assert arn == "arn:aws:states:eu-west-3:123456789012:stateMachine:m"
        assert client(dev, "sa-east-1").list_state_machines()["stateMachines"][0]["name"] == "m"


def test_an_account_has_twelve_digits(tmp_path: Path) -> None:
    process = DevProcess(tmp_path / "data", "--account", "me", environment={"COLUMNS": "200"})

    with pytest.raises(AssertionError, match="an account has 12 digits"):
        process.start()
    process.kill()


def test_places_know_their_partition() -> None:
    assert Place("1", "us-gov-east-1").activity("a") == "arn:aws-us-gov:states:us-gov-east-1:1:activity:a"


@pytest.mark.parametrize(
    ("resource", "canonical"),
    [
        ("arn:aws-us-gov:states:::lambda:invoke", "arn:aws:states:::lambda:invoke"),
        ("arn:aws-cn:states:::states:startExecution.sync:2", "arn:aws:states:::states:startExecution.sync:2"),
        ("arn:aws-cn:states:::k8s:job", "k8s:job"),
        (
            "arn:aws-cn:states:cn-north-1:123456789012:activity:a",
            "arn:aws-cn:states:cn-north-1:123456789012:activity:a",
        ),
        (
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:f",
            "arn:aws-cn:lambda:cn-north-1:123456789012:function:f",
        ),
    ],
)
def test_an_integration_is_the_same_in_every_partition(resource: str, canonical: str) -> None:
    assert parse_resource(resource).text == canonical


def test_a_task_of_another_partition_runs(dev: DevProcess) -> None:
    sfn = client(dev, "us-gov-west-1")
    arn = sfn.create_state_machine(name="inner", type="EXPRESS", roleArn=ROLE, definition=json.dumps(PASS))
    task = {
        "Type": "Task",
        "Resource": "arn:aws-us-gov:states:::aws-sdk:sfn:startSyncExecution",
        "Parameters": {"StateMachineArn": arn["stateMachineArn"], "Input.$": "$"},
        "OutputPath": "$.Output",
        "End": True,
    }
    outer = sfn.create_state_machine(
        name="outer",
        type="EXPRESS",
        roleArn=ROLE,
        definition=json.dumps({"StartAt": "A", "States": {"A": task}}),
    )

    answer = sfn.start_sync_execution(stateMachineArn=outer["stateMachineArn"], input='{"n":1}')

    assert (answer["status"], json.loads(answer["output"])) == ("SUCCEEDED", '{"n":1}')


# --- Who is it? -------------------------------------------------------------------------------------------------------


def test_who_the_caller_is_is_answered_as_by_sts(dev: DevProcess) -> None:
    identity = client(dev, "us-gov-west-1", "sts").get_caller_identity()

    assert (identity["Account"], identity["Arn"]) == (
        "210987654321",
        "arn:aws-us-gov:iam::210987654321:root",
    )


def test_nothing_else_of_sts_is_served(dev: DevProcess) -> None:
    with pytest.raises(ClientError, match="Of STS, Stepwright serves only GetCallerIdentity") as error:
        client(dev, "us-east-1", "sts").get_session_token()

    assert error.value.response["Error"]["Code"] == "InvalidAction"


def test_a_signature_is_for_one_service(tmp_path: Path) -> None:
    keys = {"STEPWRIGHT_ACCESS_KEYS": "AKID:secret"}
    with DevProcess(tmp_path / "data", environment=keys) as dev:
        assert client(dev, "us-east-1", "sts", key="AKID").get_caller_identity()["Account"] == "123456789012"
        with pytest.raises(ClientError, match="UnrecognizedClientException"):
            client(dev, "us-east-1", "sts", key="other").get_caller_identity()
        assert client(dev, "us-east-1", key="AKID").list_state_machines()["stateMachines"] == []
