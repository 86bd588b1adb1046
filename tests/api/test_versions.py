"""Versions and aliases by boto3."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.conftest import PASS
from tests.api.test_state_machines import refusal
from tests.processes.dev import ended

Create = Callable[..., str]

TWO = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 2, "End": True}}}


def routing(*pairs: tuple[str, int]) -> list[dict[str, Any]]:
    return [{"stateMachineVersionArn": arn, "weight": weight} for arn, weight in pairs]


@pytest.fixture
def machine(sfn: Any, create: Create) -> str:
    """With version 1, which gives back its input, and version 2, which gives 2."""
    arn = create(PASS, publish=True, versionDescription="the first")
    sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(TWO), publish=True)
    return arn


def test_a_version_stays_as_it_was_published(sfn: Any, machine: str) -> None:
    first = sfn.describe_state_machine(stateMachineArn=f"{machine}:1")
    arn = sfn.start_execution(stateMachineArn=f"{machine}:1", input='"in"')["executionArn"]
    execution = ended(sfn, arn)

    assert (first["stateMachineArn"], first["description"]) == (f"{machine}:1", "the first")
    assert json.loads(first["definition"]) == PASS
    assert (execution["output"], execution["stateMachineVersionArn"]) == ('"in"', f"{machine}:1")
    assert [
        one["executionArn"] for one in sfn.list_executions(stateMachineArn=f"{machine}:1")["executions"]
    ] == [arn]
    assert sfn.list_executions(stateMachineArn=f"{machine}:2")["executions"] == []


def test_a_revision_is_published_once_and_numbers_never_return(sfn: Any, machine: str) -> None:
    again = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    sfn.delete_state_machine_version(stateMachineVersionArn=again)
    after = sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]

    listed = sfn.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert (again, after) == (f"{machine}:2", f"{machine}:3")
    assert [version["stateMachineVersionArn"] for version in listed] == [f"{machine}:3", f"{machine}:1"]


def test_a_publication_of_an_older_revision_is_refused(sfn: Any, machine: str) -> None:
    with pytest.raises(ClientError) as error:
        sfn.publish_state_machine_version(stateMachineArn=machine, revisionId="older")

    assert refusal(error)[0] == "ConflictException"
    assert refusal(error)[1].startswith("Failed to publish the State Machine version for revision older. ")


def test_a_machine_that_was_never_updated_is_published_as_initial(sfn: Any, create: Create) -> None:
    arn = create()

    for _ in range(2):
        version = sfn.publish_state_machine_version(stateMachineArn=arn, revisionId="INITIAL")
        assert version["stateMachineVersionArn"] == f"{arn}:1"
    revision = sfn.update_state_machine(stateMachineArn=arn, definition=json.dumps(TWO))["revisionId"]

    with pytest.raises(ClientError) as error:
        sfn.publish_state_machine_version(stateMachineArn=arn, revisionId="INITIAL")
    assert refusal(error) == (
        "ConflictException",
        (
            "Failed to publish the State Machine version for revision INITIAL. "
            f"The current State Machine revision is {revision}."
        ),
    )


def test_the_current_revision_is_called_initial_where_it_has_no_name(sfn: Any, create: Create) -> None:
    with pytest.raises(ClientError) as error:
        sfn.publish_state_machine_version(stateMachineArn=create(), revisionId="other")

    assert refusal(error)[1].endswith("The current State Machine revision is INITIAL.")


def test_another_description_makes_another_version_of_a_revision(sfn: Any, create: Create) -> None:
    arn = create()

    def published(**arguments: Any) -> str:
        version = sfn.publish_state_machine_version(stateMachineArn=arn, **arguments)
        number: str = version["stateMachineVersionArn"].rpartition(":")[2]
        return number

    first = [published(description="a"), published(description="a"), published(description="b")]
    again = [published(description="a"), published(description="b"), published()]
    updated = sfn.update_state_machine(
        stateMachineArn=arn, definition=json.dumps(PASS), publish=True, versionDescription="c"
    )

    assert first == ["1", "1", "2"]
    assert again == ["1", "2", "2"]
    assert updated["stateMachineVersionArn"] == f"{arn}:3"
    described = [sfn.describe_state_machine(stateMachineArn=f"{arn}:{n}")["description"] for n in (1, 2, 3)]
    assert described == ["a", "b", "c"]


def test_a_machine_is_created_again_only_as_it_was_published(sfn: Any, create: Create) -> None:
    plain, published = create(name="unpublished"), create(name="published", publish=True)
    described = create(name="described-version", publish=True, versionDescription="mine")

    assert create(name="unpublished") == plain
    assert create(name="published", publish=True) == published
    assert create(name="described-version", publish=True, versionDescription="mine") == described
    assert len(sfn.list_state_machine_versions(stateMachineArn=described)["stateMachineVersions"]) == 1
    sfn.publish_state_machine_version(stateMachineArn=plain)
    assert create(name="unpublished") == plain
    others: list[dict[str, Any]] = [
        {"name": "unpublished", "publish": True},
        {"name": "published"},
        {"name": "published", "publish": True, "versionDescription": "other"},
        {"name": "described-version", "publish": True},
    ]
    for other in others:
        with pytest.raises(ClientError) as error:
            create(**other)
        assert refusal(error)[0] == "StateMachineAlreadyExists"


def test_an_update_of_an_alias_by_nothing_is_refused(sfn: Any, machine: str) -> None:
    made = sfn.create_state_machine_alias(name="live", routingConfiguration=routing((f"{machine}:1", 100)))
    arn = made["stateMachineAliasArn"]

    with pytest.raises(ClientError) as error:
        sfn.update_state_machine_alias(stateMachineAliasArn=arn)

    assert refusal(error) == (
        "ValidationException",
        "Either the description or the routingConfiguration must be specified",
    )
    assert error.value.response["reason"] == "MISSING_REQUIRED_PARAMETER"


def test_an_update_of_an_alias_that_is_not_there_is_refused(sfn: Any, machine: str) -> None:
    with pytest.raises(ClientError) as error:
        sfn.update_state_machine_alias(stateMachineAliasArn=f"{machine}:nobody", description="d")

    assert refusal(error) == ("ResourceNotFound", "Request references a resource that does not exist.")


def test_an_alias_divides_executions_among_its_versions(sfn: Any, machine: str) -> None:
    made = sfn.create_state_machine_alias(name="live", routingConfiguration=routing((f"{machine}:1", 100)))
    alias = made["stateMachineAliasArn"]

    def run() -> tuple[Any, str]:
        answer = ended(sfn, sfn.start_execution(stateMachineArn=alias, input="1")["executionArn"])
        assert answer["stateMachineAliasArn"] == alias
        return json.loads(answer["output"]), answer["stateMachineVersionArn"]

    assert run() == (1, f"{machine}:1")
    half = routing((f"{machine}:1", 50), (f"{machine}:2", 50))
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=half)
    assert {run() for _ in range(30)} == {(1, f"{machine}:1"), (2, f"{machine}:2")}
    assert sfn.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == half


def test_a_version_in_use_by_an_alias_cannot_be_deleted(sfn: Any, machine: str) -> None:
    made = sfn.create_state_machine_alias(name="live", routingConfiguration=routing((f"{machine}:1", 100)))

    with pytest.raises(ClientError) as error:
        sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:1")
    assert refusal(error) == (
        "ConflictException",
        (
            "Version to be deleted must not be referenced by an alias. "
            "Current list of aliases referencing this version: [live]"
        ),
    )
    sfn.delete_state_machine_alias(stateMachineAliasArn=made["stateMachineAliasArn"])
    sfn.delete_state_machine_version(stateMachineVersionArn=f"{machine}:1")
    with pytest.raises(ClientError) as error:
        sfn.start_execution(stateMachineArn=f"{machine}:1")
    assert refusal(error)[0] == "StateMachineDoesNotExist"


@pytest.mark.parametrize(
    ("routes", "message"),
    [
        ([(":1", 70), (":2", 29)], "Sum of routing configuration weights must equal 100. Received: [70, 29]"),
        ([(":1", 50), (":1", 50)], "Routing configuration must contain distinct state machine version ARNs."),
        ([("", 50), (":2", 50)], "Routing configuration must contain state machine version ARNs."),
    ],
)
def test_an_alias_with_wrong_routes_is_refused(sfn: Any, machine: str, routes: Any, message: str) -> None:
    given = routing(*((machine + version, weight) for version, weight in routes))

    with pytest.raises(ClientError) as error:
        sfn.create_state_machine_alias(name="live", routingConfiguration=given)

    assert refusal(error)[0] == "ValidationException"
    assert refusal(error)[1].startswith(message)


def test_versions_and_aliases_go_with_their_state_machine(sfn: Any, machine: str) -> None:
    sfn.create_state_machine_alias(name="live", routingConfiguration=routing((f"{machine}:1", 100)))

    sfn.delete_state_machine(stateMachineArn=machine)

    for arn in (f"{machine}:1", f"{machine}:live"):
        with pytest.raises(ClientError) as error:
            sfn.start_execution(stateMachineArn=arn)
        assert refusal(error)[0] == "StateMachineDoesNotExist"
