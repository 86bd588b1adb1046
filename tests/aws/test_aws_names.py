"""Services, actions, members and errors have the names that Step Functions has for them."""

from __future__ import annotations

from collections import Counter

import pytest

from stepwright.aws import models, names, shapes


@pytest.mark.parametrize(
    ("service_id", "in_errors", "in_resources"),
    [
        ("ACM PCA", "AcmPca", "acmpca"),
        ("SFN", "Sfn", "sfn"),
        ("DynamoDB", "DynamoDb", "dynamodb"),
        ("Config Service", "Config", "config"),
        ("Application Discovery Service", "ApplicationDiscovery", "applicationdiscovery"),
        ("Database Migration Service", "DatabaseMigration", "databasemigration"),
        ("Directory Service", "Directory", "directory"),
        ("Elasticsearch Service", "Elasticsearch", "elasticsearch"),
        ("Cost and Usage Report Service", "CostAndUsageReport", "costandusagereport"),
        ("Lex Model Building Service", "LexModelBuilding", "lexmodelbuilding"),
        ("CloudWatch Logs", "CloudWatchLogs", "cloudwatchlogs"),
        ("EventBridge", "EventBridge", "eventbridge"),
        ("S3", "S3", "s3"),
        ("WAFV2", "Wafv2", "wafv2"),
        ("Lex Models V2", "LexModelsV2", "lexmodelsv2"),
    ],
)
def test_a_service_is_called_as_the_sdk_for_java_calls_it(
    service_id: str, in_errors: str, in_resources: str
) -> None:
    assert names.service(service_id) == in_errors
    assert names.in_resources(service_id) == in_resources


@pytest.mark.parametrize(
    ("model", "task"),
    [
        ("DBInstanceIdentifier", "DbInstanceIdentifier"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ARN", "Arn"),
        ("ETag", "ETag"),
        ("stateMachineArn", "StateMachineArn"),
        ("MD5OfMessageBody", "Md5OfMessageBody"),
        ("KMSKeyArn", "KmsKeyArn"),
        ("SAMLProviderArn", "SamlProviderArn"),
        ("TableName", "TableName"),
        ("equals", "EqualsValue"),
        ("Return", "ReturnValue"),
        ("default", "DefaultValue"),
        ("BOOL", "Bool"),
    ],
)
def test_a_member_is_spelled_as_its_setter_in_java(model: str, task: str) -> None:
    assert names.member(model) == task


def test_an_action_begins_with_small_letters() -> None:
    assert names.action("DescribeDBInstances") == "describeDBInstances"
    assert names.action("ListObjectsV2") == "listObjectsV2"


@pytest.mark.parametrize(
    ("shape", "sdk", "optimized"),
    [
        ("DBInstanceNotFoundFault", "DbInstanceNotFoundException", "DBInstanceNotFoundException"),
        ("NoSuchKey", "NoSuchKeyException", "NoSuchKeyException"),
        ("NotFoundException", "NotFoundException", "NotFoundException"),
        (
            "ConditionalCheckFailedException",
            "ConditionalCheckFailedException",
            "ConditionalCheckFailedException",
        ),
    ],
)
def test_an_error_is_an_exception_of_java(shape: str, sdk: str, optimized: str) -> None:
    assert names.error(shape) == sdk
    assert names.optimized_error(shape) == optimized


def test_every_service_of_botocore_is_found_by_one_name() -> None:
    found = models.services()

    assert found["sfn"] == "stepfunctions"
    assert found["cloudwatchlogs"] == "logs"
    assert found["directory"] == "ds"
    assert all(name.isalnum() and name == name.lower() for name in found)
    assert len(set(found.values())) == len(found) > 400


@pytest.mark.slow
def test_no_two_members_of_a_structure_and_no_two_actions_of_a_service_get_the_same_name() -> None:
    """Over all models of botocore: some ten seconds."""
    for name in models.services().values():
        model = models.service(name)
        actions = Counter(map(names.action, model.operation_names))
        assert not [action for action, count in actions.items() if count > 1], name
        for shape_name in model.shape_names:
            shape = model.shape_for(shape_name)
            if shape.type_name == "structure":
                for spelling in (shapes.SDK, shapes.OPTIMIZED):
                    assert len(shapes.members_of(shape, spelling)) == len(shape.members), (name, shape_name)
