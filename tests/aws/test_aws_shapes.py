"""What a task sends to a service of AWS, and what it gets back, in its own spelling."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stepwright.asl.json_types import Json
from stepwright.aws import models, shapes
from stepwright.aws.shapes import OPTIMIZED, OPTIMIZED_WITH_LISTS, SDK, Problem, Spelling

TEXTS = st.text(max_size=8)
MOMENTS = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1)).map(  # noqa: DTZ001 - hypothesis adds the zone
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
DEPTH = 4
OPERATIONS = [
    ("rds", "CreateDBInstance"),
    ("s3", "PutObject"),
    ("ecs", "RunTask"),
    ("sqs", "SendMessage"),
    ("ec2", "RunInstances"),
    ("dynamodb", "TransactWriteItems"),
    ("stepfunctions", "StartExecution"),
    ("cloudwatch", "PutMetricData"),
    ("kms", "Encrypt"),
]


def shape(service: str, operation: str) -> Any:
    return models.service(service).operation_model(operation).input_shape


def output(service: str, operation: str) -> Any:
    return models.service(service).operation_model(operation).output_shape


def in_tasks(of: Any, spelling: Spelling, depth: int = 0) -> st.SearchStrategy[Json]:
    """Values as tasks have them: all kinds that a model has."""
    match of.type_name:
        case "structure" if depth < DEPTH:
            members = shapes.members_of(of, spelling)
            inner = {
                name: in_tasks(of.members[member], spelling, depth + 1) for name, member in members.items()
            }
            return st.fixed_dictionaries({}, optional=inner)
        case "structure" | "map" if depth >= DEPTH:
            return st.just({})
        case "map":
            return st.dictionaries(TEXTS, in_tasks(of.value, spelling, depth + 1), max_size=2)
        case "list":
            return (
                st.just([])
                if depth >= DEPTH
                else st.lists(in_tasks(of.member, spelling, depth + 1), max_size=2)
            )
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(-(2**53), 2**53)
        case "float" | "double":
            return st.floats(allow_nan=False, allow_infinity=False)
        case "timestamp" if spelling.sdk:
            return MOMENTS.map(
                lambda moment: (
                    moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds") + "Z"
                )
            )
        case "timestamp":
            return st.integers(0, 2**42)
        case "string" | "blob":
            return TEXTS
    raise AssertionError(of.type_name)


@pytest.mark.parametrize("spelling", [SDK, OPTIMIZED], ids=["sdk", "optimized"])
@pytest.mark.parametrize(("service", "operation"), OPERATIONS)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_sent_can_be_told_back(
    service: str, operation: str, spelling: Spelling, data: st.DataObject
) -> None:
    model = shape(service, operation)
    value = data.draw(in_tasks(model, spelling))

    assert [problem for problem in shapes.problems(model, value, spelling) if problem.kind != "missing"] == []
    sent = shapes.request(model, value, spelling, service)

    assert shapes.answer(model, sent, spelling, service) == value


def test_a_text_takes_any_json() -> None:
    model = shape("sqs", "SendMessage")

    def body(value: Json) -> Any:
        return shapes.request(model, {"MessageBody": value}, OPTIMIZED, "sqs").get("MessageBody")

    assert body({"a": [1, None, True]}) == '{"a":[1,null,true]}'
    assert body(False) == "false"
    assert body("{}") == "{}"
    assert body(None) is None


def test_numbers_and_booleans_may_be_spelled() -> None:
    model = shape("rds", "CreateDBInstance")
    value: Json = {"AllocatedStorage": "20", "MultiAZ": "true", "Port": 5432.0}

    assert shapes.request(model, value, SDK, "rds") == {
        "AllocatedStorage": 20,
        "MultiAZ": True,
        "Port": 5432,
    }


def test_types_of_dynamodb_may_be_spelled_both_ways_and_are_told_in_one() -> None:
    model = shape("dynamodb", "PutItem")
    value: Json = {
        "Item": {"a": {"NULL": True}, "b": {"Nul": True}, "c": {"SS": ["x"]}, "d": {"Bool": False}}
    }

    sent = shapes.request(model, value, SDK, "dynamodb")

    assert sent["Item"] == {
        "a": {"NULL": True},
        "b": {"NULL": True},
        "c": {"SS": ["x"]},
        "d": {"BOOL": False},
    }
    assert shapes.answer(model, sent, SDK, "dynamodb") == {
        "Item": {"a": {"Nul": True}, "b": {"Nul": True}, "c": {"Ss": ["x"]}, "d": {"Bool": False}}
    }
    assert shapes.answer(model, sent, OPTIMIZED, "dynamodb") == {"Item": sent["Item"]}


def test_the_parts_of_a_copy_may_be_named_as_the_sdk_names_them() -> None:
    model = shape("s3", "CopyObject")
    parts: Json = {
        "SourceBucket": "a",
        "SourceKey": "b/c",
        "DestinationBucket": "d",
        "DestinationKey": "e",
    }

    assert list(shapes.problems(model, parts, SDK)) == []
    assert shapes.request(model, parts, SDK, "s3") == {
        "Bucket": "d",
        "Key": "e",
        "CopySource": {"Bucket": "a", "Key": "b/c"},
    }
    assert shapes.request(model, {"Bucket": "d", "Key": "e", "CopySource": "a/b"}, SDK, "s3") == {
        "Bucket": "d",
        "Key": "e",
        "CopySource": "a/b",
    }


def test_bytes_that_mean_nothing_as_text_are_base64_and_all_others_text() -> None:
    decrypt, encrypt = shape("kms", "Decrypt"), shape("kms", "Encrypt")

    assert shapes.request(decrypt, {"CiphertextBlob": "AAH/"}, SDK, "kms") == {"CiphertextBlob": b"\0\1\xff"}
    assert shapes.request(encrypt, {"Plaintext": "ä"}, SDK, "kms") == {"Plaintext": "ä".encode()}
    with pytest.raises(ValueError, match="'CiphertextBlob' must be base64"):
        shapes.request(decrypt, {"CiphertextBlob": "?"}, SDK, "kms")


def test_bytes_that_are_no_text_are_told_in_base64() -> None:
    assert shapes.answer(output("s3", "GetObject"), {"Body": b"\xff\0"}, SDK, "s3") == {"Body": "/wA="}


def test_members_come_in_alphabetical_order_and_a_body_at_last() -> None:
    said = {"ContentType": "text/plain", "Body": b"x", "ETag": '"1"', "AcceptRanges": "bytes", "Metadata": {}}

    assert list(shapes.answer(output("s3", "GetObject"), said, SDK, "s3")) == [  # type: ignore[arg-type]
        "AcceptRanges",
        "ContentType",
        "ETag",
        "Metadata",
        "Body",
    ]


def test_moments_are_texts_in_one_spelling_and_numbers_in_the_other() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 678_000, UTC)
    model = output("s3", "GetObject")

    assert shapes.answer(model, {"LastModified": moment}, SDK, "s3") == {
        "LastModified": "2024-01-02T03:04:05.678Z"
    }
    whole = {"LastModified": moment.replace(microsecond=0)}
    assert shapes.answer(model, whole, SDK, "s3") == {"LastModified": "2024-01-02T03:04:05Z"}
    assert shapes.answer(model, {"LastModified": moment}, OPTIMIZED, "s3") == {"LastModified": 1704164645678}


def test_lists_that_a_service_leaves_out_are_there_in_some_optimised_integrations() -> None:
    model = output("ecs", "RunTask")

    assert shapes.answer(model, {"tasks": []}, OPTIMIZED_WITH_LISTS, "ecs") == {"Failures": [], "Tasks": []}
    assert shapes.answer(model, {"tasks": []}, SDK, "ecs") == {"Tasks": []}


def found(service: str, operation: str, value: Json, spelling: Spelling = SDK) -> list[Problem]:
    return list(shapes.problems(shape(service, operation), value, spelling))


def test_an_unknown_member_is_told_with_the_right_spelling() -> None:
    (problem,) = found("rds", "DescribeDBInstances", {"DBInstanceIdentifier": "x"})

    assert problem == Problem(
        "unknown",
        "The field 'DBInstanceIdentifier' is not supported by Step Functions; did you mean 'DbInstanceIdentifier'?",
        (),
        "DBInstanceIdentifier",
    )


def test_a_missing_member_and_a_wrong_type_are_told_where_they_are() -> None:
    value: Json = {"Entries": [{"Id": "1"}, {"Id": "2", "MessageBody": "x", "DelaySeconds": [1]}]}

    assert found("sqs", "SendMessageBatch", value) == [
        Problem(
            "missing", "The field 'MessageBody' is required but was missing", ("Entries", 0), "MessageBody"
        ),
        Problem("type", "must be a whole number", ("Entries", 1, "DelaySeconds")),
        Problem("missing", "The field 'QueueUrl' is required but was missing", (), "QueueUrl"),
    ]


def test_a_text_is_a_value_of_dynamodb_in_the_optimised_integration_alone() -> None:
    value: Json = {"TableName": "t", "Item": {"done": "false", "all": {"L": ["a"]}}}
    model = shape("dynamodb", "PutItem")

    assert found("dynamodb", "PutItem", value, OPTIMIZED) == []
    assert shapes.request(model, value, OPTIMIZED, "dynamodb")["Item"] == {
        "done": {"S": "false"},
        "all": {"L": [{"S": "a"}]},
    }
    assert [problem.message for problem in found("dynamodb", "PutItem", value)] == [
        "must be an object",
        "must be an object",
    ]
