"""ARNs that name a distributed Map of a state machine by its label, by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.test_state_machines import refusal
from tests.processes.dev import ROLE, ended

Create = Callable[..., str]

INNER = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}


def distributed(inner: Any, *, kind: str = "STANDARD", label: str | None = None) -> dict[str, Any]:
    mode = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}}
    labelled = {} if label is None else {"Label": label}
    return {"Type": "Map", "ItemProcessor": {**mode, **inner}, "End": True, **labelled}


def one_state(state: Any, name: str = "M") -> dict[str, Any]:
    return {"StartAt": name, "States": {name: state}}


@pytest.fixture
def machine(create: Create) -> str:
    return create(one_state(distributed(INNER, kind="EXPRESS", label="lab")), publish=True)


def test_a_label_gives_the_maps_part_of_the_definition(sfn: Any, machine: str) -> None:
    described = sfn.describe_state_machine(stateMachineArn=f"{machine}/lab")
    whole = sfn.describe_state_machine(stateMachineArn=machine)

    assert json.loads(described["definition"]) == INNER
    assert (described["stateMachineArn"], described["label"]) == (f"{machine}/lab", "lab")
    assert described["name"] == f"{machine.rpartition(':')[2]}/lab"
    assert (described["type"], described["status"], described["roleArn"]) == ("EXPRESS", "ACTIVE", ROLE)
    assert "label" not in whole


def test_metadata_of_a_label_come_with_its_definition(sfn: Any, machine: str) -> None:
    described = sfn.describe_state_machine(stateMachineArn=f"{machine}/lab", includedData="METADATA_ONLY")

    assert json.loads(described["definition"]) == INNER


def test_a_label_within_a_labelled_map_is_found(sfn: Any, create: Create) -> None:
    inner = one_state(distributed(INNER, label="inner"), "I")
    outer = one_state(distributed(inner, label="outer"), "O")
    machine = create(one_state({"Type": "Parallel", "Branches": [outer], "End": True}))

    definitions = [
        json.loads(sfn.describe_state_machine(stateMachineArn=f"{machine}/{label}")["definition"])
        for label in ("outer", "inner")
    ]

    assert definitions == [inner, INNER]


def test_a_child_execution_tells_its_maps_part_and_the_label_it_was_given(sfn: Any, create: Create) -> None:
    machine = create(one_state(distributed(INNER)))
    execution = sfn.start_execution(stateMachineArn=machine, input="[1]")["executionArn"]
    ended(sfn, execution)
    run = sfn.list_map_runs(executionArn=execution)["mapRuns"][0]["mapRunArn"]
    child = sfn.list_executions(mapRunArn=run)["executions"][0]

    of_child = sfn.describe_state_machine_for_execution(executionArn=child["executionArn"])
    described = sfn.describe_state_machine(stateMachineArn=child["stateMachineArn"])

    assert json.loads(of_child["definition"]) == json.loads(described["definition"]) == INNER
    assert of_child["label"] == described["label"] == run.rpartition("/")[2].partition(":")[0]
    assert of_child["stateMachineArn"] == described["stateMachineArn"] == child["stateMachineArn"]
    metadata = sfn.describe_state_machine_for_execution(
        executionArn=child["executionArn"], includedData="METADATA_ONLY"
    )
    assert metadata["definition"] == "{}"


def test_an_unknown_label_is_told(sfn: Any, machine: str) -> None:
    for arn in (f"{machine}/nope", f"{machine}/", f"{machine}-else/lab", f"{machine}/lab/lab"):
        with pytest.raises(ClientError) as error:
            sfn.describe_state_machine(stateMachineArn=arn)
        assert refusal(error) == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'")


def test_everything_else_refuses_a_label(sfn: Any, machine: str) -> None:
    arn = f"{machine}/lab"
    routing = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    calls: dict[str, Callable[[], Any]] = {
        "StartExecution": lambda: sfn.start_execution(stateMachineArn=arn),
        "StartSyncExecution": lambda: sfn.start_sync_execution(stateMachineArn=arn),
        "UpdateStateMachine": lambda: sfn.update_state_machine(stateMachineArn=arn, roleArn=ROLE),
        "DeleteStateMachine": lambda: sfn.delete_state_machine(stateMachineArn=arn),
        "ListExecutions": lambda: sfn.list_executions(stateMachineArn=arn),
        "PublishStateMachineVersion": lambda: sfn.publish_state_machine_version(stateMachineArn=arn),
        "ListStateMachineVersions": lambda: sfn.list_state_machine_versions(stateMachineArn=arn),
        "ListStateMachineAliases": lambda: sfn.list_state_machine_aliases(stateMachineArn=arn),
        "CreateStateMachineAlias": lambda: sfn.create_state_machine_alias(
            name="live", routingConfiguration=routing
        ),
        "DescribeStateMachineAlias": lambda: sfn.describe_state_machine_alias(
            stateMachineAliasArn=f"{arn}:live"
        ),
        "UpdateStateMachineAlias": lambda: sfn.update_state_machine_alias(
            stateMachineAliasArn=f"{arn}:live", description="d"
        ),
        "DeleteStateMachineAlias": lambda: sfn.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:live"),
        "DeleteStateMachineVersion": lambda: sfn.delete_state_machine_version(
            stateMachineVersionArn=f"{arn}:1"
        ),
    }

    for operation, call in calls.items():
        with pytest.raises(ClientError) as error:
            call()
        assert error.value.response["Error"]["Code"] == "ValidationException", operation
        assert error.value.response["reason"] == "API_DOES_NOT_SUPPORT_LABELED_ARNS", operation
        assert "/lab" in error.value.response["Error"]["Message"], operation

    assert sfn.describe_state_machine(stateMachineArn=machine)["status"] == "ACTIVE"


def test_tags_of_a_label_are_no_resource(sfn: Any, machine: str) -> None:
    with pytest.raises(ClientError) as error:
        sfn.list_tags_for_resource(resourceArn=f"{machine}/lab")

    assert refusal(error)[0] == "ResourceNotFound"


def test_the_language_of_the_machine_is_that_of_its_parts(sfn: Any, create: Create) -> None:
    machine = create(one_state(distributed(INNER, label="lab")) | {"QueryLanguage": "JSONata"})

    part = json.loads(sfn.describe_state_machine(stateMachineArn=f"{machine}/lab")["definition"])

    assert part == {"QueryLanguage": "JSONata", **INNER}
