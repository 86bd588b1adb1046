"""Roles, logs, encryption and what is left out of descriptions, by boto3."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS
from tests.api.test_state_machines import refusal
from tests.data.earlier import turn_back
from tests.processes.dev import ROLE, DevProcess, ended

Create = Callable[..., str]

KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
KEPT_WITH_KEY = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY, "kmsDataKeyReusePeriodSeconds": 60}
WITHOUT_KEY = {"type": "CUSTOMER_MANAGED_KMS_KEY"}
NO_KEY = (
    "InvalidEncryptionConfiguration",
    "Invalid Encryption Configuration: kmsKeyId must be specified when type is CUSTOMER_MANAGED_KMS_KEY",
)
GROUP = "arn:aws:logs:us-east-1:123456789012:log-group:/aws/vendedlogs/states/mine"

_numbers = itertools.count()


def new(sfn: Any, **arguments: Any) -> Any:
    given = {"name": f"settings-{next(_numbers)}", "definition": json.dumps(PASS), "roleArn": ROLE}
    return sfn.create_state_machine(**given | arguments)


def logging(*groups: Any, level: str = "ALL") -> dict[str, Any]:
    destinations = [{"cloudWatchLogsLogGroup": {"logGroupArn": group}} for group in groups]
    return {"level": level, "destinations": destinations}


# --- Roles ------------------------------------------------------------------------------------------------------------

TASK = json.dumps(
    {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "Parameters": {}, "End": True}
)


@pytest.mark.parametrize(
    "role",
    [
        "role",
        "arn:aws:s3:::bucket",
        "arn:aws:iam::1234:role/short-account",
        "arn:aws:iam::123456789012:user/somebody",
        "arn:aws:iam::123456789012:role/",
        "arn:aws:iam:us-east-1:123456789012:role/regional",
        "arn:aws:iam::123456789012:role/with blank",
        "arn:elsewhere:iam::123456789012:role/partition",
    ],
)
@pytest.mark.parametrize("operation", ["create", "update", "test"])
def test_what_is_no_role_is_refused_wherever_one_is_given(
    sfn: Any, create: Create, operation: str, role: str
) -> None:
    calls = {
        "create": lambda: new(sfn, roleArn=role),
        "update": lambda: sfn.update_state_machine(stateMachineArn=create(), roleArn=role),
        "test": lambda: sfn.test_state(
            definition=TASK, roleArn=role, mock={"errorOutput": {"error": "E", "cause": ""}}
        ),
    }

    with pytest.raises(ClientError) as error:
        calls[operation]()

    assert refusal(error) == ("InvalidArn", f"Invalid Role Arn: '{role}'")


@pytest.mark.parametrize(
    "role",
    [
        "arn:aws:iam::999999999999:role/of/somebody+else=,.@-_",
        "arn:aws-cn:iam::123456789012:role/x",
        "arn:aws-us-gov:iam::123456789012:role/service-role/x",
        "arn:aws-iso-b:iam::123456789012:role/x",
    ],
)
def test_roles_of_all_partitions_and_paths_are_taken(sfn: Any, create: Create, role: str) -> None:
    arn = create(roleArn=role)

    assert sfn.describe_state_machine(stateMachineArn=arn)["roleArn"] == role


# --- Logs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("configuration", "why"),
    [
        (logging(), "Must specify exactly one Log Destination."),
        (logging(f"{GROUP}:*", f"{GROUP}-2:*"), "Must specify exactly one Log Destination."),
        (logging(f"{GROUP}:*", f"{GROUP}-2:*", level="OFF"), "Must specify exactly one Log Destination."),
        ({"level": "ERROR", "destinations": [{}]}, "Must specify exactly one Log Destination."),
        (
            {"level": "OFF", "destinations": [{"cloudWatchLogsLogGroup": {}}]},
            "Must specify exactly one Log Destination.",
        ),
        (logging(GROUP), "Log Group ARN must be provided with '*' qualifier."),
        (logging(f"{GROUP}:stream", level="OFF"), "Log Group ARN must be provided with '*' qualifier."),
        (logging("rubbish"), "Invalid Log Group ARN: 'rubbish'"),
        (logging("arn:aws:s3:::bucket:*"), "Invalid Log Group ARN: 'arn:aws:s3:::bucket:*'"),
    ],
)
def test_what_is_no_log_group_is_refused_at_creation_and_update(
    sfn: Any, create: Create, configuration: Any, why: str
) -> None:
    machine = create()

    calls: tuple[Callable[[], Any], ...] = (
        lambda: new(sfn, loggingConfiguration=configuration),
        lambda: sfn.update_state_machine(stateMachineArn=machine, loggingConfiguration=configuration),
    )
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert refusal(error) == ("InvalidLoggingConfiguration", f"Invalid Logging Configuration: {why}")


# --- Encryption -------------------------------------------------------------------------------------------------------


def test_the_encryption_of_a_state_machine_is_kept_and_updated(sfn: Any, create: Create) -> None:
    arn = create(encryptionConfiguration=KEPT_WITH_KEY)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]

    def shown() -> tuple[Any, Any]:
        machine = sfn.describe_state_machine(stateMachineArn=arn)
        running = sfn.describe_state_machine_for_execution(executionArn=execution)
        return machine["encryptionConfiguration"], running["encryptionConfiguration"]

    assert shown() == (KEPT_WITH_KEY, KEPT_WITH_KEY)
    sfn.update_state_machine(stateMachineArn=arn, encryptionConfiguration={"type": "AWS_OWNED_KEY"})
    assert shown() == ({"type": "AWS_OWNED_KEY"}, KEPT_WITH_KEY)


def test_a_customers_key_is_used_for_five_minutes_where_nothing_is_said(sfn: Any, create: Create) -> None:
    given = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY}
    activity = sfn.create_activity(name="five-minutes", encryptionConfiguration=given)["activityArn"]

    machine = sfn.describe_state_machine(stateMachineArn=create(encryptionConfiguration=given))

    expected = given | {"kmsDataKeyReusePeriodSeconds": 300}
    assert machine["encryptionConfiguration"] == expected
    assert sfn.describe_activity(activityArn=activity)["encryptionConfiguration"] == expected


def test_encryption_by_a_key_that_is_not_named_is_refused(sfn: Any, create: Create) -> None:
    machine = create()

    calls: tuple[Callable[[], Any], ...] = (
        lambda: new(sfn, encryptionConfiguration=WITHOUT_KEY),
        lambda: sfn.update_state_machine(stateMachineArn=machine, encryptionConfiguration=WITHOUT_KEY),
        lambda: sfn.create_activity(name="no-key", encryptionConfiguration=WITHOUT_KEY),
    )
    for call in calls:
        with pytest.raises(ClientError) as error:
            call()
        assert refusal(error) == NO_KEY


def test_the_encryption_of_an_activity_is_kept_and_cannot_be_changed(sfn: Any) -> None:
    plain = sfn.create_activity(name="plain")["activityArn"]
    arn = sfn.create_activity(name="with-key", encryptionConfiguration=KEPT_WITH_KEY)["activityArn"]

    assert sfn.describe_activity(activityArn=arn)["encryptionConfiguration"] == KEPT_WITH_KEY
    assert sfn.describe_activity(activityArn=plain)["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
    again = sfn.create_activity(
        name="with-key", encryptionConfiguration=KEPT_WITH_KEY, tags=[{"key": "a", "value": "b"}]
    )
    assert again["activityArn"] == arn
    for other in ({}, {"encryptionConfiguration": {**KEPT_WITH_KEY, "kmsKeyId": "alias/other"}}):
        with pytest.raises(ClientError) as error:
            sfn.create_activity(name="with-key", **other)
        assert refusal(error) == (
            "ActivityAlreadyExists",
            "Activity already exists. EncryptionConfiguration may not be updated.",
        )


def test_activities_of_an_earlier_version_are_encrypted_by_awss_own_key(tmp_path: Path) -> None:
    with DevProcess(tmp_path / "data") as dev:
        arn = dev.client().create_activity(name="old")["activityArn"]
    turn_back(tmp_path / "data", 2)

    with DevProcess(tmp_path / "data") as dev:
        sfn = dev.client()
        assert sfn.describe_activity(activityArn=arn)["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}
        assert sfn.create_activity(name="old")["activityArn"] == arn


# --- Metadata alone ---------------------------------------------------------------------------------------------------


def test_metadata_of_a_state_machine_come_without_its_definition(sfn: Any, create: Create) -> None:
    states: dict[str, Any] = {"A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "B"}}
    states["B"] = {"Type": "Pass", "Parameters": {"y.$": "$x"}, "End": True}
    arn = create({"StartAt": "A", "States": states}, publish=True)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]

    for call, given in (
        (sfn.describe_state_machine, {"stateMachineArn": arn}),
        (sfn.describe_state_machine, {"stateMachineArn": f"{arn}:1"}),
        (sfn.describe_state_machine_for_execution, {"executionArn": execution}),
    ):
        whole, metadata = call(**given), call(**given, includedData="METADATA_ONLY")
        assert metadata["definition"] == "{}"
        assert "variableReferences" not in metadata
        assert metadata["roleArn"] == ROLE
        explicit = call(**given, includedData="ALL_DATA")
        del whole["ResponseMetadata"], explicit["ResponseMetadata"]
        assert explicit == whole
        assert "variableReferences" in whole


def test_metadata_of_an_execution_come_without_input_and_output(sfn: Any, create: Create) -> None:
    arn = sfn.start_execution(stateMachineArn=create(), input='"secret"')["executionArn"]
    assert ended(sfn, arn)["output"] == '"secret"'

    metadata = sfn.describe_execution(executionArn=arn, includedData="METADATA_ONLY")

    assert metadata["status"] == "SUCCEEDED"
    assert not {"input", "output"} & metadata.keys()
    assert (metadata["inputDetails"], metadata["outputDetails"]) == ({"included": False}, {"included": False})


def test_metadata_of_a_synchronous_execution_come_without_input_and_output(sfn: Any, create: Create) -> None:
    machine = create(type="EXPRESS")

    metadata = sfn.start_sync_execution(
        stateMachineArn=machine, input='"secret"', includedData="METADATA_ONLY"
    )

    assert metadata["status"] == "SUCCEEDED"
    assert not {"input", "output"} & metadata.keys()
    assert (metadata["inputDetails"], metadata["outputDetails"]) == ({"included": False}, {"included": False})


def test_a_synchronous_execution_that_fails_tells_of_its_output_all_the_same(
    sfn: Any, create: Create
) -> None:
    machine = create({"StartAt": "F", "States": {"F": {"Type": "Fail"}}}, type="EXPRESS")

    answer = sfn.start_sync_execution(stateMachineArn=machine)

    assert (answer["status"], answer["outputDetails"]) == ("FAILED", {"included": True})
    assert "output" not in answer
