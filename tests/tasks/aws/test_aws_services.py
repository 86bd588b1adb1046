"""Tasks that call AWS's services, played by moto's server: names, answers and errors are those that AWS has for tasks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepwright.tasks.calls.integration import CallFailed
from tests.tasks.aws_calls import REF, called, use_endpoint


@pytest.fixture(autouse=True)
def endpoint(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint(monkeypatch, moto)


async def failed(resource: str, parameters: Any) -> tuple[str, str]:
    with pytest.raises(CallFailed) as raised:
        await called(resource, parameters)
    return raised.value.error, raised.value.cause


async def test_a_message_is_sent_to_a_queue_and_received() -> None:
    queue: Any = await called("aws-sdk:sqs:createQueue", {"QueueName": "letters"})
    assert list(queue) == ["QueueUrl"]

    sent: Any = await called("sqs:sendMessage", {**queue, "MessageBody": {"a": 1}})
    received: Any = await called("aws-sdk:sqs:receiveMessage", queue)

    assert list(sent) == ["MD5OfMessageBody", "MessageId", "SdkHttpMetadata", "SdkResponseMetadata"]
    assert sent["SdkHttpMetadata"]["HttpStatusCode"] == 200
    assert sent["SdkHttpMetadata"]["AllHttpHeaders"]["Content-Type"] == ["application/x-amz-json-1.0"]
    (message,) = received["Messages"]
    assert message["Body"] == '{"a":1}'
    assert message["Md5OfBody"] == sent["MD5OfMessageBody"]


async def test_a_queue_that_is_not_there_is_told_in_the_names_of_both_sdks() -> None:
    queue: Any = await called("aws-sdk:sqs:createQueue", {"QueueName": "there"})
    message = {"QueueUrl": f"{queue['QueueUrl']}-not", "MessageBody": "b"}

    optimized, cause = await failed("sqs:sendMessage", message)
    sdk, sdk_cause = await failed("aws-sdk:sqs:sendMessage", message)

    assert optimized == "SQS.QueueDoesNotExistException"
    assert (
        "(Service: AmazonSQS; Status Code: 400; Error Code: AWS.SimpleQueueService.NonExistentQueue; "
        in cause
    )
    assert cause.endswith("; Proxy: null)")
    assert sdk == "Sqs.QueueDoesNotExistException"
    assert "(Service: Sqs, Status Code: 400, Request ID: " in sdk_cause
    assert sdk_cause.endswith(" (SDK Attempt Count: 1)")


async def test_a_host_that_does_not_exist_is_no_queue() -> None:
    message = {"QueueUrl": "http://no-such-queue.invalid/1/q", "MessageBody": "b"}

    assert await failed("sqs:sendMessage", message) == (
        "SQS.SdkClientException",
        "Unable to execute HTTP request: no-such-queue.invalid: Name or service not known",
    )


async def test_items_are_put_and_read() -> None:
    await called(
        "aws-sdk:dynamodb:createTable",
        {
            "TableName": "orders",
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    )
    item: Any = {"id": {"S": "1"}, "paid": {"BOOL": True}, "note": {"NULL": True}, "tags": {"SS": ["a"]}}
    key: Any = {"TableName": "orders", "Key": {"id": {"S": "1"}}}

    put = await called("dynamodb:putItem", {"TableName": "orders", "Item": item})
    optimized: Any = await called("dynamodb:getItem", key)
    sdk = await called("aws-sdk:dynamodb:getItem", key)

    assert isinstance(put, dict)
    assert list(put) == ["SdkHttpMetadata", "SdkResponseMetadata"]
    assert optimized["Item"] == item
    assert sdk == {
        "Item": {"id": {"S": "1"}, "paid": {"Bool": True}, "note": {"Nul": True}, "tags": {"Ss": ["a"]}}
    }
    again: Any = {"TableName": "orders", "Item": item, "ConditionExpression": "attribute_not_exists(id)"}
    assert (await failed("dynamodb:putItem", again))[0] == "DynamoDB.ConditionalCheckFailedException"
    assert (await failed("aws-sdk:dynamodb:putItem", again))[0] == "DynamoDb.ConditionalCheckFailedException"


async def test_objects_are_texts() -> None:
    await called("aws-sdk:s3:createBucket", {"Bucket": "shelf"})
    body: Any
    for body, text in (("text data", "text data"), ({"a": [1]}, '{"a":[1]}'), (False, "false"), (0, "0")):
        await called("aws-sdk:s3:putObject", {"Bucket": "shelf", "Key": "k", "Body": body})
        got: Any = await called("aws-sdk:s3:getObject", {"Bucket": "shelf", "Key": "k"})
        assert list(got)[-1] == "Body"
        assert got["Body"] == text
        assert got["ContentLength"] == len(text)
    await called(
        "aws-sdk:s3:copyObject",
        {"SourceBucket": "shelf", "SourceKey": "k", "DestinationBucket": "shelf", "DestinationKey": "a b&c"},
    )
    listed: Any = await called("aws-sdk:s3:listObjectsV2", {"Bucket": "shelf"})
    assert [item["Key"] for item in listed["Contents"]] == ["a b&c", "k"]
    assert "EncodingType" not in listed


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("getObject", {"Bucket": "empty", "Key": "none"}, "S3.NoSuchKeyException"),
        ("headObject", {"Bucket": "empty", "Key": "none"}, "S3.NoSuchKeyException"),
        ("listObjectsV2", {"Bucket": "no-bucket"}, "S3.NoSuchBucketException"),
        ("headBucket", {"Bucket": "no-bucket"}, "S3.NoSuchBucketException"),
    ],
)
async def test_what_s3_has_not_is_told_by_the_sdks_name(action: str, parameters: Any, error: str) -> None:
    await called("aws-sdk:s3:createBucket", {"Bucket": "empty"})

    assert (await failed(f"aws-sdk:s3:{action}", parameters))[0] == error


@pytest.mark.parametrize(
    ("resource", "parameters", "error"),
    [
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "x"}, "Rds.DbInstanceNotFoundException"),
        ("aws-sdk:ssm:getParameter", {"Name": "/none"}, "Ssm.ParameterNotFoundException"),
        (
            "aws-sdk:secretsmanager:getSecretValue",
            {"SecretId": "none"},
            "SecretsManager.ResourceNotFoundException",
        ),
        (
            "sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none", "Message": "m"},
            "SNS.NotFoundException",
        ),
        (
            "dynamodb:getItem",
            {"TableName": "none", "Key": {"id": {"S": "1"}}},
            "DynamoDB.ResourceNotFoundException",
        ),
        (
            "aws-sdk:cloudformation:describeStacks",
            {"StackName": "none"},
            "CloudFormation.CloudFormationException",
        ),
    ],
)
async def test_errors_have_the_names_that_retriers_know(resource: str, parameters: Any, error: str) -> None:
    assert (await failed(resource, parameters))[0] == error


async def test_an_event_names_its_execution() -> None:
    entry: Any = {"Source": "s", "DetailType": "d", "Detail": {"x": 1}, "EventBusName": "default"}

    sent: Any = await called("events:putEvents", {"Entries": [entry]})

    assert sent["FailedEntryCount"] == 0
    assert list(sent) == ["Entries", "FailedEntryCount", "SdkHttpMetadata", "SdkResponseMetadata"]


async def test_a_template_is_given_as_it_was_written() -> None:
    """botocore would read its JSON."""
    template = '{ "Resources": {"Q": {"Type": "AWS::SQS::Queue"}} }'
    await called("aws-sdk:cloudformation:createStack", {"StackName": "stack", "TemplateBody": template})

    got: Any = await called("aws-sdk:cloudformation:getTemplate", {"StackName": "stack"})

    assert isinstance(got["TemplateBody"], str)
    assert json.loads(got["TemplateBody"]) == json.loads(template)


@pytest.mark.parametrize(
    ("resource", "parameters", "why"),
    [
        (
            "aws-sdk:sqs:listQueues",
            {"QueueNamePrefx": "x"},
            "[The field 'QueueNamePrefx' is not supported by Step Functions; did you mean 'QueueNamePrefix'?]",
        ),
        ("sqs:sendMessage", {"MessageBody": "b"}, "[The field 'QueueUrl' is required but was missing]"),
        (
            "aws-sdk:sqs:receiveMessage",
            {"QueueUrl": "q", "MaxNumberOfMessages": "many"},
            "[The value of the field 'MaxNumberOfMessages' must be a whole number]",
        ),
        ("aws-sdk:sqs:listQueues", [], "[The Parameters must be an object]"),
    ],
)
async def test_what_a_service_would_not_take_is_not_sent(resource: str, parameters: Any, why: str) -> None:
    error, cause = await failed(resource, parameters)

    assert error == "States.Runtime"
    assert cause.endswith(f"could not be used to start the Task: {why}")


@pytest.mark.parametrize(
    ("resource", "why"),
    [
        ("aws-sdk:sqqs:listQueues", "There is no service 'sqqs'; did you mean 'sqs'?"),
        (
            "aws-sdk:sqs:ListQueues",
            "The service 'aws-sdk:sqs' has no action 'ListQueues'; did you mean 'listQueues'?",
        ),
        (
            "aws-sdk:s3:selectObjectContent",
            "Step Functions does not offer the action 'selectObjectContent' of 'aws-sdk:s3'",
        ),
    ],
)
async def test_a_service_or_an_action_that_is_not_there_is_told(resource: str, why: str) -> None:
    assert await failed(resource, {}) == ("States.Runtime", why)


async def test_the_same_task_asks_with_the_same_token_so_it_is_done_once() -> None:
    """secretsmanager:createSecret knows a request again by ClientRequestToken."""
    parameters: Any = {"Name": "once", "SecretString": "x"}

    made: Any = await called("aws-sdk:secretsmanager:createSecret", parameters, number=7)

    assert made["VersionId"] != ""
    from stepwright.asl.signals import TaskId
    from stepwright.asl.task_token import begun_uid

    assert made["VersionId"] == begun_uid(REF.uid, TaskId(7))


async def test_a_cluster_of_emr_is_created_changed_and_ended_by_the_api_around_emrs() -> None:
    instances: Any = {
        "KeepJobFlowAliveWhenNoSteps": True,
        "InstanceGroups": [
            {"Name": "m", "InstanceRole": "MASTER", "InstanceType": "m5.large", "InstanceCount": 1},
            {"Name": "workers", "InstanceRole": "CORE", "InstanceType": "m5.large", "InstanceCount": 2},
        ],
    }
    roles: Any = {"ServiceRole": "EMR_DefaultRole", "JobFlowRole": "EMR_EC2_DefaultRole"}
    made: Any = await called(
        "elasticmapreduce:createCluster",
        {"Name": "c", "ReleaseLabel": "emr-7.0.0", "Instances": instances, **roles},
    )
    cluster = {"ClusterId": made["ClusterId"]}
    step: Any = await called(
        "elasticmapreduce:addStep", {**cluster, "Step": {"Name": "s", "HadoopJarStep": {"Jar": "j"}}}
    )
    changed: Any = {"InstanceGroupName": "workers", "InstanceGroup": {"InstanceCount": 3}}
    await called("elasticmapreduce:modifyInstanceGroupByName", {**cluster, **changed})
    groups: Any = await called("aws-sdk:emr:listInstanceGroups", cluster)
    error, cause = await failed(
        "elasticmapreduce:modifyInstanceGroupByName", {**cluster, **changed, "InstanceGroupName": "others"}
    )
    protection = {**cluster, "TerminationProtected": False}
    await called("elasticmapreduce:setClusterTerminationProtection", protection)
    ended: Any = await called("elasticmapreduce:terminateCluster", cluster)
    told: Any = await called("aws-sdk:emr:describeCluster", cluster)

    assert list(made) == ["ClusterId", "SdkHttpMetadata", "SdkResponseMetadata"]
    assert list(step) == ["SdkHttpMetadata", "SdkResponseMetadata", "StepId"]
    assert {group["Name"]: group["RequestedInstanceCount"] for group in groups["InstanceGroups"]} == {
        "m": 1,
        "workers": 3,
    }
    assert error == "ElasticMapReduce.InvalidRequestException"
    assert "has no InstanceGroup with the name others (Service: AmazonElasticMapReduce; " in cause
    assert list(ended) == ["SdkHttpMetadata", "SdkResponseMetadata"]
    assert told["Cluster"]["Status"]["State"] == "TERMINATED"
