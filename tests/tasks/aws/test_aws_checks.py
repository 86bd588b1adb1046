"""What is wrong with a task that calls AWS's services is said when its definition is created."""

from __future__ import annotations

from typing import Any

import pytest

from stepwright.asl.definition import check
from stepwright.asl.json_types import Pointer
from stepwright.asl.resource import parse
from stepwright.tasks import aws, table
from stepwright.tasks.aws import checking

UNRECOGNIZED = (
    "The resource provided ARN is not recognized. The value is not a valid resource ARN, or the resource is not available in this "
    "region. "
)


def found(resource: str, parameters: Any = None, **fields: Any) -> list[str]:
    task = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", "End": True, **fields}
    if parameters is not None:
        task["Parameters"] = parameters
    definition: Any = {"StartAt": "A", "States": {"A": task}}
    problems = check(definition, task_check=table.check_for({}))
    return [str(problem) for problem in problems if problem.code == "SCHEMA_VALIDATION_FAILED"]


def told(problem: str, where: str) -> list[str]:
    return [f"{problem} at /States/A/{where}"]


@pytest.mark.parametrize(
    ("resource", "parameters"),
    [
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier.$": "$.id"}),
        ("aws-sdk:s3:listBuckets", {}),
        ("aws-sdk:sqs:receiveMessage", {"QueueUrl": "q", "MaxNumberOfMessages.$": "$.n"}),
        (
            "sqs:sendMessage.waitForTaskToken",
            {"QueueUrl": "q", "MessageBody": {"Token.$": "$$.Task.Token", "n": 1}},
        ),
        (
            "dynamodb:putItem",
            {"TableName": "t", "Item": {"id.$": "$.id", "done": "false", "n": {"N.$": "$.n"}}},
        ),
        ("aws-sdk:${Service}:${Action}", {"Any": 1}),
        ("aws-sdk:ec2:describeInstances", {"MaxResults": "${Most}"}),
        ("aws-sdk:ssm:getParameter", {"Name": "x", "WithDecryption": True}),
        ("events:putEvents", {"Entries": [{"Source": "s", "DetailType": "d", "Detail": {"a": 1}}]}),
    ],
)
def test_what_aws_takes_is_fine(resource: str, parameters: Any) -> None:
    assert found(resource, parameters) == []


def test_arguments_may_be_computed_in_any_part() -> None:
    arguments = {"QueueUrl": "{% $q %}", "MaxNumberOfMessages": "{% $n %}", "AttributeNames": "{% $names %}"}
    resource = "aws-sdk:sqs:receiveMessage"

    assert found(resource, QueryLanguage="JSONata", Arguments=arguments) == []
    assert found(resource, QueryLanguage="JSONata", Arguments="{% $all %}") == []
    assert found(
        resource, QueryLanguage="JSONata", Arguments={"QueueUrl": "q", "AttributeName": "{% $n %}"}
    ) == told(
        "ERROR SCHEMA_VALIDATION_FAILED: The field 'AttributeName' is not supported by Step Functions; did you mean "
        "'AttributeNames'?",
        "Arguments",
    )


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        ("aws-sdk:dynamo:putItem", "There is no service 'dynamo'; did you mean 'dynamodb'?"),
        (
            "aws-sdk:dynamodb:PutItem",
            "The service 'aws-sdk:dynamodb' has no action 'PutItem'; did you mean 'putItem'?",
        ),
        ("sqs:sendMesage", "The service 'sqs' has no action 'sendMesage'; did you mean 'sendMessage'?"),
        (
            "sqs:receiveMessage",
            "The service 'sqs' has no action 'receiveMessage'; did you mean 'aws-sdk:sqs:receiveMessage'?",
        ),
        ("aws-sdk:glue:startJobRun.sync", "AWS SDK integrations do not support '.sync'"),
        ("dynamodb:putItem.sync", "'dynamodb:putItem' does not support '.sync'"),
        (
            "aws-sdk:kinesis:subscribeToShard",
            "Step Functions does not offer the action 'subscribeToShard' of 'aws-sdk:kinesis'",
        ),
    ],
)
def test_a_resource_that_aws_has_not_is_refused(resource: str, why: str) -> None:
    assert found(resource, {}) == told(f"ERROR SCHEMA_VALIDATION_FAILED: {UNRECOGNIZED}{why}", "Resource")


def test_a_service_that_aws_has_ended_is_a_warning() -> None:
    assert found("aws-sdk:iotanalytics:createDataset", {}) == told(
        "WARNING SCHEMA_VALIDATION_FAILED: AWS has ended the service 'iotanalytics', so its tasks run only where they are mocked",
        "Resource",
    )


@pytest.mark.parametrize(
    ("resource", "parameters", "problem", "where"),
    [
        (
            "aws-sdk:rds:describeDBInstances",
            {"DBInstanceIdentifier.$": "$.id"},
            (
                "ERROR SCHEMA_VALIDATION_FAILED: The field 'DBInstanceIdentifier' is not supported by Step Functions; did you mean "
                "'DbInstanceIdentifier'?"
            ),
            "Parameters",
        ),
        (
            "sqs:sendMessage",
            {"MessageBody": "b"},
            "ERROR SCHEMA_VALIDATION_FAILED: The field 'QueueUrl' is required but was missing",
            "Parameters",
        ),
        (
            "aws-sdk:sqs:receiveMessage",
            {"QueueUrl": "q", "MaxNumberOfMessages": {"a": 1}},
            "ERROR SCHEMA_VALIDATION_FAILED: The value of the field 'MaxNumberOfMessages' must be a whole number",
            "Parameters/MaxNumberOfMessages",
        ),
        (
            "aws-sdk:sqs:sendMessageBatch",
            {"QueueUrl": "q", "Entries": [{"Id": "1"}]},
            "WARNING SCHEMA_VALIDATION_FAILED: The field 'MessageBody' is required but was missing",
            "Parameters/Entries/0",
        ),
        (
            "elasticmapreduce:cancelStep",
            {"ClusterId": "j-1", "StepId": "s-1", "StepIds": ["s-1"]},
            (
                "ERROR SCHEMA_VALIDATION_FAILED: The field 'StepIds' is not supported by Step Functions; did you mean 'StepId'?"
            ),
            "Parameters",
        ),
        (
            "bedrock:invokeModel",
            {"ModelId": "m", "Input": {"S3Uri": "s3://b/k", "S3Url": ""}},
            "ERROR SCHEMA_VALIDATION_FAILED: The field 'S3Url' is not supported by Step Functions; did you mean 'S3Uri'?",
            "Parameters/Input",
        ),
    ],
)
def test_parameters_that_a_service_does_not_take_are_told_where_they_stand(
    resource: str, parameters: Any, problem: str, where: str
) -> None:
    assert found(resource, parameters) == told(problem, where)


def test_models_of_many_services_are_not_read_for_one_definition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_SERVICES", 1)
    states = {
        service: {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{service}:no", "Next": following}
        for service, following in (("sqs", "sns"), ("sns", "End"))
    }
    definition: Any = {"StartAt": "sqs", "States": {**states, "End": {"Type": "Succeed"}}}

    first, second = check(definition, task_check=table.check_for({}))

    assert "has no action 'no'" in first.message
    assert second.message == "Parameters of more than 1 services of AWS are not checked before tasks run"
    assert second.severity == "WARNING"


def test_a_state_machine_of_a_cluster_names_the_connection_by_which_aws_is_called() -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:listBuckets",
        "Parameters": {},
        "End": True,
    }
    definition: Any = {"StartAt": "A", "States": {"A": task}}

    def codes(spec: Any) -> list[tuple[str, str]]:
        problems = check(definition, task_check=table.check_for(spec, "operator"))
        return [(problem.severity, problem.code) for problem in problems]

    assert codes({"definition": definition}) == [("ERROR", "NO_CONNECTION")]
    assert codes({"definition": definition, "connections": ["aws"]}) == []
    assert codes({}) == []


def each(**fields: Any) -> Any:
    """A definition whose Map has these."""
    passes = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **passes}
    return {
        "StartAt": "A",
        "States": {"A": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}},
    }


def of_s3(action: str, **parameters: Any) -> Any:
    return {"Resource": f"arn:aws:states:::s3:{action}", "Parameters": parameters}


@pytest.mark.parametrize(
    ("field", "called", "problems"),
    [
        ("ItemReader", of_s3("getObject", **{"Bucket.$": "$.b", "Key": "k"}), []),
        ("ItemReader", of_s3("listObjectsV2", Bucket="b", Prefix="p", MaxKeys=10), []),
        ("ResultWriter", of_s3("putObject", **{"Bucket": "b", "Prefix.$": "$.p"}), []),
        ("ItemReader", of_s3("getObject", Bucket="b"), ["The field 'Key' is required but was missing"]),
        ("ResultWriter", of_s3("putObject", Prefix="p"), ["The field 'Bucket' is required but was missing"]),
        (
            "ItemReader",
            of_s3("listObjectsV2", Bucket="b", MaxKeys=True),
            ["The value of the field 'MaxKeys' must be a whole number"],
        ),
        (
            "ItemReader",
            of_s3("listObjectsV2", Bucket="b", Prefx="p"),
            ["The field 'Prefx' is not supported by Step Functions; did you mean 'Prefix'?"],
        ),
        (
            "ItemReader",
            of_s3("getObject.sync", Bucket="b", Key="k"),
            [f"{UNRECOGNIZED}Maps do not support '.sync'"],
        ),
    ],
)
def test_what_a_map_reads_and_writes_is_checked_as_a_task_is(
    field: str, called: Any, problems: list[str]
) -> None:
    found = check(each(**{field: called}), task_check=table.check_for({}))

    assert [problem.message for problem in found] == problems


def test_a_map_of_a_cluster_reads_and_writes_by_a_connection() -> None:
    definition = each(
        ItemReader=of_s3("getObject", Bucket="b", Key="k"), ResultWriter=of_s3("putObject", Bucket="b")
    )

    found = check(definition, task_check=table.check_for({"definition": definition}, "operator"))

    assert [(problem.code, problem.pointer) for problem in found] == [
        ("NO_CONNECTION", "/States/A/ItemReader/Resource"),
        ("NO_CONNECTION", "/States/A/ResultWriter/Resource"),
    ]
    assert not check(definition, task_check=table.check_for({"connections": ["aws"]}, "operator"))


@pytest.mark.parametrize(
    ("named", "role", "said"),
    [
        ({"aws": {"aws": {"region": "eu-west-1", "roles": ["arn:aws:iam::1:role/r"]}}}, "arn:aws:iam::1:role/r", []),
        ({"aws": {"aws": {"region": "eu-west-1"}}}, "{% $role %}", []),
        (
            {"aws": {"aws": {"region": "eu-west-1"}}},
            "arn:aws:iam::1:role/r",
            ["/States/A/Credentials/RoleArn: The Connection aws does not list the role arn:aws:iam::1:role/r in spec.aws.roles, so no task acts as it"],
        ),
        ({"http": {"http": {}}}, None, ["/States/A/Resource: None of spec.connections is for AWS (spec.aws), so the task cannot call it"]),
        ({"http": {"http": {}}, "to-come": None}, None, []),
        (
            {"a": {"aws": {}}, "b": {"aws": {}}},
            None,
            ["/States/A/Resource: AWS is called by one Connection, and spec.connections names a and b"],
        ),
    ],
)  # fmt: skip
def test_what_its_connections_do_not_allow_is_a_warning_of_a_state_machine(
    named: Any, role: str | None, said: list[str]
) -> None:
    state: Any = {} if role is None else {"Credentials": {"RoleArn": role}}
    resource = parse("arn:aws:states:::aws-sdk:s3:listBuckets")
    found = list(aws.check_allowed(named, resource, state, Pointer("/States/A")))

    assert {each.severity for each in found} <= {"WARNING"}
    assert [f"{each.pointer}: {each.message}" for each in found] == said
