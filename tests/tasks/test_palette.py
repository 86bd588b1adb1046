"""What people choose a task from is what the table of drivers serves, and what they get to begin with is valid."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from stepwright.asl.definition import check
from stepwright.asl.definition.recorded import LANGUAGES
from stepwright.asl.machine import QueryLanguage
from stepwright.asl.resource import parse
from stepwright.tasks import palette, table
from stepwright.tasks.table import Process

OFFERED = [f"{offer.resource}{pattern}" for offer in palette.offers("dev") for pattern in offer.patterns]
IN_A_CLUSTER = [
    f"{offer.resource}{pattern}"
    for offer in palette.offers("operator")
    for pattern in offer.patterns
    if offer.driver == "kubernetes"
]


@pytest.mark.parametrize("process", get_args(Process))
def test_all_that_the_table_serves_is_offered_and_nothing_else(process: Process) -> None:
    offered = {
        f"{offer.resource}{pattern}" for offer in palette.offers(process) for pattern in offer.patterns
    }
    of_table = {
        text
        for row in table.TABLE
        for text in row.examples
        if ":aws-sdk:" not in text and table.serves(parse(text), process) and not text.endswith(":2")
    }

    assert of_table - offered == set()
    assert [text for text in offered if not table.serves(parse(text), process)] == []


def test_what_is_not_named_by_aws_has_words_and_all_words_name_something() -> None:
    offered = {offer.resource: offer for process in get_args(Process) for offer in palette.offers(process)}

    assert [name for name, offer in offered.items() if offer.driver != "aws" and not offer.help] == []
    assert set(palette._words()) - set(offered) == set()
    assert offered["arn:aws:states:::dynamodb:putItem"].title == "DynamoDB: put item"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("resource", [*OFFERED, *IN_A_CLUSTER])
def test_a_state_to_begin_with_is_valid(resource: str, language: QueryLanguage) -> None:
    state = palette.example(parse(resource), language)
    found = check(
        {"QueryLanguage": language, "StartAt": "A", "States": {"A": state}}, task_check=table.check_for({})
    )

    assert [str(each) for each in found] == []


def test_parameters_have_a_schema() -> None:
    job = palette.schema(parse("k8s:job"))
    mail = palette.schema(parse("smtp:send"))
    put = palette.schema(parse("arn:aws:states:::dynamodb:putItem"))
    get = palette.schema(parse("arn:aws:states:::aws-sdk:s3:getObject"))

    assert job is not None
    assert job["properties"]["imagePullPolicy"]["enum"] == ("Always", "IfNotPresent", "Never")
    assert mail is not None
    assert mail["required"] == ["Connection", "To", "Subject"]
    assert put is not None
    assert put["properties"]["TableName"]["type"] == "string"
    assert put["required"] == ["TableName", "Item"]
    assert get is not None
    assert get["required"] == ["Bucket", "Key"]
    assert get["properties"]["Key"]["description"]
    assert palette.schema(parse("arn:aws:states:::aws-sdk:s3:getObjekt")) is None
    assert palette.schema(parse("acme:deliver")) is None


def test_of_parameters_without_end_only_the_outer_levels_have_a_schema() -> None:
    schema = palette.schema(parse("arn:aws:states:::aws-sdk:quicksight:createDashboard"))

    assert schema is not None
    assert schema["properties"]["DashboardId"]["type"] == "string"
    assert len(json.dumps(schema)) < 1_000_000


def test_errors_are_named_as_retry_and_catch_name_them() -> None:
    put = palette.errors_of(parse("arn:aws:states:::dynamodb:putItem"))
    sdk = palette.errors_of(parse("arn:aws:states:::aws-sdk:dynamodb:putItem"))

    assert "DynamoDB.ConditionalCheckFailedException" in put
    assert "DynamoDB.AmazonDynamoDBException" in put
    assert "DynamoDb.ConditionalCheckFailedException" in sdk
    assert "Lambda.TooManyRequestsException" in palette.errors_of(parse("arn:aws:states:::lambda:invoke"))
    assert "Job.Failed" in palette.errors_of(parse("k8s:job"))
    assert palette.errors_of(parse("acme:deliver")) == ()


def test_actions_of_aws_are_listed_by_their_service() -> None:
    offered = {offer.resource: offer for offer in palette.sdk_offers("sqs", "dev")}

    assert offered["arn:aws:states:::aws-sdk:sqs:sendMessage"].title == "sqs: send message"
    assert offered["arn:aws:states:::aws-sdk:sqs:sendMessage"].patterns == ("", ".waitForTaskToken")
    assert palette.sdk_offers("sqs", "operator")[0].patterns == ("",)
    assert palette.sdk_offers("nothing", "dev") == []
    assert "sqs" in palette.sdk_services()
