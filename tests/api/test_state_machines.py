"""State machines by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS, WAIT
from tests.processes.dev import ROLE

Create = Callable[..., str]


def refusal(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, str]:
    told = error.value.response["Error"]
    return told["Code"], told["Message"]


def test_a_state_machine_is_described_as_it_was_created(sfn: Any, create: Create) -> None:
    arn = create(name="described")

    answer = sfn.describe_state_machine(stateMachineArn=arn)

    del answer["ResponseMetadata"], answer["creationDate"]
    assert answer == {
        "stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:described",
        "name": "described",
        "status": "ACTIVE",
        "definition": json.dumps(PASS),
        "roleArn": ROLE,
        "type": "STANDARD",
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_creating_the_same_state_machine_twice_gives_the_same_one(sfn: Any, create: Create) -> None:
    arn = create(name="twice")
    first = sfn.describe_state_machine(stateMachineArn=arn)

    assert create(name="twice", roleArn=ROLE + "-else", tags=[{"key": "a", "value": "b"}]) == arn
    second = sfn.describe_state_machine(stateMachineArn=arn)

    del first["ResponseMetadata"], second["ResponseMetadata"]
    assert second == first


def test_another_definition_under_a_taken_name_is_refused(create: Create) -> None:
    arn = create(name="taken")

    with pytest.raises(ClientError) as error:
        create(WAIT, name="taken")

    assert refusal(error) == ("StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'")


def test_an_invalid_definition_is_refused_with_everything_that_is_wrong(create: Create) -> None:
    with pytest.raises(ClientError) as error:
        create({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}})

    assert refusal(error) == (
        "InvalidDefinition",
        (
            "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at "
            "/States/A/Next, MISSING_END_STATE: Workflow has no terminal state at /'"
        ),
    )


def test_an_update_gives_a_new_revision_and_running_executions_keep_theirs(sfn: Any, create: Create) -> None:
    arn = create(WAIT)
    execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]

    revision = sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(PASS))["revisionId"]

    now = sfn.describe_state_machine(stateMachineArn=arn)
    running = sfn.describe_state_machine_for_execution(executionArn=execution)
    assert (now["revisionId"], now["definition"]) == (revision, json.dumps(PASS))
    assert running["definition"] == json.dumps(WAIT)
    assert "revisionId" not in running


def test_an_update_of_nothing_is_refused(sfn: Any, create: Create) -> None:
    with pytest.raises(ClientError) as error:
        sfn.update_state_machine(stateMachineArn=create())

    assert refusal(error) == (
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified",
    )


def test_state_machines_are_listed_in_pages(sfn: Any, create: Create) -> None:
    arns = {create(name=f"listed-{number}") for number in range(5)}

    pages = list(sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2}))

    listed = [machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]]
    assert arns <= set(listed)
    assert len(listed) == len(set(listed))
    assert all(len(page["stateMachines"]) <= 2 for page in pages)


def test_a_deleted_state_machine_is_gone_and_may_be_deleted_again(sfn: Any, create: Create) -> None:
    arn = create()

    sfn.delete_state_machine(stateMachineArn=arn)
    sfn.delete_state_machine(stateMachineArn=arn)

    with pytest.raises(ClientError) as error:
        sfn.describe_state_machine(stateMachineArn=arn)
    assert refusal(error) == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def test_tags_are_set_replaced_and_removed(sfn: Any, create: Create) -> None:
    arn = create(tags=[{"key": "team", "value": "one"}])

    sfn.tag_resource(resourceArn=arn, tags=[{"key": "team", "value": "two"}, {"key": "cost", "value": ""}])
    after = sfn.list_tags_for_resource(resourceArn=arn)["tags"]
    sfn.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])

    assert after == [{"key": "team", "value": "two"}, {"key": "cost", "value": ""}]
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "cost", "value": ""}]


def test_a_definition_is_validated_without_creating_anything(sfn: Any) -> None:
    bad = sfn.validate_state_machine_definition(definition="{}")
    good = sfn.validate_state_machine_definition(definition=json.dumps(PASS))

    del bad["ResponseMetadata"], good["ResponseMetadata"]
    assert good == {"result": "OK", "diagnostics": [], "truncated": False}
    assert bad == {
        "result": "FAIL",
        "diagnostics": [
            {
                "severity": "ERROR",
                "code": "SCHEMA_VALIDATION_FAILED",
                "message": "These fields are required: [States, StartAt]",
                "location": "/",
            }
        ],
        "truncated": False,
    }


def test_diagnostics_come_all_at_once_by_severity_and_as_many_as_wanted(sfn: Any) -> None:
    states = {
        "A": {"Type": "Pass", "Result": "$.x", "Next": "Nowhere"},
        "B": {"Type": "Wait", "End": True},
        "C": {"Type": "Nap", "End": True},
    }
    definition = json.dumps({"StartAt": "A", "States": states})

    def found(**arguments: Any) -> Any:
        return sfn.validate_state_machine_definition(definition=definition, **arguments)

    errors, everything = found(), found(severity="WARNING")
    codes = [(diagnostic["code"], diagnostic["location"]) for diagnostic in errors["diagnostics"]]
    assert errors["result"] == "FAIL"
    assert errors["truncated"] is False
    assert {severity["severity"] for severity in errors["diagnostics"]} == {"ERROR"}
    assert ("MISSING_TRANSITION_TARGET", "/States/A/Next") in codes
    assert len(codes) >= 3
    assert {each["severity"] for each in everything["diagnostics"]} == {"ERROR", "WARNING"}
    assert len(everything["diagnostics"]) > len(codes)
    first = found(maxResults=1)
    assert (first["diagnostics"], first["truncated"]) == (errors["diagnostics"][:1], True)
    assert found(maxResults=len(codes))["truncated"] is False
    assert found(maxResults=0)["diagnostics"] == errors["diagnostics"]
    for size in (-1, 101):
        with pytest.raises(ClientError) as error:
            found(maxResults=size)
        assert refusal(error)[0] == "ValidationException"
